/** The network of an address, as rates and places count it: /24 or /48, so that neither a household's many addresses nor a rented range count as many. */
import { Cidr } from '../../../contract/network.ts';

/** What cannot be read is one network of its own: closed, all of it together has one network's places. */
export function networkOf(address: string): string {
  // Asked for every request, garbage too, and reading a network the long way takes 17 µs: the address is canonical by now.
  const four = /^((?:\d{1,3}\.){3})\d{1,3}$/.exec(address);
  if (four?.[1] !== undefined) return `${four[1]}0/24`;
  const bits = address.includes(':') && !/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? 48 : 24;
  const read = Cidr.safeParse(`${address.replace(/^::ffff:(?=\d+\.)/i, '')}/${bits}`);
  return read.success ? read.data : 'unknown';
}
