/** The network of an address, as rates and places count it: /24 or /48, so that neither a household's many addresses nor a rented range count as many. */
import { Cidr } from '../../../contract/network.ts';

/** What cannot be read is one network of its own: closed, all of it together has one network's places. */
export function networkOf(address: string): string {
  const bits = address.includes(':') && !/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? 48 : 24;
  const read = Cidr.safeParse(`${address.replace(/^::ffff:(?=\d+\.)/i, '')}/${bits}`);
  return read.success ? read.data : 'unknown';
}
