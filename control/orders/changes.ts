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

/** What a follower still has to do once the change is in the log for the edges, such as lifting the order whose place this one takes. */
export type Afterwards = (() => Promise<void>) | null;

export type OrderFollower = (unit: Work, change: OrderChange) => Promise<Afterwards>;

export type OrderChanges = {
  readonly follow: (follower: OrderFollower) => void;
  /** Tells every follower; call what it returns after the change went to the edges, in the same transaction. */
  readonly tell: (unit: Work, change: OrderChange) => Promise<() => Promise<void>>;
};

export function openOrderChanges(): OrderChanges {
  const followers: OrderFollower[] = [];
  return {
    follow: (follower) => void followers.push(follower),
    tell: async (unit, change) => {
      const afterwards: Afterwards[] = [];
      for (const follower of followers) afterwards.push(await follower(unit, change));
      return async () => {
        for (const after of afterwards) await after?.();
      };
    },
  };
}
