/**
 * `up protect <origin> --host …`: adds a site over the API, as the operator on this machine; asked again, it only changes what differs.
 *
 * The origin may be on this machine or in its network: whoever starts the provider here and names it has allowed it. The addresses
 * that it has now are remembered in the state folder and allowed at every start, else the next re-check would refuse them.
 */
import { lookup } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseHostname } from '../../contract/hostname.ts';
import { Cidr } from '../../contract/network.ts';
import { addSite, changeSite, listSites } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { writeDurable } from '../../kit/durable.ts';
import type { Client } from '../client.ts';
import { ownsHostname } from '../command.ts';
import { CommandFailure } from '../exit-codes.ts';

export type Protect = { readonly origin: URL; readonly hostnames: readonly string[]; readonly mode: 'attack' | 'off' | null };

/** The site that `up protect` asks for, or a usage failure in a sentence. */
export function parseProtect(origin: string, hosts: readonly string[], mode: Protect['mode']): Protect {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.pathname !== '/' || url.search !== '') {
    throw new CommandFailure(
      'usage',
      `“${origin}” is not an origin: give a URL with scheme, host and port only, such as http://127.0.0.1:8000.`,
    );
  }
  if (hosts.length === 0 && !isHere(url.hostname)) {
    throw new CommandFailure('usage', `For which hostname shall ${origin} be protected? Say it with --host forum.example`);
  }
  // What runs on this machine can be tried in a browser at once, under the one name that leads here without a word to any name server.
  const hostnames = (hosts.length === 0 ? ['localhost'] : hosts).map((typed) => {
    const parsed = parseHostname(typed);
    if (!parsed.ok) throw new CommandFailure('usage', parsed.why);
    return parsed.hostname;
  });
  return { origin: url, hostnames, mode };
}

/** Whether an origin's host is this machine, by its own words alone. */
function isHere(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

/** The addresses of an origin as networks of one address each. */
export async function originNetworks({ origin }: Protect): Promise<Cidr[]> {
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address }) => Cidr.parse(address));
  } catch (cause) {
    throw new CommandFailure('failed', `The origin’s name ${host} has no address here. Nothing was started.`, null, cause);
  }
}

const Remembered = z.object({ allowOrigins: z.array(Cidr) });
const rememberedFile = 'up.json';

/** The networks that earlier starts on this state folder allowed. */
export function rememberedOrigins(state: string): Cidr[] {
  const file = join(state, rememberedFile);
  if (!existsSync(file)) return [];
  try {
    return Remembered.parse(JSON.parse(readFileSync(file, 'utf8'))).allowOrigins;
  } catch (cause) {
    throw new CommandFailure(
      'failed',
      `${file} is damaged. It only holds the origin networks that are allowed: delete it and name them again with --allow-origin.`,
      null,
      cause,
    );
  }
}

export async function rememberOrigins(state: string, allowOrigins: readonly Cidr[]): Promise<void> {
  await writeDurable(join(state, rememberedFile), `${JSON.stringify({ allowOrigins }, null, 2)}\n`);
}

/** Adds the site, or changes the one that owns these hostnames. Claims of others that nobody has shown do not count. */
export async function protect(
  client: Client,
  { origin, hostnames, mode }: Protect,
): Promise<{ site: Site; what: 'added' | 'changed' | 'unchanged' }> {
  const there = await ownerOf(client, hostnames);
  const url = origin.href.replace(/\/$/, '');
  if (there === null) {
    const site = await client.call(addSite, {
      body: { hostnames: [...hostnames], origin: url, waiveOwnership: true, ...(mode === null ? {} : { mode }) },
    });
    return { site, what: 'added' };
  }
  const present: readonly string[] = there.hostnames;
  const missing = hostnames.filter((hostname) => !present.includes(hostname));
  const change = {
    ...(missing.length === 0 ? {} : { hostnames: [...present, ...missing] }),
    ...(sameOrigin(there, origin) ? {} : { origin: url }),
    ...(mode === null || there.mode === mode ? {} : { mode }),
  };
  if (Object.keys(change).length === 0) return { site: there, what: 'unchanged' };
  return { site: await client.call(changeSite, { params: { siteId: there.siteId }, body: change }), what: 'changed' };
}

async function ownerOf(client: Client, hostnames: readonly string[]): Promise<Site | null> {
  for (const hostname of hostnames) {
    const page = await client.call(listSites, { query: { search: hostname, limit: 500 } });
    const found = page.items.find((site) => ownsHostname(site, hostname));
    if (found !== undefined) return found;
  }
  return null;
}

function sameOrigin({ origin }: Site, url: URL): boolean {
  const scheme = url.protocol.slice(0, -1);
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return origin.scheme === scheme && origin.host === url.hostname.replace(/^\[|\]$/g, '') && origin.port === port;
}
