import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';
import { removeLeftovers, writeDurable } from './durable.ts';
import { Serial } from './serial.ts';

describe('backoff', () => {
  it('stays between half and all of a time that doubles up to the longest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1000, max: 60_000 }),
        fc.nat(2000),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (firstMs, longestMs, attempt, chance) => {
          const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
          const waitMs = backoffMs({ firstMs, longestMs }, attempt, chance);
          expect(waitMs).toBeGreaterThanOrEqual(full / 2);
          expect(waitMs).toBeLessThanOrEqual(full);
        },
      ),
    );
  });
});

describe('serial queue', () => {
  it('runs one task after another, and a rejection is its caller’s only', async () => {
    const queue = new Serial();
    const order: string[] = [];
    const task = (name: string, turns: number) => async () => {
      order.push(`${name} starts`);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      order.push(`${name} ends`);
      if (name === 'b') throw new Error('b failed');
      return name;
    };
    const results = await Promise.allSettled([queue.run(task('a', 5)), queue.run(task('b', 1)), queue.run(task('c', 0))]);
    await queue.idle();
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(order).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
  });
});

describe('durable files', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-durable-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are replaced in one step, for their owner only, and leave nothing beside them', async () => {
    const path = join(folder, 'file');
    await writeDurable(path, 'one');
    await writeDurable(path, 'two');
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777, readdirSync(folder)]).toEqual(['two', 0o600, ['file']]);
  });

  it('stay as they were when the new one cannot be written', async () => {
    await expect(writeDurable(join(folder, 'no-such-folder', 'file'), 'x')).rejects.toThrow('ENOENT');
    writeFileSync(join(folder, 'kept.tmp-not-ours'), '');
    writeFileSync(join(folder, 'file.tmp-0123456789ab'), '');
    await removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual(['kept.tmp-not-ours']);
  });
});
