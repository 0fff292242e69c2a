/**
 * Limits across edges: which clients an edge tells of, and which of them are over their limit in sum.
 *
 * Every edge counts exactly, in HAProxy's own tables; what is lost is what an edge does not tell. It names its clients with the largest
 * part of their limit, at most N, and says that no other has more than `below` (or fewer than `least` requests). So for any client
 * **sum ≤ truth ≤ sum + missed**, with `mostMissed` the sum of those floors over the edges that do not name it; and because the N that are
 * named are the largest, a floor is at most 1/(N+1) of all the parts of limits that are used at that edge. A sum that is too large cannot
 * come from what is left out: nobody is blamed for it. One edge's word is never enough, and counts for no more than one limit.
 * Not here: how rows are read (edge), who signs and sends (control). After: Babcock and Olston, distributed top-k monitoring.
 */
import { mostBusiest, mostOverLimit } from '../../contract/cross-edge.ts';
import type { Busiest, BusyClient } from '../../contract/cross-edge.ts';

/** What one edge told, without its kind. */
export type Told = Pick<Busiest, 'clients' | 'below' | 'least'>;

export type ClientSum = BusyClient & {
  /** How many edges named it. */
  readonly edges: number;
};

/**
 * The clients that an edge tells of, the largest part of a limit first. Who has less than half of an even share (`1 / (2 × edges)`) is left
 * out: a client that is over by half, spread evenly, is still seen. `least`: rows with fewer requests were not read.
 */
export function busiest(rows: readonly BusyClient[], edges: number, least: number, most: number = mostBusiest): Told {
  const worthIt = 1 / (2 * Math.max(1, edges));
  const sorted = [...rows].sort((a, b) => part(b) - part(a) || (keyOf(a) < keyOf(b) ? -1 : 1));
  const first = sorted.findIndex((row) => part(row) < worthIt);
  const named = Math.min(most, first === -1 ? sorted.length : first);
  const next = sorted[named];
  return { clients: sorted.slice(0, named), below: next === undefined ? 0 : part(next), least };
}

/** Clients that are over their limit in sum over at least two edges, the most over first. */
export function overLimit(told: Iterable<Told>, most: number = mostOverLimit): ClientSum[] {
  return [...sums(told).values()]
    .filter(({ rate, limit, edges }) => edges > 1 && rate > limit)
    .sort((a, b) => part(b) - part(a) || (keyOf(a) < keyOf(b) ? -1 : 1))
    .slice(0, most);
}

/** How many requests of a client can be missing from its sum: of each edge that does not name it, what its floors leave room for. */
export function mostMissed(told: Iterable<Told>, client: Pick<BusyClient, 'siteId' | 'client' | 'limit'>): number {
  let missed = 0;
  for (const { clients, below, least } of told) {
    if (clients.some((one) => keyOf(one) === keyOf(client))) continue;
    missed += Math.max(below * client.limit, least - 1);
  }
  return missed;
}

function sums(told: Iterable<Told>): Map<string, ClientSum> {
  const found = new Map<string, ClientSum>();
  for (const { clients } of told) {
    for (const { siteId, client, rate, limit } of clients) {
      const held = found.get(siteId + client);
      found.set(siteId + client, {
        siteId,
        client,
        // An edge refuses what is above the limit by itself; more than that, it could only be wrong.
        rate: (held?.rate ?? 0) + Math.min(rate, limit),
        // Edges in the middle of a change of policy: the smaller one; each edge compares with its own before it acts.
        limit: Math.min(held?.limit ?? limit, limit),
        edges: (held?.edges ?? 0) + 1,
      });
    }
  }
  return found;
}

function keyOf({ siteId, client }: Pick<BusyClient, 'siteId' | 'client'>): string {
  return siteId + client;
}

function part({ rate, limit }: BusyClient): number {
  return rate / limit;
}
