import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LineMac } from './check-line.ts';
import { writeLine } from './check-line.ts';
import { readToken, tokenAge, tokenCharacters, writeToken } from './token.ts';
import type { TokenFields } from './token.ts';

const keys = new Map([
  ['k1', 'one'],
  ['k2', 'two'],
]);
const mac: LineMac = (name, text) => {
  const key = keys.get(name);
  return key === undefined ? null : createHmac('sha256', key).update(text).digest('base64url');
};
const same = (one: string, other: string) => one === other;
const read = (text: string) => readToken(text, mac, same);

const ascii = (maxLength: number) =>
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength });
const fields: fc.Arbitrary<TokenFields> = fc.record({
  tokenId: fc.stringMatching(/^[0-9a-f]{32}$/),
  issuedMs: fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 }),
  expiresMs: fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 }),
  siteKey: fc.uuid(),
  hostname: ascii(253),
  action: ascii(100),
  cData: ascii(255),
});

it('a token reads as it was written, is url-safe and of a length that every client takes', () => {
  fc.assert(
    fc.property(fields, fc.constantFrom('k1', 'k2'), (token, key) => {
      const text = writeToken(token, key, mac);
      expect(read(text)).toEqual(token);
      expect(text).toMatch(/^[A-Za-z0-9_.-]+$/);
      expect(text.length).toBeGreaterThanOrEqual(tokenCharacters.least);
      expect(text.length).toBeLessThanOrEqual(tokenCharacters.most);
    }),
  );
});

it('no two tokens share a text, wherever one field ends and the next begins', () => {
  fc.assert(
    fc.property(fields, fc.tuple(ascii(20), ascii(20), ascii(20)), (token, [hostname, action, cData]) => {
      const moved = { ...token, hostname: hostname + action, action: cData, cData: '' };
      const whole = { ...token, hostname, action, cData };
      fc.pre(JSON.stringify(moved) !== JSON.stringify(whole));
      expect(writeToken(moved, 'k1', mac)).not.toBe(writeToken(whole, 'k1', mac));
    }),
  );
});

it('nothing that was changed in one character, or made up, is a token', () => {
  fc.assert(
    fc.property(fields, fc.nat(), fc.constantFrom(...'Aa0_-.~ é'), (token, at, sign) => {
      const text = writeToken(token, 'k1', mac);
      const index = at % text.length;
      const changed = text.slice(0, index) + sign + text.slice(index + 1);
      fc.pre(changed !== text);
      expect(read(changed)).toBeNull();
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => read(text) === null));
});

it('a key that is gone takes its tokens with it, and a line of a check is no token', () => {
  const [token] = fc.sample(fields, 1);
  if (token === undefined) throw new Error('no token');
  const text = writeToken(token, 'k2', mac);
  keys.delete('k2');
  expect(read(text)).toBeNull();
  expect(() => writeToken(token, 'k2', mac)).toThrow(RangeError);
  expect(() => writeToken({ ...token, hostname: 'bücher.example' }, 'k1', mac)).toThrow(RangeError);
  const { siteKey, hostname, action, cData } = token;
  const seed = '0'.repeat(32);
  const work = { kind: 'time', issuedMs: 1_700_000_000_000, seed, modulusId: '0'.repeat(16), squarings: 10 } as const;
  const state = {
    lineId: seed,
    siteKey,
    hostname,
    action,
    cData,
    beganMs: work.issuedMs,
    plan: 'light',
    calm: true,
    at: 1,
    hashMs: null,
    work,
  } as const;
  expect(read(writeLine(state, 'k1', mac))).toBeNull();
});

it('a token is good until its end and not at it, and may come from a clock five minutes ahead', () => {
  const token = { tokenId: '', issuedMs: 1_000_000, expiresMs: 1_300_000, siteKey: '', hostname: '', action: '', cData: '' };
  const ages = [1_000_000, 1_299_999, 1_300_000, 700_000, 699_999].map((nowMs) => tokenAge(token, nowMs));
  expect(ages).toEqual(['good', 'good', 'expired', 'good', 'early']);
});
