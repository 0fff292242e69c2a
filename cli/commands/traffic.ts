/**
 * `portcullis traffic …`: what happens at the edges, of one site or of all that the caller may see: over time, what is most frequent, what was refused
 * one by one, live. For people, as JSON, or as CSV.
 */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { EdgeId, Instant } from '../../contract/ids.ts';
import {
  EventsQuery,
  getSeries,
  getTops,
  InsightLive,
  insightExportPath,
  insightLivePath,
  listEvents,
} from '../../contract/routes/insight.ts';
import type { ExportFile } from '../../contract/routes/insight.ts';
import { TopKind } from '../../contract/traffic.ts';
import type { Client } from '../client.ts';
import { apiCommand, durationMs, findSite, whole } from '../command.ts';
import type { Reply } from '../command.ts';
import { connect, withConnection } from '../connection.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { eventsText, liveText, seriesText, topsText } from '../traffic-text.ts';
import { parseDurationMs, parseWhen } from '../when.ts';

type RangeOptions = ConnectionOptions & {
  readonly edge?: EdgeId;
  readonly since?: Instant;
  readonly until?: Instant;
  readonly csv?: boolean;
};

/** Steps that are printed for people unless they ask for more. */
const stepsForPeople = 30;

export function addTrafficCommands(program: Command, terminal: Terminal): void {
  const traffic = program.command('traffic').description('What happens at the edges: over time, most frequent, refused, live.');
  const past = pastInstant(terminal);
  const range = (command: Command) =>
    withEdge(command)
      .addOption(
        new Option('--since <time>', 'how far back, such as 24h, or an instant')
          .argParser(past)
          .default(undefined, 'the last hour'),
      )
      .addOption(new Option('--until <time>', 'how long ago it ends, or an instant').argParser(past).default(undefined, 'now'))
      .option('--csv', 'print comma-separated values and nothing else');

  apiCommand<RangeOptions & { readonly step?: number }>(
    traffic,
    terminal,
    'series [site]',
    'Shows requests by outcome, bytes, statuses and latency over time.',
    (command) =>
      range(command).addOption(new Option('--step <seconds>', 'seconds of one step, 10 or more').argParser(whole(10, 86_400))),
    async ({ client, options, args }) => {
      const asked = await rangeAsked(client, options, args[0]);
      const nowMs = terminal.nowMs();
      const seconds = (Date.parse(asked.until ?? new Date(nowMs).toISOString()) - Date.parse(asked.from ?? '')) / 1000;
      const forPeople = Math.ceil((Number.isFinite(seconds) ? seconds : 3600) / stepsForPeople);
      const step = options.step ?? (options.json === true || options.csv === true ? undefined : forPeople);
      const query = { ...asked, ...(step === undefined ? {} : { stepSeconds: Math.min(86_400, Math.max(10, step)) }) };
      if (options.csv === true) return await csv(client, options, 'series.csv', query);
      const series = await client.call(getSeries, { query });
      return { json: series, text: seriesText(series) };
    },
  );

  apiCommand<RangeOptions & { readonly of: TopKind; readonly limit?: number }>(
    traffic,
    terminal,
    'tops [site]',
    'Shows what is most frequent, from a sample of what passed and from refusals.',
    (command) =>
      range(command)
        .addOption(new Option('--of <what>', 'of what').choices(TopKind.options).default('paths'))
        .addOption(new Option('--limit <number>', 'how many').argParser(whole(1, 100))),
    async ({ client, options, args }) => {
      const query = { ...(await rangeAsked(client, options, args[0])), of: options.of };
      if (options.csv === true) return await csv(client, options, 'tops.csv', query);
      const limit = options.limit === undefined ? {} : { limit: options.limit };
      const tops = await client.call(getTops, { query: { ...query, ...limit } });
      return { json: tops, text: topsText(tops) };
    },
  );

  type Filters = {
    guard?: string;
    rule?: string;
    network?: string;
    path?: string;
    status?: string;
    limit?: number;
    cursor?: string;
  };
  apiCommand<RangeOptions & Readonly<Filters>>(
    traffic,
    terminal,
    'events [site]',
    'Lists refused requests and failed origins one by one, newest first. Under a flood not every one is kept.',
    (command) =>
      range(command)
        .option('--guard <name>', 'only those refused by it, such as limit, rule-deny, origin-error')
        .option('--rule <name>', 'only those of this rule')
        .option('--network <network>', 'only those from it, as it is kept, such as 192.0.2.0/24')
        .option('--path <start>', 'only those whose path begins so')
        .option('--status <status>', 'only those with this status')
        .addOption(new Option('--limit <number>', 'how many').argParser(whole(1, 500)))
        .option('--cursor <cursor>', 'go on where the answer before ended'),
    async ({ client, options, args }) => {
      const { guard, rule: ruleId, network, path, status } = options;
      const filters = EventsQuery.pick({ guard: true, ruleId: true, network: true, path: true, status: true }).safeParse({
        ...(guard === undefined ? {} : { guard }),
        ...(ruleId === undefined ? {} : { ruleId }),
        ...(network === undefined ? {} : { network }),
        ...(path === undefined ? {} : { path }),
        ...(status === undefined ? {} : { status }),
      });
      if (!filters.success) {
        const sentences = filters.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
        throw new CommandFailure('usage', sentences.join('\n'));
      }
      const query = { ...(await rangeAsked(client, options, args[0])), ...filters.data };
      if (options.csv === true) return await csv(client, options, 'events.csv', query);
      const { items, next } = await client.call(listEvents, {
        query: {
          ...query,
          ...(options.limit === undefined ? {} : { limit: options.limit }),
          ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
        },
      });
      return { json: { items, next }, text: eventsText(items, next) };
    },
  );

  const live = withConnection(
    withEdge(traffic.command('live [site]'))
      .description('Prints what edges count and refuse as they tell it, until Ctrl-C. With --json one JSON value per line.')
      .addOption(new Option('--for <time>', 'ends by itself after this time, such as 5m').argParser(durationMs)),
  );
  live.action(async () => {
    const options = live.opts<RangeOptions & { readonly for?: number }>();
    const client = connect(options, terminal);
    const asked = await rangeAsked(client, options, live.args[0]);
    const ends = AbortSignal.any([
      terminal.interrupted,
      ...(options.for === undefined ? [] : [AbortSignal.timeout(options.for)]),
    ]);
    for await (const told of client.live(insightLivePath, asked, InsightLive, ends)) {
      const line = options.json === true ? JSON.stringify(told) : liveText(told);
      if (line !== null) terminal.out(`${line}\n`);
    }
    if (!ends.aborted) throw new CommandFailure('unreachable', 'The control plane ended the stream.');
  });
}

function withEdge(command: Command): Command {
  return command.addOption(new Option('--edge <edge>', 'only what this edge saw').argParser(edgeId));
}

function edgeId(typed: string): EdgeId {
  const id = EdgeId.safeParse(typed);
  if (id.success) return id.data;
  throw new InvalidArgumentError('Give an edge’s id. See: portcullis edge list');
}

/** A time that was: `24h` ago, or an instant. */
function pastInstant(terminal: Terminal): (typed: string) => Instant {
  return (typed) => {
    const agoMs = parseDurationMs(typed);
    const at = agoMs === null ? null : Instant.safeParse(new Date(Math.max(0, terminal.nowMs() - agoMs)).toISOString());
    const found = at === null ? parseWhen(typed, terminal.nowMs()) : at.success ? at.data : null;
    if (found !== null) return found;
    throw new InvalidArgumentError('Give how long ago, such as 24h, or an instant such as 2026-12-01T12:00:00Z.');
  };
}

async function rangeAsked(client: Client, { edge, since, until }: RangeOptions, site: string | undefined) {
  const siteId = site === undefined ? undefined : (await findSite(client, site)).siteId;
  return {
    ...(siteId === undefined ? {} : { siteId }),
    ...(edge === undefined ? {} : { edgeId: edge }),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { until }),
  };
}

async function csv(
  client: Client,
  { json }: ConnectionOptions,
  file: ExportFile,
  query: Readonly<Record<string, unknown>>,
): Promise<Reply> {
  if (json === true) throw new CommandFailure('usage', 'Give --json or --csv, not both.');
  const text = await client.text(insightExportPath.replace('{file}', file), query);
  return { json: null, text: text.replaceAll('\r\n', '\n').trimEnd() };
}
