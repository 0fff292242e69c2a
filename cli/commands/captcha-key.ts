/**
 * `portcullis captcha-key …`: site keys of the captcha, their secrets, hostnames, figures, and what people found about those who gave up.
 *
 * A secret is printed by the command that makes it and by none after it. The provider itself is run by `portcullis captcha-provider`.
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import { CheckKind, CheckLevel } from '../../contract/captcha.ts';
import { CaptchaKeyId } from '../../contract/ids.ts';
import {
  addCaptchaKey,
  changeCaptchaKey,
  getCaptchaFigures,
  getCaptchaKey,
  listCaptchaKeys,
  listCaptchaReviews,
  mostOverlapHours,
  removeCaptchaKey,
  renewCaptchaSecret,
  reviewCaptchaDay,
  ReviewVerdict,
  usualOverlapHours,
} from '../../contract/routes/captcha-keys.ts';
import type { CaptchaFigures, CaptchaKey, ReviewDay } from '../../contract/routes/captcha-keys.ts';
import type { Client } from '../client.ts';
import { apiCommand, collect, findSite, whole } from '../command.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { showInstant } from '../when.ts';

type Settings = ConnectionOptions & {
  readonly name?: string;
  readonly site?: string;
  readonly hostname?: readonly string[];
  readonly kind?: CheckKind;
  readonly level?: CheckLevel;
};

const withSettings = (command: Command): Command =>
  command
    .option('--site <site>', 'the site that it belongs to')
    .option('--hostname <hostname>', 'a hostname of pages that may use it (repeat)', collect)
    .addOption(new Option('--kind <kind>', 'how the widget shows itself').choices(CheckKind.options))
    .addOption(new Option('--level <level>', 'how much work is asked').choices(CheckLevel.options));

export function addCaptchaKeyCommands(program: Command, terminal: Terminal): void {
  const group = program
    .command('captcha-key')
    .description('Captcha keys: who may use the captcha, on which pages, and what became of it.');

  apiCommand<ConnectionOptions & { readonly search?: string; readonly site?: string }>(
    group,
    terminal,
    'list',
    'Lists keys, newest first.',
    (command) =>
      command
        .option('--search <text>', 'only those with this in a name, site key or hostname')
        .option('--site <site>', 'only those of a site'),
    async ({ client, options }) => {
      const siteId = options.site === undefined ? {} : { siteId: (await findSite(client, options.site)).siteId };
      return listed(await allKeys(client, { ...siteId, ...(options.search === undefined ? {} : { search: options.search }) }));
    },
  );

  apiCommand<ConnectionOptions>(
    group,
    terminal,
    'show <key>',
    'Shows one key.',
    (command) => command,
    async ({ client, args }) => shown(await findKey(client, args[0]), terminal),
  );

  apiCommand<Settings>(
    group,
    terminal,
    'add <name>',
    'Makes a site key and its secret. The secret is shown only now.',
    withSettings,
    async ({ client, options, args }) => {
      const siteId = options.site === undefined ? {} : { siteId: (await findSite(client, options.site)).siteId };
      const body = { name: args[0] ?? '', ...siteId, ...settingsOf(options) };
      return withSecret(await client.call(addCaptchaKey, { body }), terminal);
    },
  );

  apiCommand<Settings & { readonly withoutSite?: boolean; readonly anyHostname?: boolean }>(
    group,
    terminal,
    'set <key>',
    'Changes what is given and leaves the rest.',
    (command) =>
      withSettings(command.option('--name <name>', 'what it is called'))
        .option('--any-hostname', 'pages of any hostname may use it')
        .option('--without-site', 'it belongs to no site here'),
    async ({ client, options, args }) => {
      const { keyId } = await findKey(client, args[0]);
      const site = options.site === undefined ? {} : { siteId: (await findSite(client, options.site)).siteId };
      const { anyHostname, withoutSite } = options;
      const body = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...settingsOf(options),
        ...(anyHostname === true ? { hostnames: [] } : {}),
        ...(withoutSite === true ? { siteId: null } : site),
      };
      return shown(await client.call(changeCaptchaKey, { params: { keyId }, body }), terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly oldEndsIn: number }>(
    group,
    terminal,
    'renew <key>',
    'Makes a new secret, shown only now. The old one is taken beside it for some hours.',
    (command) =>
      command.addOption(
        new Option('--old-ends-in <hours>', 'hours for which the old secret is still taken; 0: it ends now')
          .argParser(whole(0, mostOverlapHours))
          .default(usualOverlapHours),
      ),
    async ({ client, options, args }) => {
      const { keyId } = await findKey(client, args[0]);
      const body = { oldEndsInHours: options.oldEndsIn };
      return withSecret(await client.call(renewCaptchaSecret, { params: { keyId }, body }), terminal);
    },
  );

  apiCommand<ConnectionOptions>(
    group,
    terminal,
    'remove <key>',
    'Removes a key: its widget and its secrets work no longer.',
    (command) => command.requiredOption('--yes', 'really remove it'),
    async ({ client, args }) => {
      const { keyId, name } = await findKey(client, args[0]);
      await client.call(removeCaptchaKey, { params: { keyId } });
      return { json: { keyId, removed: true }, text: `${name} (${keyId}) is removed.` };
    },
  );

  apiCommand<ConnectionOptions & { readonly hours: number }>(
    group,
    terminal,
    'figures <key>',
    'What became of its checks: asked, passed, gave up, and how long they took by class of device.',
    (command) => command.addOption(new Option('--hours <n>', 'of how many hours').argParser(whole(1, 90 * 24)).default(24)),
    async ({ client, options, args }) => {
      const { keyId } = await findKey(client, args[0]);
      const query = { minutes: options.hours * 60, stepSeconds: options.hours > 72 ? 86_400 : 3600 };
      return figured(await client.call(getCaptchaFigures, { params: { keyId }, query }), terminal);
    },
  );

  apiCommand<
    ConnectionOptions & {
      readonly day?: string;
      readonly verdict?: ReviewVerdict;
      readonly note?: string;
      readonly soften?: boolean;
    }
  >(
    group,
    terminal,
    'review <key>',
    'Shows the days on which visitors gave up; with --day and --verdict, says who they were.',
    (command) =>
      command
        .option('--day <day>', 'such as 2026-11-23, in UTC')
        .addOption(new Option('--verdict <verdict>', 'who gave up').choices(ReviewVerdict.options))
        .option('--note <text>', 'why you think so')
        .option('--soften', 'ask one level less for a day from now'),
    async ({ client, options, args }) => {
      const { keyId } = await findKey(client, args[0]);
      const { day, verdict, note = '', soften = false } = options;
      if (day === undefined && verdict === undefined)
        return reviewed(await client.call(listCaptchaReviews, { params: { keyId } }));
      if (day === undefined || verdict === undefined)
        throw new CommandFailure('usage', 'Give both --day and --verdict. Nothing was changed.');
      return reviewed(await client.call(reviewCaptchaDay, { params: { keyId }, body: { day, verdict, note, soften } }));
    },
  );
}

function settingsOf({ hostname, kind, level }: Settings) {
  return {
    ...(hostname === undefined ? {} : { hostnames: [...hostname] }),
    ...(kind === undefined ? {} : { kind }),
    ...(level === undefined ? {} : { level }),
  };
}

async function allKeys(client: Client, query: { readonly search?: string; readonly siteId?: string }): Promise<CaptchaKey[]> {
  const items: CaptchaKey[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: CaptchaKey[]; next: string | null } = await client.call(listCaptchaKeys, {
      query: { ...query, limit: 500, ...(cursor === null ? {} : { cursor }) },
    });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

/** The one key that a person means: its id, its site key or its name. */
async function findKey(client: Client, typed = ''): Promise<CaptchaKey> {
  const id = CaptchaKeyId.safeParse(typed.trim());
  if (id.success) return await client.call(getCaptchaKey, { params: { keyId: id.data } });
  const wanted = typed.trim().toLowerCase();
  const found = (await allKeys(client, { search: typed.trim().slice(0, 200) })).filter(
    ({ name, siteKey }) => name.toLowerCase() === wanted || siteKey === wanted,
  );
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  throw new CommandFailure(
    'failed',
    only === undefined
      ? `No captcha key has the id, site key or name “${typed}”. See: portcullis captcha-key list`
      : `${found.length} captcha keys are named “${typed}”; name one by its id: ${found.map(({ keyId }) => keyId).join(', ')}`,
  );
}

const hostnamesOf = ({ hostnames }: CaptchaKey) => (hostnames.length === 0 ? 'any' : hostnames.join(' '));

function listed(items: readonly CaptchaKey[]): Reply {
  const rows = items.map((key) => [
    key.keyId,
    key.name,
    key.siteKey,
    hostnamesOf(key),
    key.level,
    key.suspended === null ? '' : `suspended, ${key.suspended.decision}`,
  ]);
  const text =
    items.length === 0
      ? 'No captcha keys. Make one: portcullis captcha-key add <name> --hostname <hostname>'
      : table(['key', 'name', 'site key', 'hostnames', 'level', 'state'], rows);
  return { json: items, text };
}

function textOf(key: CaptchaKey, nowMs: number): string {
  const { suspended, softened } = key;
  return facts([
    ['key', key.keyId],
    ['name', key.name],
    ['site key', key.siteKey],
    ['site', key.site === null ? 'none here' : `${key.site.name} (${key.site.siteId})`],
    ['hostnames', hostnamesOf(key)],
    ['kind', key.kind],
    ['level', softened === null ? key.level : `${key.level}, one less until ${showInstant(softened.until, nowMs)}`],
    ...key.secrets.map(({ lastFour, madeAt, endsAt }): [string, string] => [
      'secret',
      `…${lastFour}, made ${showInstant(madeAt, nowMs)}${endsAt === null ? '' : `, ends ${showInstant(endsAt, nowMs)}`}`,
    ]),
    ...(suspended === null
      ? []
      : [
          [
            'suspended',
            `by ${suspended.decision} until ${showInstant(suspended.until, nowMs)}: ${suspended.statementUrl}`,
          ] satisfies [string, string],
        ]),
  ]);
}

function shown(key: CaptchaKey, { nowMs }: Terminal): Reply {
  return { json: key, text: textOf(key, nowMs()) };
}

function withSecret(made: { readonly key: CaptchaKey; readonly secret: string }, { nowMs }: Terminal): Reply {
  const text = [textOf(made.key, nowMs()), '', `secret, shown only now: ${made.secret}`].join('\n');
  return { json: made, text };
}

const seconds = (ms: number | null) => (ms === null ? '' : `${(ms / 1000).toFixed(1)} s`);

function figured(figures: CaptchaFigures, { nowMs }: Terminal): Reply {
  const { total } = figures;
  const rows = figures.devices.map((one) => [
    one.device === 'unknown' ? 'answered nothing' : one.device,
    ...[one.begun, one.passed, one.gaveUp, one.waited].map(String),
    seconds(one.p50Ms),
    seconds(one.p95Ms),
  ]);
  const text = [
    facts([
      ['since', showInstant(figures.since, nowMs())],
      ['asked', String(total.asked)],
      ['passed', `${total.passed}${total.waited === 0 ? '' : `, ${total.waited} by waiting`}`],
      ['gave up', String(total.gaveUp)],
      ['wrong answers', String(total.wrong)],
      ['time to pass', figures.p50Ms === null ? '' : `${seconds(figures.p50Ms)} for half, ${seconds(figures.p95Ms)} for 95 %`],
    ]),
    '',
    table(['device', 'begun', 'passed', 'gave up', 'waited', 'p50', 'p95'], rows),
  ].join('\n');
  return { json: figures, text };
}

function reviewed({ days }: { readonly days: readonly ReviewDay[] }): Reply {
  const rows = days.map((one) => [
    one.day,
    String(one.asked),
    String(one.gaveUp),
    `${one.calmGaveUp} of ${one.calmAsked}`,
    seconds(one.p95Ms),
    one.review === null
      ? one.worthALook
        ? 'look at it'
        : ''
      : `${one.review.verdict}, ${one.review.by.name}: ${one.review.note}`,
  ]);
  const text =
    days.length === 0
      ? 'No checks in the last month.'
      : table(['day', 'asked', 'gave up', 'of calm ones', 'p95', 'review'], rows);
  return { json: days, text };
}
