/**
 * Which path of a site an attack is on: the deepest prefix that carries nearly all that is above the usual, from a sample of requests. Pure.
 *
 * Null is the whole site, which is never wrong, only wider: few samples, requests over many paths, a flood of the front page. What can go
 * wrong: an attacker who moves on is seen by what is still hot outside of the path (control/attacks widens it then); requests that limits
 * refused are not in the sample.
 */
import { PathPrefix } from '../../contract/policy.ts';

/** One request of the sample: the path as it was asked for, without its query, and how many requests it stands for. */
export type PathSample = { readonly atMs: number; readonly path: string; readonly weight: number };

/** Fewer requests say nothing about where the others went. */
const leastSamples = 12;
/** Of what is above the usual. */
const share = 0.85;
const deepest = 4;

/** `windowMs`: the newest so many milliseconds before `untilMs` are the attack, what is older in the sample is the usual. */
export function attackedPath(samples: readonly PathSample[], untilMs: number, windowMs: number): PathPrefix | null {
  const fromMs = untilMs - windowMs;
  const now = samples.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  if (now.length < leastSamples) return null;
  const before = samples.filter(({ atMs }) => atMs < fromMs);
  const beforeMs = Math.max(windowMs, fromMs - Math.min(fromMs, ...before.map(({ atMs }) => atMs)));
  const over = new Map<string, number>();
  let excess = 0;
  const add = (some: readonly PathSample[], times: number) => {
    for (const { path, weight } of some) {
      excess += weight * times;
      for (const prefix of prefixesOf(path)) over.set(prefix, (over.get(prefix) ?? 0) + weight * times);
    }
  };
  add(now, 1);
  add(before, -windowMs / beforeMs);
  if (excess <= 0) return null;
  const carrying = [...over].filter(([, weight]) => weight >= excess * share).map(([prefix]) => prefix);
  // Those that carry so much of the same lie within each other: the longest is the deepest.
  const found = PathPrefix.safeParse(carrying.sort((a, b) => b.length - a.length)[0]);
  return found.success ? found.data : null;
}

/** `/a`, `/a/b`, …: by whole segments, in small letters, decoded, as the edge compares them. */
function prefixesOf(path: string): string[] {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return [];
  }
  const segments = plain
    .toLowerCase()
    .split('/')
    .map((segment) => segment.replace(/;.*$/, ''))
    .filter((segment) => segment !== '')
    .slice(0, deepest);
  return segments.map((_segment, index) => `/${segments.slice(0, index + 1).join('/')}`);
}
