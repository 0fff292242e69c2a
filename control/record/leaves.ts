/** Queues leaves of the record for acts, in the transaction of the act: neither exists without the other. */
import { createHmac } from 'node:crypto';
import { isDrill } from '../../contract/hostname.ts';
import type { Instant } from '../../contract/ids.ts';
import { leafText, orderCommitmentText } from '../../core/record/leaf.ts';
import type { Db } from '../../store/open.ts';
import type { OrderRecord } from '../../store/orders.ts';
import { queueLeaf, saltOf } from '../../store/record.ts';

/** A policy version, told before any decision can name it. `sha256`: of its words, in hex. */
export async function recordPolicyVersion(tx: Db, sha256: string, at: Instant): Promise<void> {
  await queueLeaf(tx, leafText({ v: 1, type: 'policy-version', at, sha256 }));
}

/** What an order became, as the edges are told of it. */
export async function recordOrder(tx: Db, order: OrderRecord, at: Instant): Promise<void> {
  const { ref, salt } = await saltOf(tx, order.orderId);
  const commitment = createHmac('sha256', Buffer.from(salt, 'hex')).update(orderCommitmentText(order)).digest('hex');
  const { state, measure, startsAt, endsAt, basis } = order;
  await queueLeaf(
    tx,
    leafText({
      v: 1,
      type: 'order',
      at,
      ref,
      state,
      measure,
      basis: basis.kind,
      startsAt,
      endsAt,
      commitment,
      ...(isDrill(order.hostnames) ? { drill: true } : {}),
    }),
  );
}
