/** Whose request it is: claims. */
import { expect, test } from 'vitest';
import { clientAddressOf } from './client.ts';

const ask = (clientAddress: string, forwarded?: string) =>
  clientAddressOf({ clientAddress, headers: new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }) });

test('behind a proxy on this machine the client is the one that the proxy wrote last', () => {
  expect(ask('127.0.0.1', '198.51.100.9, 192.0.2.7')).toBe('192.0.2.7');
  expect(ask('::1', '2001:db8::7')).toBe('2001:db8::7');
  expect(ask('::ffff:127.0.0.1', '192.0.2.7')).toBe('192.0.2.7');
});

test('from anywhere else the header is the client’s own word and counts for nothing', () => {
  expect(ask('192.0.2.1', '198.51.100.9')).toBe('192.0.2.1');
  expect(ask('10.0.0.1', '198.51.100.9')).toBe('10.0.0.1');
});

test('a header that is no address is not an address', () => {
  expect(ask('127.0.0.1', 'unknown')).toBe('127.0.0.1');
  expect(ask('127.0.0.1', '')).toBe('127.0.0.1');
  expect(ask('127.0.0.1')).toBe('127.0.0.1');
  expect(ask('unknown', '192.0.2.7')).toBe('unknown');
});
