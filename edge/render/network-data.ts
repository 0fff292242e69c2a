/**
 * What an operator's network data says of addresses, as map entries: only of the countries and AS numbers that some rule names.
 *
 * HAProxy finds the longest network that holds an address, so whoever leaves networks out must keep those that lie within one that is
 * kept (edge/network-data/select.ts).
 */
import type { MapEntry } from './types.ts';

/** Networks with what they belong to: a country's two letters, or an AS number. */
export type NetworkFacts = Iterable<readonly [cidr: string, value: string]>;

/** The entries of both maps. Countries are written in small letters, as rules compare them. */
export function networkDataEntries(countries: NetworkFacts, asns: NetworkFacts): MapEntry[] {
  return [
    ...[...countries].map(([key, value]): MapEntry => ({ map: 'countries', key, value: value.toLowerCase() })),
    ...[...asns].map(([key, value]): MapEntry => ({ map: 'asns', key, value })),
  ];
}
