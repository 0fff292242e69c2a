/**
 * Two lines: incidents by the time when they happened, reports by the time when they arrived. The second is withheld by the server until
 * the grade is locked, and says so. Beside it the last 48 hours in sentences, the same numbers as a table, and each alarm with its explanation.
 */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { getEscalation } from '../../../../contract/routes/desk/assessments.ts';
import type { EscalationAlarm, EscalationPoint } from '../../../../contract/routes/desk/assessments.ts';
import type { CaseId } from '../../../../contract/ids.ts';
import { ask } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter } from '../../parts/filters.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Sentence } from '../../parts/sentence.tsx';
import { Table } from '../../parts/table.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { caseWords } from '../../words/en/case.ts';
import { language } from '../../words/index.ts';
import { EscalationChart } from './escalation-chart.tsx';
import { GradeMark } from './parts.tsx';

const api = getRouteApi('/in/desk/cases/$caseId');
const words = caseWords.escalation;
const ranges = ['14', '90', '365'] as const;
const columns = [
  { key: 'from', head: words.columns.from },
  { key: 'incidents', head: words.columns.incidents, align: 'end' },
  { key: 'worst', head: words.columns.worst },
  { key: 'reports', head: words.columns.reports, align: 'end' },
] as const;

export default function Escalation({ caseId }: { caseId: CaseId }) {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/desk/cases/$caseId' });
  const days = ranges.find((range) => range === search.days) ?? '90';
  const answer = useQuery(ask(getEscalation, { params: { caseId }, query: { days } }));
  const set = (name: 'days' | 'view') => (value: string) =>
    void navigate({ search: (old) => withWord(old, name, value), replace: true, resetScroll: false });
  const points = answer.data?.points;
  const withheld = points === undefined || points.some((point) => point.reports === null);
  const quiet = useMemo(() => points?.filter((point) => point.incidents > 0 || (point.reports ?? 0) > 0) ?? [], [points]);
  return (
    <Panel
      id="escalation"
      title={words.title}
      acts={
        <Filter
          label={words.days}
          value={days}
          all={false}
          onPick={set('days')}
          options={ranges.map((value) => ({ value, label: words.daysOption[value] }))}
        />
      }
    >
      <Failure error={answer.error} onRetry={() => void answer.refetch()} />
      {answer.data === undefined || points === undefined ? (
        answer.error === null ? (
          <Waiting />
        ) : null
      ) : (
        <div className="stack-tight">
          <p className="hint">{words.lead}</p>
          <EscalationChart points={points} withheld={withheld} label={words.chart} />
          <ul className="chart-key">
            <li>
              <span className="line-key" data-line="incidents" aria-hidden="true" /> {words.incidents}
            </li>
            <li>
              <span className="line-key" data-line="reports" aria-hidden="true" /> {withheld ? words.withheld : words.reports}
            </li>
          </ul>
          <details
            className="step-points"
            open={search.view === 'table'}
            onToggle={(event) => {
              const wanted = event.currentTarget.open ? 'table' : '';
              if (wanted !== (search.view ?? '')) set('view')(wanted);
            }}
          >
            <summary>{words.asTable}</summary>
            {quiet.length === 0 ? (
              <p className="hint">{words.noneInRange}</p>
            ) : (
              <Table caption={words.chart} columns={columns}>
                {quiet.toReversed().map((point) => (
                  <PointRow key={point.from} point={point} />
                ))}
              </Table>
            )}
          </details>
          <h3>{words.changed}</h3>
          {answer.data.changed.length === 0 ? <p className="hint">{words.nothingChanged}</p> : null}
          <ul className="sentences">
            {answer.data.changed.map((sentence) => (
              <li key={sentence}>
                <Sentence text={sentence} />
              </li>
            ))}
          </ul>
          <h3>{words.alarms}</h3>
          {answer.data.alarms.length === 0 ? <p className="hint">{words.noAlarm}</p> : null}
          <ul className="plain rows">
            {answer.data.alarms.map((alarm) => (
              <AlarmItem key={alarm.alarmId} alarm={alarm} />
            ))}
          </ul>
          <p className="hint">{words.blocks}</p>
        </div>
      )}
    </Panel>
  );
}

function PointRow({ point }: { point: EscalationPoint }) {
  return (
    <tr>
      <td>
        <Exactly at={point.from} />
      </td>
      <td data-align="end">{point.incidents}</td>
      <td>
        <GradeMark grade={point.worst} brief />
      </td>
      <td data-align="end">{point.reports === null ? <span className="hint">–</span> : whole(point.reports, language)}</td>
    </tr>
  );
}

function AlarmItem({ alarm }: { alarm: EscalationAlarm }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <p className="item-line">
        <Badge tone="alarm">{words.alarmAt}</Badge> <When at={alarm.at} focusable />
        <Button kind="quiet" onClick={() => setOpen(true)}>
          {words.explanation}
        </Button>
      </p>
      <ul className="sentences">
        {alarm.because.map((sentence) => (
          <li key={sentence}>
            <Sentence text={sentence} />
          </li>
        ))}
      </ul>
      {open ? (
        <Dialog title={words.explanationOf} onClose={() => setOpen(false)}>
          <div className="stack">
            <p>{words.explanationHelp}</p>
            <div>
              <p className="field-label">{words.sha}</p>
              <CopyText text={alarm.sha256} label={words.sha} />
            </div>
            <div>
              <p className="field-label">{words.explanation}</p>
              <CopyText text={alarm.explanation} label={words.explanation} lines />
            </div>
          </div>
        </Dialog>
      ) : null}
    </li>
  );
}
