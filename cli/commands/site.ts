/**
 * `portcullis site …`: add, look at, change and remove sites.
 *
 * `set` changes what is given and leaves the rest; networks are merged with the present ones under the site's version, so that two
 * people who change them at once do not lose each other's rules (the second one is told).
 */
import type { Command } from 'commander';
import { GroupName, AccountId } from '../../contract/ids.ts';
import {
  addSite,
  changeSite,
  checkOwnership,
  getSite,
  listSites,
  removeSite,
  waiveOwnership,
} from '../../contract/routes/sites.ts';
import { usualKeptBytes } from '../../contract/policy.ts';
import type { Propagation, Site, SiteDraft } from '../../contract/routes/sites.ts';
import type { Client } from '../client.ts';
import { apiCommand, collect, findSite } from '../command.ts';
import type { Reply } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { waitFor } from '../wait.ts';
import { showInstant, showMs } from '../when.ts';
import { changeOf, originOf, parsed, withSettings } from './site-settings.ts';
import type { Settings } from './site-settings.ts';

type AddOptions = Settings & {
  readonly account?: string;
  readonly group?: string;
  readonly waiveOwnership?: boolean;
};

export function addSiteCommands(program: Command, terminal: Terminal): void {
  const site = program.command('site').description('Sites: what is shielded, from where, and how.');

  apiCommand<AddOptions>(
    site,
    terminal,
    'add <origin>',
    'Adds a site whose answers come from an origin such as http://192.0.2.7:8000.',
    (command) =>
      withSettings(command)
        .option('--waive-ownership', 'vouch for the owner instead of asking for a DNS record or a file (operators)')
        .option('--account <id>', 'the customer it belongs to')
        .option('--group <name>', 'the edge group that serves it'),
    async ({ client, options, args }) => {
      if (options.host === undefined)
        throw new CommandFailure('usage', 'A site needs at least one hostname: --host forum.example');
      const draft: SiteDraft = {
        ...(await changeOf(options, null, args[0] ?? '')),
        hostnames: [...options.host],
        origin: originOf(args[0] ?? '', options.hostHeader, null),
        ...(options.account === undefined
          ? {}
          : { accountId: parsed(AccountId.safeParse(options.account), '--account: that is no account id.') }),
        ...(options.group === undefined
          ? {}
          : { group: parsed(GroupName.safeParse(options.group), '--group: that is no group name.') }),
        ...(options.waiveOwnership === true ? { waiveOwnership: true } : {}),
      };
      return await settled(client, terminal, options, await client.call(addSite, { body: draft }));
    },
  );

  apiCommand<ConnectionOptions & { readonly search?: string }>(
    site,
    terminal,
    'list',
    'Lists sites, newest first.',
    (command) => command.option('--search <text>', 'only those with this in a name or hostname'),
    async ({ client, options }) => {
      const items: Site[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.call(listSites, {
          query: {
            limit: 500,
            ...(options.search === undefined ? {} : { search: options.search }),
            ...(cursor === undefined ? {} : { cursor }),
          },
        });
        items.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      const rows = items.map((item) => [
        item.siteId,
        item.name,
        item.hostnames.join(' '),
        item.mode,
        stateWords(item),
        String(item.ordersInForce.length),
      ]);
      const text =
        items.length === 0
          ? 'No sites. Add one: portcullis site add http://192.0.2.7:8000 --host forum.example'
          : table(['site', 'name', 'hostnames', 'mode', 'state', 'orders'], rows);
      return { json: items, text };
    },
  );

  apiCommand<ConnectionOptions>(
    site,
    terminal,
    'show <site>',
    'Shows one site (id, hostname or name).',
    (command) => command,
    async ({ client, args }) => reply(await findSite(client, args[0] ?? ''), terminal),
  );

  apiCommand<Settings>(
    site,
    terminal,
    'set <site>',
    'Changes what is given and leaves the rest.',
    (command) =>
      withSettings(command)
        .option('--origin <url>', 'another origin')
        .option('--forget <network>', 'drop the rule for this network (repeat for more)', collect),
    async ({ client, options, args }) => {
      const before = await findSite(client, args[0] ?? '');
      const body = await changeOf(options, before, options.origin ?? null);
      if (Object.keys(body).length === 0)
        throw new CommandFailure('usage', 'Nothing to change was given. See: portcullis site set --help');
      const after = await client.call(changeSite, { params: { siteId: before.siteId }, body });
      return await settled(client, terminal, options, after);
    },
  );

  apiCommand<ConnectionOptions & { readonly yes?: boolean }>(
    site,
    terminal,
    'remove <site>',
    'Removes a site: its hostnames are no longer answered.',
    (command) => command.requiredOption('--yes', 'really remove it'),
    async ({ client, args }) => {
      const { siteId, name } = await findSite(client, args[0] ?? '');
      await client.call(removeSite, { params: { siteId } });
      return { json: { siteId, removed: true }, text: `${name} (${siteId}) is removed.` };
    },
  );

  apiCommand<ConnectionOptions>(
    site,
    terminal,
    'check <site>',
    'Looks for the proof of ownership now: the DNS record, then the file.',
    (command) => command,
    async ({ client, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(checkOwnership, { params: { siteId } }), terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly reason: string }>(
    site,
    terminal,
    'waive <site>',
    'Vouches that the account owns the site, instead of a proof (operators).',
    (command) => command.requiredOption('--reason <text>', 'how you know; for the audit log'),
    async ({ client, options, args }) => {
      const { siteId } = await findSite(client, args[0] ?? '');
      return reply(await client.call(waiveOwnership, { params: { siteId }, body: { reason: options.reason } }), terminal);
    },
  );
}

async function settled(client: Client, terminal: Terminal, options: Settings, site: Site): Promise<Reply> {
  if (options.wait !== true || !site.ready) return reply(site, terminal);
  const there = await waitFor({
    client,
    terminal,
    timeoutMs: options.timeout,
    rings: (event) => event.kind === 'applied' || (event.kind === 'site' && event.siteId === site.siteId),
    ask: async () => {
      const now = await client.call(getSite, { params: { siteId: site.siteId } });
      return now.propagation.applied >= now.propagation.edges ? now : null;
    },
    timedOut: () => `It is saved, but not every edge has it yet. See: portcullis site show ${site.siteId}`,
  });
  return reply(there, terminal);
}

function reply(site: Site, terminal: Terminal): Reply {
  return { json: site, text: describe(site, terminal.nowMs()) };
}

function stateWords(site: Site): string {
  if (site.ready) return 'ready';
  return site.ownership.state === 'pending' ? 'ownership not proved' : 'no origin';
}

function modeWords({ mode, attackId, attackPath, attackPaths = [] }: Site): string {
  const held =
    attackId === undefined ? null : `attack${attackPath === undefined ? '' : ` below ${attackPath}`}, because of ${attackId}`;
  const byHand = [mode, ...(attackPaths.length === 0 ? [] : [`attack below ${attackPaths.join(', ')}`])].join(', ');
  return held === null ? byHand : `${held} (by hand: ${byHand})`;
}

function propagationWords({ edges, applied, tookMs }: Propagation): string {
  if (edges === 0) return 'no edge in its group';
  return `applied on ${applied} of ${edges} ${edges === 1 ? 'edge' : 'edges'}${tookMs === null ? '' : ` in ${showMs(tookMs)}`}`;
}

function describe(site: Site, nowMs: number): string {
  const { origin, limits, ownership } = site;
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  return facts([
    ['site', `${site.name} (${site.siteId})`],
    ['hostnames', site.hostnames.join('\n')],
    ['origin', `${origin.scheme}://${host}:${origin.port}${origin.hostHeader === null ? '' : `, Host: ${origin.hostHeader}`}`],
    ['addresses', site.originAddresses.length === 0 ? 'none' : site.originAddresses.join(', ')],
    ['', site.originFinding],
    ['state', stateWords(site)],
    ['mode', modeWords(site)],
    [
      'limits',
      `${limits.requestsPer10s ?? 'any number of'} requests in 10 s, ${limits.concurrentPerClient} at once per client, ${limits.concurrentPerSite} at once in all`,
    ],
    ['networks', site.networks.length === 0 ? 'no rules' : site.networks.map((rule) => `${rule.action} ${rule.cidr}`).join('\n')],
    [
      'challenge',
      `${site.challenge.expectedHashes} hashes${site.challenge.work === 'strong' ? ', then stronger work' : ''}, clearance for ${site.challenge.clearanceSeconds} s and ${site.challenge.pagesPer10Min ?? 'any number of'} pages in 10 min${site.challenge.crawlers === 'challenged' ? ', crawlers too' : ''}`,
    ],
    ['bots', botWords(site)],
    ['forms', formWords(site)],
    ['https', httpsWords(site)],
    ['ownership', ownership.state === 'pending' ? pendingWords(site) : ownership.state],
    ['', ownership.state === 'pending' ? ownership.finding : null],
    ['orders', site.ordersInForce.length === 0 ? 'none in force' : site.ordersInForce.join(', ')],
    ['edges', site.ready ? propagationWords(site.propagation) : 'not sent to edges until it is ready'],
    ['added', showInstant(site.createdAt, nowMs)],
  ]);
}

function botWords({ challenge: { bots = 'pass' } }: Site): string {
  if (bots === 'challenged') return 'meet the challenge, also those that sign';
  return bots === 'pass' ? 'those that sign and that edges know pass' : `that sign pass: ${bots.join(', ')}`;
}

function formWords({ challenge: { keepBodiesUpTo = usualKeptBytes } }: Site): string {
  return keepBodiesUpTo === 0
    ? 'that meet the challenge are not kept'
    : `that meet the challenge are kept up to ${keepBodiesUpTo} bytes and sent on after it`;
}

function httpsWords({ https }: Site): string {
  const plain = https.plain === 'redirect' ? 'plain http goes to https' : 'plain http is answered';
  const insist = https.hsts === null ? '' : `, browsers insist for ${https.hsts.maxAgeSeconds} s`;
  const from = { acme: 'of the authority', own: 'of the owner’s own', none: 'none asked for' }[https.certificates];
  return `${plain}${insist}, certificates ${from}`;
}

function pendingWords({ ownership }: Site): string {
  return [
    'to be proved, one of:',
    `  DNS   TXT at ${ownership.dnsName} with ${ownership.dnsValue}`,
    `  file  ${ownership.fileUrl} with ${ownership.fileContent}`,
    '  then: portcullis site check',
  ].join('\n');
}
