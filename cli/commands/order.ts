/**
 * `portcullis order …`: propose, confirm, withdraw, lift and look at orders, and watch their receipts arrive.
 *
 * `--wait` ends when every edge that should answer has answered. `place --wait` first waits for a second person, because a proposal
 * reaches no edge. What counts as answered is the control plane's tally; whether the receipts are genuine is `portcullis verify`.
 */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { OrderId } from '../../contract/ids.ts';
import { Measure } from '../../contract/policy.ts';
import type { Basis } from '../../contract/policy.ts';
import {
  confirmOrder,
  getOrder,
  liftOrder,
  listOrders,
  OrderState,
  placeOrder,
  withdrawOrder,
} from '../../contract/routes/orders.ts';
import type { Order, OrderDraft, StoredCaptchaReceipt, StoredReceipt } from '../../contract/routes/orders.ts';
import { apiCommand, collect, findOrder, findSite, instant, whole, withWaiting } from '../command.ts';
import type { Reply } from '../command.ts';
import type { Client } from '../client.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { facts, table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { waitFor } from '../wait.ts';
import { showInstant, showMs } from '../when.ts';

type Waits = ConnectionOptions & { readonly wait?: boolean; readonly timeout: number };

type PlaceOptions = Waits & {
  readonly measure: Measure;
  readonly host?: readonly string[];
  readonly path?: string;
  readonly requestsPer10s?: number;
  readonly reason: string;
  readonly internalReason?: string;
  readonly legalAuthority?: string;
  readonly legalReference?: string;
  readonly legalUrl?: string;
  readonly starts?: string;
  readonly ends: string;
  readonly breakGlass?: string;
};

export function addOrderCommands(program: Command, terminal: Terminal): void {
  const order = program.command('order').description('Orders: propose, confirm, lift, and see their receipts.');

  apiCommand<PlaceOptions>(
    order,
    terminal,
    'place <site>',
    'Proposes an order on a site (id, hostname or name); a second person confirms it.',
    (command) =>
      withWaiting(
        command
          .addOption(new Option('--measure <measure>', 'what the order does').choices(Measure.options).makeOptionMandatory())
          .requiredOption('--reason <sentence>', 'the sentence that visitors and the public read')
          .option('--internal-reason <text>', 'for the desk and the audit log, never shown outside (default: the same sentence)')
          .option('--host <hostname>', 'only this hostname (repeat for more); left out: the whole site', collect)
          .option('--path <prefix>', 'for notice-on-path: the path prefix, such as /threads/7')
          .option('--requests-per-10s <n>', 'for rate-limit: requests that one client may send in ten seconds', whole(1, 100_000))
          .option('--legal-authority <name>', 'a legal order: who issued it (answers with 451 instead of 403)')
          .option('--legal-reference <text>', 'a legal order: its file number')
          .option('--legal-url <url>', 'a legal order: where the authority or the order is described')
          .option('--starts <when>', 'when it starts (default: as soon as it is confirmed)', instant(terminal))
          .requiredOption('--ends <when>', 'when it ends by itself: 72h, 7d, or an instant', instant(terminal))
          .option('--break-glass <reason>', 'in force at once without a second person: alarms everybody and expires by itself'),
        'stay until it was confirmed and every edge has answered',
      ),
    async ({ client, options, args }) => {
      const site = await findSite(client, args[0] ?? '');
      const draft: OrderDraft = {
        siteId: site.siteId,
        measure: options.measure,
        publicReason: options.reason,
        internalReason: options.internalReason ?? options.reason,
        basis: basisOf(options),
        endsAt: options.ends,
        ...(options.host === undefined ? {} : { hostnames: [...options.host] }),
        ...(options.path === undefined ? {} : { path: options.path }),
        ...(options.requestsPer10s === undefined ? {} : { requestsPer10s: options.requestsPer10s }),
        ...(options.starts === undefined ? {} : { startsAt: options.starts }),
        ...(options.breakGlass === undefined ? {} : { breakGlass: { reason: options.breakGlass } }),
      };
      const placed = await client.call(placeOrder, { body: draft });
      if (options.wait !== true) return replyWith(placed, terminal);
      if (placed.state === 'proposed') {
        terminal.err(`${placed.decision} is proposed (${placed.orderId}). Waiting for a second person to confirm it …\n`);
      }
      return await waitForReceipts(client, terminal, options, placed.orderId, 'enforced');
    },
  );

  apiCommand<Waits>(
    order,
    terminal,
    'confirm <order>',
    'Confirms a proposal of somebody else (id or decision number): it goes to the edges at once.',
    (command) => withWaiting(command, 'stay until every edge has answered'),
    async ({ client, options, args }) => {
      const orderId = await findOrder(client, args[0] ?? '');
      const confirmed = await client.call(confirmOrder, { params: { orderId } });
      return options.wait === true
        ? await waitForReceipts(client, terminal, options, orderId, 'enforced')
        : replyWith(confirmed, terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly reason: string }>(
    order,
    terminal,
    'withdraw <order>',
    'Takes a proposal back.',
    (command) => command.requiredOption('--reason <text>', 'why; for the audit log'),
    async ({ client, options, args }) => {
      const orderId = await findOrder(client, args[0] ?? '');
      return replyWith(await client.call(withdrawOrder, { params: { orderId }, body: { reason: options.reason } }), terminal);
    },
  );

  apiCommand<Waits & { readonly reason: string }>(
    order,
    terminal,
    'lift <order>',
    'Ends an order before its end date.',
    (command) =>
      withWaiting(command.requiredOption('--reason <text>', 'why; for the audit log'), 'stay until every edge has answered'),
    async ({ client, options, args }) => {
      const orderId = await findOrder(client, args[0] ?? '');
      const lifted = await client.call(liftOrder, { params: { orderId }, body: { reason: options.reason } });
      return options.wait === true
        ? await waitForReceipts(client, terminal, options, orderId, 'lifted')
        : replyWith(lifted, terminal);
    },
  );

  apiCommand<ConnectionOptions & { readonly site?: string; readonly inForce?: boolean; readonly orderState?: OrderState }>(
    order,
    terminal,
    'list',
    'Lists orders, newest first.',
    (command) =>
      command
        .option('--site <site>', 'only those on this site')
        .option('--in-force', 'only those in force')
        .addOption(new Option('--order-state <state>', 'only those in this state').choices(OrderState.options)),
    async ({ client, options }) => {
      const site = options.site === undefined ? null : await findSite(client, options.site);
      const page = await client.call(listOrders, {
        query: {
          limit: 500,
          ...(site === null ? {} : { siteId: site.siteId }),
          ...(options.inForce === true ? { inForce: 'true' as const } : {}),
          ...(options.orderState === undefined ? {} : { state: options.orderState }),
        },
      });
      const rows = page.items.map((item) => [
        item.decision,
        item.orderId,
        stateWords(item),
        item.measure,
        item.siteName,
        item.endsAt,
        tallyWords(item),
      ]);
      const text = table(['decision', 'order', 'state', 'measure', 'site', 'ends', 'edges'], rows);
      return { json: page.items, text: page.items.length === 0 ? 'No orders.' : text };
    },
  );

  apiCommand<ConnectionOptions>(
    order,
    terminal,
    'show <order>',
    'Shows one order with its receipts.',
    (command) => command,
    async ({ client, args }) => {
      const answer = await client.call(getOrder, { params: { orderId: await findOrder(client, args[0] ?? '') } });
      return { json: answer, text: `${describe(answer.order, terminal)}\n${receiptLines(answer)}` };
    },
  );
}

function basisOf(options: PlaceOptions): Basis {
  const { legalAuthority: authority, legalReference: reference, legalUrl: authorityUrl } = options;
  if (authority === undefined && reference === undefined && authorityUrl === undefined) return { kind: 'own-decision' };
  if (authority !== undefined && reference !== undefined && authorityUrl !== undefined) {
    return { kind: 'legal-order', authority, reference, authorityUrl };
  }
  throw new CommandFailure('usage', 'A legal order needs all three: --legal-authority, --legal-reference and --legal-url.');
}

/** Waits until the order is at the edges, or can no longer get there. */
async function waitForReceipts(
  client: Client,
  terminal: Terminal,
  options: Waits,
  orderId: OrderId,
  wanted: 'enforced' | 'lifted',
): Promise<Reply> {
  let shown = '';
  let last: Order | null = null;
  const answer = await waitFor({
    client,
    terminal,
    timeoutMs: options.timeout,
    rings: (event) => (event.kind === 'order' || event.kind === 'receipt') && event.orderId === orderId,
    ask: async () => {
      const found = await client.call(getOrder, { params: { orderId } });
      const { order } = found;
      last = order;
      const progress = tallyWords(order);
      if (order.state === 'confirmed' && progress !== shown) terminal.err(`${progress}\n`);
      shown = progress;
      return isSettled(order, wanted, terminal.nowMs()) ? found : null;
    },
    timedOut: () =>
      `Not everybody has answered in time: ${last === null ? 'nothing was heard' : tallyWords(last)}. The order stays as it is; see: portcullis order show ${orderId}`,
  });
  const { order } = answer;
  const reply = { json: answer, text: `${describe(order, terminal)}\n${receiptLines(answer)}` };
  if (wanted === 'enforced' && order.state !== 'confirmed' && !order.inForce) {
    return { ...reply, exit: { name: 'failed', sentence: `${order.decision} is ${order.state}: it will not be enforced.` } };
  }
  if (order.receipts.failed > 0) {
    return {
      ...reply,
      exit: {
        name: 'failed',
        sentence: `${order.receipts.failed} of ${order.receipts.expected} ${whoAnswers(order).many} report that it is not so. See the receipts above.`,
      },
    };
  }
  return reply;
}

/**
 * Settled: every expected edge has said its last word. An order that starts later is settled as soon as it is confirmed, because
 * edges sign only what they have seen themselves do.
 */
function isSettled(order: Order, wanted: 'enforced' | 'lifted', nowMs: number): boolean {
  const { expected, enforced, lifted, failed } = order.receipts;
  if (order.state === 'withdrawn' || order.state === 'lapsed') return true;
  if (wanted === 'lifted') return lifted + failed >= expected;
  if (order.state === 'proposed' && order.breakGlass === null) return false;
  if (order.state === 'lifted' || order.state === 'expired') return true;
  if (Date.parse(order.startsAt) > nowMs) return true;
  return enforced + failed >= expected;
}

function replyWith(order: Order, terminal: Terminal): Reply {
  return { json: order, text: describe(order, terminal) };
}

function stateWords(order: Order): string {
  if (order.inForce) return order.confirmer === null && order.breakGlass !== null ? 'in force (break-glass)' : 'in force';
  return order.state;
}

/** Who enforces an order and signs for it. */
function whoAnswers({ measure }: Order): { readonly one: string; readonly many: string } {
  return measure === 'suspend-captcha-keys'
    ? { one: 'process of the captcha provider', many: 'processes of the captcha provider' }
    : { one: 'edge', many: 'edges' };
}

/** `1 of 1 edges, 31 ms`. */
function tallyWords(order: Order): string {
  const { expected, enforced, lifted, failed, tookMs } = order.receipts;
  const { one, many } = whoAnswers(order);
  if (expected === 0) return `no ${one} is expected to answer`;
  const ended = order.state === 'lifted' || order.state === 'expired';
  const words = [`${ended ? lifted : enforced} of ${expected} ${expected === 1 ? one : many}${ended ? ' lifted' : ''}`];
  if (tookMs !== null) words.push(showMs(tookMs));
  if (failed > 0) words.push(`${failed} failed`);
  return words.join(', ');
}

function describe(order: Order, terminal: Terminal): string {
  const now = terminal.nowMs();
  const scope = order.hostnames.length === 0 ? 'the whole site' : order.hostnames.join(', ');
  return facts([
    ['decision', `${order.decision} (${order.orderId})`],
    ['state', stateWords(order)],
    ['measure', order.requestsPer10s === null ? order.measure : `${order.measure}: ${order.requestsPer10s} requests in 10 s`],
    ['site', `${order.siteName} (${order.siteId})`],
    ['scope', order.path === null ? scope : `${scope}, ${order.path} and below`],
    [
      'basis',
      order.basis.kind === 'own-decision' ? 'own decision' : `legal order: ${order.basis.authority}, ${order.basis.reference}`,
    ],
    ['reason', order.publicReason],
    ['starts', showInstant(order.startsAt, now)],
    ['ends', showInstant(order.endsAt, now)],
    ['proposed by', `${order.proposer.name}, ${showInstant(order.proposedAt, now)}`],
    [
      'confirmed by',
      order.confirmer === null || order.confirmedAt === null
        ? null
        : `${order.confirmer.name}, ${showInstant(order.confirmedAt, now)}`,
    ],
    [
      'break-glass',
      order.breakGlass === null ? null : `until ${showInstant(order.breakGlass.expiresAt, now)}: ${order.breakGlass.reason}`,
    ],
    ['lifted by', order.lifter === null ? null : `${order.lifter.name}: ${order.liftReason ?? ''}`],
    ['statement', order.statementUrl],
    [order.measure === 'suspend-captcha-keys' ? 'captcha' : 'edges', tallyWords(order)],
  ]);
}

type Receipts = {
  readonly receipts: readonly StoredReceipt[];
  readonly captchaReceipts?: readonly StoredCaptchaReceipt[] | undefined;
};

function receiptLines({ receipts, captchaReceipts = [] }: Receipts): string {
  if (captchaReceipts.length > 0) {
    const rows = captchaReceipts.map(({ processName, receipt: { body } }) => [
      processName,
      body.state,
      body.at,
      showMs(body.tookMs),
      `${body.asked} of ${body.keys} keys asked about${body.detail === null ? '' : ` (${body.detail})`}`,
    ]);
    return table(['process', 'says', 'at', 'took', 'because its own listener'], rows);
  }
  if (receipts.length === 0) return 'No receipts yet.';
  const rows = receipts.map(({ edgeName, receipt: { body } }) => [
    edgeName,
    body.state,
    `r${body.revision}`,
    body.at,
    showMs(body.tookMs),
    `${body.probe.url} answered ${body.probe.status}${body.probe.action === null ? '' : `, ${body.probe.action}`}${body.probe.decision === null ? '' : `, ${body.probe.decision}`}${body.detail === null ? '' : ` (${body.detail})`}`,
  ]);
  return table(['edge', 'says', 'revision', 'at', 'took', 'because its own listener'], rows);
}
