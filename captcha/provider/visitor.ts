/**
 * Who asks, and by what name they know us: from the connection, or from a proxy in front of us that is ours.
 *
 * Closed: what anybody else says of themselves in such headers is not read. Of a chain of addresses the last one counts that is not a proxy of ours.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import { Cidr, IpAddress } from '../../contract/network.ts';

export type Trust = { readonly trusts: (address: string) => boolean };

/** Loopback, where our own edge stands beside us. */
export const usualProxies: readonly Cidr[] = [Cidr.parse('127.0.0.0/8'), Cidr.parse('::1/128')];

export function trustOf(networks: readonly Cidr[]): Trust {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return { trusts: (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') };
}

export type Visitor = { readonly address: string; readonly host: string; readonly proto: 'http' | 'https' };

export function visitorOf(request: IncomingMessage, { trusts }: Trust): Visitor {
  const peer = canonical(request.socket.remoteAddress ?? '') ?? '';
  const own = (request.headers.host ?? '').toLowerCase();
  if (peer === '' || !trusts(peer)) return { address: peer, host: own, proto: 'http' };
  return {
    address: lastStranger(header(request, 'x-forwarded-for'), peer, trusts),
    host: (header(request, 'x-forwarded-host')?.split(',').at(-1)?.trim() ?? own).toLowerCase(),
    proto: header(request, 'x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https' ? 'https' : 'http',
  };
}

function lastStranger(chain: string | undefined, peer: string, trusts: (address: string) => boolean): string {
  let last = peer;
  for (const text of (chain ?? '').split(',').reverse()) {
    const address = canonical(text.trim());
    if (address === null) return last;
    last = address;
    if (!trusts(address)) return last;
  }
  return last;
}

function canonical(text: string): string | null {
  // Read for every request, garbage too, and a schema takes longer than all else here: the plain form is canonical as it stands.
  if (plainIpv4.test(text)) return text;
  const address = IpAddress.safeParse(text);
  return address.success ? address.data : null;
}

const plainIpv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Node joins repeated ones with commas. */
function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
