/**
 * Ends what was under way to an origin when an order withdraws it: websockets, event streams, long downloads.
 *
 * A map change decides about requests; a tunnel makes no more requests, so it would outlive the order for as long as both ends keep it busy.
 * Under a notice on hosts every stream to the site's origin is ended, under a notice on a path only tunnels (the rest ends by itself, and
 * most of it is allowed). HAProxy tells a stream's origin, not its site: sites that share an origin's address and port share the
 * interruption, once, and reconnect. Fails open: when HAProxy cannot be asked, the order stands for every new request and the log says so.
 * Not seen: streams to an address that the origin had before.
 */
import type { OrderId } from '../contract/ids.ts';
import type { OrderPolicy, SitePolicy } from '../contract/policy.ts';

export type Reach = 'every-stream' | 'tunnels';

/** What to end where: `address:port` of origins. */
export type Cuts = ReadonlyMap<string, Reach>;

/** Remembers for which orders the streams were ended, so that each order interrupts once. */
export class OldStreams {
  #done: ReadonlySet<OrderId> = new Set();

  /** What the orders that are newly in force require. Calling it counts as having done it. */
  due(inForce: Iterable<OrderPolicy>, siteOf: (order: OrderPolicy) => SitePolicy | null): Cuts {
    const cuts = new Map<string, Reach>();
    const seen = new Set<OrderId>();
    for (const order of inForce) {
      const reach = reachOf(order);
      if (reach === null) continue;
      seen.add(order.orderId);
      const origin = this.#done.has(order.orderId) ? undefined : siteOf(order)?.origin;
      for (const address of origin?.addresses ?? []) {
        const place = `${address}:${origin?.port ?? 0}`;
        if (cuts.get(place) !== 'every-stream') cuts.set(place, reach);
      }
    }
    this.#done = seen;
    return cuts;
  }
}

function reachOf({ measure }: OrderPolicy): Reach | null {
  if (measure === 'notice-on-host') return 'every-stream';
  return measure === 'notice-on-path' ? 'tunnels' : null;
}

/** The streams that the cuts mean, out of HAProxy's answer to `show sess all`: their pointers, for `shutdown session`. */
export function streamsToEnd(answer: string, cuts: Cuts): string[] {
  return answer.split(/^(?=0x)/m).flatMap((entry) => {
    const pointer = /^(0x[0-9a-f]+): /.exec(entry)?.[1];
    const place = /^ +server=origin \(id=\d+\) addr=(\S+)$/m.exec(entry)?.[1];
    const reach = place === undefined ? undefined : cuts.get(place);
    if (pointer === undefined || reach === undefined) return [];
    return reach === 'every-stream' || entry.includes('MSG_TUNNEL') ? [pointer] : [];
  });
}
