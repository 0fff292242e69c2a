/** `portcullis attack …`: attacks that were seen, a person's word on one, what may be done by itself for a site, and where a program is told. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { AutomaticMode, Sensitivity } from '../../contract/attacks.ts';
import type { Attack, AttackRecord, AutomaticAttack } from '../../contract/attacks.ts';
import { AttackId } from '../../contract/ids.ts';
import {
  actOnAttack,
  getAttackHook,
  getAttackRecord,
  getAutomatic,
  listAttacks,
  noteAttack,
  removeAttackHook,
  setAttackHook,
  setAutomatic,
} from '../../contract/routes/attacks.ts';
import type { AttackAct } from '../../contract/routes/attacks.ts';
import { apiCommand, durationMs, findSite, whole } from '../command.ts';
import type { Client } from '../client.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

const acts: readonly { readonly act: AttackAct; readonly summary: string }[] = [
  { act: 'switch-on', summary: 'Turns attack mode on for an attack that is only suggested, for as long as it lasts.' },
  { act: 'widen', summary: 'Takes an attack on one path for one on the whole site.' },
  { act: 'end', summary: 'Ends it now; nothing is turned on by itself for half an hour.' },
  { act: 'keep-on', summary: 'Keeps attack mode on by hand, until somebody turns it off.' },
];

export function addAttackCommands(program: Command, terminal: Terminal): void {
  const attack = program.command('attack').description('Attacks on sites, and attack mode by itself.');

  apiCommand<ConnectionOptions & ListOptions>(
    attack,
    terminal,
    'list',
    'Lists attacks, newest first.',
    (command) =>
      command
        .option('--site <site>', 'only those on this site')
        .option('--open', 'only those that are not over')
        .option('--since <time>', 'only those that began so long ago or later, such as 7d', durationMs)
        .option('--most <n>', 'how many', whole(1, 10_000), 100),
    async ({ client, options }) => {
      const siteId = options.site === undefined ? undefined : (await findSite(client, options.site)).siteId;
      const nowMs = terminal.nowMs();
      const items: Attack[] = [];
      let cursor: string | undefined;
      let total: number;
      do {
        const page = await client.call(listAttacks, {
          query: {
            limit: Math.min(500, options.most - items.length),
            ...(siteId === undefined ? {} : { siteId }),
            ...(options.open === true ? { open: 'true' as const } : {}),
            ...(options.since === undefined ? {} : { from: new Date(nowMs - options.since).toISOString() }),
            ...(cursor === undefined ? {} : { cursor }),
          },
        });
        items.push(...page.items);
        total = page.total;
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && items.length < options.most);
      const rows = items.map((item) => [
        item.attackId,
        item.siteName,
        item.state,
        showInstant(item.beganAt, nowMs),
        item.endedAt === null ? '' : showInstant(item.endedAt, nowMs),
        item.path ?? '',
        String(item.peak),
      ]);
      const heads = ['attack', 'site', 'state', 'began', 'ended', 'path', 'peak in 10 s'];
      const more = total > items.length ? `\n${items.length} of ${total}; --most shows more.` : '';
      return { json: items, text: items.length === 0 ? 'No attacks.' : `${table(heads, rows)}${more}` };
    },
  );

  apiCommand<ConnectionOptions>(
    attack,
    terminal,
    'show <attack>',
    'Shows one attack: what it was seen by, its edges, and what happened.',
    (command) => command,
    async ({ client, args }) => record(client, idOf(args[0] ?? ''), terminal),
  );

  apiCommand<ConnectionOptions>(
    attack,
    terminal,
    'note <attack> <words>',
    'Adds a note to an attack.',
    (command) => command,
    async ({ client, args }) => {
      const attackId = idOf(args[0] ?? '');
      const after = await client.call(noteAttack, { params: { attackId }, body: { words: args[1] ?? '' } });
      return replyWith(after, terminal);
    },
  );

  for (const { act, summary } of acts) {
    apiCommand<ConnectionOptions>(
      attack,
      terminal,
      `${act} <attack>`,
      summary,
      (command) => command,
      async ({ client, args }) =>
        reply(await client.call(actOnAttack, { params: { attackId: idOf(args[0] ?? '') }, body: { act } }), terminal),
    );
  }

  apiCommand<ConnectionOptions & { readonly url?: string; readonly off?: boolean }>(
    attack,
    terminal,
    'tell <site>',
    'Shows, or changes, where a program is told of attacks on a site.',
    (command) =>
      command
        .option('--url <address>', 'tell it here, and print a new secret that signs each message')
        .option('--off', 'tell no program'),
    async ({ client, options, args }) => {
      if (options.url !== undefined && options.off === true) throw new CommandFailure('usage', 'Give --url or --off, not both.');
      const { siteId } = await findSite(client, args[0] ?? '');
      const params = { siteId };
      if (options.url !== undefined) {
        const set = await client.call(setAttackHook, { params, body: { url: options.url } });
        return {
          json: set,
          text: facts([
            ['told', set.host],
            ['secret', set.secret],
            ['', 'Shown only now. It signs each message: see the handbook, attack-mode.md.'],
          ]),
        };
      }
      if (options.off === true) await client.call(removeAttackHook, { params });
      const now = await client.call(getAttackHook, { params });
      return { json: now, text: now.host === null ? 'No program is told.' : `A program at ${now.host} is told.` };
    },
  );

  apiCommand<ConnectionOptions & { readonly mode?: AutomaticAttack['attackMode']; readonly sensitivity?: Sensitivity }>(
    attack,
    terminal,
    'automatic <site>',
    'Shows, or changes, what may be done by itself when a site is attacked.',
    (command) =>
      command
        .addOption(
          new Option('--mode <mode>', 'off: nobody looks; suggest: people are told; on: attack mode by itself').choices(
            AutomaticMode.options,
          ),
        )
        .addOption(new Option('--sensitivity <how>', 'how many requests are an attack').choices(Sensitivity.options)),
    async ({ client, options, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      const body = {
        ...(options.mode === undefined ? {} : { attackMode: options.mode }),
        ...(options.sensitivity === undefined ? {} : { sensitivity: options.sensitivity }),
      };
      const now =
        Object.keys(body).length === 0
          ? await client.call(getAutomatic, { params: { siteId } })
          : await client.call(setAutomatic, { params: { siteId }, body });
      return {
        json: now,
        text: facts([
          ['by itself', now.attackMode],
          ['sensitivity', now.sensitivity],
        ]),
      };
    },
  );
}

type ListOptions = { readonly site?: string; readonly open?: boolean; readonly since?: number; readonly most: number };

async function record(client: Client, attackId: AttackId, terminal: Terminal): Promise<Reply> {
  return replyWith(await client.call(getAttackRecord, { params: { attackId } }), terminal);
}

function replyWith(whole: AttackRecord, terminal: Terminal): Reply {
  const nowMs = terminal.nowMs();
  const happened = whole.entries.map(({ at, kind, who, words }) => [
    showInstant(at, nowMs),
    kind,
    who === null ? 'by itself' : who.name,
    words ?? '',
  ]);
  const edges = whole.edges.map(({ edgeId, name, requests }) => [name ?? edgeId, String(requests)]);
  const parts = [
    reply(whole.attack, terminal).text,
    ...(edges.length === 0 ? [] : [table(['edge', 'requests'], edges)]),
    ...(happened.length === 0 ? [] : [table(['when', 'what', 'who', ''], happened)]),
  ];
  return { json: whole, text: parts.join('\n\n') };
}

function idOf(typed: string): AttackId {
  const id = AttackId.safeParse(typed);
  if (id.success) return id.data;
  throw new CommandFailure('usage', `“${typed}” is no attack’s id. See: portcullis attack list`);
}

function reply(attack: Attack, terminal: Terminal): Reply {
  const nowMs = terminal.nowMs();
  const { signals } = attack;
  const by = (at: Attack['beganAt'] | null, who: Attack['endedBy']) =>
    at === null ? null : `${showInstant(at, nowMs)}, ${who === null ? 'by itself' : `by ${who.name}`}`;
  const text = facts([
    ['attack', attack.attackId],
    ['site', `${attack.siteName} (${attack.siteId})`],
    ['state', attack.state],
    ['where', attack.path === null ? 'the whole site' : `below ${attack.path}`],
    ['', attack.edgeId === null ? null : `first answered by the edge ${attack.edgeId}, which could not reach the control plane`],
    ['began', showInstant(attack.beganAt, nowMs)],
    ['attack mode on', by(attack.switchedAt, attack.switchedBy)],
    ['ended', by(attack.endedAt, attack.endedBy)],
    ['peak', `${attack.peak} requests in 10 s`],
    ['seen by', `${signals.demand} requests in the 10 s from ${signals.window}; ${signals.threshold} are an attack`],
    [
      '',
      signals.cause === 'demand' ? null : `the origin failed ${signals.originErrors} of them, so half the usual factor counts`,
    ],
    [
      'usual',
      signals.baseline === null
        ? 'not known: the site was new'
        : `99 of 100 windows of the day before were at or below ${signals.baseline}`,
    ],
    ['sensitivity', signals.sensitivity],
    ['calm', `below ${signals.calmBelow} in 10 s for three minutes`],
  ]);
  return { json: attack, text };
}
