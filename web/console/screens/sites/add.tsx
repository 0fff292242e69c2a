/** Add a site in one form. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { parseHostname } from '../../../../contract/hostname.ts';
import { AccountId } from '../../../../contract/ids.ts';
import type { SiteMode } from '../../../../contract/policy.ts';
import { listAccounts } from '../../../../contract/routes/identity.ts';
import { addSite, listSites } from '../../../../contract/routes/sites.ts';
import type { FieldMistake } from '../../api/client.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Choices, SelectField, TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Screen } from '../../parts/screen.tsx';
import { useCan } from '../../shell/me.ts';
import { NotAllowed } from '../../shell/lost.tsx';
import { sites } from '../../words/en/sites.ts';
import { say } from '../../words/index.ts';
import { linesOf, parseOrigin } from './typed.ts';

type TypedSite = {
  readonly hostnames: string;
  readonly origin: string;
  readonly name: string;
  readonly mode: SiteMode;
  readonly account: string;
  readonly waive: 'prove' | 'waive';
};

const words = sites.addScreen;
const emptySite: TypedSite = { hostnames: '', origin: '', name: '', mode: 'off', account: '', waive: 'prove' };

export function AddSiteScreen() {
  const can = useCan();
  return can('sites:write') ? <AddSite /> : <NotAllowed />;
}

function AddSite() {
  const can = useCan();
  const navigate = useNavigate();
  const mayWaive = can('sites:waive-ownership');
  const accounts = useQuery({ ...ask(listAccounts, { query: { limit: 500 } }), enabled: can('people:read') && mayWaive });
  const [draft, setDraft] = useState<TypedSite>(emptySite);
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const add = useAct(addSite, [listSites]);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const hostnames = linesOf(draft.hostnames);
    const origin = parseOrigin(draft.origin, '');
    const mistakes = mistakesOf(hostnames, origin === null);
    setOwn(mistakes);
    if (mistakes.length > 0 || origin === null) return;
    const account = AccountId.safeParse(draft.account);
    add.mutate(
      {
        body: {
          hostnames,
          origin,
          mode: draft.mode,
          ...(draft.name.trim() === '' ? {} : { name: draft.name }),
          ...(account.success ? { accountId: account.data } : {}),
          ...(draft.waive === 'waive' ? { waiveOwnership: true } : {}),
        },
      },
      {
        onSuccess: (site) => {
          notify(words.added(site.name));
          void navigate({
            to: '/sites/$siteId',
            params: { siteId: site.siteId },
            search: site.ownership.state === 'pending' ? { tab: 'ownership' } : {},
          });
        },
      },
    );
  };

  return (
    <Screen title={words.title} lead={words.lead} trail={<Link to="/sites">{sites.title}</Link>}>
      <form onSubmit={submit} noValidate>
        <Panel title={words.title}>
          <div className="stack">
            <WithMistakes fields={[...own, ...(add.error?.fields ?? [])]}>
              <TextArea
                label={words.hostnames}
                hint={words.hostnamesHint}
                path="hostnames"
                rows={3}
                className="mono"
                spellCheck={false}
                autoFocus
                value={draft.hostnames}
                onChange={({ target: { value } }) => setDraft((now) => ({ ...now, hostnames: value }))}
              />
              <TextField
                label={words.origin}
                hint={words.originHint}
                path="origin"
                className="mono"
                spellCheck={false}
                inputMode="url"
                value={draft.origin}
                onChange={({ target: { value } }) => setDraft((now) => ({ ...now, origin: value }))}
              />
              <TextField
                label={words.name}
                hint={words.nameHint}
                path="name"
                value={draft.name}
                onChange={({ target: { value } }) => setDraft((now) => ({ ...now, name: value }))}
              />
              {(accounts.data?.items.length ?? 0) === 0 ? null : (
                <SelectField
                  label={words.account}
                  hint={words.accountHint}
                  path="accountId"
                  value={draft.account}
                  onChange={({ target: { value } }) => setDraft((now) => ({ ...now, account: value }))}
                >
                  <option value="">{words.accountOwn}</option>
                  {accounts.data?.items.map((account) => (
                    <option key={account.accountId} value={account.accountId}>
                      {account.name}
                    </option>
                  ))}
                </SelectField>
              )}
              <Choices
                legend={words.mode}
                value={draft.mode}
                onChoose={(mode) => setDraft((now) => ({ ...now, mode }))}
                choices={[
                  { value: 'off', label: say.mode.off, help: words.modeOff },
                  { value: 'attack', label: say.mode.attack, help: words.modeAttack },
                ]}
              />
              {mayWaive ? (
                <Choices
                  legend={words.ownership}
                  value={draft.waive}
                  onChoose={(waive) => setDraft((now) => ({ ...now, waive }))}
                  choices={[
                    { value: 'prove', label: words.prove, help: words.proveHelp },
                    { value: 'waive', label: words.waive, help: words.waiveHelp },
                  ]}
                />
              ) : null}
            </WithMistakes>
            <Failure error={add.error} />
            <div className="form-foot">
              <Button kind="primary" type="submit" busy={add.isPending}>
                {add.isPending ? say.act.working : words.submit}
              </Button>
            </div>
          </div>
        </Panel>
      </form>
    </Screen>
  );
}

/** What can be told before anything is sent. */
function mistakesOf(hostnames: readonly string[], originBad: boolean): readonly FieldMistake[] {
  const mistakes: FieldMistake[] = [];
  if (hostnames.length === 0) mistakes.push({ path: 'hostnames', message: words.hostnamesMissing });
  for (const typed of hostnames) {
    const parsed = parseHostname(typed);
    if (!parsed.ok) mistakes.push({ path: 'hostnames', message: parsed.why });
  }
  if (originBad) mistakes.push({ path: 'origin', message: words.originBad });
  return mistakes;
}
