import fc from 'fast-check';
import { expect, it } from 'vitest';
import { challengeLevel, hardestHashes, levelTarget } from './risk.ts';
import type { Risk } from './risk.ts';

const risks = fc.record<Risk>({
  site: fc.constantFrom('off', 'attack', 'order'),
  rule: fc.boolean(),
  network: fc.constantFrom('allow', 'deny'),
  crawler: fc.boolean(),
  signs: fc.constantFrom('none', 'limited', 'solved-often', 'moved-and-spent'),
  strong: fc.boolean(),
});

it('an order’s challenge is never weaker than normal, whoever is asked', () => {
  fc.assert(
    fc.property(risks, (risk) => {
      expect(['normal', 'hard', 'deny']).toContain(challengeLevel({ ...risk, site: 'order' }));
    }),
  );
});

it('a denied network gets nowhere, and nobody is asked where nobody asks', () => {
  fc.assert(
    fc.property(risks, (risk) => {
      expect(challengeLevel({ ...risk, network: 'deny' })).toBe('deny');
      if (risk.network !== 'deny') expect(challengeLevel({ ...risk, site: 'off', rule: false })).toBe('none');
    }),
  );
});

it.each<[Risk, ReturnType<typeof challengeLevel>]>([
  [{ site: 'off', rule: true, signs: 'none' }, 'light'],
  [{ site: 'off', rule: true, signs: 'limited' }, 'hard'],
  [{ site: 'attack', rule: false, signs: 'none' }, 'normal'],
  [{ site: 'attack', rule: false, signs: 'none', strong: true }, 'hard'],
  [{ site: 'order', rule: false, signs: 'none', strong: true }, 'hard'],
  [{ site: 'off', rule: true, signs: 'none', strong: true }, 'light'],
  [{ site: 'attack', rule: true, signs: 'moved-and-spent' }, 'hard'],
  [{ site: 'attack', rule: false, network: 'allow', signs: 'limited' }, 'none'],
  [{ site: 'attack', rule: false, crawler: true, signs: 'none' }, 'none'],
  [{ site: 'order', rule: false, crawler: true, signs: 'none' }, 'normal'],
])('of %j the level is %s', (risk, level) => {
  expect(challengeLevel(risk)).toBe(level);
});

it('a harder level never asks for less, and a hard one for no more than its bound on its own account', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000_000 }), (expected) => {
      const [light, normal, hard] = (['light', 'normal', 'hard'] as const).map((level) => 2 ** 48 / levelTarget(level, expected));
      expect(light).toBeLessThanOrEqual(normal ?? 0);
      expect(normal).toBeLessThanOrEqual(hard ?? 0);
      expect(hard).toBeLessThanOrEqual(Math.max(hardestHashes, expected) * 1.01);
      expect(levelTarget('hard', expected)).toBeGreaterThan(0);
    }),
  );
});
