/**
 * Decide a case: the ten limbs, a step of the ladder with why none below would do, the words, and beside them what would be published.
 * Proposing is one person's part; a second one confirms on the case.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { CaseId } from '../../../../contract/ids.ts';
import { DeskDecisionKind, Limb } from '../../../../contract/desk/words.ts';
import { getCase, listCases } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import {
  DecisionDraft,
  listCriteria,
  listDecisions,
  previewDecision,
  proposeDecision,
} from '../../../../contract/routes/desk/decisions.ts';
import type { Criteria, DeskDecision } from '../../../../contract/routes/desk/decisions.ts';
import { getStatus } from '../../../../contract/routes/house.ts';
import { call } from '../../api/client.ts';
import { ask, useAct } from '../../api/queries.ts';
import { toLocalInput, utcTime } from '../../format/time.ts';
import { Button } from '../../parts/button.tsx';
import { AlarmSign, Failure } from '../../parts/failure.tsx';
import { CheckField, Choices, SelectField, TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { ReasonFields } from '../../parts/reasons.tsx';
import { Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { NotAllowed, NotFound } from '../../shell/lost.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { decide as words } from '../../words/en/decide.ts';
import { desk } from '../../words/en/desk.ts';
import { say } from '../../words/index.ts';
import { useTick } from '../sites/tick.ts';
import { DecisionPreviewPanel } from './decision-preview.tsx';
import { acts, answered, draftFrom, emptyDecision, onForm, reaches } from './decide-draft.ts';
import type { TypedDecision } from './decide-draft.ts';
import { LimbField } from './limb-field.tsx';
import { MeasureFields } from './measure-fields.tsx';
import { EvidencePicker, GradeMark } from './parts.tsx';
import { useSettled } from './settled.ts';
import '../../look/decide.css';
import '../../look/desk.css';

const api = getRouteApi('/in/desk/cases/$caseId/decide');
const settleMs = 500;
const dayMs = 86_400_000;
const missing = {
  finding: words.findingMissing,
  step: words.stepMissing,
  instant: words.instantMissing,
  reverses: words.reversesMissing,
};

export function DecideScreen() {
  const caseId = CaseId.safeParse(api.useParams().caseId);
  const can = useCan();
  if (!caseId.success) return <NotFound />;
  return can('decisions:propose') ? <DecideById caseId={caseId.data} /> : <NotAllowed />;
}

function DecideById({ caseId }: { caseId: CaseId }) {
  const held = useQuery(ask(getCase, { params: { caseId } }));
  const criteria = useQuery(ask(listCriteria));
  const decisions = useQuery(ask(listDecisions, { params: { caseId } }));
  const trail = (
    <Link to="/desk/cases/$caseId" params={{ caseId }}>
      {held.data === undefined ? desk.title : `${held.data.number}: ${held.data.title}`}
    </Link>
  );
  const error = held.error ?? criteria.error ?? decisions.error;
  return (
    <Screen wide title={words.title} lead={words.lead} trail={trail}>
      {held.data !== undefined && criteria.data !== undefined && decisions.data !== undefined ? (
        <Form held={held.data} criteria={criteria.data.items} decisions={decisions.data.items} />
      ) : error === null ? (
        <Waiting />
      ) : (
        <Failure error={error} onRetry={() => void held.refetch()} />
      )}
    </Screen>
  );
}

/** What the case itself already says: its criteria, the evidence of its incidents, whether the criteria stood before it. */
function begun(
  held: Case,
  criteria: readonly Criteria[],
  search: { readonly kind?: string; readonly of?: string },
): TypedDecision {
  const kind = DeskDecisionKind.safeParse(search.kind);
  const version = criteria.find((one) => one.policyVersionId === held.policyVersionId) ?? criteria[0];
  const evidence = [...new Set(held.incidents.filter((one) => one.retractedAt === null).flatMap((one) => one.evidence))];
  const of = search.of ?? '';
  const ends = kind.success && (kind.data === 'reverse' || kind.data === 'modify');
  const before = version !== undefined && Date.parse(version.publishedAt) <= Date.parse(held.openedAt);
  return emptyDecision({
    kind: kind.success ? kind.data : 'measure',
    evidence,
    policyVersionId: version?.policyVersionId ?? '',
    reverses: ends ? of : '',
    confirms: ends ? '' : of,
    recheckLocal: toLocalInput(Date.now() + 14 * dayMs),
    limbs:
      version === undefined
        ? new Map()
        : new Map([
            [
              'criteria-before-case',
              {
                finding: before ? 'met' : 'not-met',
                reason: words.criteriaDates(utcTime(Date.parse(version.publishedAt)), utcTime(Date.parse(held.openedAt))),
                evidence: [],
              },
            ],
          ]),
  });
}

function Form({ held, criteria, decisions }: { held: Case; criteria: readonly Criteria[]; decisions: readonly DeskDecision[] }) {
  const search = api.useSearch();
  const navigate = useNavigate();
  const nowMs = useTick(60_000);
  const [typed, setTyped] = useState<TypedDecision>(() => begun(held, criteria, search));
  const [tried, setTried] = useState(false);
  const propose = useAct(proposeDecision, [listDecisions, getCase, listCases, getStatus]);
  const put = (change: Partial<TypedDecision>) => setTyped((before) => ({ ...before, ...change }));

  const draft = draftFrom(typed, nowMs, missing);
  const settled = useSettled(draft.body, settleMs);
  const params = { caseId: held.caseId };
  const preview = useQuery({
    queryKey: [previewDecision.path, params, settled],
    queryFn: ({ signal }) => call(previewDecision, { params, body: settled, signal }),
    enabled: DecisionDraft.safeParse(settled).success,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const mistakes = [...(tried ? draft.mistakes : []), ...onForm(draft.body, propose.error?.fields ?? [])];
  const standing = decisions.filter((decision) => decision.state === 'confirmed' || decision.state === 'alone');
  const measures = acts(typed.kind);
  const left = 10 - answered(typed);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    const now = draftFrom(typed, Date.now(), missing);
    if (now.mistakes.length > 0) return;
    propose.mutate(
      { params, body: now.body },
      {
        onSuccess: () => {
          notify(now.body.breakGlass === undefined ? words.proposed : words.placed);
          void navigate({ to: '/desk/cases/$caseId', params });
        },
      },
    );
  };

  return (
    <form onSubmit={submit} noValidate className="side-form">
      <WithMistakes fields={mistakes}>
        <div>
          <Panel title={words.kindTitle} acts={<GradeMark grade={held.grade} />}>
            <div className="stack">
              {held.gradeLockedAt === null && measures ? (
                <p className="note" data-tone="caution">
                  {words.notGraded}
                </p>
              ) : null}
              <Choices
                legend={words.kind}
                value={typed.kind}
                onChoose={(kind) => put({ kind })}
                choices={(
                  ['measure', 'no-action', ...(standing.length > 0 ? (['modify', 'reverse'] as const) : [])] as const
                ).map((value) => ({ value, ...words.kinds[value] }))}
              />
              {typed.kind === 'modify' || typed.kind === 'reverse' ? (
                <SelectField
                  label={words.reverses}
                  path="reverses"
                  value={typed.reverses}
                  onChange={(event) => put({ reverses: event.target.value })}
                >
                  <option value="" />
                  {standing.map((decision) => (
                    <option key={decision.decisionId} value={decision.decisionId}>
                      {decision.number ?? decision.decisionId}
                    </option>
                  ))}
                </SelectField>
              ) : null}
              {typed.kind === 'no-action' ? (
                <TextField
                  label={words.recheck}
                  hint={words.recheckHint}
                  path="recheckAt"
                  type="datetime-local"
                  value={typed.recheckLocal}
                  onChange={(event) => put({ recheckLocal: event.target.value })}
                />
              ) : null}
              {criteria.length === 0 ? (
                <p className="mistake">{words.criteriaNone}</p>
              ) : (
                <SelectField
                  label={words.criteria}
                  hint={words.criteriaHint}
                  path="policyVersionId"
                  value={typed.policyVersionId}
                  onChange={(event) => put({ policyVersionId: event.target.value })}
                >
                  {criteria.map((version) => (
                    <option key={version.policyVersionId} value={version.policyVersionId}>
                      {version.title}, {utcTime(Date.parse(version.publishedAt)).slice(0, 10)}
                    </option>
                  ))}
                </SelectField>
              )}
              {criteria.some(
                (version) =>
                  version.policyVersionId === typed.policyVersionId &&
                  Date.parse(version.publishedAt) > Date.parse(held.openedAt),
              ) ? (
                <p className="note" data-tone="caution">
                  {words.criteriaAfter}
                </p>
              ) : null}
            </div>
          </Panel>
          {measures ? (
            <Panel
              title={words.limbs}
              acts={<span className="hint">{left === 0 ? words.limbsDone : words.limbsLeft(left)}</span>}
            >
              <p className="hint panel-help">{words.limbsHelp}</p>
              {Limb.options.map((limb, index) => (
                <LimbField
                  key={limb}
                  limb={limb}
                  number={index + 1}
                  typed={typed.limbs.get(limb) ?? { finding: '', reason: '', evidence: [] }}
                  evidence={held.evidence}
                  suggested={typed.evidence}
                  mistakes={mistakes}
                  onChange={(changed) => put({ limbs: new Map(typed.limbs).set(limb, changed) })}
                />
              ))}
            </Panel>
          ) : null}
          {measures ? (
            <MeasureFields
              typed={typed}
              missing={mistakes.some((mistake) => mistake.path === 'step')}
              provisional={standing.filter((decision) => decision.provisional)}
              put={put}
            />
          ) : null}
          <Panel title={words.words}>
            <div className="stack">
              <ReasonFields words={words} typed={typed} put={put} />
              {held.evidence.length === 0 ? null : (
                <EvidencePicker
                  legend={words.evidence}
                  evidence={held.evidence}
                  picked={typed.evidence}
                  mistake={mistakes.find((mistake) => mistake.path.startsWith('evidence'))?.message ?? null}
                  onPick={(evidence) => put({ evidence })}
                />
              )}
            </div>
          </Panel>
          {measures ? <Owner typed={typed} put={put} /> : null}
          {typed.kind === 'measure' && reaches(typed.step) ? <BreakGlass typed={typed} put={put} /> : null}
        </div>
        <aside aria-label={words.preview}>
          <DecisionPreviewPanel
            preview={preview.data ?? null}
            error={preview.error}
            mistakes={onForm(settled, preview.data?.mistakes ?? [])}
            unanswered={measures ? left : 0}
          />
          <Panel title={words.propose}>
            <div className="stack-tight">
              <Failure error={propose.error} />
              {tried && draft.mistakes.length > 0 ? (
                <p className="mistake" role="alert">
                  {say.failure.fields(draft.mistakes.length)}
                </p>
              ) : null}
              <p className="hint">{caseWords.assess.assignHelp}</p>
              <Button kind={typed.breakGlass ? 'danger' : 'primary'} type="submit" busy={propose.isPending}>
                {propose.isPending ? say.act.working : typed.breakGlass && measures ? words.placeNow : words.propose}
              </Button>
            </div>
          </Panel>
        </aside>
      </WithMistakes>
    </form>
  );
}

function Owner({ typed, put }: { typed: TypedDecision; put: (change: Partial<TypedDecision>) => void }) {
  return (
    <Panel title={words.owner}>
      <div className="stack">
        <TextArea
          label={words.namedUrls}
          hint={words.namedUrlsHint}
          path="namedUrls"
          wide
          className="mono"
          spellCheck={false}
          value={typed.namedUrls}
          onChange={(event) => put({ namedUrls: event.target.value })}
        />
        {typed.namedUrls.trim() === '' ? null : (
          <TextField
            label={words.deadline}
            path="deadline"
            type="datetime-local"
            value={typed.deadlineLocal}
            onChange={(event) => put({ deadlineLocal: event.target.value })}
          />
        )}
        <CheckField
          label={words.delay}
          hint={words.delayHint}
          checked={typed.delay}
          onChange={(event) => put({ delay: event.target.checked })}
        />
        {typed.delay ? (
          <TextField
            label={words.delayReason}
            path="ownerNoticeDelayReason"
            wide
            value={typed.delayReason}
            onChange={(event) => put({ delayReason: event.target.value })}
          />
        ) : null}
        <CheckField
          label={words.strike}
          hint={words.strikeHelp}
          checked={typed.strike}
          onChange={(event) => put({ strike: event.target.checked })}
        />
      </div>
    </Panel>
  );
}

function BreakGlass({ typed, put }: { typed: TypedDecision; put: (change: Partial<TypedDecision>) => void }) {
  return (
    <Panel title={words.breakGlass}>
      <div className="stack">
        <CheckField
          label={words.breakGlass}
          hint={words.breakGlassHint}
          checked={typed.breakGlass}
          onChange={(event) => put({ breakGlass: event.target.checked })}
        />
        {typed.breakGlass ? (
          <>
            <p className="note" data-tone="alarm">
              <AlarmSign /> {words.breakGlassWarning}
            </p>
            <TextField
              label={words.breakGlassReason}
              path="breakGlass.reason"
              wide
              value={typed.breakGlassReason}
              onChange={(event) => put({ breakGlassReason: event.target.value })}
            />
          </>
        ) : null}
      </div>
    </Panel>
  );
}
