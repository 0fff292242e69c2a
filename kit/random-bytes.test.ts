import { expect, it } from 'vitest';
import { secretBytes } from './random-bytes.ts';

it('random bytes are given once, in any length, and are nobody else’s memory', () => {
  const given = Array.from({ length: 3000 }, (_unused, n) => secretBytes(8 + (n % 60)));
  expect(new Set(given.map((bytes) => bytes.subarray(0, 8).toString('hex'))).size).toBe(3000);
  expect(given.map((bytes) => bytes.byteLength)).toEqual(Array.from({ length: 3000 }, (_unused, n) => 8 + (n % 60)));
  expect(new Set(given.map(({ buffer }) => buffer)).size).toBe(3000);
  const large = secretBytes(100_000);
  expect(new Set(large).size).toBe(256);
});
