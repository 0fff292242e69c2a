import { describe, expect, it } from 'vitest';
import { generateSigningKeyPair, publicKeyOf, textSigner, textVerifier } from './ed25519.ts';

describe('ed25519', () => {
  it('agrees with the first test vector of RFC 8032', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString('base64');
    expect(Buffer.from(publicKeyOf(seed), 'base64').toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(Buffer.from(textSigner(seed)(''), 'base64').toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  it('verifies its own signature, and neither another text nor another key nor a broken signature', () => {
    const pair = generateSigningKeyPair();
    const other = generateSigningKeyPair();
    const signature = textSigner(pair.privateKey)('drop the gate');
    expect([pair.publicKey.length, pair.privateKey.length, signature.length]).toEqual([44, 44, 88]);
    expect(textVerifier(pair.publicKey)('drop the gate', signature)).toBe(true);
    expect(textVerifier(pair.publicKey)('drop the gate ', signature)).toBe(false);
    expect(textVerifier(other.publicKey)('drop the gate', signature)).toBe(false);
    expect(textVerifier(pair.publicKey)('drop the gate', '')).toBe(false);
    expect(textVerifier(pair.publicKey)('drop the gate', signature.slice(0, 40))).toBe(false);
  });

  it('refuses keys that are not 32 bytes', () => {
    expect(() => textSigner('AAAA')).toThrow(RangeError);
    expect(() => textVerifier('not base64 at all')).toThrow(RangeError);
  });
});
