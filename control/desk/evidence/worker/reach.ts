/**
 * Which address a name is connected to, and whether that is allowed: asked anew for every connection, and then that very address is used.
 *
 * So a name that answers with another address a moment later (DNS rebinding) wins nothing. Of several addresses the first outward one is
 * taken; an inward one among them is passed over, because otherwise a site could hide from captures by naming one. Fails closed.
 */
import { IpAddress } from '../../../../contract/network.ts';
import { whyOriginRefused } from '../../../../core/shield/origin.ts';
import type { Resolver } from '../../../sites/resolver.ts';
import type { ReachRules } from './words.ts';

export type Reach =
  | { readonly kind: 'address'; readonly address: string; readonly dns: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'gone'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/** `hostname` as a URL has it (an IPv6 address in brackets). */
export async function reach(hostname: string, port: number, rules: ReachRules, resolver: Resolver): Promise<Reach> {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const literal = IpAddress.safeParse(bare);
  const allowed = (address: IpAddress) =>
    whyOriginRefused(address, { allowed: rules.allowed, customer: false, edges: new Set() });
  /** The web's own ports; others only inside a network that the operator named. */
  const portRefused = (address: IpAddress) =>
    port !== 80 && port !== 443 && whyOriginRefused(address, { allowed: [], customer: false, edges: new Set() }) === null;
  const judge = (address: IpAddress): string | null => {
    const why = allowed(address);
    if (why !== null) return `${address} ${why}`;
    return portRefused(address) ? `Port ${port} is not one of the web’s (80 and 443)` : null;
  };
  if (literal.success) {
    const why = judge(literal.data);
    return why === null ? { kind: 'address', address: literal.data, dns: [] } : { kind: 'refused', why };
  }
  let found;
  try {
    found = await resolver.addresses(bare);
  } catch {
    return { kind: 'failed', why: `The name servers could not say which addresses ${bare} has.` };
  }
  if (found.addresses.length === 0) return { kind: 'gone', why: `The name ${bare} has no address.` };
  const dns = found.addresses.map((one) => `${bare}. ${found.ttlSeconds} IN ${one.includes(':') ? 'AAAA' : 'A'} ${one}`);
  const reasons: string[] = [];
  // IPv4 first: an installation without IPv6 would fail on every site that has both.
  for (const address of [...found.addresses].sort((one, other) => Number(one.includes(':')) - Number(other.includes(':')))) {
    const why = judge(address);
    if (why === null) return { kind: 'address', address, dns };
    reasons.push(why);
  }
  return { kind: 'refused', why: reasons[0] ?? 'no address is allowed' };
}
