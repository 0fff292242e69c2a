/**
 * Names to addresses and TXT records, with the time that the answer may be kept.
 *
 * Asks the machine's resolvers by DNS; a name that DNS does not know is looked up as the system does (/etc/hosts), so `localhost` and
 * names of containers work. Bounded: two tries of two seconds. Whether an address may be an origin is not decided here.
 */
import { lookup, Resolver as DnsResolver } from 'node:dns/promises';
import { IpAddress } from '../../contract/network.ts';

export type Resolved = { readonly addresses: readonly IpAddress[]; readonly ttlSeconds: number };

export type MailExchange = { readonly exchange: string; readonly priority: number };

export type Resolver = {
  /** All addresses of a name; empty when it has none. Throws an Error with a sentence when nobody could say. */
  addresses(name: string): Promise<Resolved>;
  /** Texts of all TXT records of a name; empty when it has none. Throws an Error with a sentence when nobody could say. */
  texts(name: string): Promise<string[]>;
  /** Where mail for a name goes; empty when it has none. Throws an Error with a sentence when nobody could say. */
  exchanges(name: string): Promise<MailExchange[]>;
};

/** A resolver by DNS; `servers` (address or address:port) replace the machine's own, and then nothing else is asked. */
export function dnsResolver(servers: readonly string[] = []): Resolver {
  const dns = new DnsResolver({ timeout: 2000, tries: 2 });
  if (servers.length > 0) dns.setServers([...servers]);
  return {
    async addresses(name) {
      const [four, six] = await Promise.all([
        unlessAbsent(dns.resolve4(name, { ttl: true }), name),
        unlessAbsent(dns.resolve6(name, { ttl: true }), name),
      ]);
      const records = [...four, ...six];
      if (records.length > 0) {
        return {
          addresses: canonical(records.map((record) => record.address)),
          ttlSeconds: Math.min(...records.map((record) => record.ttl)),
        };
      }
      if (servers.length > 0) return { addresses: [], ttlSeconds: 60 };
      const found = await unlessAbsent(lookup(name, { all: true }), name);
      return { addresses: canonical(found.map((record) => record.address)), ttlSeconds: 60 };
    },
    async texts(name) {
      return (await unlessAbsent(dns.resolveTxt(name), name)).map((parts) => parts.join(''));
    },
    exchanges: (name) => unlessAbsent(dns.resolveMx(name), name),
  };
}

function canonical(addresses: readonly string[]): IpAddress[] {
  return [...new Set(addresses.map((address) => IpAddress.parse(address)))];
}

async function unlessAbsent<T>(answer: Promise<T[]>, name: string): Promise<T[]> {
  try {
    return await answer;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'NODATA' || code === 'NXDOMAIN') return [];
    throw new Error(`The name servers could not say which addresses ${name} has (${code === '' ? 'no answer' : code}).`, {
      cause,
    });
  }
}
