/**
 * Grading an incident: ten axes with `unknown` first, each with its reason and its evidence; the indicators; what the rules suggest, live;
 * and one's own grade, with a reason when it differs. The server knows which seat one takes, and tells nobody.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { CaseId, IncidentId } from '../../../../contract/ids.ts';
import { AxisName, Grade, Indicator } from '../../../../contract/desk/words.ts';
import type { Incident, Seat } from '../../../../contract/desk/shapes.ts';
import { assess, suggestGrade } from '../../../../contract/routes/desk/assessments.ts';
import { getCase, listCases } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { ApiError, call } from '../../api/client.ts';
import type { FieldMistake } from '../../api/client.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, Choices, TextArea, WithMistakes } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Empty, Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Exactly } from '../../parts/when.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import { say } from '../../words/index.ts';
import { bodyOf, unknownAxes } from './assess-draft.ts';
import type { TypedAssessment, TypedAxis } from './assess-draft.ts';
import { AxisField } from './axis-field.tsx';
import { EvidenceNames, EvidencePicker } from './parts.tsx';
import { seatFor } from './seat.ts';
import { useSettled } from './settled.ts';
import '../../look/decide.css';
import '../../look/desk.css';

const api = getRouteApi('/in/desk/cases/$caseId/incidents/$incidentId');
const words = caseWords.assess;
const settleMs = 350;

export function AssessScreen() {
  const params = api.useParams();
  const caseId = CaseId.safeParse(params.caseId);
  const incidentId = IncidentId.safeParse(params.incidentId);
  return caseId.success && incidentId.success ? <AssessById caseId={caseId.data} incidentId={incidentId.data} /> : <NotFound />;
}

function AssessById({ caseId, incidentId }: { caseId: CaseId; incidentId: IncidentId }) {
  const me = useMe();
  const can = useCan();
  const answer = useQuery(ask(getCase, { params: { caseId } }));
  const trail = (
    <Link to="/desk/cases/$caseId" params={{ caseId }}>
      {answer.data === undefined ? desk.title : `${answer.data.number}: ${answer.data.title}`}
    </Link>
  );
  const incident = answer.data?.incidents.find((candidate) => candidate.incidentId === incidentId);
  const seat = incident === undefined || !can('desk:assess') ? null : seatFor(incident, me.personId, can('desk:lead'));
  return (
    <Screen wide title={words.title} lead={words.lead} trail={trail}>
      {answer.data === undefined ? (
        answer.error === null ? (
          <Waiting />
        ) : (
          <Failure error={answer.error} onRetry={() => void answer.refetch()} />
        )
      ) : incident === undefined || seat === null ? (
        <Empty title={words.already}>
          <p>{trail}</p>
        </Empty>
      ) : (
        <Form held={answer.data} incident={incident} seat={seat} />
      )}
    </Screen>
  );
}

function Form({ held, incident, seat }: { held: Case; incident: Incident; seat: Seat }) {
  const navigate = useNavigate();
  const send = useAct(assess, [getCase, listCases]);
  const [typed, setTyped] = useState<TypedAssessment>(() => ({
    axes: unknownAxes(),
    indicators: new Map(),
    assigned: null,
    differsReason: '',
  }));
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const put = (change: Partial<TypedAssessment>) => setTyped((before) => ({ ...before, ...change }));
  const putAxis = (name: AxisName, change: Partial<TypedAxis>) =>
    setTyped((before) => ({ ...before, axes: { ...before.axes, [name]: { ...before.axes[name], ...change } } }));

  const draft = bodyOf(typed);
  const settled = useSettled(draft, settleMs);
  const params = { incidentId: incident.incidentId };
  const suggestion = useQuery({
    queryKey: [suggestGrade.path, params, settled],
    queryFn: ({ signal }) => call(suggestGrade, { params, body: settled, signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const suggested = suggestion.data?.suggested ?? null;
  const differs = typed.assigned !== null && suggested !== null && typed.assigned !== suggested;
  const mistakes = [...own, ...(suggestion.data?.mistakes ?? []), ...(send.error?.fields ?? [])];

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const found: FieldMistake[] = [];
    if (typed.assigned === null) found.push({ path: 'assigned', message: words.gradeMissing });
    if (differs && typed.differsReason.trim().length < 10) found.push({ path: 'differsReason', message: words.differsMissing });
    setOwn(found);
    if (found.length > 0 || typed.assigned === null) return;
    const reason = differs ? { differsReason: typed.differsReason } : {};
    send.mutate(
      { params, body: { ...draft, seat, assigned: typed.assigned, ...reason } },
      {
        onSuccess: (graded) => {
          notify(graded.grade === null ? words.kept : words.locked(graded.grade));
          void navigate({ to: '/desk/cases/$caseId', params: { caseId: held.caseId } });
        },
      },
    );
  };

  return (
    <form onSubmit={submit} noValidate className="side-form">
      <WithMistakes fields={mistakes}>
        <div>
          <Panel title={incident.title}>
            <div className="stack-tight">
              <p className="item-line hint">
                <span>
                  {caseWords.incidents.event} <Exactly at={incident.eventAt} />
                </span>
                <span>{incident.target?.label ?? caseWords.incidents.noTarget}</span>
                <span>
                  {caseWords.incidents.on} <EvidenceNames ids={incident.evidence} evidence={held.evidence} />
                </span>
              </p>
              <p className="note">{seat === 'lead' ? words.settle : words.blind}</p>
            </div>
          </Panel>
          <Panel title={caseWords.incidents.byAxis}>
            {AxisName.options.map((name) => (
              <AxisField
                key={name}
                name={name}
                axis={typed.axes[name]}
                evidence={held.evidence}
                suggested={incident.evidence}
                onChange={(change) => putAxis(name, change)}
              />
            ))}
          </Panel>
          <Panel title={words.indicators}>
            <p className="hint panel-help">{words.indicatorsHelp}</p>
            <div className="stack-tight">
              {Indicator.options.map((indicator) => (
                <IndicatorField
                  key={indicator}
                  indicator={indicator}
                  held={held}
                  typed={typed}
                  first={incident.evidence}
                  onChange={(indicators) => put({ indicators })}
                />
              ))}
            </div>
          </Panel>
        </div>
        <aside aria-label={words.assign}>
          <Panel title={words.suggestion}>
            <div className="stack-tight" aria-live="polite">
              {suggestion.data === undefined ? (
                <p className="hint">{words.suggestionNone}</p>
              ) : (
                <>
                  <p>
                    <span className="big-grade">{suggestion.data.suggested}</span> {desk.gradeHelp[suggestion.data.suggested]}
                  </p>
                  <p className="field-label">{words.because}</p>
                  <ul className="sentences">
                    {suggestion.data.because.map((sentence) => (
                      <li key={sentence}>{sentence}</li>
                    ))}
                  </ul>
                  <p className="hint">
                    {words.rules} {suggestion.data.rules}
                  </p>
                </>
              )}
              {suggestion.error instanceof ApiError && suggestion.error.code !== 'bad-request' ? (
                <Failure error={suggestion.error} />
              ) : null}
              {suggestion.data === undefined || suggestion.data.mistakes.length === 0 ? null : (
                <ul className="sentences mistake">
                  {suggestion.data.mistakes.map((mistake) => (
                    <li key={`${mistake.path}${mistake.message}`}>{mistake.message}</li>
                  ))}
                </ul>
              )}
            </div>
          </Panel>
          <Panel title={words.assign}>
            <div className="stack">
              <Choices
                legend={caseWords.incidents.grade}
                hint={words.assignHelp}
                value={typed.assigned ?? ''}
                onChoose={(grade) => put({ assigned: Grade.safeParse(grade).data ?? null })}
                choices={Grade.options.map((value) => ({ value, label: value, help: desk.gradeHelp[value] }))}
              />
              {own.some((mistake) => mistake.path === 'assigned') ? (
                <p className="mistake" role="alert">
                  {words.gradeMissing}
                </p>
              ) : null}
              {differs ? (
                <TextArea
                  label={words.differs}
                  path="differsReason"
                  value={typed.differsReason}
                  onChange={(event) => put({ differsReason: event.target.value })}
                />
              ) : null}
              <Failure error={send.error} />
              <Button kind="primary" type="submit" busy={send.isPending}>
                {send.isPending ? say.act.working : words.submit}
              </Button>
            </div>
          </Panel>
        </aside>
      </WithMistakes>
    </form>
  );
}

function IndicatorField({
  indicator,
  held,
  typed,
  first,
  onChange,
}: {
  indicator: Indicator;
  held: Case;
  typed: TypedAssessment;
  first: readonly string[];
  onChange: (indicators: TypedAssessment['indicators']) => void;
}) {
  const picked = typed.indicators.get(indicator);
  const set = (evidence: readonly string[] | null) => {
    const changed = new Map(typed.indicators);
    if (evidence === null) changed.delete(indicator);
    else changed.set(indicator, evidence);
    onChange(changed);
  };
  return (
    <div>
      <CheckField
        label={desk.indicator[indicator]}
        checked={picked !== undefined}
        onChange={(event) => set(event.target.checked ? first : null)}
      />
      {picked === undefined ? null : (
        <div className="under">
          <EvidencePicker
            legend={words.evidence}
            evidence={held.evidence}
            picked={picked}
            mistake={picked.length === 0 ? words.indicatorEvidence : null}
            onPick={set}
          />
        </div>
      )}
    </div>
  );
}
