/** A site's rules: edited in their order, each condition checked while it is typed, tried on the last hour; headers; maintenance; presets. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { SyntheticEvent } from 'react';
import {
  applyPreset,
  checkCondition,
  getRules,
  PresetName,
  previewPreset,
  setRules,
  undoPreset,
} from '../../../../contract/routes/rules.ts';
import type { ConditionMistake, RulesView } from '../../../../contract/routes/rules.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { call } from '../../api/client.ts';
import type { FieldMistake } from '../../api/client.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, SelectField, TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { useCan } from '../../shell/me.ts';
import { rules as words } from '../../words/en/rules.ts';
import { say } from '../../words/index.ts';
import { dryRunWords } from '../../words/en/dry-run.ts';
import { TryOut } from './dry-run.tsx';
import { HeadersFields } from './headers-fields.tsx';
import { actionWords, draftOfTyped, mended, typedRules } from './rules-draft.ts';
import type { TypedRule, TypedRules } from './rules-draft.ts';

const checkAfterMs = 300;

export default function RulesTab({ site }: { site: Site }) {
  const { siteId } = site;
  const held = useQuery(ask(getRules, { params: { siteId } }));
  if (held.data === undefined)
    return held.error === null ? <Waiting /> : <Failure error={held.error} onRetry={() => void held.refetch()} />;
  // A change from elsewhere begins the form anew: an old draft would be refused by its version.
  return (
    <>
      <RulesForm key={held.data.version} view={held.data} />
      <Presets view={held.data} />
    </>
  );
}

function RulesForm({ view }: { view: RulesView }) {
  const mayWrite = useCan()('sites:write');
  const [typed, setTyped] = useState<TypedRules>(() => typedRules(view));
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const [nextKey, setNextKey] = useState(view.rules.length);
  const save = useAct(setRules, [getRules, getSite, listSites]);
  const change = (index: number, part: Partial<TypedRule>) =>
    setTyped((now) => ({ ...now, rules: now.rules.map((rule, at) => (at === index ? { ...rule, ...part } : rule)) }));
  const move = (index: number, by: -1 | 1) =>
    setTyped((now) => {
      const [rule, other] = [now.rules[index], now.rules[index + by]];
      if (rule === undefined || other === undefined) return now;
      return { ...now, rules: now.rules.with(index, other).with(index + by, rule) };
    });
  const add = () => {
    const rule: TypedRule = { key: nextKey, name: '', when: '', action: 'deny', detail: '', enabled: true };
    setNextKey(nextKey + 1);
    setTyped((now) => ({ ...now, rules: [...now.rules, rule] }));
  };
  /** What is sent, or null for what has mistakes; the fields then show them. */
  const draft = () => {
    const { body, mistakes } = draftOfTyped(typed, view.version);
    setOwn(mistakes);
    return mistakes.length === 0 ? body : null;
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const body = draft();
    if (body !== null) save.mutate({ params: { siteId: view.siteId }, body });
  };
  const tried = () => {
    const body = draft();
    return body?.rules === undefined ? null : { rules: body.rules, maintenance: typed.maintenance };
  };
  return (
    <form onSubmit={submit} noValidate>
      <WithMistakes fields={[...own, ...(save.error?.fields ?? [])]}>
        <fieldset disabled={!mayWrite} className="bare">
          <Panel title={words.title}>
            <div className="stack">
              <p className="hint">{words.lead}</p>
              <MissingData view={view} />
              {typed.rules.length === 0 ? <p>{words.none}</p> : null}
              {typed.rules.map((rule, index) => (
                <RuleFields
                  key={rule.key}
                  rule={rule}
                  index={index}
                  last={index === typed.rules.length - 1}
                  onChange={(part) => change(index, part)}
                  onMove={(by) => move(index, by)}
                  onRemove={() => setTyped((now) => ({ ...now, rules: now.rules.filter((_, at) => at !== index) }))}
                />
              ))}
              {mayWrite ? (
                <div>
                  <Button onClick={add}>{words.add}</Button>
                </div>
              ) : null}
            </div>
          </Panel>
          <HeadersFields
            typed={typed}
            secretSet={view.headers.originSecretSet}
            mayWrite={mayWrite}
            onChange={(part) => setTyped((now) => ({ ...now, ...part }))}
          />
          <Panel title={words.maintenance}>
            <div className="stack">
              <p className="hint">{words.maintenanceLead}</p>
              <CheckField
                label={words.maintenanceOn}
                checked={typed.maintenance}
                onChange={({ target }) => setTyped((now) => ({ ...now, maintenance: target.checked }))}
              />
              {typed.maintenance ? (
                <>
                  <TextField
                    label={words.sentence}
                    path="maintenance.sentence"
                    value={typed.sentence}
                    onChange={({ target }) => setTyped((now) => ({ ...now, sentence: target.value }))}
                  />
                  <TextField
                    label={words.retryAfter}
                    path="maintenance.retryAfterSeconds"
                    unit={words.seconds}
                    inputMode="numeric"
                    value={typed.retryAfter}
                    onChange={({ target }) => setTyped((now) => ({ ...now, retryAfter: target.value }))}
                  />
                </>
              ) : null}
            </div>
          </Panel>
        </fieldset>
      </WithMistakes>
      {mayWrite ? (
        <div className="save-bar">
          <Failure error={save.error} />
          <div className="form-foot">
            <Button kind="primary" type="submit" busy={save.isPending}>
              {save.isPending ? say.act.saving : say.act.save}
            </Button>
            <span className="hint" role="status">
              {save.isSuccess ? words.saved : null}
            </span>
          </div>
        </div>
      ) : null}
      <Panel title={dryRunWords.panel}>
        <TryOut siteId={view.siteId} label={dryRunWords.act.rules} draft={tried} />
      </Panel>
    </form>
  );
}

/** Rules that do nothing at some edges, because there is no data to answer them with. */
function MissingData({ view: { rules, networkData } }: { view: RulesView }) {
  const needed = (kind: 'countries' | 'asns') => rules.some(({ enabled, needs }) => enabled && needs.includes(kind));
  const lines = [
    needed('countries') ? words.missing('countries', networkData.edges - networkData.withCountries, networkData.edges) : null,
    needed('asns') ? words.missing('asns', networkData.edges - networkData.withAsns, networkData.edges) : null,
  ].filter((line) => line !== null);
  if (lines.length === 0) return null;
  return (
    <div className="note" data-tone="caution">
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

type RuleProps = {
  rule: TypedRule;
  index: number;
  last: boolean;
  onChange: (part: Partial<TypedRule>) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
};

function RuleFields({ rule, index, last, onChange, onMove, onRemove }: RuleProps) {
  const { action, name } = rule;
  const withDetail = action === 'limit' || action === 'password' || action === 'redirect' || action === 'redirect-all';
  return (
    <section className="note" aria-label={words.rule(index + 1, name)}>
      <div className="stack">
        <div className="fields">
          <TextField
            label={words.name}
            hint={words.nameHint}
            path={`rules.${index}.ruleId`}
            className="mono"
            value={name}
            onChange={({ target }) => onChange({ name: target.value })}
          />
          <SelectField
            label={words.then}
            {...(withDetail ? {} : { path: `rules.${index}.then` })}
            value={action}
            onChange={({ target }) =>
              onChange({ action: actionWords.find((word) => word === target.value) ?? 'deny', detail: '' })
            }
          >
            {actionWords.map((word) => (
              <option key={word} value={word}>
                {words.does[word]}
              </option>
            ))}
          </SelectField>
          {withDetail ? (
            <TextField
              label={words.detail}
              hint={words.details[action]}
              path={`rules.${index}.then`}
              className="mono"
              value={rule.detail}
              onChange={({ target }) => onChange({ detail: target.value })}
            />
          ) : null}
        </div>
        <TextArea
          label={words.when}
          hint={words.whenHint}
          path={`rules.${index}.when`}
          className="mono"
          rows={2}
          spellCheck={false}
          value={rule.when}
          onChange={({ target }) => onChange({ when: target.value })}
        />
        <ConditionCheck when={rule.when} onMend={(when) => onChange({ when })} />
        <div className="form-foot">
          <CheckField label={words.on} checked={rule.enabled} onChange={({ target }) => onChange({ enabled: target.checked })} />
          <Button aria-label={words.up(name)} disabled={index === 0} onClick={() => onMove(-1)}>
            ↑
          </Button>
          <Button aria-label={words.down(name)} disabled={last} onClick={() => onMove(1)}>
            ↓
          </Button>
          <Button onClick={onRemove}>{words.remove(name)}</Button>
        </div>
      </div>
    </section>
  );
}

/** Says, a moment after the last key, whether a condition can be read. */
function ConditionCheck({ when, onMend }: { when: string; onMend: (when: string) => void }) {
  const [settled, setSettled] = useState(when);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(when), checkAfterMs);
    return () => clearTimeout(timer);
  }, [when]);
  const check = useQuery({
    queryKey: [checkCondition.path, settled],
    queryFn: ({ signal }) => call(checkCondition, { body: { when: settled }, signal }),
    enabled: settled.trim() !== '',
    staleTime: Infinity,
  });
  if (check.data === undefined || settled !== when || when.trim() === '') return null;
  const { mistake, needs } = check.data;
  if (mistake === null)
    return (
      <p className="hint" role="status">
        {words.reads} {needs.length === 0 ? null : words.needs}
      </p>
    );
  return <Mistaken when={when} mistake={mistake} onMend={onMend} />;
}

function Mistaken({ when, mistake, onMend }: { when: string; mistake: ConditionMistake; onMend: (when: string) => void }) {
  const { start, end, message, suggestion } = mistake;
  return (
    <div role="status">
      <p className="mono">
        {when.slice(0, start)}
        <mark>{when.slice(start, end) === '' ? ' ' : when.slice(start, end)}</mark>
        {when.slice(end)}
      </p>
      <p className="mistake">{message}</p>
      {suggestion === null ? null : (
        <Button onClick={() => onMend(mended(when, mistake, suggestion))}>{words.use(suggestion)}</Button>
      )}
    </div>
  );
}

function Presets({ view }: { view: RulesView }) {
  const { siteId } = view;
  const mayWrite = useCan()('sites:write');
  const [shown, setShown] = useState<PresetName | null>(null);
  const touched = [getRules, getSite, listSites, previewPreset];
  const apply = useAct(applyPreset, touched);
  const undo = useAct(undoPreset, touched);
  return (
    <Panel title={words.presets}>
      <div className="stack">
        <p className="hint">{words.presetsLead}</p>
        {view.preset === null ? null : (
          <p>
            {words.inUse(words.preset[view.preset])}{' '}
            {mayWrite ? (
              <Button busy={undo.isPending} onClick={() => undo.mutate({ params: { siteId } })}>
                {words.undo}
              </Button>
            ) : null}
          </p>
        )}
        <div className="form-foot">
          {PresetName.options.map((name) => (
            <Button key={name} onClick={() => setShown(name)}>
              {words.show(words.preset[name])}
            </Button>
          ))}
        </div>
        <Failure error={apply.error ?? undo.error} />
        {shown === null ? null : <Preview siteId={siteId} name={shown} />}
        {shown === null ? null : (
          <TryOut
            key={shown}
            siteId={siteId}
            label={dryRunWords.act.preset(words.preset[shown])}
            draft={() => ({ preset: shown })}
          />
        )}
        {shown === null || !mayWrite ? null : (
          <div>
            <Button
              kind="primary"
              busy={apply.isPending}
              onClick={() => apply.mutate({ params: { siteId, preset: shown }, body: {} })}
            >
              {words.apply(words.preset[shown])}
            </Button>
          </div>
        )}
      </div>
    </Panel>
  );
}

function Preview({ siteId, name }: { siteId: Site['siteId']; name: PresetName }) {
  const preview = useQuery(ask(previewPreset, { params: { siteId, preset: name } }));
  if (preview.data === undefined) return preview.error === null ? <Waiting /> : <Failure error={preview.error} />;
  if (preview.data.differences.length === 0) return <p>{words.changesNothing}</p>;
  return (
    <Table
      caption={words.caption(words.preset[name])}
      columns={[
        { key: 'what', head: words.columns.what },
        { key: 'before', head: words.columns.before },
        { key: 'after', head: words.columns.after },
      ]}
    >
      {preview.data.differences.map(({ what, before, after }) => (
        <tr key={what}>
          <th scope="row">{what}</th>
          <td>{before}</td>
          <td>{after}</td>
        </tr>
      ))}
    </Table>
  );
}
