/**
 * Which networks of an operator's data HAProxy needs: those of the countries and AS numbers that rules name, and what lies within them.
 *
 * A list may hold a narrower network of another country inside a wider one; the narrower answer is the right one, so whatever lies in
 * a kept network is kept. About 300 bytes of memory each (edge-measured.md): never more than needed, and bounded.
 */
import { addressText } from './read.ts';
import type { KnownNetwork } from './read.ts';

export const mostNetworks = 500_000;

/** The networks as text with their values. Throws RangeError above `mostNetworks`. */
export function selectNetworks(networks: readonly KnownNetwork[], wanted: ReadonlySet<string>): [cidr: string, value: string][] {
  const sorted = networks.toSorted(
    (a, b) => a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : a.bits - b.bits),
  );
  const chosen: [string, string][] = [];
  let within: KnownNetwork | null = null;
  for (const network of sorted) {
    if (within !== null && !holds(within, network)) within = null;
    if (within === null && !wanted.has(network.value)) continue;
    within ??= network;
    chosen.push([`${addressText(network.family, network.first)}/${network.bits}`, network.value]);
    if (chosen.length > mostNetworks) throw new RangeError(`more than ${mostNetworks} networks belong to what rules name`);
  }
  return chosen;
}

function holds(outer: KnownNetwork, inner: KnownNetwork): boolean {
  if (outer.family !== inner.family) return false;
  const free = BigInt((outer.family === 4 ? 32 : 128) - outer.bits);
  return outer.first >> free === inner.first >> free;
}
