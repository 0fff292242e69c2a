/**
 * Whose request it is, for counting attempts and for the list of sessions.
 *
 * TLS in front of the console usually means a proxy on the same machine. Then every connection comes from loopback, and counting by it
 * would let one stranger's failures hold up everybody. So for a connection from loopback, and only for one, the last address in
 * `X-Forwarded-For` counts: the one that the proxy itself wrote. A proxy that passes the header on unwritten lets a client choose its network:
 * the count by name still holds (fails closed), the count by network does not. A proxy on another machine counts as one client.
 */
import ipaddr from 'ipaddr.js';
import type { RequestFacts } from '../http/caller.ts';

/** The client's address in text, or `unknown`. */
export function clientAddressOf(request: Pick<RequestFacts, 'clientAddress' | 'headers'>): string {
  const forwarded = request.headers.get('x-forwarded-for');
  if (forwarded === null || !isLoopback(request.clientAddress)) return request.clientAddress;
  const last = forwarded.split(',').at(-1)?.trim() ?? '';
  return ipaddr.isValid(last) ? last : request.clientAddress;
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}
