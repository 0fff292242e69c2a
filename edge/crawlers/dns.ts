/** DNS as this machine is set up to ask it, with short patience. */
import { Resolver } from 'node:dns/promises';
import type { CrawlerDns } from './confirm.ts';

export function systemDns(): CrawlerDns {
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  return {
    namesOf: (address) => resolver.reverse(address),
    addressesOf: (name, family) => (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name)),
  };
}
