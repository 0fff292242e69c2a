/** Signed requests: the RFC's and the draft's own examples hold, every change of them does not, and no bytes break the readers. */
import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedRequest } from './base.ts';
import { signatureBase } from './base.ts';
import { readBotClaim } from './bot.ts';
import { parseDictionary, serialize } from './fields.ts';

/** RFC 9421, B.1.4. */
const key = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs' },
  format: 'jwk',
});
const keyId = 'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U';
const holds = (base: string, signature: string) => verify(null, Buffer.from(base), key, Buffer.from(signature, 'base64'));

/** The draft's E.2.2 (a plain Signature-Agent) and E.2.1 (a dictionary). */
const plain: SignedRequest = {
  method: 'GET',
  scheme: 'https',
  host: 'example.com',
  target: '/',
  headers: [
    ['Signature-Agent', '"https://signature-agent.test"'],
    [
      'Signature-Input',
      `sig2=("@authority" "signature-agent");created=1735689600;keyid="${keyId}";alg="ed25519";expires=1735693200;nonce="e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==";tag="web-bot-auth"`,
    ],
    ['Signature', 'sig2=:jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==:'],
  ],
};
const listed: SignedRequest = {
  ...plain,
  headers: [
    ['signature-agent', 'agent2="https://signature-agent.test"'],
    [
      'signature-input',
      `sig2=("@authority" "signature-agent";key="agent2");created=1735689600;keyid="${keyId}";alg="ed25519";expires=4889289600;nonce="n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==";tag="web-bot-auth"`,
    ],
  ],
};
const listedSignature = 'RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==';
const now = 1_735_690_000;

const changed = (name: string, from: string | RegExp, to: string): SignedRequest => ({
  ...plain,
  headers: plain.headers.map(([one, value]) => [one, one === name ? value.replace(from, to) : value] as const),
});
const verdict = (request: SignedRequest, at = now): string => {
  const claim = readBotClaim(request, keyId, at);
  if (typeof claim === 'string') return claim;
  return holds(claim.base, claim.signature) ? 'holds' : 'signature';
};
const listOf = (text: string) => {
  const member = parseDictionary(`s=${text}`)?.get('s');
  if (member?.kind !== 'list') throw new Error('no inner list');
  return member;
};

describe('published examples', () => {
  it('the RFC’s Ed25519 example (B.2.6) has the base and the signature that it prints', () => {
    const base = signatureBase(
      {
        method: 'POST',
        scheme: 'http',
        host: 'example.com',
        target: '/foo?param=Value&Pet=dog',
        headers: [
          ['Host', 'example.com'],
          ['Date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
          ['Content-Type', ' application/json '],
          ['Content-Length', '18'],
        ],
      },
      listOf(
        '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      ),
    );
    expect(base?.split('\n')).toEqual([
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      '"content-type": application/json',
      '"content-length": 18',
      '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    ]);
    expect(holds(base ?? '', 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==')).toBe(
      true,
    );
  });

  it('the draft’s examples hold, while they are not too old', () => {
    expect(verdict(plain)).toBe('holds');
    expect(verdict({ ...plain, host: 'EXAMPLE.com:443' })).toBe('holds');
    const base = signatureBase(listed, listOf((listed.headers[1]?.[1] ?? '').slice('sig2='.length)));
    expect(holds(base ?? '', listedSignature)).toBe(true);
  });
});

it('a claim that is changed, late, early, for another host or without what it must have is refused with a word', () => {
  expect(verdict({ ...plain, host: 'other.example' })).toBe('signature');
  expect(verdict(changed('Signature-Agent', 'agent.test', 'agent2.test'))).toBe('signature');
  expect(verdict(changed('Signature-Input', 'nonce="e8', 'nonce="e9'))).toBe('signature');
  expect(verdict(plain, 1_735_693_200)).toBe('expired');
  expect(verdict(plain, 1_735_689_000)).toBe('expired');
  expect(verdict(changed('Signature-Input', 'expires=1735693200', 'expires=1835693200'))).toBe('expired');
  expect(verdict(changed('Signature-Input', ';expires=1735693200', ''))).toBe('malformed');
  expect(verdict(changed('Signature-Input', '"@authority" "signature-agent"', '"@authority"'))).toBe('unbound');
  expect(verdict(changed('Signature-Input', '"@authority" ', '"@method" '))).toBe('unbound');
  expect(verdict(changed('Signature-Input', '"@authority" ', '"@authority" "missing" '))).toBe('component');
  expect(verdict(changed('Signature-Input', '"@authority" ', '"@authority" "@authority" '))).toBe('component');
  expect(verdict(changed('Signature-Input', '"signature-agent"', '"signature-agent";bs'))).toBe('component');
  expect(verdict(changed('Signature-Input', 'alg="ed25519"', 'alg="hmac-sha256"'))).toBe('algorithm');
  expect(verdict(changed('Signature-Input', 'tag="web-bot-auth"', 'tag="other"'))).toBe('malformed');
  expect(verdict(changed('Signature-Input', keyId, keyId.toLowerCase()))).toBe('malformed');
  expect(verdict(changed('Signature', 'sig2=', 'sig3='))).toBe('malformed');
  expect(verdict(changed('Signature', /:.*:/, '"text"'))).toBe('malformed');
});

describe('structured fields', () => {
  it.each([
    ['a=1, b;x=?0,c=(  "x";k  t:/  );q=:AQID:', 'a=1|b=?1;x=?0|c=("x";k t:/);q=:AQID:'],
    ['a=-0, a=2.50;y="q\\"\\\\"', 'a=2.5;y="q\\"\\\\"'],
    ['', ''],
  ])('%j is read and written', (text, written) => {
    const members = parseDictionary(text);
    expect([...(members ?? [])].map(([name, member]) => `${name}=${serialize(member)}`).join('|')).toBe(written);
  });

  it.each([
    'a=',
    'a=1,',
    'A=1',
    'a=1234567890123456',
    'a=1.2345',
    'a="é"',
    'a=(1',
    'a=(1"x")',
    'a=?2',
    'a=1 b=2',
    'a=:A:',
    'a="x',
  ])('%j is refused as a whole', (text) => expect(parseDictionary(text)).toBeNull());

  it('whatever is read is written in one form, and that form is read as the same', () => {
    const piece = fc.constantFrom(
      'a',
      'sig1',
      '=',
      '(',
      ')',
      ';',
      ',',
      ' ',
      '"',
      '\\',
      ':',
      '?1',
      '-',
      '1',
      '.5',
      'AQID',
      'é',
      '\t',
      '*',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('')),
      fc.string({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(text, (one) => {
        const members = parseDictionary(one);
        if (members === null) return;
        const written = [...members].map(([name, member]) => `${name}=${serialize(member)}`).join(', ');
        expect(parseDictionary(written)).toEqual(members);
      }),
      { numRuns: 3000 },
    );
  });

  it('no headers, whatever they hold, break the reading of a claim or make one that holds', () => {
    const broken = fc.tuple(fc.nat(400), fc.string({ minLength: 1, maxLength: 4 }), fc.nat(3));
    fc.assert(
      fc.property(fc.constantFrom(1, 2), fc.array(broken, { minLength: 1, maxLength: 4 }), (which, breaks) => {
        const headers = plain.headers.map(([name, value], index) => {
          if (index !== which) return [name, value] as const;
          const text = breaks.reduce(
            (sum, [at, put, cut]) => sum.slice(0, at % sum.length) + put + sum.slice((at % sum.length) + cut),
            value,
          );
          return [name, text] as const;
        });
        const same = headers.every(([, value], index) => parsedAlike(value, plain.headers[index]?.[1] ?? ''));
        if (!same) expect(verdict({ ...plain, headers })).not.toBe('holds');
      }),
      { numRuns: 1500 },
    );
  });
});

/** Whether two headers mean the same member `sig2`; other members beside it are nobody's business. */
function parsedAlike(one: string, other: string): boolean {
  const [a, b] = [parseDictionary(one)?.get('sig2'), parseDictionary(other)?.get('sig2')];
  return a === undefined || b === undefined ? one === other : serialize(a) === serialize(b);
}
