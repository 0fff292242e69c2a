/** Time-stamps against a real authority made with openssl; what openssl accepts is what passes here. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../tests/harness/ports.ts';
import { startTimestampAuthority } from '../tests/harness/timestamp-authority.ts';
import type { TestAuthority } from '../tests/harness/timestamp-authority.ts';
import { askTimestamp, readTimestamp } from './timestamp.ts';

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
