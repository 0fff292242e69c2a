/** One's own account: ways to sign in, sessions, API tokens. */
import { getRouteApi } from '@tanstack/react-router';
import { Screen } from '../../parts/screen.tsx';
import { Tab, Tabs } from '../../parts/tabs.tsx';
import { Exactly } from '../../parts/when.tsx';
import { useMe } from '../../shell/me.ts';
import { account as words } from '../../words/en/account.ts';
import { say } from '../../words/index.ts';
import { KeysTab } from './keys-tab.tsx';
import { SessionsTab } from './sessions-tab.tsx';
import { TokensTab } from './tokens-tab.tsx';

const api = getRouteApi('/in/account');
const tabs = ['keys', 'sessions', 'tokens'] as const;

export function AccountScreen() {
  const me = useMe();
  const search = api.useSearch();
  const tab = tabs.find((candidate) => candidate === search.tab) ?? 'keys';
  return (
    <Screen
      title={words.title}
      lead={
        <>
          {me.name} · {words.roles}: {me.roles.map((role) => say.role[role]).join(', ')}
          {me.until === null ? null : (
            <>
              {' '}
              · {words.until} <Exactly at={me.until} />
            </>
          )}
        </>
      }
    >
      <Tabs label={words.title}>
        {tabs.map((name) => (
          <Tab key={name} to="/account" search={name === 'keys' ? {} : { tab: name }} current={name === tab}>
            {words.tabs[name]}
          </Tab>
        ))}
      </Tabs>
      {tab === 'keys' ? <KeysTab /> : null}
      {tab === 'sessions' ? <SessionsTab /> : null}
      {tab === 'tokens' ? <TokensTab /> : null}
    </Screen>
  );
}
