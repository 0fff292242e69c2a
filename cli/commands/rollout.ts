/**
 * `portcullis rollout …` and `portcullis edge group|set`: slow changes on their way, the stop switch, groups of edges and who is a canary.
 *
 * Not here: what is a slow change, and what takes one back (docs/handbook/edges.md).
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import { EdgeId, GroupName, RolloutId } from '../../contract/ids.ts';
import { listEdges } from '../../contract/routes/edges.ts';
import {
  changeEdge,
  changeGroup,
  createGroup,
  getRollout,
  hurryRollout,
  listGroups,
  listRollouts,
  resumeRollouts,
  rollBackRollout,
  RolloutState,
  stopRollouts,
} from '../../contract/routes/rollouts.ts';
import type { EdgeGroup, Rollout } from '../../contract/routes/rollouts.ts';
import type { Client } from '../client.ts';
import { apiCommand, durationMs, whole } from '../command.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

export function addRolloutCommands(program: Command, terminal: Terminal): void {
  const rollout = program
    .command('rollout')
    .description('Slow changes on their way: from the canaries of a group, by waves, to all its edges.');

  apiCommand<ConnectionOptions & { readonly group?: string; readonly only?: RolloutState; readonly most: number }>(
    rollout,
    terminal,
    'list',
    'Lists rollouts, newest first, and the groups whose rollouts are stopped.',
    (command) =>
      command
        .option('--group <name>', 'only of this group')
        .addOption(new Option('--only <state>', 'only those in this state').choices(RolloutState.options))
        .option('--most <n>', 'how many', whole(1, 500), 50),
    async ({ client, options }) => {
      const { items, total } = await client.call(listRollouts, {
        query: {
          limit: options.most,
          ...(options.group === undefined ? {} : { group: groupOf(options.group) }),
          ...(options.only === undefined ? {} : { state: options.only }),
        },
      });
      const stopped = (await client.call(listGroups, {})).items.flatMap(({ group, stopped: by }) =>
        by === null ? [] : [`Rollouts of ${group} are stopped: ${by.reason} (${by.by}, ${showInstant(by.at, terminal.nowMs())})`],
      );
      const rows = items.map((one) => [
        one.rolloutId,
        one.group,
        one.state,
        `${one.reached} of ${one.lanes}`,
        showInstant(one.createdAt, terminal.nowMs()),
        whatOf(one),
        one.note ?? '',
      ]);
      const list =
        items.length === 0 ? 'No rollouts.' : table(['rollout', 'group', 'state', 'steps', 'began', 'changes', 'note'], rows);
      const more = total > items.length ? [`${items.length} of ${total}; --most shows more.`] : [];
      return { json: items, text: [list, ...more, ...stopped].join('\n') };
    },
  );

  apiCommand<ConnectionOptions>(
    rollout,
    terminal,
    'show <rollout>',
    'Shows one rollout: what it changes, how far it is, what it waits for.',
    (command) => command,
    async ({ client, args }) => replyOf(await client.call(getRollout, { params: { rolloutId: rolloutIdOf(args[0]) } }), terminal),
  );

  apiCommand<ConnectionOptions & { readonly group?: string; readonly reason: string }>(
    rollout,
    terminal,
    'stop',
    'The stop switch: no slow change of a group goes one step further. Orders and all that is fast go on.',
    (command) => withGroup(command).requiredOption('--reason <words>', 'why, for the others and the audit log'),
    async ({ client, options }) =>
      groupReply(
        await client.call(stopRollouts, { params: { group: groupOf(options.group) }, body: { reason: options.reason } }),
        terminal,
      ),
  );

  apiCommand<ConnectionOptions & { readonly group?: string }>(
    rollout,
    terminal,
    'resume',
    'Turns the stop switch of a group off.',
    withGroup,
    async ({ client, options }) =>
      groupReply(await client.call(resumeRollouts, { params: { group: groupOf(options.group) } }), terminal),
  );

  apiCommand<ConnectionOptions>(
    rollout,
    terminal,
    'skip <rollout>',
    'Sends a rollout to every edge now, without watching it any longer.',
    (command) => command,
    async ({ client, args }) =>
      replyOf(await client.call(hurryRollout, { params: { rolloutId: rolloutIdOf(args[0]) } }), terminal),
  );

  apiCommand<ConnectionOptions & { readonly reason: string }>(
    rollout,
    terminal,
    'rollback <rollout>',
    'Takes a rollout back wherever it went.',
    (command) => command.requiredOption('--reason <words>', 'why, for the others and the audit log'),
    async ({ client, options, args }) =>
      replyOf(
        await client.call(rollBackRollout, {
          params: { rolloutId: rolloutIdOf(args[0]) },
          body: { reason: options.reason },
        }),
        terminal,
      ),
  );
}

type GroupOptions = ConnectionOptions & {
  readonly title?: string;
  readonly waves?: readonly number[];
  readonly canaryBake?: number;
  readonly waveBake?: number;
};

/** Below `portcullis edge`: `set` for one edge, `group …` for groups. */
export function addEdgeGroupCommands(edges: Command, terminal: Terminal): void {
  apiCommand<ConnectionOptions & { readonly name?: string; readonly group?: string; readonly canary?: boolean }>(
    edges,
    terminal,
    'set <edge>',
    'Renames an edge, moves it to another group, or makes it a canary, which gets slow changes first.',
    (command) =>
      command
        .option('--name <name>', 'its new name')
        .option('--group <name>', 'the group that it moves to')
        .option('--canary', 'gets slow changes of its group first')
        .option('--no-canary', 'gets them with the others'),
    async ({ client, options, args }) => {
      const edgeId = await edgeIdOf(client, args[0] ?? '');
      const body = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.group === undefined ? {} : { group: groupOf(options.group) }),
        ...(options.canary === undefined ? {} : { canary: options.canary }),
      };
      if (Object.keys(body).length === 0)
        throw new CommandFailure('usage', 'Say what shall change: --name, --group, --canary or --no-canary.');
      await client.call(changeEdge, { params: { edgeId }, body });
      return { json: { edgeId, ...body }, text: `${edgeId} is changed.` };
    },
  );

  const groups = edges
    .command('group')
    .description('Groups of edges: who shares one policy, and how slow changes go through them.');
  apiCommand<ConnectionOptions>(
    groups,
    terminal,
    'list',
    'Lists groups with their plans.',
    (command) => command,
    async ({ client }) => {
      const { items } = await client.call(listGroups, {});
      const rows = items.map((one) => [
        one.group,
        one.title ?? '',
        String(one.edges),
        String(one.canaries),
        planOf(one),
        one.stopped === null ? (one.rolloutsRunning === 0 ? '' : `${one.rolloutsRunning} under way`) : 'stopped',
      ]);
      return { json: items, text: table(['group', 'title', 'edges', 'canaries', 'plan', 'rollouts'], rows) };
    },
  );
  apiCommand<ConnectionOptions & { readonly title?: string }>(
    groups,
    terminal,
    'create <group>',
    'Makes a group. Edges join it with a token of it, or are moved: portcullis edge set <edge> --group <group>',
    (command) => command.option('--title <words>', 'what people call it'),
    async ({ client, options, args }) =>
      groupReply(
        await client.call(createGroup, {
          body: { group: groupOf(args[0]), ...(options.title === undefined ? {} : { title: options.title }) },
        }),
        terminal,
      ),
  );
  apiCommand<GroupOptions>(
    groups,
    terminal,
    'set <group>',
    'Changes the title or the plan of a group.',
    (command) =>
      command
        .option('--title <words>', 'what people call it')
        .option('--waves <shares>', 'how many percent of the edges have it after each wave, such as 10,50,100', shares)
        .option('--canary-bake <time>', 'how long canaries are watched', durationMs)
        .option('--wave-bake <time>', 'how long each wave is watched', durationMs),
    async ({ client, options, args }) => {
      const { title, waves, canaryBake, waveBake } = options;
      const body = {
        ...(title === undefined ? {} : { title }),
        ...(waves === undefined ? {} : { waves: [...waves] }),
        ...(canaryBake === undefined ? {} : { canaryBakeSeconds: Math.round(canaryBake / 1000) }),
        ...(waveBake === undefined ? {} : { waveBakeSeconds: Math.round(waveBake / 1000) }),
      };
      return groupReply(await client.call(changeGroup, { params: { group: groupOf(args[0]) }, body }), terminal);
    },
  );
}

function withGroup(command: Command): Command {
  return command.option('--group <name>', 'the group (default: default)');
}

function shares(typed: string): number[] {
  return typed.split(',').map((share) => whole(1, 100)(share.trim()));
}

function groupOf(typed: string | undefined): GroupName {
  const parsed = GroupName.safeParse(typed ?? 'default');
  if (parsed.success) return parsed.data;
  throw new CommandFailure('usage', `“${typed}” is no group name. See: portcullis edge group list`);
}

function rolloutIdOf(typed: string | undefined): RolloutId {
  const parsed = RolloutId.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new CommandFailure('usage', `“${typed}” is no rollout id. See: portcullis rollout list`);
}

/** An edge by its id, or by its name if one that is not revoked alone has it. */
async function edgeIdOf(client: Client, typed: string): Promise<EdgeId> {
  const parsed = EdgeId.safeParse(typed);
  if (parsed.success) return parsed.data;
  const named = (await client.call(listEdges, {})).items.filter(({ name, state }) => name === typed && state !== 'revoked');
  const [only, ...others] = named;
  if (only !== undefined && others.length === 0) return only.edgeId;
  throw new CommandFailure(
    'failed',
    only === undefined
      ? `No edge has the id or name “${typed}”. See: portcullis edge list`
      : `${named.length} edges are named “${typed}”; name one by its id: ${named.map(({ edgeId }) => edgeId).join(', ')}`,
  );
}

function whatOf({ items }: Rollout): string {
  const [first, ...more] = items;
  return first === undefined ? '' : `${first}${more.length === 0 ? '' : ` and ${more.length} more`}`;
}

function replyOf(one: Rollout, terminal: Terminal): Reply {
  const nowMs = terminal.nowMs();
  const text = facts([
    ['rollout', `${one.rolloutId}, ${one.state}`],
    ['group', one.group],
    ['steps', `${one.reached} of ${one.lanes}, the newest in revision ${one.revision}, ${showInstant(one.reachedAt, nowMs)}`],
    ['began', showInstant(one.createdAt, nowMs)],
    ['ended', one.endedAt === null ? null : showInstant(one.endedAt, nowMs)],
    ['changes', one.items.join(', ')],
    ['note', one.note],
  ]);
  return { json: one, text };
}

function planOf({ canaries, canaryBakeSeconds, waves, waveBakeSeconds }: EdgeGroup): string {
  if (canaries === 0) return 'no canary: all edges at once';
  const steps = waves.map((share) => `${share} %`).join(', ');
  return `canaries ${canaryBakeSeconds} s, then ${steps}, ${waveBakeSeconds} s each`;
}

function groupReply(one: EdgeGroup, terminal: Terminal): Reply {
  const text = facts([
    ['group', one.title === null ? one.group : `${one.group} (${one.title})`],
    ['edges', `${one.edges}, of them canaries: ${one.canaries}`],
    ['plan', planOf(one)],
    [
      'rollouts',
      one.stopped === null
        ? `${one.rolloutsRunning} under way`
        : `stopped: ${one.stopped.reason} (${one.stopped.by}, ${showInstant(one.stopped.at, terminal.nowMs())})`,
    ],
  ]);
  return { json: one, text };
}
