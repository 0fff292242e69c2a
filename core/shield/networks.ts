/**
 * Networks as hex prefixes: the form in which a longest-prefix lookup over text finds them.
 *
 * A prefix is a family (4 or 6) and hex digits of the address from the left. The family must be in it: the digits of 32.1.13.184 and
 * of 2001:0db8:: begin alike. A length that is not a multiple of four needs up to eight prefixes.
 */
import ipaddr from 'ipaddr.js';
import { Cidr } from '../../contract/network.ts';
import type { KeptAddress } from '../../contract/traffic.ts';

const hexDigits = '0123456789ABCDEF';

/** The prefixes that together match exactly the addresses of a network. The empty prefix (`/0`) is one: `4` or `6`. */
export function networkPrefixes(cidr: string): readonly string[] {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const digits = hexOf(address);
  const family = address.kind() === 'ipv4' ? '4' : '6';
  const whole = Math.floor(bits / 4);
  const head = family + digits.slice(0, whole);
  const rest = bits % 4;
  if (rest === 0) return [head];
  const first = Number.parseInt(digits[whole] ?? '0', 16);
  const size = 2 ** (4 - rest);
  const start = first - (first % size);
  return [...hexDigits.slice(start, start + size)].map((digit) => head + digit);
}

/** A network with no more bits than policy keeps of an address. */
export function keptNetwork(network: Cidr, keep: KeptAddress): Cidr {
  const [address, bits] = ipaddr.parseCIDR(network);
  const most = address.kind() === 'ipv4' ? keep.v4 : keep.v6;
  return bits <= most ? network : Cidr.parse(`${address.toString()}/${most}`);
}

/** An address, or a network's first address, as family and all hex digits: `4C0000201`. */
export function addressDigits(address: string): string {
  const parsed = ipaddr.process(address.split('/')[0] ?? '');
  return (parsed.kind() === 'ipv4' ? '4' : '6') + hexOf(parsed);
}

function hexOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return address
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}
