/** Requests of a site around an attack: a chart by outcome, and the same numbers as a table. */
import { useMemo } from 'react';
import type { AttackRecord } from '../../../../contract/attacks.ts';
import { Outcome } from '../../../../contract/stream.ts';
import { whole } from '../../format/number.ts';
import { duration, shortTime } from '../../format/time.ts';
import { Table } from '../../parts/table.tsx';
import { attacks as words } from '../../words/en/attacks.ts';
import { language, say } from '../../words/index.ts';
import { Chart } from './chart.tsx';
import { measures, stepsOf } from './measures.ts';
import type { SeriesPoint } from '../../../../contract/routes/insight.ts';

const dayMs = 86_400_000;
/** What a chart of outcomes does not look at. */
const rest = {
  bytesIn: 0,
  bytesOut: 0,
  statuses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 },
  latency: null,
  seen: { passed: 0, refused: 0 },
  sampled: 0,
};
const nothing = () => undefined;

export function AttackRequests({ record: { timeline } }: { record: AttackRecord }) {
  const { from, until, stepSeconds } = timeline;
  const steps = useMemo(() => {
    const points: SeriesPoint[] = timeline.points.map(({ at, counts }) => ({ at, counts, ...rest }));
    const counts = { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };
    return stepsOf({ from, until, stepSeconds, points, total: { counts, ...rest } }, Date.parse(until));
  }, [timeline, from, until, stepSeconds]);
  if (timeline.points.length === 0) return <p>{words.noRequests}</p>;
  const spanMs = Date.parse(until) - Date.parse(from);
  const time = (atMs: number) => shortTime(atMs, language, spanMs > dayMs, undefined);
  const columns = [
    { key: 'time', head: words.time },
    ...Outcome.options.map((outcome) => ({ key: outcome, head: say.outcome[outcome], align: 'end' as const })),
  ];
  return (
    <>
      <p className="hint">{words.every(duration(stepSeconds * 1000, language))}</p>
      <Chart
        measure={measures.outcomes}
        steps={steps}
        stepSeconds={stepSeconds}
        times={{ zone: undefined, spanMs }}
        label={words.requestsAlt(time(Date.parse(from)), time(Date.parse(until)))}
        onCursor={nothing}
      />
      <details>
        <summary>{words.asTable}</summary>
        <div className="step-table">
          <Table caption={words.requests} columns={columns}>
            {timeline.points.map(({ at, counts }) => (
              <tr key={at}>
                <th scope="row">{time(Date.parse(at))}</th>
                {Outcome.options.map((outcome) => (
                  <td key={outcome} data-align="end">
                    {whole(counts[outcome], language)}
                  </td>
                ))}
              </tr>
            ))}
          </Table>
        </div>
      </details>
    </>
  );
}
