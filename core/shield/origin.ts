/**
 * Which addresses may be an origin: only those of the open internet, unless the operator allows a range.
 *
 * An edge connects to whatever an owner names, from inside the operator's network. So everything that points inward is refused: loopback,
 * private, link-local (metadata services among them), shared (carrier-grade NAT), unique-local, multicast, unspecified, reserved, and
 * IPv6 forms that carry such an IPv4 address (mapped, compatible, 6to4, NAT64). For IPv6 only global unicast (2000::/3) is let through.
 * Documentation networks are let through: they lead nowhere. Fails closed: what is not known to be outward is refused.
 * A range that the operator allows wins over everything else, the edges' own addresses included: the operator's forum may run beside the edge.
 * Not for customers' sites on loopback and link-local: a customer who could name a port of this machine would reach metrics and databases.
 * After: IANA's special-purpose address registries (RFC 6890); OWASP's server-side request forgery sheet.
 */
import ipaddr from 'ipaddr.js';
import type { Cidr, IpAddress } from '../../contract/network.ts';

export type OriginRules = {
  /** Ranges that the operator allows although they point inward. */
  readonly allowed: readonly Cidr[];
  /** Whether the site is of a customer: this machine (loopback, link-local) is never one of theirs, also inside an allowed range. */
  readonly customer: boolean;
  /** Addresses of the edges themselves: a site that is its own origin would go round in a circle. */
  readonly edges: ReadonlySet<string>;
};

/** Null when the address may be an origin; else the reason as the end of a sentence: "… is a private address". */
export function whyOriginRefused(address: IpAddress, rules: OriginRules): string | null {
  const parsed = ipaddr.process(address);
  if (rules.customer) {
    const own = (parsed instanceof ipaddr.IPv6 ? embeddedFour(parsed) : null) ?? parsed;
    const kind = own.range();
    if (kind === 'loopback' || kind === 'linkLocal' || kind === 'unspecified') return words[kind] ?? 'is a reserved address';
  }
  for (const range of rules.allowed) {
    const [network, bits] = ipaddr.parseCIDR(range);
    if (network.kind() === parsed.kind() && parsed.match(network, bits)) return null;
  }
  if (rules.edges.has(parsed.toString())) return 'is the address of an edge';
  return parsed instanceof ipaddr.IPv6 ? whySixRefused(parsed) : whyFourRefused(parsed);
}

const documentation: readonly [string, number][] = [
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
];

const words: Readonly<Record<string, string>> = {
  unspecified: 'is no address of a machine',
  broadcast: 'is a broadcast address',
  multicast: 'is a multicast address',
  linkLocal: 'is a link-local address (where metadata services live)',
  loopback: 'is a loopback address',
  carrierGradeNat: 'is an address of a provider’s inner network',
  private: 'is a private address',
  uniqueLocal: 'is a private address',
};

function whyFourRefused(address: ipaddr.IPv4): string | null {
  for (const [network, bits] of documentation) if (address.match(ipaddr.IPv4.parse(network), bits)) return null;
  const range = address.range();
  return range === 'unicast' ? null : (words[range] ?? 'is a reserved address');
}

function whySixRefused(address: ipaddr.IPv6): string | null {
  const inner = embeddedFour(address);
  if (inner !== null) {
    const why = whyFourRefused(inner);
    return why === null ? null : `carries ${inner.toString()}, which ${why}`;
  }
  if (address.match(ipaddr.IPv6.parse('2001:db8::'), 32)) return null;
  const range = address.range();
  if (range === 'unicast' && address.match(ipaddr.IPv6.parse('2000::'), 3)) return null;
  return words[range] ?? 'is a reserved address';
}

/** The IPv4 address inside a 6to4 (2002::/16) or NAT64 (64:ff9b::/96) address; mapped ones were unwrapped before. */
function embeddedFour(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = address.toByteArray();
  if (address.match(ipaddr.IPv6.parse('2002::'), 16)) return new ipaddr.IPv4(bytes.slice(2, 6));
  if (address.match(ipaddr.IPv6.parse('64:ff9b::'), 96)) return new ipaddr.IPv4(bytes.slice(12, 16));
  return null;
}
