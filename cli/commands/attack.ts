/** `portcullis attack …`: attacks that were seen, a person's word on one, and what may be done by itself for a site. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { AutomaticMode, Sensitivity } from '../../contract/attacks.ts';
import type { Attack, AutomaticAttack } from '../../contract/attacks.ts';
import { AttackId } from '../../contract/ids.ts';
import { actOnAttack, getAttack, getAutomatic, listAttacks, setAutomatic } from '../../contract/routes/attacks.ts';
import type { AttackAct } from '../../contract/routes/attacks.ts';
import { apiCommand, findSite } from '../command.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

const acts: readonly { readonly act: AttackAct; readonly summary: string }[] = [
  { act: 'switch-on', summary: 'Turns attack mode on for an attack that is only suggested, for as long as it lasts.' },
  { act: 'end', summary: 'Ends it now; nothing is turned on by itself for half an hour.' },
  { act: 'keep-on', summary: 'Keeps attack mode on by hand, until somebody turns it off.' },
];

export function addAttackCommands(program: Command, terminal: Terminal): void {
  const attack = program.command('attack').description('Attacks on sites, and attack mode by itself.');

  apiCommand<ConnectionOptions & { readonly site?: string; readonly open?: boolean }>(
    attack,
    terminal,
    'list',
    'Lists the last 100 attacks, newest first.',
    (command) => command.option('--site <site>', 'only those on this site').option('--open', 'only those that are not over'),
    async ({ client, options }) => {
      const siteId = options.site === undefined ? undefined : (await findSite(client, options.site)).siteId;
      const { items } = await client.call(listAttacks, {
        query: {
          ...(siteId === undefined ? {} : { siteId }),
          ...(options.open === true ? { open: 'true' as const } : {}),
        },
      });
      const nowMs = terminal.nowMs();
      const rows = items.map((item) => [
        item.attackId,
        item.siteName,
        item.state,
        showInstant(item.beganAt, nowMs),
        item.endedAt === null ? '' : showInstant(item.endedAt, nowMs),
        String(item.peak),
      ]);
      const heads = ['attack', 'site', 'state', 'began', 'ended', 'peak in 10 s'];
      return { json: items, text: items.length === 0 ? 'No attacks.' : table(heads, rows) };
    },
  );

  apiCommand<ConnectionOptions>(
    attack,
    terminal,
    'show <attack>',
    'Shows one attack and what it was seen by.',
    (command) => command,
    async ({ client, args }) => reply(await client.call(getAttack, { params: { attackId: idOf(args[0] ?? '') } }), terminal),
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
