/** A dry run: a button that tries something on the site's own last hour, and what came of it, with what a sample cannot say said. */
import { useState } from 'react';
import type { z } from 'zod';
import { dryRun } from '../../../../contract/routes/rules.ts';
import type { AskedEdge, DryRun, OwnHour } from '../../../../contract/routes/rules.ts';
import type { SiteId } from '../../../../contract/ids.ts';
import { useAct } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { clockTime } from '../../format/time.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Table } from '../../parts/table.tsx';
import { dryRunWords as words } from '../../words/en/dry-run.ts';
import { language } from '../../words/index.ts';

export type TriedDraft = Omit<z.input<typeof dryRun.body>, 'requests'>;

/** `draft` null: what was typed has mistakes, which the form shows. */
export function TryOut({ siteId, label, draft }: { siteId: SiteId; label: string; draft: () => TriedDraft | null }) {
  const run = useAct(dryRun);
  const [shown, setShown] = useState(false);
  const start = () => {
    const body = draft();
    setShown(body !== null);
    if (body !== null) run.mutate({ params: { siteId }, body });
  };
  return (
    <div className="stack">
      <div>
        <Button busy={run.isPending} onClick={start}>
          {label}
        </Button>
      </div>
      <div role="status">
        {!shown ? null : run.error === null ? null : <Failure error={run.error} onRetry={start} />}
        {!shown || run.data === undefined ? null : <Result ran={run.data} onClose={() => setShown(false)} />}
      </div>
    </div>
  );
}

function Result({ ran, onClose }: { ran: DryRun; onClose: () => void }) {
  return (
    <section className="dry-run" aria-label={words.title}>
      <div className="stack">
        <h3>{words.title}</h3>
        <p className="hint">{words.lead}</p>
        {ran.ownHour === null ? null : <Source ran={ran} hour={ran.ownHour} />}
        {ran.mode === ran.presentMode ? null : <p>{words.mode[ran.mode]}</p>}
        {ran.requests === 0 ? <p>{words.nothing}</p> : ran.changes.length === 0 ? <p>{words.same}</p> : <Changes ran={ran} />}
        {ran.rules.length === 0 || ran.requests === 0 ? null : <ByRule ran={ran} />}
        <div>
          <Button onClick={onClose}>{words.close}</Button>
        </div>
      </div>
    </section>
  );
}

/** Which requests these are, and which edges had no part in it. */
function Source({ ran, hour }: { ran: DryRun; hour: OwnHour }) {
  const time = (at: string) => clockTime(Date.parse(at), language);
  const told = hour.edges.filter(({ said }) => said === 'told').length;
  const { from, until } = hour;
  return (
    <>
      <p>
        {from === null || until === null
          ? null
          : `${words.of(whole(ran.standFor, language), whole(ran.requests, language), time(from), time(until))} `}
        {words.edges(told, hour.edges.length + hour.notAsked)}
      </p>
      {hour.edges.map((edge) => {
        const remark = remarkOn(edge, until);
        return remark === null ? null : (
          <p key={edge.edgeId} className="hint">
            {remark}
          </p>
        );
      })}
    </>
  );
}

/** An edge that has kept its sample for less than this is said to have. */
const mostOfTheHourMs = 50 * 60_000;

function remarkOn({ edgeId, said, since }: AskedEdge, until: string | null): string | null {
  if (said !== 'told') return words.edge(edgeId, said);
  const late = since !== null && until !== null && Date.parse(until) - Date.parse(since) < mostOfTheHourMs;
  return late ? words.since(edgeId, clockTime(Date.parse(since), language)) : null;
}

type Example = DryRun['changes'][number]['examples'][number];

function Examples({ examples }: { examples: readonly Example[] }) {
  return examples.slice(0, 3).map(({ method, host, path, country }, index) => (
    <span key={index} className="mono sub wrap-anywhere">
      {method} {host}
      {path}
      {country === null ? '' : ` (${country})`}
    </span>
  ));
}

function Changes({ ran }: { ran: DryRun }) {
  const heads = words.columns;
  return (
    <>
      <h4>{words.changes}</h4>
      <Table
        caption={words.changes}
        columns={[
          { key: 'now', head: heads.now },
          { key: 'then', head: heads.then },
          { key: 'requests', head: heads.requests, align: 'end' },
          { key: 'sampled', head: heads.sampled, align: 'end' },
          { key: 'examples', head: heads.examples },
        ]}
      >
        {ran.changes.map(({ from, to, requests, sampled, examples }) => (
          <tr key={`${from} ${to}`}>
            <td>{words.verdict[from]}</td>
            <th scope="row">{words.verdict[to]}</th>
            <td data-align="end">{whole(requests, language)}</td>
            <td data-align="end">{whole(sampled, language)}</td>
            <td>
              <Examples examples={examples} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function ByRule({ ran }: { ran: DryRun }) {
  const heads = words.columns;
  return (
    <>
      <h4>{words.rules}</h4>
      <Table
        caption={words.rules}
        columns={[
          { key: 'rule', head: heads.rule },
          { key: 'does', head: heads.does },
          { key: 'requests', head: heads.requests, align: 'end' },
          { key: 'sampled', head: heads.sampled, align: 'end' },
          { key: 'examples', head: heads.examples },
        ]}
      >
        {ran.rules.map(({ ruleId, verdict, requests, sampled, examples, unsure }) => (
          <tr key={ruleId}>
            <th scope="row">
              <span className="mono">{ruleId}</span>
              {unsure.map((why) => (
                <span key={why} className="sub">
                  {heads.unsure}: {words.unsure[why]}
                </span>
              ))}
            </th>
            <td>{words.verdict[verdict]}</td>
            <td data-align="end">{whole(requests, language)}</td>
            <td data-align="end">{whole(sampled, language)}</td>
            <td>
              <Examples examples={examples} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
