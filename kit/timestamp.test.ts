/** Time-stamps against a real authority made with openssl; what openssl accepts is what passes here. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../tests/harness/ports.ts';
import { startTimestampAuthority } from '../tests/harness/timestamp-authority.ts';
import type { TestAuthority } from '../tests/harness/timestamp-authority.ts';
import { askTimestamp, certificatesIn, readTimestamp } from './timestamp.ts';

const bytes = Buffer.from('what was captured');

describe('a time-stamp', () => {
  let authority: TestAuthority;
  const folder = temporaryFolder('timestamp');
  beforeAll(async () => {
    authority = await startTimestampAuthority();
  });
  afterAll(async () => {
    await authority.stop();
    removeFolder(folder);
  });

  it('is had from the authority, and openssl verifies it with the authority’s root', async () => {
    authority.mood('honest');
    const { stamp, failures } = await askTimestamp([authority.url], bytes, 5000);
    if (stamp === null) throw new Error(failures.join());
    expect(Math.abs(stamp.atMs - Date.now())).toBeLessThan(60_000);
    const [data, reply] = [path.join(folder, 'data'), path.join(folder, 'reply.tsr')];
    writeFileSync(data, bytes);
    writeFileSync(reply, stamp.reply);
    const said = execFileSync('openssl', ['ts', '-verify', '-data', data, '-in', reply, '-CAfile', authority.rootFile], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(said).toContain('Verification: OK');
    expect(stamp.certificates[0]).toContain('BEGIN CERTIFICATE');
  });

  it('about other bytes, of another question, with a changed signature, or that is none, is refused', async () => {
    authority.mood('honest');
    await askTimestamp([authority.url], bytes, 5000);
    const wrong = {
      'other-bytes': /it is about other bytes/,
      replayed: /it answers another question/,
      tampered: /its signature does not hold/,
      refuses: /it answered 503/,
      'no-token': /it is no time-stamp answer/,
    } as const;
    for (const mood of ['other-bytes', 'replayed', 'tampered', 'refuses', 'no-token'] as const) {
      authority.mood(mood);
      const { stamp, failures } = await askTimestamp([authority.url], bytes, 5000);
      expect(stamp, mood).toBeNull();
      expect(failures.join(), mood).toMatch(wrong[mood]);
    }
  });

  it('is taken when its certificate leads to a trusted root, and from no authority that another root vouches for', async () => {
    authority.mood('honest');
    const other = await startTimestampAuthority();
    try {
      const [own, wrong] = [authority.rootFile, other.rootFile].map((file) => readFileSync(file, 'utf8'));
      if (own === undefined || wrong === undefined) throw new Error('there are two');
      const ask = (roots: string) => askTimestamp([authority.url], bytes, 5000, roots);
      expect((await ask(own)).stamp).not.toBeNull();
      expect((await ask(`${wrong}\n${own}`)).stamp).not.toBeNull();
      const refused = await ask(wrong);
      expect(refused.stamp).toBeNull();
      expect(refused.failures.join()).toContain('its certificate leads to no root that you configured');
      // The first that a root vouches for is used.
      const { stamp } = await askTimestamp([authority.url, other.url], bytes, 5000, wrong);
      expect(stamp?.authority).toBe(new URL(other.url).host);
    } finally {
      await other.stop();
    }
    expect(() => certificatesIn('no certificate')).toThrow(/no certificate in PEM form/);
    expect(() => certificatesIn('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(/cannot be read/);
  });

  it('comes from the next authority when the first does not answer', async () => {
    authority.mood('honest');
    const { stamp, failures } = await askTimestamp(['http://127.0.0.1:9/', authority.url], bytes, 5000);
    expect(stamp).not.toBeNull();
    expect(failures).toHaveLength(1);
  });

  it('reader never does anything but refuse what it is not, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (noise) => {
        await expect(readTimestamp(noise, bytes, null)).rejects.toThrow(Error);
      }),
      { numRuns: 60 },
    );
  });
});
