/** Lists of the most frequent, and histograms: what is said of their errors holds for any stream. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byCertain, Frequent, mergedFrequent } from './frequent.ts';
import { addLatency, emptyLatency, latencyBucket, latencyQuantile, quantilesOf, trimmedLatency } from './latency.ts';
import { latencyBoundsMs, latencyBuckets } from '../../contract/traffic.ts';
import type { TopEntry } from '../../contract/traffic.ts';

const stream = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 30 }).map((number) => `k${number}`),
    passed: fc.constantFrom(0, 32, 512),
    refused: fc.constantFrom(0, 1, 3),
  }),
  { maxLength: 200 },
);
type Stream = readonly { readonly key: string; readonly passed: number; readonly refused: number }[];
const truth = (streams: readonly Stream[]) => {
  const counts = new Map<string, number>();
  for (const { key, passed, refused } of streams.flat()) counts.set(key, (counts.get(key) ?? 0) + passed + refused);
  return counts;
};
const within = (list: readonly TopEntry[], counts: ReadonlyMap<string, number>) => {
  for (const { key, passed, refused, over } of list) {
    const count = counts.get(key) ?? 0;
    expect(count).toBeGreaterThanOrEqual(passed + refused);
    expect(count).toBeLessThanOrEqual(passed + refused + over);
  }
};
const summed = (said: Stream, capacity: number) => {
  const frequent = new Frequent(capacity);
  for (const { key, ...weights } of said) frequent.add(key, weights);
  return frequent;
};

it('a list of the most frequent holds every key above its share, and says of each how far off it may be', () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 12 }), (said, capacity) => {
      const counts = truth([said]);
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const list = summed(said, capacity).list(capacity);
      within(list, counts);
      expect(list.length).toBeLessThanOrEqual(capacity);
      for (const [key, count] of counts) if (count > total / capacity) expect(list.map((entry) => entry.key)).toContain(key);
      for (const { over } of list) expect(over).toBeLessThanOrEqual(total / capacity);
    }),
  );
});

it('lists of several edges and hours become one whose bounds still hold', () => {
  fc.assert(
    fc.property(fc.array(stream, { maxLength: 6 }), fc.integer({ min: 1, max: 8 }), (streams, full) => {
      const lists = streams.map((said) => summed(said, full + 4).list(full));
      within(mergedFrequent(lists, full), truth(streams));
      const hours = [lists.slice(0, 3), lists.slice(3)].map((some) => mergedFrequent(some, full).slice(0, full));
      within(byCertain(mergedFrequent(hours, full)), truth(streams));
    }),
  );
});

it('a quantile lies in the bucket of the true one, also of histograms that were added up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0.5, 0.95, 0.99),
      (parts, share) => {
        const sum = emptyLatency();
        for (const part of parts) {
          const one = emptyLatency();
          for (const ms of part) one[latencyBucket(ms)] = (one[latencyBucket(ms)] ?? 0) + 1;
          addLatency(sum, trimmedLatency(one));
        }
        const all = parts.flat().sort((one, other) => one - other);
        const exact = all[Math.ceil(share * all.length) - 1] ?? 0;
        const bucket = latencyBucket(exact);
        const read = latencyQuantile(sum, share) ?? -1;
        expect(read).toBeGreaterThanOrEqual(bucket === 0 ? 0 : (latencyBoundsMs[bucket - 1] ?? 0));
        expect(read).toBeLessThanOrEqual(latencyBoundsMs[bucket] ?? Number.MAX_SAFE_INTEGER);
      },
    ),
  );
  expect(latencyBucket(1e9)).toBe(latencyBuckets - 1);
  expect(quantilesOf(emptyLatency())).toBeNull();
});
