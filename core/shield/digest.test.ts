import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderPolicy } from '../../contract/policy.ts';
import { changeDigest, digestOf, emptyDigest, itemHash } from './digest.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));

describe('policy digest', () => {
  it('is 64 zeros for no items, and always 64 hex digits', () => {
    expect(digestOf([])).toBe(emptyDigest);
    fc.assert(fc.property(fc.array(hash), (hashes) => /^[0-9a-f]{64}$/.test(digestOf(hashes))));
  });

  it('does not depend on the order of items', () => {
    fc.assert(fc.property(fc.array(hash), (hashes) => digestOf(hashes) === digestOf([...hashes].reverse())));
  });

  it('changed item by item equals the digest of the whole', () => {
    fc.assert(
      fc.property(fc.array(hash), fc.array(hash), fc.array(hash), (kept, removed, added) => {
        const changed = changeDigest(digestOf([...kept, ...removed]), { removed, added });
        return changed === digestOf([...kept, ...added]);
      }),
    );
  });

  it('hashes the key, a line feed and the canonical JSON of the item', () => {
    const provider = ProviderPolicy.parse({ publicUrl: 'https://shield.example', name: 'Shield co-op', kind: 'provider' });
    expect(itemHash(provider, sha256)).toBe(
      sha256('provider\n{"kind":"provider","name":"Shield co-op","publicUrl":"https://shield.example"}'),
    );
  });
});
