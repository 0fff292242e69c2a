import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cidr, IpAddress } from './network.ts';

describe('addresses and networks come out in one canonical text', () => {
  it.each([
    ['192.0.2.7/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:DB8:0:0::1/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
  ])('network %s → %s', (typed, expected) => {
    expect(Cidr.parse(typed)).toBe(expected);
  });

  it.each([
    '192.0.2.0/33',
    '2001:db8::/129',
    '192.0.2.0/-1',
    '192.0.2/24',
    '010.0.0.1',
    '192.0.2.0/24/8',
    'example',
    '',
    '192.0.2.0/ 24',
    '1',
  ])('network %j is refused', (typed) => {
    expect(Cidr.safeParse(typed).success).toBe(false);
  });

  it('an IPv4 address in IPv6 clothes is the IPv4 address', () => {
    expect(IpAddress.parse('::ffff:192.0.2.1')).toBe('192.0.2.1');
  });

  it('parsing what was parsed changes nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 32 }), (address, bits) => {
        const once = Cidr.parse(`${address}/${bits}`);
        expect(Cidr.parse(once)).toBe(once);
        const ip = IpAddress.parse(address);
        expect(IpAddress.parse(ip)).toBe(ip);
      }),
    );
  });
});
