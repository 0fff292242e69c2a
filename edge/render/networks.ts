/**
 * Networks as map keys: a CIDR becomes the hex prefixes that HAProxy's longest-prefix string lookup can find.
 *
 * A key is `site|F` and hex digits of the address from the left, F being 4 or 6. The family must be in the key: the digits of
 * 32.1.13.184 and of 2001:0db8:: begin alike, and without it a rule for one would match the other. A length that is not a
 * multiple of four needs up to eight keys. Of two rules for one network the one listed first stays; the longest prefix wins
 * across rules because a shorter rule never fills a key that a longer one owns (keys of the longer are longer or the same, and the
 * same key means the same four-bit group, where the longer rule is written last).
 */
import ipaddr from 'ipaddr.js';
import type { NetworkRule } from '../../contract/policy.ts';

const hexDigits = '0123456789ABCDEF';

/** The keys (without the site) that together match exactly the addresses of a network. The empty prefix (`/0`) is one key: `4` or `6`. */
export function networkPrefixes(cidr: string): readonly string[] {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const hex = address
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  const family = address.kind() === 'ipv4' ? '4' : '6';
  const whole = Math.floor(bits / 4);
  const head = family + hex.slice(0, whole);
  const rest = bits % 4;
  if (rest === 0) return [head];
  const first = Number.parseInt(hex[whole] ?? '0', 16);
  const size = 2 ** (4 - rest);
  const start = first - (first % size);
  return [...hexDigits.slice(start, start + size)].map((digit) => head + digit);
}

/** Every key of a site's rules with its action, such that a longest-prefix lookup answers as "the longest prefix wins". */
export function networkTable(rules: readonly NetworkRule[]): ReadonlyMap<string, NetworkRule['action']> {
  const byLength = rules
    .map((rule, index) => ({ rule, index, bits: ipaddr.parseCIDR(rule.cidr)[1] }))
    // Shorter first, so that a longer rule overwrites; of equals the first listed is written last.
    .sort((a, b) => a.bits - b.bits || b.index - a.index);
  const table = new Map<string, NetworkRule['action']>();
  for (const { rule } of byLength) {
    for (const prefix of networkPrefixes(rule.cidr)) table.set(prefix, rule.action);
  }
  return table;
}
