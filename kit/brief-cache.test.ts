/** The brief cache: claims. */
import { expect, test } from 'vitest';
import { briefCache } from './brief-cache.ts';

test('a hundred who ask at once make one question, and the next second makes another', async () => {
  let nowMs = 0;
  let asked = 0;
  const cached = briefCache<number>(1000, 10, () => nowMs);
  const ask = async () => (asked += 1);
  await Promise.all(Array.from({ length: 100 }, () => cached('a', ask)));
  expect(asked).toBe(1);
  nowMs = 1000;
  expect(await cached('a', ask)).toBe(2);
});

test('a question that failed is asked again', async () => {
  const cached = briefCache<string>(1000, 10, () => 0);
  await expect(cached('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await cached('a', () => Promise.resolve('yes'))).toBe('yes');
});

test('made-up questions do not fill memory: the oldest answer goes', async () => {
  const cached = briefCache<number>(1000, 2, () => 0);
  for (const key of ['a', 'b', 'c']) await cached(key, () => Promise.resolve(1));
  expect(await cached('c', () => Promise.resolve(2))).toBe(1);
  expect(await cached('a', () => Promise.resolve(2))).toBe(2);
});
