/**
 * Who acts along when an order changes: in the same transaction, before the change goes to the edges, and able to refuse it by throwing.
 *
 * The spine knows nothing of the desk. The desk follows orders from here, so that an order that belongs to one of its decisions and the decision
 * itself never say two things, whichever of the two was confirmed, withdrawn or lifted. Fails closed: what a follower throws undoes the change.
 */
import type { Instant } from '../../contract/ids.ts';
import type { NamedPerson, OrderRecord } from '../../store/orders.ts';
import type { Work } from '../../store/transact.ts';

export type OrderChange = {
  /** As it is from now on. Its site and its own row are locked, in this order; the edge group is not yet. */
  readonly order: OrderRecord;
  readonly what: 'confirm' | 'endorse' | 'withdraw' | 'lift' | 'expire' | 'lapse';
  /** Null when time did it. */
  readonly who: NamedPerson | null;
  readonly reason: string | null;
  readonly at: Instant;
};

export type OrderFollower = (unit: Work, change: OrderChange) => Promise<void>;

export type OrderChanges = {
  readonly follow: (follower: OrderFollower) => void;
  readonly tell: OrderFollower;
};

export function openOrderChanges(): OrderChanges {
  const followers: OrderFollower[] = [];
  return {
    follow: (follower) => void followers.push(follower),
    tell: async (unit, change) => {
      for (const follower of followers) await follower(unit, change);
    },
  };
}
