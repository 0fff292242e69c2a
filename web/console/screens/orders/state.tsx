/** An order's state and its receipts, at a glance. */
import type { Order } from '../../../../contract/routes/orders.ts';
import { duration } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { orders as words } from '../../words/en/orders.ts';
import { language, say } from '../../words/index.ts';
import { shownState } from './shown.ts';
import type { ShownState } from './shown.ts';

const tones: Readonly<Record<ShownState, Tone>> = {
  proposed: 'waiting',
  confirmed: 'waiting',
  inForce: 'alarm',
  scheduled: 'waiting',
  lifted: 'off',
  expired: 'off',
  withdrawn: 'off',
  lapsed: 'off',
};

export function OrderBadge({ order }: { order: Order }) {
  const state = shownState(order);
  return <Badge tone={tones[state]}>{say.orderState[state]}</Badge>;
}

export function Tally({ order }: { order: Order }) {
  const told = order.measure === 'suspend-captcha-keys' ? words.captchaReceipts : words.receipts;
  const { expected, enforced, lifted, failed, tookMs } = order.receipts;
  if (order.state === 'proposed' || order.state === 'withdrawn' || order.state === 'lapsed')
    return <span className="hint">–</span>;
  if (expected === 0) return <span className="hint">{told.none}</span>;
  const over = order.state === 'lifted' || order.state === 'expired';
  const done = over ? lifted : enforced;
  const took = tookMs === null || done < expected ? null : duration(tookMs, language);
  return (
    <span className="tally" aria-live="polite">
      <Badge tone={done < expected ? 'waiting' : 'good'}>
        {over ? told.lifted(done, expected, took) : told.enforced(done, expected, took)}
      </Badge>
      {failed > 0 ? <Badge tone="alarm">{told.failed(failed)}</Badge> : null}
    </span>
  );
}

/** Where it holds: hostnames or the whole site, and the path. */
export function scopeWords(order: Pick<Order, 'hostnames' | 'path'>): string {
  const where = order.hostnames.length === 0 ? words.wholeSite : order.hostnames.join(', ');
  return order.path === null ? where : `${where}, ${order.path}`;
}
