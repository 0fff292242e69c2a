/** Lanes: every edge has one, and what is fast never waits for what is slow. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EdgeId } from '../../contract/ids.ts';
import { PolicyItem, SitePolicy } from '../../contract/policy.ts';
import { keepSlow, laneOf, slowPart } from './lanes.ts';

const symbols = '0123456789abcdefghjkmnpqrstvwxyz';
const edgeIds = fc
  .array(fc.constantFrom(...symbols), { minLength: 12, maxLength: 12 })
  .map((letters) => EdgeId.parse(`edge_${letters.join('')}`));
const wavesOf = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 4 })
  .map((shares) => [...shares.sort((a, b) => a - b), 100]);

const site = (change: object): SitePolicy =>
  SitePolicy.parse({
    kind: 'site',
    siteId: 'site_000000000001',
    hostnames: ['forum.example'],
    origin: { scheme: 'http', host: '192.0.2.1', port: 80, hostHeader: null, addresses: ['192.0.2.1'] },
    mode: 'off',
    limits: { requestsPer10s: 1, concurrentPerClient: 1, concurrentPerSite: 1 },
    networks: [],
    challenge: { expectedHashes: 1, clearanceSeconds: 60 },
    ...change,
  });
const slowChanges = fc.record(
  {
    networks: fc.constantFrom([], [{ cidr: '192.0.2.0/24', action: 'allow' }]),
    challenge: fc.record({ expectedHashes: fc.integer({ min: 1, max: 9 }), clearanceSeconds: fc.integer({ min: 60, max: 90 }) }),
    https: fc.constantFrom({ plain: 'redirect', hsts: null }, { plain: 'serve', hsts: null }),
  },
  { requiredKeys: ['challenge'] },
);
const fastChanges = fc.record({
  mode: fc.constantFrom('off', 'attack'),
  limits: fc.record({
    requestsPer10s: fc.integer({ min: 1, max: 500 }),
    concurrentPerClient: fc.integer({ min: 1, max: 9 }),
    concurrentPerSite: fc.integer({ min: 1, max: 9 }),
  }),
  hostnames: fc.constantFrom(['forum.example'], ['forum.example', 'shop.example']),
});

describe('lanes', () => {
  it('give every edge one of them, canaries the first and nobody else', () => {
    fc.assert(
      fc.property(edgeIds, fc.boolean(), wavesOf, (edgeId, canary, waves) => {
        const lane = laneOf({ edgeId, canary }, waves);
        expect(lane === 0).toBe(canary);
        expect(lane).toBeLessThanOrEqual(waves.length);
      }),
    );
  });

  it('divide many edges about as the waves say', () => {
    const edges = Array.from({ length: 4000 }, (_, index) => {
      const text = index
        .toString(32)
        .padStart(12, '0')
        .replaceAll(/[i-v]/g, (letter) => symbols[parseInt(letter, 32)] ?? '0');
      return EdgeId.parse(`edge_${text}`);
    });
    const first = edges.filter((edgeId) => laneOf({ edgeId, canary: false }, [25, 100]) === 1).length;
    expect(first / edges.length).toBeGreaterThan(0.2);
    expect(first / edges.length).toBeLessThan(0.3);
  });

  it('get what is fast of any change of a site at once, and keep the slow part that they have', () => {
    fc.assert(
      fc.property(slowChanges, fastChanges, slowChanges, fastChanges, (slow, fast, heldSlow, heldFast) => {
        const next = site({ ...slow, ...fast });
        const held = site({ ...heldSlow, ...heldFast });
        const kept = keepSlow(next, held);
        expect(slowPart(kept)).toBe(slowPart(held));
        expect(kept).toMatchObject({ mode: next.mode, limits: next.limits, hostnames: next.hostnames, origin: next.origin });
        expect(slowPart(site({ ...slow, ...fast }))).toBe(slowPart(site({ ...slow, ...heldFast })));
        expect(keepSlow(held, held)).toEqual(held);
      }),
    );
  });

  it('know nothing slow in keys: they have no part that waits', () => {
    const key = PolicyItem.parse({ kind: 'clearance-key', keyId: 'k1', secret: `${'A'.repeat(43)}=`, state: 'current' });
    expect(slowPart(key)).toBeNull();
    expect(keepSlow(key, key)).toBe(key);
    expect(slowPart(PolicyItem.parse({ kind: 'provider', name: 'Example', publicUrl: 'https://shield.example' }))).not.toBeNull();
  });
});
