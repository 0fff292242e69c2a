/** One captcha key: whether it works, and its tabs (figures, settings, secrets, review of who gave up). */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { CheckKind, CheckLevel } from '../../../../contract/captcha.ts';
import { CaptchaKeyId, SiteId } from '../../../../contract/ids.ts';
import { changeCaptchaKey, getCaptchaKey } from '../../../../contract/routes/captcha-keys.ts';
import type { CaptchaKey, CaptchaKeyWithSecret } from '../../../../contract/routes/captcha-keys.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SelectField, TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Tab, Tabs } from '../../parts/tabs.tsx';
import { Table } from '../../parts/table.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan } from '../../shell/me.ts';
import { captcha as words } from '../../words/en/captcha.ts';
import { linesOf, RemoveKey, RenewSecret, SecretShown, SiteField, touched } from './dialogs.tsx';
import { ReviewTab } from './review-tab.tsx';
import { KeyState } from './state.tsx';

const FiguresTab = lazy(() => import('./figures-tab.tsx'));

const api = getRouteApi('/in/captcha/$keyId');
const tabs = ['figures', 'settings', 'secrets', 'review'] as const;

export function CaptchaKeyScreen() {
  const keyId = CaptchaKeyId.safeParse(api.useParams().keyId);
  return keyId.success ? <KeyById keyId={keyId.data} /> : <NotFound />;
}

function KeyById({ keyId }: { keyId: CaptchaKeyId }) {
  const found = useQuery(ask(getCaptchaKey, { params: { keyId } }));
  const search = api.useSearch();
  const can = useCan();
  const navigate = useNavigate({ from: '/captcha/$keyId' });
  const [removing, setRemoving] = useState(false);
  const trail = <Link to="/captcha">{words.title}</Link>;
  if (found.data === undefined)
    return (
      <Screen title={words.title} trail={trail}>
        {found.error === null ? <Waiting /> : <Failure error={found.error} onRetry={() => void found.refetch()} />}
      </Screen>
    );
  const key = found.data;
  const tab = tabs.find((name) => name === search.tab) ?? 'figures';
  const may = can('sites:write');
  return (
    <Screen
      title={key.name}
      trail={trail}
      lead={
        <>
          <CopyText text={key.siteKey} label={words.secret.siteKey} />
          <p>
            <KeyState captchaKey={key} />
          </p>
        </>
      }
      acts={
        may ? (
          <Button kind="danger" onClick={() => setRemoving(true)}>
            {words.remove}
          </Button>
        ) : undefined
      }
    >
      <Notes captchaKey={key} />
      <Tabs label={key.name}>
        {tabs.map((name) => (
          <Tab
            key={name}
            to="/captcha/$keyId"
            params={{ keyId }}
            search={name === 'figures' ? {} : { tab: name }}
            current={name === tab}
          >
            {words.tabs[name]}
          </Tab>
        ))}
      </Tabs>
      {tab === 'figures' ? (
        <Suspense fallback={<Waiting />}>
          <FiguresTab keyId={keyId} />
        </Suspense>
      ) : null}
      {tab === 'settings' ? <Settings key={key.version} captchaKey={key} may={may} /> : null}
      {tab === 'secrets' ? <Secrets captchaKey={key} may={may} /> : null}
      {tab === 'review' ? <ReviewTab keyId={keyId} may={may} /> : null}
      {removing ? (
        <RemoveKey captchaKey={key} onRemoved={() => void navigate({ to: '/captcha' })} onClose={() => setRemoving(false)} />
      ) : null}
    </Screen>
  );
}

function Notes({ captchaKey: { suspended, softened } }: { captchaKey: CaptchaKey }) {
  return (
    <>
      {suspended === null ? null : (
        <p className="note" data-tone="caution">
          {words.suspended.text(suspended.decision)} {words.suspended.until} <Exactly at={suspended.until} />.{' '}
          <a href={suspended.statementUrl}>{words.suspended.link}</a>
        </p>
      )}
      {softened === null ? null : (
        <p className="note">
          {words.softened} {words.suspended.until} <Exactly at={softened.until} />.
        </p>
      )}
    </>
  );
}

function Settings({ captchaKey: key, may }: { captchaKey: CaptchaKey; may: boolean }) {
  const save = useAct(changeCaptchaKey, touched);
  const [name, setName] = useState(key.name);
  const [site, setSite] = useState<string>(key.site?.siteId ?? '');
  const [hostnames, setHostnames] = useState(key.hostnames.join('\n'));
  const [kind, setKind] = useState(key.kind);
  const [level, setLevel] = useState(key.level);
  const submit = () => {
    const siteId = SiteId.safeParse(site);
    const body = {
      name,
      siteId: siteId.success ? siteId.data : null,
      hostnames: linesOf(hostnames),
      kind,
      level,
      version: key.version,
    };
    save.mutate({ params: { keyId: key.keyId }, body });
  };
  return (
    <Panel title={words.tabs.settings}>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (may) submit();
        }}
      >
        <WithMistakes fields={save.error?.fields ?? []}>
          <TextField label={words.fields.name} path="name" value={name} onChange={({ target }) => setName(target.value)} />
          <SiteField value={site} onChange={setSite} />
          <TextArea
            label={words.fields.hostnames}
            hint={words.fields.hostnamesChangeHint}
            path="hostnames"
            spellCheck={false}
            value={hostnames}
            onChange={({ target }) => setHostnames(target.value)}
          />
          <SelectField label={words.fields.kind} value={kind} onChange={({ target }) => setKind(CheckKind.parse(target.value))}>
            {CheckKind.options.map((one) => (
              <option key={one} value={one}>
                {words.kinds[one]}
              </option>
            ))}
          </SelectField>
          <SelectField
            label={words.fields.level}
            hint={words.fields.levelHint}
            value={level}
            onChange={({ target }) => setLevel(CheckLevel.parse(target.value))}
          >
            {CheckLevel.options.map((one) => (
              <option key={one} value={one}>
                {words.levels[one]}
              </option>
            ))}
          </SelectField>
        </WithMistakes>
        <Failure error={save.error} />
        {may ? (
          <div className="acts">
            <Button kind="primary" type="submit" busy={save.isPending}>
              {words.save}
            </Button>
            {save.isSuccess ? <span role="status">{words.saved}</span> : null}
          </div>
        ) : null}
      </form>
    </Panel>
  );
}

const secretColumns = (['lastFour', 'made', 'ends'] as const).map((key) => ({ key, head: words.secret.columns[key] }));

function Secrets({ captchaKey, may }: { captchaKey: CaptchaKey; may: boolean }) {
  const [renewing, setRenewing] = useState(false);
  const [made, setMade] = useState<CaptchaKeyWithSecret | null>(null);
  return (
    <Panel
      title={words.tabs.secrets}
      acts={may ? <Button onClick={() => setRenewing(true)}>{words.secret.renew}</Button> : undefined}
    >
      <Table caption={words.tabs.secrets} columns={secretColumns}>
        {captchaKey.secrets.map(({ lastFour, madeAt, endsAt }) => (
          <tr key={madeAt}>
            <th scope="row" className="mono">
              …{lastFour}
            </th>
            <td>
              <When at={madeAt} focusable />
            </td>
            <td>{endsAt === null ? words.secret.noEnd : <When at={endsAt} focusable />}</td>
          </tr>
        ))}
      </Table>
      {renewing ? (
        <RenewSecret
          captchaKey={captchaKey}
          onClose={() => setRenewing(false)}
          onMade={(made) => {
            setRenewing(false);
            setMade(made);
          }}
        />
      ) : null}
      {made === null ? null : <SecretShown made={made} onClose={() => setMade(null)} />}
    </Panel>
  );
}
