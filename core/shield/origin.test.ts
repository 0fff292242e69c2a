import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cidr, IpAddress } from '../../contract/network.ts';
import { whyOriginRefused } from './origin.ts';

const none = { allowed: [], customer: false, edges: new Set<string>() };
const refused = (address: string, rules: Parameters<typeof whyOriginRefused>[1] = none) =>
  whyOriginRefused(IpAddress.parse(address), rules) !== null;

describe('origin addresses', () => {
  it('that point inward are refused, in every form', () => {
    const inward = [
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.8',
      '192.168.1.1',
      '198.18.0.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::127.0.0.1',
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '::ffff:0:10.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
      '2002:7f00:1::',
      '2002:a9fe:a9fe::1',
      '2001::1',
      'fc00::1',
      'fd00:ec2::254',
      'fe80::1',
      'fec0::1',
      'ff02::1',
      '100::1',
      '4000::1',
    ];
    expect(inward.filter((address) => !refused(address))).toEqual([]);
  });

  it('of the open internet and of documentation are let through', () => {
    const outward = [
      '1.1.1.1',
      '172.32.0.1',
      '100.128.0.1',
      '192.0.2.7',
      '198.51.100.1',
      '203.0.113.9',
      '2606:4700::1111',
      '2001:db8::1',
      '64:ff9b::101:101',
      '2002:101:101::1',
    ];
    expect(outward.filter((address) => refused(address))).toEqual([]);
  });

  it('in a range that the operator allows are let through, and no others', () => {
    const rules = {
      allowed: [Cidr.parse('127.0.0.0/8'), Cidr.parse('fd00::/8')],
      customer: false,
      edges: new Set(['127.0.0.1', '192.0.2.1']),
    };
    expect(['127.0.0.1', '::ffff:127.0.0.9', 'fd00::5'].map((address) => refused(address, rules))).toEqual([false, false, false]);
    expect(['10.0.0.1', '::1', '192.0.2.1'].map((address) => refused(address, rules))).toEqual([true, true, true]);
  });

  it('of this machine are never a customer’s, whatever the operator allows', () => {
    const rules = { allowed: [Cidr.parse('0.0.0.0/0'), Cidr.parse('::/0')], customer: true, edges: new Set<string>() };
    for (const own of [
      '127.0.0.1',
      '127.8.8.8',
      '::1',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
      '169.254.169.254',
      'fe80::1',
      '0.0.0.0',
    ]) {
      expect([own, refused(own, rules)]).toEqual([own, true]);
    }
    expect(['10.0.0.1', 'fd00::5'].map((address) => refused(address, rules))).toEqual([false, false]);
  });

  it('never pass as IPv6 what is refused as IPv4', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const four = `${a}.${b}.${c}.${d}`;
        const hex = [(a << 8) | b, (c << 8) | d].map((word) => word.toString(16)).join(':');
        const sixes = [`::ffff:${four}`, `64:ff9b::${hex}`, `2002:${hex}::1`];
        return sixes.every((six) => refused(six) === refused(four));
      }),
    );
  });
});
