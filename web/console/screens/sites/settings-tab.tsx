/** A site's settings in one form: only what was changed is sent, with the version it was changed on; and its removal. */
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { SyntheticEvent } from 'react';
import { changeSite, getSite, listSites, removeSite } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import type { FieldMistake } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { bytes, whole } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { Applied } from '../../parts/applied.tsx';
import { Button } from '../../parts/button.tsx';
import { ConfirmByTyping } from '../../parts/dialog.tsx';
import { SelectField, TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { useCan } from '../../shell/me.ts';
import { sites } from '../../words/en/sites.ts';
import { language, say } from '../../words/index.ts';
import { changeOf, changesIn, draftOf } from './settings-draft.ts';
import type { SettingsDraft } from './settings-draft.ts';

const ExportPanel = lazy(() => import('./export.tsx'));

const words = sites.settings;
const hashesPerMs = 1200;
/** Bytes. */
const keptSizes = ['0', '65536', '1048576', '4194304', '8388608'] as const;
const works = [4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304] as const;
const clearances = ['3600', '21600', '86400', '604800', '2592000'] as const;

export function SettingsTab({ site }: { site: Site }) {
  const can = useCan();
  const mayWrite = can('sites:write');
  // The draft stays on the version that it was begun on: a change from elsewhere must not slip under what one types.
  const [base, setBase] = useState(site);
  const [draft, setDraft] = useState<SettingsDraft>(() => draftOf(site));
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const [saved, setSaved] = useState(false);
  const save = useAct(changeSite, [getSite, listSites]);
  const changes = changesIn(base, draft);

  // Nothing typed yet: follow the site.
  if (changes.length === 0 && base.version !== site.version) {
    setBase(site);
    setDraft(draftOf(site));
  }

  const set =
    <Name extends keyof SettingsDraft>(name: Name) =>
    ({ target: { value } }: { target: { value: string } }) => {
      setSaved(false);
      setDraft((now) => ({ ...now, [name]: value }));
    };
  const undo = () => {
    setBase(site);
    setDraft(draftOf(site));
    setOwn([]);
    save.reset();
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const change = changeOf(base, draft, words.networksBad, sites.addScreen.originBad);
    setOwn(change.mistakes);
    if (change.mistakes.length > 0) return;
    save.mutate(
      { params: { siteId: site.siteId }, body: { ...change.body, version: base.version } },
      {
        onSuccess: (now) => {
          setBase(now);
          setDraft(draftOf(now));
          setSaved(true);
        },
      },
    );
  };

  return (
    <>
      <form onSubmit={submit} noValidate>
        <WithMistakes fields={[...own, ...(save.error?.fields ?? [])]}>
          <fieldset disabled={!mayWrite} className="bare">
            <Panel title={words.identity}>
              <div className="stack">
                <TextField label={sites.addScreen.name} path="name" value={draft.name} onChange={set('name')} />
                <TextArea
                  label={sites.addScreen.hostnames}
                  hint={sites.addScreen.hostnamesHint}
                  path="hostnames"
                  className="mono"
                  spellCheck={false}
                  value={draft.hostnames}
                  onChange={set('hostnames')}
                />
                <TextField
                  label={sites.addScreen.origin}
                  hint={sites.addScreen.originHint}
                  path="origin"
                  className="mono"
                  spellCheck={false}
                  value={draft.origin}
                  onChange={set('origin')}
                />
                <TextField
                  label={words.hostHeader}
                  hint={words.hostHeaderHint}
                  path="origin.hostHeader"
                  className="mono"
                  spellCheck={false}
                  value={draft.hostHeader}
                  onChange={set('hostHeader')}
                />
              </div>
            </Panel>
            <Panel title={words.limits}>
              <p className="hint">{words.limitsLead}</p>
              <div className="fields">
                <TextField
                  label={words.requestsPer10s}
                  hint={words.requestsHint}
                  path="limits.requestsPer10s"
                  unit={words.per10s}
                  inputMode="numeric"
                  value={draft.requestsPer10s}
                  onChange={set('requestsPer10s')}
                />
                <TextField
                  label={words.concurrentPerClient}
                  path="limits.concurrentPerClient"
                  unit={words.atOnce}
                  inputMode="numeric"
                  value={draft.concurrentPerClient}
                  onChange={set('concurrentPerClient')}
                />
                <TextField
                  label={words.concurrentPerSite}
                  path="limits.concurrentPerSite"
                  unit={words.atOnce}
                  inputMode="numeric"
                  value={draft.concurrentPerSite}
                  onChange={set('concurrentPerSite')}
                />
              </div>
            </Panel>
            <Panel title={words.challenge}>
              <div className="fields">
                <SelectField
                  label={words.work}
                  hint={words.workHint}
                  path="challenge.expectedHashes"
                  value={draft.expectedHashes}
                  onChange={set('expectedHashes')}
                >
                  {withOwn(works.map(String), draft.expectedHashes).map((value) => (
                    <option key={value} value={value}>
                      {words.workOption(whole(Number(value), language), duration(Number(value) / hashesPerMs, language))}
                    </option>
                  ))}
                </SelectField>
                <SelectField
                  label={words.clearance}
                  path="challenge.clearanceSeconds"
                  value={draft.clearanceSeconds}
                  onChange={set('clearanceSeconds')}
                >
                  {withOwn(clearances, draft.clearanceSeconds).map((value) => (
                    <option key={value} value={value}>
                      {clearanceWords(value)}
                    </option>
                  ))}
                </SelectField>
                <TextField
                  label={words.pages}
                  hint={words.pagesHint}
                  path="challenge.pagesPer10Min"
                  inputMode="numeric"
                  value={draft.pagesPer10Min}
                  onChange={set('pagesPer10Min')}
                />
                <SelectField
                  label={words.kind}
                  hint={words.kindHint}
                  path="challenge.work"
                  value={draft.work}
                  onChange={set('work')}
                >
                  <option value="usual">{words.kindUsual}</option>
                  <option value="strong">{words.kindStrong}</option>
                </SelectField>
                <SelectField
                  label={words.crawlers}
                  hint={words.crawlersHint}
                  path="challenge.crawlers"
                  value={draft.crawlers}
                  onChange={set('crawlers')}
                >
                  <option value="pass">{words.crawlersPass}</option>
                  <option value="challenged">{words.crawlersChallenged}</option>
                </SelectField>
                <TextField
                  label={words.bots}
                  hint={words.botsHint}
                  path="challenge.bots"
                  className="mono"
                  spellCheck={false}
                  value={draft.bots}
                  onChange={set('bots')}
                />
                <SelectField
                  label={words.keepForms}
                  hint={words.keepFormsHint}
                  path="challenge.keepBodiesUpTo"
                  value={draft.keepForms}
                  onChange={set('keepForms')}
                >
                  {withOwn(keptSizes, draft.keepForms).map((value) => (
                    <option key={value} value={value}>
                      {value === '0' ? words.keepFormsNone : words.keepFormsUpTo(bytes(Number(value), language))}
                    </option>
                  ))}
                </SelectField>
              </div>
            </Panel>
            <Panel title={words.networks}>
              <TextArea
                label={words.networksLabel}
                hint={words.networksHint}
                path="networks"
                className="mono"
                rows={Math.min(12, Math.max(3, draft.networks.split('\n').length + 1))}
                spellCheck={false}
                value={draft.networks}
                onChange={set('networks')}
              />
            </Panel>
          </fieldset>
        </WithMistakes>
        {mayWrite ? (
          <div className="save-bar">
            <Failure error={save.error} />
            {save.error?.code === 'conflict' ? <p className="note">{words.conflict}</p> : null}
            <div className="form-foot">
              <Button kind="primary" type="submit" busy={save.isPending} disabled={changes.length === 0}>
                {save.isPending ? say.act.saving : say.act.save}
              </Button>
              {changes.length > 0 ? <Button onClick={undo}>{say.act.undo}</Button> : null}
              <span className="hint" role="status">
                {changes.length > 0 ? words.changed(changes.length) : saved ? null : words.unchanged}
              </span>
              {saved && changes.length === 0 ? <Applied propagation={site.propagation} ready={site.ready} /> : null}
            </div>
          </div>
        ) : null}
      </form>
      <Suspense fallback={null}>
        <ExportPanel site={site} />
      </Suspense>
      {mayWrite ? <Removal site={site} /> : null}
    </>
  );
}

function Removal({ site }: { site: Site }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const remove = useAct(removeSite, [listSites]);
  const blocked = site.ordersInForce.length > 0;
  return (
    <Panel title={words.removeTitle}>
      <div className="stack">
        <p className="prose">{blocked ? words.removeBlocked : words.removeHelp}</p>
        {blocked ? null : (
          <Button kind="danger" onClick={() => setAsking(true)}>
            {words.removeAct}
          </Button>
        )}
      </div>
      {asking ? (
        <ConfirmByTyping
          title={words.removeTitle}
          name={site.name}
          action={words.removeAct}
          busy={remove.isPending}
          failure={remove.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            remove.mutate(
              { params: { siteId: site.siteId } },
              {
                onSuccess: () => {
                  notify(words.removed(site.name));
                  void navigate({ to: '/sites' });
                },
              },
            )
          }
        >
          <p>{words.removeHelp}</p>
        </ConfirmByTyping>
      ) : null}
    </Panel>
  );
}

/** The usual values, with the site's own among them when it is none of those. */
function withOwn(usual: readonly string[], own: string): readonly string[] {
  return usual.includes(own) ? usual : [...usual, own].sort((a, b) => Number(a) - Number(b));
}

function clearanceWords(value: string): string {
  const known = clearances.find((candidate) => candidate === value);
  return known === undefined ? words.seconds(value) : words.clearanceOption[known];
}
