/** Incidents of a case, each at its own time, with its grades as far as one may see them: suggested against assigned, axis by axis. */
import { useState } from 'react';
import { addIncident, lockNoThreat, retractIncident } from '../../../../contract/routes/desk/assessments.ts';
import { getCase, listCases } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { AxisName } from '../../../../contract/desk/words.ts';
import type { Assessment, Incident, Seat } from '../../../../contract/desk/shapes.ts';
import type { EvidenceId } from '../../../../contract/ids.ts';
import { useAct } from '../../api/queries.ts';
import { fromLocalInput } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { AskReason, FormDialog } from '../../parts/dialog.tsx';
import { CheckField, SelectField, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import { EvidenceNames, EvidencePicker, GradeMark } from './parts.tsx';
import { seatFor } from './seat.ts';

const words = caseWords.incidents;

export function Incidents({ held }: { held: Case }) {
  const can = useCan();
  const [adding, setAdding] = useState(false);
  const [noThreat, setNoThreat] = useState(false);
  return (
    <Panel
      id="incidents"
      title={words.title}
      acts={can('desk:work') && held.closedAt === null ? <Button onClick={() => setAdding(true)}>{words.add}</Button> : null}
    >
      {held.incidents.length === 0 ? <p className="hint">{words.none}</p> : null}
      <ul className="items">
        {held.incidents
          .toSorted((one, other) => Date.parse(other.eventAt) - Date.parse(one.eventAt))
          .map((incident) => (
            <IncidentItem key={incident.incidentId} held={held} incident={incident} />
          ))}
      </ul>
      {held.incidents.length === 0 && held.gradeLockedAt === null && can('desk:assess') ? (
        <div className="item-acts">
          <Button kind="quiet" onClick={() => setNoThreat(true)}>
            {words.noThreat}
          </Button>
        </div>
      ) : null}
      {noThreat ? <NoThreat held={held} onClose={() => setNoThreat(false)} /> : null}
      {adding ? <AddIncident held={held} onClose={() => setAdding(false)} /> : null}
    </Panel>
  );
}

function IncidentItem({ held, incident }: { held: Case; incident: Incident }) {
  const can = useCan();
  const me = useMe();
  const retract = useAct(retractIncident, [getCase]);
  const [retracting, setRetracting] = useState(false);
  const seat = can('desk:assess') ? seatFor(incident, me.personId, can('desk:lead')) : null;
  const over = incident.retractedAt !== null;
  return (
    <li id={incident.incidentId} data-over={over || undefined}>
      <p className="item-head">
        <strong>{incident.title}</strong>
      </p>
      <p className="item-line">
        {over ? <Badge tone="off">{words.retracted}</Badge> : null}
        {incident.grade === null ? (
          <Badge tone="waiting">{desk.grading[incident.grading]}</Badge>
        ) : (
          <GradeMark grade={incident.grade} />
        )}
        <span>
          {words.event} <When at={incident.eventAt} focusable />{' '}
          <span className="hint">({incident.eventAtSource === 'stated' ? words.stated : words.bySeen})</span>
        </span>
      </p>
      <p className="item-line hint">
        <span>{incident.target?.label ?? words.noTarget}</span>
        {incident.offlineAct ? <span>{words.offline}</span> : null}
        <span>{incident.verifiedBy === null ? words.unverified : words.verified(incident.verifiedBy.name)}</span>
        <span>
          {words.on} <EvidenceNames ids={incident.evidence} evidence={held.evidence} />
        </span>
      </p>
      {incident.retractedWhy === null ? null : <p>{incident.retractedWhy}</p>}
      {incident.assessments.map((assessment) => (
        <Grades
          key={assessment.assessmentId}
          held={held}
          assessment={assessment}
          open={incident.assessments.length === 1 && incident.grading !== 'locked'}
        />
      ))}
      {incident.grading === 'second-needed' && seat === null ? <p className="hint">{words.secondBlind}</p> : null}
      {over ? null : (
        <div className="item-acts">
          {seat === null ? null : (
            <ButtonLink
              to="/desk/cases/$caseId/incidents/$incidentId"
              params={{ caseId: held.caseId, incidentId: incident.incidentId }}
            >
              {words.assessAs[seat]}
            </ButtonLink>
          )}
          {can('desk:lead') ? (
            <Button kind="quiet" onClick={() => setRetracting(true)}>
              {words.retract}
            </Button>
          ) : null}
        </div>
      )}
      {retracting ? (
        <AskReason
          {...{ title: words.retractTitle, label: caseWords.acts.reason, hint: caseWords.acts.reasonHint, action: words.retract }}
          {...{ kind: 'danger', least: 10 }}
          busy={retract.isPending}
          failure={retract.error}
          onClose={() => setRetracting(false)}
          onConfirm={(why) =>
            retract.mutate(
              { params: { incidentId: incident.incidentId }, body: { why } },
              {
                onSuccess: () => {
                  setRetracting(false);
                  notify(words.taken);
                },
              },
            )
          }
        >
          <p>{words.retractHelp}</p>
        </AskReason>
      ) : null}
    </li>
  );
}

const axisColumns = [
  { key: 'axis', head: words.axis },
  { key: 'value', head: words.value },
  { key: 'reason', head: words.reason },
] as const;

/** One person's grade: what the rules suggested, what was assigned, and what both rest on. */
export function Grades({ held, assessment, open }: { held: Case; assessment: Assessment; open: boolean }) {
  const seat: Seat = assessment.seat;
  const isSaid = (name: AxisName) => assessment.axes[name].value !== 'unknown' || assessment.axes[name].reason !== '';
  const said = AxisName.options.filter(isSaid);
  const unknown = AxisName.options.filter((name) => !isSaid(name));
  return (
    <details className="grades" open={open}>
      <summary>
        {desk.seat[seat]}: {assessment.assessor.name}. {words.suggested} <strong>{assessment.suggested}</strong>, {words.assigned}{' '}
        <strong>{assessment.assigned}</strong>
      </summary>
      <p className="hint">
        <Exactly at={assessment.at} /> · {caseWords.assess.rules} {assessment.rules}
        {assessment.volumeOpen === true ? ` · ${words.volumeOpen}` : null}
      </p>
      {assessment.differsReason === null ? null : (
        <p>
          {words.differs}: {assessment.differsReason}
        </p>
      )}
      <Table caption={words.byAxis} columns={axisColumns}>
        {said.map((name) => {
          const axis = assessment.axes[name];
          return (
            <tr key={name}>
              <td>{desk.axis[name]}</td>
              <td>
                {axis.value === 'unknown' ? <span className="hint">{desk.axisValue.unknown}</span> : desk.axisValue[axis.value]}
              </td>
              <td>
                {axis.reason}
                {axis.evidence.length === 0 ? null : (
                  <span className="sub">
                    <EvidenceNames ids={axis.evidence} evidence={held.evidence} />
                  </span>
                )}
              </td>
            </tr>
          );
        })}
      </Table>
      {unknown.length === 0 ? null : (
        <p className="hint">
          {desk.axisValue.unknown}: {unknown.map((name) => desk.axis[name]).join(', ')}
        </p>
      )}
      {assessment.indicators.length === 0 ? null : (
        <p className="indicators">
          {words.indicators}: {assessment.indicators.map((ticked) => desk.indicator[ticked.indicator]).join(', ')}
        </p>
      )}
    </details>
  );
}

/** A case in which nothing happened can be graded too. */
function NoThreat({ held, onClose }: { held: Case; onClose: () => void }) {
  const lock = useAct(lockNoThreat, [getCase, listCases]);
  return (
    <AskReason
      {...{ title: words.noThreatTitle, label: words.noThreatReason, hint: caseWords.acts.reasonHint, action: words.noThreat }}
      {...{ kind: 'primary', least: 10 }}
      busy={lock.isPending}
      failure={lock.error}
      onClose={onClose}
      onConfirm={(reason) =>
        lock.mutate(
          { params: { caseId: held.caseId }, body: { reason } },
          {
            onSuccess: () => {
              notify(words.noThreatDone);
              onClose();
            },
          },
        )
      }
    >
      <p>{words.noThreatHelp}</p>
    </AskReason>
  );
}

function AddIncident({ held, onClose }: { held: Case; onClose: () => void }) {
  const form = words.form;
  const add = useAct(addIncident, [getCase]);
  const [typed, setTyped] = useState({ title: '', event: '', targetId: '', offlineAct: false });
  const [evidence, setEvidence] = useState<readonly EvidenceId[]>([]);
  const [tried, setTried] = useState(false);
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const submit = () => {
    setTried(true);
    if (evidence.length === 0) return;
    const eventAt = fromLocalInput(typed.event);
    add.mutate(
      {
        params: { caseId: held.caseId },
        body: {
          title: typed.title,
          offlineAct: typed.offlineAct,
          evidence: [...evidence],
          ...(eventAt === null ? {} : { eventAt }),
          ...(typed.targetId === '' ? {} : { targetId: typed.targetId }),
        },
      },
      {
        onSuccess: () => {
          notify(form.done);
          onClose();
        },
      },
    );
  };
  return (
    <FormDialog
      title={form.title}
      action={form.submit}
      busy={add.isPending}
      failure={add.error}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField
        label={form.name}
        hint={form.nameHint}
        path="title"
        value={typed.title}
        onChange={(event) => put({ title: event.target.value })}
      />
      <TextField
        label={form.event}
        hint={form.eventHint}
        path="eventAt"
        type="datetime-local"
        value={typed.event}
        onChange={(event) => put({ event: event.target.value })}
      />
      <SelectField
        label={form.target}
        path="targetId"
        value={typed.targetId}
        onChange={(event) => put({ targetId: event.target.value })}
      >
        <option value="">{form.noTarget}</option>
        {held.targets.map((target) => (
          <option key={target.targetId} value={target.targetId}>
            {target.label}
          </option>
        ))}
      </SelectField>
      <CheckField
        label={form.offline}
        checked={typed.offlineAct}
        onChange={(event) => put({ offlineAct: event.target.checked })}
      />
      <EvidencePicker
        legend={form.evidence}
        evidence={held.evidence}
        picked={evidence}
        mistake={tried && evidence.length === 0 ? form.evidenceMissing : null}
        onPick={setEvidence}
      />
    </FormDialog>
  );
}
