/**
 * An order as the API and the public see it: its record, whether it is in force, and the edges' words on it.
 *
 * A tally counts edges, not receipts: the newest word of each edge that should answer. `tookMs` runs from the moment that the newest
 * change was due at the edges (its commit, or its start or end if that came later) to the last edge's word, by this machine's clock.
 */
import type { z } from 'zod';
import { isDrill } from '../../contract/hostname.ts';
import { edgeMeasures } from '../../contract/policy.ts';
import { PersonId, Revision } from '../../contract/ids.ts';
import type { OrderId } from '../../contract/ids.ts';
import type { Order, PublicDecision, ReceiptTally } from '../../contract/routes/orders.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { effectiveEnd, isOrderInForce, publicState } from '../../core/shield/orders.ts';
import { newestProcessWords, runningProcesses } from '../../store/captcha-words.ts';
import { listServing } from '../../store/edges.ts';
import { newestReceipts } from '../../store/orders.ts';
import type { EdgeWord, OrderRecord } from '../../store/orders.ts';
import type { Viewer } from '../../store/sites.ts';
import type { ControlDeps } from '../deps.ts';
import { appealUrl, factsOf, statementUrl } from './policy.ts';

type OrderView = z.input<typeof Order>;
type Needs = Pick<ControlDeps, 'store' | 'now' | 'publicUrl'>;

/** Stands where an owner would read who of the provider's people acted. */
const nobodyNamed = PersonId.parse('person_000000000000');

/**
 * Orders as the API shows them, in the same order. To an owner (`viewer` is their account) nothing of the desk: its reasons are empty, and
 * the provider stands in the place of its people. Proposals are kept from owners by store/orders.ts.
 */
export async function viewOrders(
  deps: Needs & Pick<ControlDeps, 'provider'>,
  orders: readonly OrderRecord[],
  viewer: Viewer,
): Promise<OrderView[]> {
  const shown = await viewWhole(deps, orders);
  if (viewer === null) return shown;
  const provider = { personId: nobodyNamed, name: deps.provider };
  return shown.map((order) => ({
    ...order,
    internalReason: '',
    proposer: provider,
    confirmer: order.confirmer === null ? null : provider,
    breakGlass: order.breakGlass === null ? null : { ...order.breakGlass, reason: '' },
    lifter: order.lifter === null ? null : provider,
    liftReason: null,
  }));
}

async function viewWhole(deps: Needs, orders: readonly OrderRecord[]): Promise<OrderView[]> {
  const tallies = await tallyOrders(deps, orders);
  const atMs = deps.now();
  return orders.map((order) => ({
    orderId: order.orderId,
    decision: order.decision,
    state: order.state,
    inForce: isOrderInForce(factsOf(order), atMs),
    measure: order.measure,
    siteId: order.siteId,
    siteName: order.siteName,
    hostnames: [...order.hostnames],
    path: order.path,
    requestsPer10s: order.requestsPer10s,
    basis: order.basis,
    internalReason: order.internalReason,
    publicReason: order.publicReason,
    startsAt: order.startsAt ?? order.proposedAt,
    endsAt: order.endsAt,
    proposer: order.proposer,
    proposedAt: order.proposedAt,
    confirmer: order.confirmer,
    confirmedAt: order.confirmedAt,
    breakGlass: order.breakGlass,
    lifter: order.lifter,
    liftedAt: order.liftedAt,
    liftReason: order.liftReason,
    statementUrl: statementUrl(deps.publicUrl, order.decision),
    revision: order.revision === null ? null : Revision.parse(order.revision),
    receipts: tallies.get(order.orderId) ?? nothing,
  }));
}

const nothing: ReceiptTally = { expected: 0, enforced: 0, lifted: 0, failed: 0, tookMs: null };

/** A process of the captcha provider that was not seen for so long answers for nothing any more: it says every few seconds that it is there. */
const processSeenMs = 20_000;

/** The words on each order of those who enforce it: edges, or processes of the captcha provider. */
export async function tallyOrders(deps: Needs, orders: readonly OrderRecord[]): Promise<Map<OrderId, ReceiptTally>> {
  return new Map([...(await tallyEdges(deps, orders)), ...(await tallyProcesses(deps, orders))]);
}

async function tallyProcesses(deps: Needs, orders: readonly OrderRecord[]): Promise<Map<OrderId, ReceiptTally>> {
  const asked = orders.filter((order) => order.revision !== null && order.measure === 'suspend-captcha-keys');
  if (asked.length === 0) return new Map();
  const running = await runningProcesses(deps.store.db, instantOf(deps.now() - processSeenMs));
  const known = new Set(running.map(({ processId }) => processId));
  const orderIds = asked.map((order) => order.orderId);
  const words = Map.groupBy(await newestProcessWords(deps.store.db, orderIds), (word) => word.orderId);
  return new Map(
    asked.map((order) => {
      const counted = (words.get(order.orderId) ?? []).filter((word) => known.has(word.processId));
      return [order.orderId, tally(order, known.size, counted, deps.now())];
    }),
  );
}

async function tallyEdges(deps: Needs, orders: readonly OrderRecord[]): Promise<Map<OrderId, ReceiptTally>> {
  const asked = orders.filter((order) => order.revision !== null && edgeMeasures.includes(order.measure));
  if (asked.length === 0) return new Map();
  const serving = Map.groupBy(await listServing(deps.store.db), (edge) => edge.group);
  const words = Map.groupBy(
    await newestReceipts(
      deps.store.db,
      asked.map((order) => order.orderId),
    ),
    (word) => word.orderId,
  );
  return new Map(
    asked.map((order) => {
      const edges = new Set((serving.get(order.group) ?? []).map((edge) => edge.edgeId));
      const counted = (words.get(order.orderId) ?? []).filter((word) => edges.has(word.edgeId));
      return [order.orderId, tally(order, edges.size, counted, deps.now())];
    }),
  );
}

type Word = Pick<EdgeWord, 'state' | 'receivedAt'>;

function tally(order: OrderRecord, expected: number, words: readonly Word[], atMs: number): ReceiptTally {
  const count = (state: EdgeWord['state']) => words.filter((word) => word.state === state).length;
  const state = publicState(factsOf(order), atMs);
  const wanted = state === 'lifted' || state === 'expired' ? 'lifted' : 'enforced';
  const due = dueMs(order);
  const fitting = words.filter((word) => word.state === wanted && msOf(word.receivedAt) >= due);
  const complete = expected > 0 && fitting.length === expected;
  return {
    expected,
    enforced: count('enforced'),
    lifted: count('lifted'),
    failed: count('failed'),
    tookMs: complete ? Math.max(...fitting.map((word) => msOf(word.receivedAt))) - due : null,
  };
}

/** When the newest change of an order was due at the edges, in milliseconds. */
function dueMs(order: OrderRecord): number {
  const committed = order.committedAt === null ? 0 : msOf(order.committedAt);
  switch (order.state) {
    case 'lifted':
      return order.liftedAt === null ? committed : msOf(order.liftedAt);
    case 'expired':
      return msOf(effectiveEnd(factsOf(order)));
    default:
      // A second person who confirms a break-glass order changes nothing for visitors: it was due when it began.
      return order.startsAt === null ? committed : Math.max(order.breakGlass === null ? committed : 0, msOf(order.startsAt));
  }
}

/** A decision as the public may see it; null for what is not public (proposals, withdrawn, lapsed). No person, no internal reason. */
export async function viewPublicDecisions(
  deps: Needs & Pick<ControlDeps, 'provider'>,
  orders: readonly OrderRecord[],
): Promise<PublicDecision[]> {
  const atMs = deps.now();
  const tallies = await tallyOrders(deps, orders);
  return orders.flatMap((order): PublicDecision[] => {
    const facts = factsOf(order);
    const state = publicState(facts, atMs);
    if (state === null || order.startsAt === null) return [];
    const endedAt = state === 'lifted' ? order.liftedAt : state === 'expired' ? effectiveEnd(facts) : null;
    return [
      {
        decision: order.decision,
        provider: deps.provider,
        state,
        siteName: order.siteName,
        ...(isDrill(order.hostnames) ? { drill: true } : {}),
        measure: order.measure,
        scope: { hostnames: [...order.hostnames], wholeSite: order.hostnames.length === 0, path: order.path },
        basis: order.basis,
        reason: order.publicReason,
        startsAt: order.startsAt,
        endsAt: effectiveEnd(facts),
        endedAt: endedAt === null ? null : instantOf(msOf(endedAt)),
        decidedBy: order.confirmer === null ? 'one-person-break-glass' : 'two-people',
        receipts: tallies.get(order.orderId) ?? nothing,
        statementUrl: statementUrl(deps.publicUrl, order.decision),
        appealUrl: appealUrl(deps.publicUrl),
      },
    ];
  });
}
