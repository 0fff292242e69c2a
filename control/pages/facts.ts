/**
 * What the public pages know: decisions, status, incidents. Kept for a quarter of a second, so that a crowd that follows a notice's link asks the
 * database once, and so that public pages can never take the control plane's time away from orders.
 *
 * A decision is public from the moment it comes into force, and stays so. Before that neither its site nor its scope is known outside
 * (contract/routes/orders.ts), so a scheduled one has no page yet. Fails closed: what is not known to be public is not found.
 */
import { DecisionNumber } from '../../contract/ids.ts';
import type { Instant } from '../../contract/ids.ts';
import type { Status } from '../../contract/routes/house.ts';
import type { PublicDecision, PublicNoAction } from '../../contract/routes/orders.ts';
import { instantOf } from '../../core/instant.ts';
import { briefCache } from '../../kit/brief-cache.ts';
import { listAlarms } from '../../store/house.ts';
import { findOrderByDecision, listOrders } from '../../store/orders.ts';
import type { OrderFilter } from '../../store/orders.ts';
import type { ControlDeps } from '../deps.ts';
import { readStatus } from '../house/routes.ts';
import { publicNoAction, publicNoActions, statementOfOrder } from '../desk/decisions/public.ts';
import { viewPublicDecisions } from '../orders/view.ts';
import { recorded } from '../record/statements.ts';

export type StatusFacts = Status;
export type IncidentKind = 'edge-away' | 'edge-nack' | 'receipt-failed';
export type Incident = { readonly kind: IncidentKind; readonly at: Instant; readonly seen: boolean };

export type DecisionList = {
  readonly inForce: readonly PublicDecision[];
  readonly over: readonly PublicDecision[];
  /** Newest decisions not to act; only with the first page. */
  readonly notActed: readonly PublicNoAction[];
  /** Where the older ones begin. */
  readonly next: number | null;
};

export type Facts = {
  readonly status: () => Promise<StatusFacts>;
  readonly incidents: () => Promise<readonly Incident[]>;
  readonly decisions: (before: number | null) => Promise<DecisionList>;
  /** Null for whatever is not public. */
  readonly decision: (number: string) => Promise<PublicDecision | PublicNoAction | null>;
};

const keepMs = 250;
const decisionsPerPage = 50;
const incidentDays = 14;
const mostIncidents = 10;
const publicStates = ['confirmed', 'lifted', 'expired'] as const;

export function publicFacts(needs: ControlDeps): Facts {
  const { db } = needs.store;
  const statuses = briefCache<StatusFacts>(keepMs, 1, needs.now);
  const incidents = briefCache<readonly Incident[]>(keepMs, 1, needs.now);
  const lists = briefCache<DecisionList>(keepMs, 100, needs.now);
  const single = briefCache<PublicDecision | PublicNoAction | null>(keepMs, 1000, needs.now);

  async function readList(before: number | null): Promise<DecisionList> {
    const at = instantOf(needs.now());
    const filter = (wanted: boolean): OrderFilter => ({
      viewer: null,
      siteId: null,
      states: publicStates,
      inForce: { wanted, at },
    });
    const inForce = before === null ? await listOrders(db, filter(true), { limit: 500, before: null }) : null;
    const over = await listOrders(db, filter(false), { limit: decisionsPerPage, before });
    return {
      inForce: begun(await viewPublicDecisions(needs, inForce?.orders ?? [])),
      over: begun(await viewPublicDecisions(needs, over.orders)),
      notActed: before === null ? await publicNoActions(needs) : [],
      next: over.next,
    };
  }

  async function readIncidents(): Promise<readonly Incident[]> {
    const { items } = await listAlarms(db, { open: null, limit: 100, before: null });
    const since = instantOf(needs.now() - incidentDays * 86_400_000);
    return items
      .flatMap((alarm): Incident[] =>
        isOurs(alarm.kind) && alarm.at >= since ? [{ kind: alarm.kind, at: alarm.at, seen: alarm.acknowledgedAt !== null }] : [],
      )
      .slice(0, mostIncidents);
  }

  async function readDecision(number: DecisionNumber): Promise<PublicDecision | PublicNoAction | null> {
    const order = await findOrderByDecision(db, number);
    if (order === null) {
      const noAction = await publicNoAction(needs, number);
      return noAction && recorded(needs, noAction, 'no-action');
    }
    const [decision] = begun(await viewPublicDecisions(needs, [order]));
    if (decision === undefined) return null;
    const statement = await statementOfOrder(db, order);
    return recorded(needs, statement === null ? decision : { ...decision, statement }, order.state);
  }

  return {
    status: () => statuses('', () => readStatus(needs, null)),
    incidents: () => incidents('', readIncidents),
    decisions: (before) => lists(String(before), () => readList(before)),
    decision: async (typed) => {
      const number = DecisionNumber.safeParse(typed.toUpperCase());
      return number.success ? single(number.data, () => readDecision(number.data)) : null;
    },
  };
}

function begun(decisions: readonly PublicDecision[]): PublicDecision[] {
  return decisions.filter((decision) => decision.state !== 'scheduled');
}

function isOurs(kind: string): kind is IncidentKind {
  return kind === 'edge-away' || kind === 'edge-nack' || kind === 'receipt-failed';
}
