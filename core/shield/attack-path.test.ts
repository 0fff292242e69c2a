/** Which path an attack is on: claims about made-up samples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attackedPath } from './attack-path.ts';
import type { PathSample } from './attack-path.ts';

const untilMs = 4_000_000;
const many = (path: string, count: number, agoMs: number, weight = 32): PathSample[] =>
  Array.from({ length: count }, (_none, index) => ({ atMs: untilMs - agoMs - index, path, weight }));
const usual = [...many('/', 60, 1_800_000), ...many('/topic/7', 60, 900_000)];

describe('the path of an attack', () => {
  it('is the deepest that carries nearly all that is above the usual', () => {
    expect(attackedPath([...usual, ...many('/search', 40, 5000), ...many('/', 2, 5000)], untilMs, 20_000)).toBe('/search');
    expect(attackedPath([...usual, ...many('/api/v1/find', 40, 5000)], untilMs, 20_000)).toBe('/api/v1/find');
    const spread = Array.from({ length: 40 }, (_none, index) => many(`/Topic/${index}`, 1, 5000)).flat();
    expect(attackedPath([...usual, ...spread], untilMs, 20_000)).toBe('/topic');
  });

  it('is the whole site when many paths are asked for, when it is the front page, and when the sample is small', () => {
    const random = Array.from({ length: 40 }, (_none, index) => many(`/${index}`, 1, 5000)).flat();
    expect(attackedPath([...usual, ...random], untilMs, 20_000)).toBeNull();
    expect(attackedPath([...usual, ...many('/', 40, 5000)], untilMs, 20_000)).toBeNull();
    expect(attackedPath([...usual, ...many('/search', 11, 5000)], untilMs, 20_000)).toBeNull();
    expect(attackedPath([], untilMs, 20_000)).toBeNull();
  });

  it('leaves out what is asked for at all times, and counts what each sample stands for', () => {
    const busy = Array.from({ length: 400 }, (_none, index) => many('/feed', 1, 30_000 + index * 5000)).flat();
    const now = [...many('/feed', 4, 5000), ...many('/login', 20, 5000)];
    expect(attackedPath([...busy, ...now], untilMs, 20_000)).toBe('/login');
    expect(attackedPath([...many('/a', 15, 5000, 512), ...many('/b', 30, 5000, 32)], untilMs, 20_000)).toBe('/a');
  });

  it('is one that the edge compares in the same form, whatever the paths are made of', () => {
    expect(attackedPath(many('/%53earch;v=1//x', 40, 5000), untilMs, 20_000)).toBe('/search/x');
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const found = attackedPath(many(path, 20, 5000), untilMs, 20_000);
        expect(found === null || /^\/[^%;?#A-Z]+$/.test(found)).toBe(true);
      }),
    );
  });
});
