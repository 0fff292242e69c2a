/**
 * So many sites of one shape, and which of them are asked for: evenly, or as names are asked for on the web, a few often and most hardly ever.
 *
 * Random, but the same in every run (a seeded generator), so that two runs differ by the machine alone.
 */
import { defaultChallengeSettings, defaultSiteLimits, SitePolicy } from '../../contract/policy.ts';
import { SiteId } from '../../contract/ids.ts';
import { Hostname } from '../../contract/hostname.ts';

export const hostOf = (index: number): string => `s${index}.example`;

/** `count` sites with a hostname each, ordinary in every way. Made without a parse each: a million parses would be most of a run. */
export function manySites(count: number, originPort: number): SitePolicy[] {
  const template = SitePolicy.parse({
    kind: 'site',
    siteId: siteIdOf(0),
    hostnames: [hostOf(0)],
    origin: { scheme: 'http', host: 'origin.example', port: originPort, hostHeader: null, addresses: ['127.0.0.1'] },
    mode: 'off',
    limits: { ...defaultSiteLimits, requestsPer10s: 1_000_000 },
    networks: [],
    challenge: defaultChallengeSettings,
  });
  return Array.from({ length: count }, (_, index) => ({
    ...template,
    siteId: siteIdOf(index),
    hostnames: [Hostname.parse(hostOf(index))],
  }));
}

function siteIdOf(index: number): SiteId {
  return SiteId.parse(`site_${String(index).padStart(12, '0')}`);
}

export type Spread = 'zipf' | 'uniform';

/** `draws` hostnames of the `count` sites: each as likely as the other, or the n-th most popular one as often as 1/n. */
export function askedFor(spread: Spread, count: number, draws: number): string[] {
  const next = generator(42);
  const place = spread === 'uniform' ? () => Math.floor(next() * count) : zipf(count, next);
  // The popular ones lie anywhere among the others, as they do in a real list.
  return Array.from({ length: draws }, () => hostOf((place() * 7_919 + 13) % count));
}

/** Zipf's law with exponent 1 by the inverse of the cumulative sum. */
function zipf(count: number, next: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return () => {
    const wanted = next() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** mulberry32 (Tommy Ettinger, public domain): a small generator with a seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
