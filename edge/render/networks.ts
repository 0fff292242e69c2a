/**
 * Networks as map keys: a CIDR becomes the hex prefixes that HAProxy's longest-prefix string lookup can find.
 *
 * A key is `site|` and a prefix (core/shield/networks.ts). Of two rules for one network the one listed first stays; the longest prefix wins
 * across rules because a shorter rule never fills a key that a longer one owns (keys of the longer are longer or the same, and the
 * same key means the same four-bit group, where the longer rule is written last).
 */
import ipaddr from 'ipaddr.js';
import type { NetworkRule } from '../../contract/policy.ts';
import { networkPrefixes } from '../../core/shield/networks.ts';

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
