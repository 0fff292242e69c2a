/**
 * `portcullis status`, `edge …`, `keys rotate`, `person …`, `token …`, `alarm …`: looking after the installation.
 *
 * Secrets (enrolment tokens, API tokens, one-time links) are printed once, to standard output, because nothing keeps them.
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import { Role, Scope } from '../../contract/access.ts';
import { AccountId, AlarmId, EdgeId, GroupName, PersonId, TokenId } from '../../contract/ids.ts';
import { createEnrolmentToken, listEdges, revokeEdge, rotateClearanceKeys } from '../../contract/routes/edges.ts';
import { acknowledgeAlarm, getStatus, listAlarms } from '../../contract/routes/house.ts';
import {
  addPersonWithToken,
  changePerson,
  createToken,
  getMe,
  invitePerson,
  listPeople,
  listTokens,
  revokeToken,
} from '../../contract/routes/identity.ts';
import type { Person } from '../../contract/routes/identity.ts';
import type { Client } from '../client.ts';
import { apiCommand, collect, durationMs } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant, showMs } from '../when.ts';
import { addEdgeGroupCommands } from './rollout.ts';

const days = 86_400_000;
type Parsed<Value> = { success: true; data: Value } | { success: false };

export function addHouseCommands(program: Command, terminal: Terminal): void {
  apiCommand<ConnectionOptions>(
    program,
    terminal,
    'status',
    'Shows the numbers of the whole installation.',
    (command) => command,
    async ({ client }) => {
      const status = await client.call(getStatus, {});
      const text = facts([
        ['provider', `${status.provider}, Portcullis ${status.version}, ${status.database} database`],
        ['sites', `${status.sites}, ${status.sitesReady} ready`],
        ['orders', `${status.ordersInForce} in force, ${status.ordersWaiting} waiting for a second person`],
        ['alarms', status.alarmsOpen === 0 ? 'none open' : `${status.alarmsOpen} open; see: portcullis alarm list`],
        ...status.groups.map((group): [string, string] => [
          `group ${group.group}`,
          `revision ${group.head}, ${group.current} of ${group.edges} edges current${group.away === 0 ? '' : `, ${group.away} away`}${group.p50Ms === null || group.p99Ms === null ? '' : `, commit to edge ${showMs(group.p50Ms)} (p50), ${showMs(group.p99Ms)} (p99)`}`,
        ]),
      ]);
      return { json: status, text };
    },
  );
  addEdgeCommands(program, terminal);
  addPersonCommands(program, terminal);
  addTokenCommands(program, terminal);
  addAlarmCommands(program, terminal);
}

/** Hangs below `portcullis edge`, which without one of these subcommands runs an edge (program.ts). */
function addEdgeCommands(program: Command, terminal: Terminal): void {
  const edges = program
    .command('edge')
    .usage('[options] | enrol | list | set | revoke | group')
    .description(
      'Runs an edge on this machine; or, as subcommands, lists, enrols, changes and revokes edges, and groups of them.',
    );
  addEdgeGroupCommands(edges, terminal);

  apiCommand<ConnectionOptions & { readonly group?: string }>(
    edges,
    terminal,
    'list',
    'Lists edges: what each holds and how it fares.',
    (command) => command.option('--group <name>', 'only this group'),
    async ({ client, options }) => {
      const group =
        options.group === undefined
          ? {}
          : { group: parsed(GroupName.safeParse(options.group), '--group: that is no group name.') };
      const { items } = await client.call(listEdges, { query: group });
      const rows = items.map((edge) => [
        edge.edgeId,
        edge.name,
        `${edge.group}${edge.canary === true ? ', canary' : ''}`,
        edge.state,
        `${edge.revision} of ${edge.head}`,
        edge.applyP50Ms === null ? '–' : showMs(edge.applyP50Ms),
        edge.health === null ? '–' : `HAProxy ${edge.health.haproxy}, ${Math.round(edge.health.requestsPerSecond)} requests/s`,
      ]);
      const text =
        items.length === 0
          ? 'No edges. Enrol one: portcullis edge enrol'
          : table(['edge', 'name', 'group', 'state', 'revision', 'p50', 'health'], rows);
      return { json: items, text };
    },
  );

  apiCommand<ConnectionOptions & { readonly group?: string; readonly valid: number }>(
    edges,
    terminal,
    'enrol',
    'Makes a token with which one edge on another machine enrols once; it is shown only now.',
    (command) =>
      command
        .option('--group <name>', 'the group that it joins (default: default)')
        .addOption(new Option('--valid <time>', 'until when it can be used').argParser(durationMs).default(3_600_000, '1h')),
    async ({ client, options }) => {
      const group =
        options.group === undefined
          ? {}
          : { group: parsed(GroupName.safeParse(options.group), '--group: that is no group name.') };
      const made = await client.call(createEnrolmentToken, {
        body: { ...group, validMinutes: Math.max(1, Math.round(options.valid / 60_000)) },
      });
      const text = [
        facts([
          ['token', made.token],
          ['group', made.group],
          ['valid until', showInstant(made.expiresAt, terminal.nowMs())],
        ]),
        '',
        'On the new edge, with the address at which it reaches this control plane:',
        `  PORTCULLIS_EDGE_TOKEN=${made.token} ./portcullis edge --control ${client.controlUrl}`,
      ].join('\n');
      return { json: made, text };
    },
  );

  apiCommand<ConnectionOptions>(
    edges,
    terminal,
    'revoke <edge>',
    'Revokes an edge: its key is no longer accepted. It goes on with the policy it has until it is stopped.',
    (command) => command,
    async ({ client, args }) => {
      const edgeId = parsed(EdgeId.safeParse(args[0]), `“${args[0]}” is no edge id. See: portcullis edge list`);
      await client.call(revokeEdge, { params: { edgeId } });
      return { json: { edgeId, revoked: true }, text: `${edgeId} is revoked.` };
    },
  );

  const keys = program.command('keys').description('Keys that sign clearances.');
  apiCommand<ConnectionOptions & { readonly group?: string; readonly keepOlder?: boolean }>(
    keys,
    terminal,
    'rotate',
    'Makes a new current key; the one before stays accepted, so nobody meets a new challenge.',
    (command) => command.option('--group <name>', 'only this edge group').option('--keep-older', 'accept all older keys as well'),
    async ({ client, options }) => {
      const group =
        options.group === undefined
          ? {}
          : { group: parsed(GroupName.safeParse(options.group), '--group: that is no group name.') };
      const answer = await client.call(rotateClearanceKeys, { body: { ...group, dropOlder: options.keepOlder !== true } });
      return {
        json: answer,
        text: `Current key: ${answer.current}. Still accepted: ${answer.accepted.join(', ') || 'none'}. Revision ${answer.revision}.`,
      };
    },
  );
}

function addPersonCommands(program: Command, terminal: Terminal): void {
  const person = program.command('person').description('People and what they may do.');
  const withRoles = (command: Command): Command =>
    command
      .addOption(
        new Option('--role <role>', 'a role (repeat for more)').choices(Role.options).argParser(role).makeOptionMandatory(),
      )
      .option('--account <id>', 'for the role owner: the customer');

  apiCommand<
    ConnectionOptions & {
      readonly role: Role[];
      readonly account?: string;
      readonly withToken?: boolean;
      readonly expires?: number;
    }
  >(
    person,
    terminal,
    'add <name>',
    'Adds a person: prints a one-time link to set up their passkey, or with --with-token an API token.',
    (command) =>
      withRoles(command)
        .option('--with-token', 'a person who acts through the API only: prints their token, once')
        .option('--expires <time>', 'when that token expires, such as 90d', durationMs),
    async ({ client, options, args }) => {
      const account =
        options.account === undefined
          ? {}
          : { accountId: parsed(AccountId.safeParse(options.account), '--account: that is no account id.') };
      const draft = { name: args[0] ?? '', roles: options.role, ...account };
      if (options.withToken === true) {
        const expires = options.expires === undefined ? {} : { expiresInDays: Math.max(1, Math.round(options.expires / days)) };
        const made = await client.call(addPersonWithToken, { body: { ...draft, ...expires } });
        const text = facts([
          ['person', personWords(made.person)],
          ['token', made.token],
          ['', 'The token is shown only now.'],
        ]);
        return { json: made, text };
      }
      const made = await client.call(invitePerson, { body: draft });
      const text = facts([
        ['person', personWords(made.person)],
        ['link', made.link.url],
        ['', `Works once, until ${showInstant(made.link.expiresAt, terminal.nowMs())}. Hand it over by a way that you trust.`],
      ]);
      return { json: made, text };
    },
  );

  apiCommand<ConnectionOptions>(
    person,
    terminal,
    'list',
    'Lists people.',
    (command) => command,
    async ({ client }) => {
      const people = await everybody(client);
      const rows = people.map((item) => [item.personId, item.name, item.roles.join(' '), item.state, item.lastSignInAt ?? '–']);
      return { json: people, text: table(['person', 'name', 'roles', 'state', 'last sign-in'], rows) };
    },
  );

  for (const [verb, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    apiCommand<ConnectionOptions>(
      person,
      terminal,
      `${verb} <person>`,
      disabled ? 'Disables a person: sessions and tokens are dead at once.' : 'Enables a person again.',
      (command) => command,
      async ({ client, args }) => {
        const found = await findPerson(client, args[0] ?? '');
        const changed = await client.call(changePerson, { params: { personId: found.personId }, body: { disabled } });
        return { json: changed, text: personWords(changed) };
      },
    );
  }
}

function addTokenCommands(program: Command, terminal: Terminal): void {
  const token = program.command('token').description('API tokens of one’s own.');

  apiCommand<ConnectionOptions & { readonly scope?: string[]; readonly expires: number }>(
    token,
    terminal,
    'create <name>',
    'Makes a token with some of one’s scopes; it is shown only now.',
    (command) =>
      command
        .addOption(
          new Option('--scope <scope>', 'what it may do (repeat for more; default: all that you may)')
            .choices(Scope.options)
            .argParser(collect),
        )
        .addOption(new Option('--expires <time>', 'when it expires').argParser(durationMs).default(90 * days, '90d')),
    async ({ client, options, args }) => {
      const scopes = options.scope?.map((typed) =>
        parsed(Scope.safeParse(typed), `“${typed}” is no scope. There are: ${Scope.options.join(', ')}.`),
      );
      const made = await client.call(createToken, {
        body: {
          name: args[0] ?? '',
          scopes: scopes ?? (await client.call(getMe, {})).scopes,
          expiresInDays: Math.max(1, Math.round(options.expires / days)),
        },
      });
      const text = facts([
        ['token', made.token],
        ['id', made.info.tokenId],
        ['scopes', made.info.scopes.join(' ')],
        ['expires', made.info.expiresAt === null ? 'never' : showInstant(made.info.expiresAt, terminal.nowMs())],
        ['', 'The token is shown only now.'],
      ]);
      return { json: made, text };
    },
  );

  apiCommand<ConnectionOptions & { readonly everybody?: boolean }>(
    token,
    terminal,
    'list',
    'Lists live tokens.',
    (command) => command.option('--everybody', 'those of all people'),
    async ({ client, options }) => {
      const { items } = await client.call(listTokens, { query: options.everybody === true ? { everybody: 'true' } : {} });
      const rows = items.map((item) => [
        item.tokenId,
        item.personName,
        item.name,
        item.expiresAt ?? 'never',
        item.lastUsedAt ?? 'never',
        item.scopes.join(' '),
      ]);
      return { json: items, text: table(['token', 'person', 'name', 'expires', 'last used', 'scopes'], rows) };
    },
  );

  apiCommand<ConnectionOptions>(
    token,
    terminal,
    'revoke <token>',
    'Revokes a token, by its id.',
    (command) => command,
    async ({ client, args }) => {
      const tokenId = parsed(TokenId.safeParse(args[0]), `“${args[0]}” is no token id. See: portcullis token list`);
      await client.call(revokeToken, { params: { tokenId } });
      return { json: { tokenId, revoked: true }, text: `${tokenId} is revoked.` };
    },
  );
}

function addAlarmCommands(program: Command, terminal: Terminal): void {
  const alarm = program.command('alarm').description('Alarms: what needs somebody’s eyes.');
  apiCommand<ConnectionOptions & { readonly all?: boolean }>(
    alarm,
    terminal,
    'list',
    'Lists open alarms.',
    (command) => command.option('--all', 'those that were acknowledged, too'),
    async ({ client, options }) => {
      const { items } = await client.call(listAlarms, {
        query: { limit: 200, ...(options.all === true ? {} : { open: 'true' as const }) },
      });
      const rows = items.map((item) => [item.alarmId, item.at, item.kind, item.acknowledgedBy?.name ?? 'open', item.sentence]);
      return {
        json: items,
        text: items.length === 0 ? 'No alarms.' : table(['alarm', 'at', 'kind', 'acknowledged', 'what'], rows),
      };
    },
  );
  apiCommand<ConnectionOptions>(
    alarm,
    terminal,
    'acknowledge <alarm>',
    'Says that somebody has seen it.',
    (command) => command,
    async ({ client, args }) => {
      const alarmId = parsed(AlarmId.safeParse(args[0]), `“${args[0]}” is no alarm id. See: portcullis alarm list`);
      const answer = await client.call(acknowledgeAlarm, { params: { alarmId } });
      return { json: answer, text: `Acknowledged: ${answer.sentence}` };
    },
  );
}

function role(typed: string, before: unknown): Role[] {
  const known = Role.array().safeParse(before);
  return [
    ...(known.success ? known.data : []),
    parsed(Role.safeParse(typed), `“${typed}” is no role. There are: ${Role.options.join(', ')}.`),
  ];
}

async function everybody(client: Client): Promise<Person[]> {
  const people: Person[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call(listPeople, { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } });
    people.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return people;
}

async function findPerson(client: Client, typed: string): Promise<Person> {
  const id = PersonId.safeParse(typed);
  const found = (await everybody(client)).find((item) =>
    id.success ? item.personId === id.data : item.name.toLowerCase() === typed.trim().toLowerCase(),
  );
  if (found !== undefined) return found;
  throw new CommandFailure('failed', `Nobody has the id or name “${typed}”. See: portcullis person list`);
}

function personWords(person: Person): string {
  return `${person.name} (${person.personId}), ${person.roles.join(', ')}, ${person.state}`;
}

function parsed<Value>(result: Parsed<Value>, sentence: string): Value {
  if (result.success) return result.data;
  throw new CommandFailure('usage', sentence);
}
