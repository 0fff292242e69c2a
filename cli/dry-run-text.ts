/** A dry run in words and tables: where its requests come from, what would change, and what each rule would do. */
import type { AskedEdge, DryRun } from '../contract/routes/rules.ts';
import type { Unsure } from '../contract/rules.ts';
import { facts, table } from './terminal.ts';

const said: Readonly<Record<AskedEdge['said'], string>> = {
  told: 'told',
  nothing: 'did not answer (of an older version, or busy)',
  away: 'away',
  elsewhere: 'connected to another control process',
};
const doubt: Readonly<Record<Unsure, string>> = {
  networks: 'networks are narrower than those that samples keep',
  'network-data': 'edges had no reason to know these countries or AS numbers',
};

/** `unread`: lines of an access log that are no requests. */
export function dryRunText(ran: DryRun, unread: number): string {
  const counts = Object.entries(ran.verdicts).filter(([verdict, count]) => count > 0 || presentOf(ran, verdict) > 0);
  const changes = ran.changes.map(({ from, to, requests, sampled, examples }) => [
    from,
    to,
    `${requests} (${sampled})`,
    examples[0]?.path ?? '',
  ]);
  const rules = ran.rules.map(({ ruleId, verdict, requests, sampled, examples, unsure }) => [
    ruleId,
    verdict,
    `${requests} (${sampled})`,
    examples[0]?.path ?? '',
    unsure.map((why) => doubt[why]).join('; '),
  ]);
  return [
    facts([
      ['requests', `${ran.requests}${ran.standFor === ran.requests ? '' : `, which stand for ${ran.standFor}`}`],
      ...ownHour(ran),
      ['mode', ran.mode === ran.presentMode ? ran.mode : `${ran.mode} instead of ${ran.presentMode}`],
      ['lines not read', unread === 0 ? null : String(unread)],
    ]),
    ...(ran.requests === 0 ? [nothingSeen] : []),
    ...(counts.length === 0
      ? []
      : [
          table(
            ['would', 'now', 'then'],
            counts.map(([verdict, count]) => [verdict, String(presentOf(ran, verdict)), String(count)]),
          ),
        ]),
    ...(changes.length === 0
      ? ran.requests === 0
        ? []
        : ['It would change nothing for these requests.']
      : [table(['now', 'then', 'requests (seen)', 'for example'], changes)]),
    ...(rules.length === 0 ? [] : [table(['rule', 'would', 'requests (seen)', 'for example', 'unsure'], rules)]),
  ].join('\n\n');
}

const nothingSeen =
  'Nothing was seen of this site in the last hour. Edges keep a sample of the requests that they pass on, in memory only: try again when there was traffic, or give an access log with --log.';

function presentOf(ran: DryRun, verdict: string): number {
  return Object.entries(ran.present).find(([name]) => name === verdict)?.[1] ?? 0;
}

function ownHour({ ownHour: hour }: DryRun): [string, string | null][] {
  if (hour === null) return [];
  const told = hour.edges.filter((edge) => edge.said === 'told').length;
  const others = hour.edges.filter((edge) => edge.said !== 'told').map((edge) => `${edge.edgeId} ${said[edge.said]}`);
  const all = hour.edges.length + hour.notAsked;
  return [
    ['from', hour.from],
    ['until', hour.until],
    ['edges', [`${told} of ${all} told`, ...others].join('\n')],
  ];
}
