/** Frames: cut by items and bytes, never inside a revision; the newest word on each item wins; a policy of nothing is a frame too. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GroupName, Instant, Revision } from '../../contract/ids.ts';
import { ItemKey } from '../../contract/policy.ts';
import { maxMessageBytes, snapshotItemsPerFrame } from '../../contract/stream.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import type { LoggedChange } from '../../store/change-log.ts';
import { deltaFrames, snapshotFrames } from './frames.ts';
import type { Frame } from './frames.ts';

const keys = generateSigningKeyPair();
const sign = textSigner(keys.privateKey);
const group = GroupName.parse('default');
const at = Instant.parse('2026-01-01T00:00:00.000Z');
const key = (number: number) => ItemKey.parse(`clearance-key:k${number}`);
const digest = (revision: number) => revision.toString(16).padStart(64, '0');

const Message = z.object({ kind: z.literal('frame'), frame: z.object({ payload: z.string(), signature: z.string() }) });
const Loose = z.object({
  from: z.int().optional(),
  to: z.int().optional(),
  part: z.int().optional(),
  parts: z.int().optional(),
  upserts: z.array(z.object({ key: z.number(), value: z.string() })).default([]),
  removals: z.array(z.string()).default([]),
  items: z.array(z.unknown()).default([]),
  digest: z.string(),
});

function read(frame: Frame) {
  const { payload, signature } = Message.parse(JSON.parse(frame.message.toString('utf8'))).frame;
  expect(textVerifier(keys.publicKey)(payload, signature)).toBe(true);
  return Loose.parse(JSON.parse(payload));
}

const change = (revision: number, number: number, value: string | null): LoggedChange => ({
  revision,
  key: key(number),
  payload: value === null ? null : JSON.stringify({ key: number, value }),
  digest: digest(revision),
  committedAt: at,
});

describe('deltas', () => {
  it('lead through any log to what it says, without gaps and in whole revisions', () => {
    const anyRevision = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.option(fc.string({ maxLength: 20 }))), {
      minLength: 1,
      maxLength: 8,
      selector: ([number]) => number,
    });
    fc.assert(
      fc.property(fc.array(anyRevision, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 1000 }), (log, from) => {
        const changes = log.flatMap((items, index) => items.map(([number, value]) => change(from + index + 1, number, value)));
        const wanted = new Map<string, string>();
        for (const { key: name, payload } of changes) {
          if (payload === null) wanted.delete(name);
          else wanted.set(name, payload);
        }
        const held = new Map<string, string>();
        let position = from;
        for (const frame of deltaFrames(group, from, changes, sign)) {
          const payload = read(frame);
          if (payload.from !== position || frame.from !== position || payload.digest !== digest(frame.to)) return false;
          for (const name of payload.removals) held.delete(name);
          for (const item of payload.upserts) held.set(key(item.key), JSON.stringify(item));
          position = frame.to;
        }
        return position === from + log.length && JSON.stringify([...held].sort()) === JSON.stringify([...wanted].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('stay well below the longest message, however large the items are', () => {
    const large = 'x'.repeat(300_000);
    const frames = deltaFrames(
      group,
      0,
      Array.from({ length: 12 }, (_none, index) => change(index + 1, index + 1, large)),
      sign,
    );
    expect(frames.map((frame) => [frame.from, frame.to])).toEqual([
      [0, 3],
      [3, 6],
      [6, 9],
      [9, 12],
    ]);
    expect(Math.max(...frames.map((frame) => frame.message.length))).toBeLessThan(maxMessageBytes);
  });
});

describe('snapshots', () => {
  it('come in parts that together are the whole, and as one part when there is nothing', () => {
    const head = { revision: Revision.parse(7), digest: digest(7), committedAt: at };
    const items = Array.from({ length: snapshotItemsPerFrame * 2 + 1 }, (_none, index) => ({ payload: String(index) }));
    const parts = snapshotFrames(group, head, items, sign).map(read);
    expect(parts.map((part) => [part.part, part.parts, part.items.length])).toEqual([
      [0, 3, snapshotItemsPerFrame],
      [1, 3, snapshotItemsPerFrame],
      [2, 3, 1],
    ]);
    expect(parts.flatMap((part) => part.items)).toEqual(items.map((_item, index) => index));
    expect(snapshotFrames(group, head, [], sign).map(read)).toMatchObject([{ part: 0, parts: 1, items: [] }]);
  });
});
