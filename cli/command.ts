/**
 * What every command shares: how one is declared, how it answers, how typed values are parsed. One way, so that all behave alike.
 *
 * An action returns what it has to say in both forms; this file prints one of them. Parsers throw commander's InvalidArgumentError,
 * so that a mistake on the command line is told before anything is sent (exit code `usage`).
 */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { DecisionNumber, OrderId, SiteId } from '../contract/ids.ts';
import type { Instant } from '../contract/ids.ts';
import { listOrders } from '../contract/routes/orders.ts';
import type { Order } from '../contract/routes/orders.ts';
import { getSite, listSites } from '../contract/routes/sites.ts';
import type { Site } from '../contract/routes/sites.ts';
import type { Client } from './client.ts';
import { connect, withConnection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { parseDurationMs, parseWhen } from './when.ts';

/** An answer in both forms: `json` for scripts, `text` for people. `exit` when it was answered but is no success. */
export type Reply = {
  readonly json: unknown;
  readonly text: string;
  readonly exit?: { readonly name: 'failed' | 'timedOut'; readonly sentence: string };
};

/** Declares a subcommand that talks to the control plane. `arguments_` as commander writes them: `<site>`, `[name]`. */
export function apiCommand<Options extends ConnectionOptions>(
  parent: Command,
  terminal: Terminal,
  usage: string,
  description: string,
  declare: (command: Command) => Command,
  action: (context: { client: Client; terminal: Terminal; options: Options; args: readonly string[] }) => Promise<Reply>,
): Command {
  const command = withConnection(declare(parent.command(usage).description(description)));
  return command.action(async () => {
    const options = command.opts<Options>();
    const client = connect(options, terminal);
    const reply = await action({ client, terminal, options, args: command.args });
    terminal.out(options.json === true ? `${JSON.stringify(reply.json)}\n` : `${reply.text}\n`);
    if (reply.exit !== undefined) throw new CommandFailure(reply.exit.name, reply.exit.sentence);
  });
}

/** Collects a flag that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function whole(least: number, most: number): (typed: string) => number {
  return (typed) => {
    const value = Number(typed);
    if (/^\d+$/.test(typed) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

export function durationMs(typed: string): number {
  const ms = parseDurationMs(typed);
  if (ms !== null) return ms;
  throw new InvalidArgumentError('Give a time with its unit, such as 30s, 72h or 7d.');
}

export function instant(terminal: Terminal): (typed: string) => Instant {
  return (typed) => {
    const parsed = parseWhen(typed, terminal.nowMs());
    if (parsed !== null) return parsed;
    throw new InvalidArgumentError('Give a time from now such as 72h, or an instant such as 2026-12-01T12:00:00Z.');
  };
}

/** `--timeout` of `--wait`. */
export function withWaiting(command: Command, what: string): Command {
  return command
    .option('--wait', what)
    .addOption(new Option('--timeout <time>', 'how long --wait waits').argParser(durationMs).default(60_000, '60s'));
}

/** Whether a site owns a hostname: several may claim one, but only the one that has shown it is served by it. */
export function ownsHostname({ hostnames, ownership }: Site, hostname: string): boolean {
  const all: readonly string[] = hostnames;
  const claimed: readonly string[] = ownership.pending ?? (ownership.state === 'pending' ? all : []);
  return all.includes(hostname) && !claimed.includes(hostname);
}

/** The one site that a person means: its id, one of its hostnames, or its name. Of those that claim a hostname, its owner. */
export async function findSite(client: Client, typed: string): Promise<Site> {
  const id = SiteId.safeParse(typed);
  if (id.success) return await client.call(getSite, { params: { siteId: id.data } });
  const wanted = typed.trim().toLowerCase();
  const claims: Site[] = [];
  const found: Site[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call(listSites, {
      query: { search: typed.trim().slice(0, 200), limit: 500, ...(cursor === undefined ? {} : { cursor }) },
    });
    for (const site of page.items) {
      const hostnames: readonly string[] = site.hostnames;
      if (ownsHostname(site, wanted)) return site;
      if (hostnames.includes(wanted)) claims.push(site);
      else if (site.name.toLowerCase() === wanted) found.push(site);
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  if (claims.length > 1) {
    throw new CommandFailure(
      'failed',
      `${claims.length} sites claim “${wanted}” and none is served by it yet; name one by its id: ${claims.map((site) => site.siteId).join(', ')}`,
    );
  }
  const [only, ...others] = claims.length > 0 ? claims : found;
  if (only !== undefined && others.length === 0) return only;
  throw new CommandFailure(
    'failed',
    only === undefined
      ? `No site has the id, hostname or name “${typed}”. See: portcullis site list`
      : `${found.length} sites are named “${typed}”; name one by its id: ${found.map((site) => site.siteId).join(', ')}`,
  );
}

/** The id of the order that a person means: its id or its decision number. */
export async function findOrder(client: Client, typed: string): Promise<OrderId> {
  const id = OrderId.safeParse(typed.trim());
  if (id.success) return id.data;
  const number = DecisionNumber.safeParse(typed.trim().toUpperCase());
  if (!number.success) {
    throw new CommandFailure('usage', `“${typed}” is neither an order’s id nor a decision number such as D-2026-0001.`);
  }
  const order = await firstOrder(client, (candidate) => candidate.decision === number.data);
  if (order !== null) return order.orderId;
  throw new CommandFailure('failed', `No order has the decision number ${number.data}. See: portcullis order list`);
}

async function firstOrder(client: Client, fits: (order: Order) => boolean): Promise<Order | null> {
  let cursor: string | undefined;
  do {
    const page = await client.call(listOrders, { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } });
    const order = page.items.find(fits);
    if (order !== undefined) return order;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return null;
}
