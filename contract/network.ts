/**
 * Addresses and networks as text in one canonical form, for schemas on every side of a wire.
 *
 * Whether an address may be an origin is a decision (core/shield/origin.ts); how a network becomes map entries is the edge's.
 */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** An IPv4 or IPv6 address; parsed to its canonical text (`2001:db8::1`, never `::ffff:192.0.2.1`). */
export const IpAddress = z
  .string()
  .max(64)
  .refine((text) => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text), 'must be an IP address')
  .transform((text) => ipaddr.process(text).toString())
  .brand<'IpAddress'>();
export type IpAddress = z.infer<typeof IpAddress>;

/** A network such as `192.0.2.0/24` or `2001:db8::/32`; a bare address means itself. Parsed to canonical text, host bits zeroed. */
export const Cidr = z
  .string()
  .max(64)
  .transform((text, context) => {
    const canonical = canonicalCidr(text);
    if (canonical !== null) return canonical;
    context.issues.push({ code: 'custom', input: text, message: 'must be a network such as 192.0.2.0/24 or 2001:db8::/32' });
    return z.NEVER;
  })
  .brand<'Cidr'>();
export type Cidr = z.infer<typeof Cidr>;

function canonicalCidr(text: string): string | null {
  const [address, bits, ...rest] = text.split('/');
  if (address === undefined || rest.length > 0) return null;
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return null;
  const parsed = ipaddr.process(address);
  const most = parsed.kind() === 'ipv4' ? 32 : 128;
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return null;
  const length = bits === undefined ? most : Number(bits);
  if (length > most) return null;
  const network =
    parsed.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/${length}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${length}`);
  return `${network.toString()}/${length}`;
}

/** A TCP port. */
export const Port = z.int().min(1).max(65535);
