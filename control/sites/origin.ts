/**
 * An origin as typed becomes an origin that edges may connect to: parsed in one form, resolved, every address checked.
 *
 * All addresses of a name must be allowed, not only one: the owner of the name chooses which one is used next. Parsed by the URL parser, so
 * `0x7f.1` and `127.1` are 127.0.0.1 before anything is judged. Fails closed.
 * Hazard: a name may move inward after the check; the job in control/jobs asks again, and edges use only the addresses that were checked here.
 */
import { isIP } from 'node:net';
import type { z } from 'zod';
import type { Instant } from '../../contract/ids.ts';
import { IpAddress } from '../../contract/network.ts';
import type { Origin, SiteDraft } from '../../contract/routes/sites.ts';
import { instantOf } from '../../core/instant.ts';
import { whyOriginRefused } from '../../core/shield/origin.ts';
import { edgeAddresses } from '../../store/edges.ts';
import type { ControlDeps } from '../deps.ts';
import type { FieldMistake } from '../http/failure.ts';

type TypedOrigin = z.output<typeof SiteDraft.shape.origin>;

/** The origin in its stored form, or what is wrong with it. */
export function parseOrigin(typed: TypedOrigin): Origin | FieldMistake {
  if (typeof typed === 'string') {
    const url = new URL(typed);
    if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
      return { path: 'origin', message: 'is scheme, host and port only, such as http://192.0.2.7:8000' };
    }
    const scheme = url.protocol === 'https:' ? 'https' : 'http';
    const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
    if (port === 0) return { path: 'origin', message: 'has port 0, which nothing listens on' };
    return { scheme, host: bare(url.hostname), port, hostHeader: null };
  }
  const inUrl = isIP(typed.host) === 6 ? `[${typed.host}]` : typed.host;
  if (/[\s/?#@\\%:[\]]/.test(typed.host) && isIP(typed.host) === 0) return badHost();
  let host: string;
  try {
    host = bare(new URL(`http://${inUrl}/`).hostname);
  } catch {
    return badHost();
  }
  if (typed.hostHeader !== null && !/^[A-Za-z0-9._:[\]-]+$/.test(typed.hostHeader)) {
    return { path: 'origin.hostHeader', message: 'must be a hostname, with a port if needed' };
  }
  return { ...typed, host };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function badHost(): FieldMistake {
  return { path: 'origin.host', message: 'must be a hostname or an address, without scheme, port or path' };
}

export type OriginVerdict =
  | { readonly kind: 'allowed'; readonly addresses: readonly IpAddress[]; readonly resolveAt: Instant | null }
  | { readonly kind: 'refused' | 'unresolved'; readonly why: string; readonly resolveAt: Instant | null };

const mostAddresses = 16;
const leastRecheckSeconds = 30;
const mostRecheckSeconds = 300;

/** Resolves an origin and judges every address, for a site of the house or of a customer. Never throws for what the outside world says. */
export async function judgeOrigin(
  deps: Pick<ControlDeps, 'store' | 'resolver' | 'allowOrigins' | 'now'>,
  host: string,
  customer: boolean,
): Promise<OriginVerdict> {
  const rules = { customer, allowed: deps.allowOrigins, edges: new Set(await edgeAddresses(deps.store.db)) };
  if (isIP(host) !== 0) {
    const address = IpAddress.parse(host);
    const why = whyOriginRefused(address, rules);
    if (why !== null) return { kind: 'refused', why: sentence(`${address} ${why}`), resolveAt: null };
    return { kind: 'allowed', addresses: [address], resolveAt: null };
  }
  const again = (seconds: number): Instant =>
    instantOf(deps.now() + Math.min(Math.max(seconds, leastRecheckSeconds), mostRecheckSeconds) * 1000);
  let resolved;
  try {
    resolved = await deps.resolver.addresses(host);
  } catch (error) {
    return { kind: 'unresolved', why: error instanceof Error ? error.message : 'No answer.', resolveAt: again(0) };
  }
  const resolveAt = again(resolved.ttlSeconds);
  if (resolved.addresses.length === 0) {
    return { kind: 'unresolved', why: `The name ${host} has no address. Check its spelling, or its DNS records.`, resolveAt };
  }
  for (const address of resolved.addresses) {
    const why = whyOriginRefused(address, rules);
    if (why !== null) return { kind: 'refused', why: sentence(`${host} has the address ${address}, which ${why}`), resolveAt };
  }
  return { kind: 'allowed', addresses: [...resolved.addresses].sort().slice(0, mostAddresses), resolveAt };
}

function sentence(finding: string): string {
  return `${finding}. An origin must be on the open internet, unless the operator allows its range with --allow-origin.`;
}
