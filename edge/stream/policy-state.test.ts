import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupName, Instant, Revision } from '../../contract/ids.ts';
import { itemKey } from '../../contract/policy.ts';
import type { PolicyItem } from '../../contract/policy.ts';
import type { FramePayload } from '../../contract/stream.ts';
import { digestOf, itemHash } from '../../core/shield/digest.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { clearanceKey, order, provider, site } from '../../tests/harness/haproxy.ts';
import { readFrame, SnapshotParts } from './frames.ts';
import { FrameRefused, PolicyState, sha256Hex } from './policy-state.ts';
import type { Delta } from './policy-state.ts';

const group = GroupName.parse('default');
const committedAt = Instant.parse('2026-11-22T12:00:00.000Z');
const digest = (items: Iterable<PolicyItem>) => digestOf([...items].map((item) => itemHash(item, sha256Hex)));
const pool: readonly PolicyItem[] = [
  provider,
  clearanceKey(1),
  clearanceKey(2, 'accepted'),
  ...[1, 2, 3].flatMap((n) => [site(n, [`s${n}.example`], 80), site(n, [`s${n}.example`, `t${n}.example`], 81)]),
  ...[1, 2].flatMap((n) => [
    order(n, site(n, ['x.example'], 80)),
    order(n, site(n + 1, ['x.example'], 80), { measure: 'challenge' }),
  ]),
];

function delta(
  from: number,
  items: Iterable<PolicyItem>,
  upserts: readonly PolicyItem[],
  removals: Delta['removals'] = [],
): Delta {
  return {
    kind: 'delta',
    group,
    from: Revision.parse(from),
    to: Revision.parse(from + 1),
    upserts: [...upserts],
    removals,
    digest: digest(items),
    committedAt,
  };
}

function snapshot(
  revision: number,
  items: readonly PolicyItem[],
  part = 0,
  parts = 1,
  of = items,
): Extract<FramePayload, { kind: 'snapshot' }> {
  return {
    kind: 'snapshot',
    group,
    revision: Revision.parse(revision),
    part,
    parts,
    items: [...items],
    digest: digest(of),
    committedAt,
  };
}

const seen = (state: PolicyState) => ({
  revision: state.revision,
  digest: state.digest,
  items: new Set(state.held().map(({ item }) => JSON.stringify(item))),
  sites: new Set([...state.sites()].map(({ siteId }) => siteId)),
  orders: new Set([...state.orders()].map((one) => JSON.stringify(one))),
  keys: new Set(state.clearanceKeys().map(({ keyId }) => keyId)),
  provider: state.provider(),
});

const reason = (act: () => unknown): string => {
  try {
    act();
    return 'taken';
  } catch (error) {
    if (error instanceof FrameRefused) return error.reason;
    throw error;
  }
};

describe('policy state', () => {
  it('after any deltas is what a snapshot of the same items is, and each delta can be undone', () => {
    const step = fc.record({
      put: fc.subarray([...pool], { maxLength: 3 }),
      drop: fc.subarray(pool.map(itemKey), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const state = PolicyState.empty();
        const model = new Map<string, PolicyItem>();
        for (const { put, drop } of steps) {
          const next = new Map(model);
          for (const key of drop) next.delete(key);
          for (const item of put) next.set(itemKey(item), item);
          const distinct = new Map(put.map((item) => [itemKey(item), item]));
          const change = delta(state.revision, next.values(), [...distinct.values()], drop);
          const before = seen(state);
          if (reason(() => state.apply(change).undo()) === 'bad-policy') continue;
          expect(seen(state)).toEqual(before);
          state.apply(change);
          model.clear();
          for (const [key, item] of next) model.set(key, item);
          const whole = new SnapshotParts().add(snapshot(state.revision, [...model.values()]), Revision.parse(0));
          expect(whole === null ? null : seen(whole)).toEqual(seen(state));
        }
      }),
    );
  });

  it('refuses what does not follow, does not lead where it says, or leaves no current key, and stays as it was', () => {
    const state = PolicyState.empty();
    const one = site(1, ['a.example'], 80);
    state.apply(delta(0, [one], [one]));
    const before = seen(state);
    expect(reason(() => state.apply(delta(0, [], [])))).toBe('older-revision');
    expect(reason(() => state.apply(delta(2, [one], [])))).toBe('gap');
    expect(reason(() => state.apply(delta(1, [], [])))).toBe('digest-mismatch');
    const lone = clearanceKey(1, 'accepted');
    expect(reason(() => state.apply(delta(1, [one, lone], [lone])))).toBe('bad-policy');
    expect(reason(() => state.apply(delta(1, [one, clearanceKey(1), clearanceKey(2)], [clearanceKey(1), clearanceKey(2)])))).toBe(
      'bad-policy',
    );
    expect(seen(state)).toEqual(before);
  });

  it('finds an order under the site of its scope, also after it moved to another', () => {
    const state = PolicyState.empty();
    const [a, b] = [site(1, ['a.example'], 80), site(2, ['b.example'], 80)];
    state.apply(delta(0, [a, b, order(1, a)], [a, b, order(1, a)]));
    expect(state.ordersOf(a.siteId)).toHaveLength(1);
    state.apply(delta(1, [a, b, order(1, b)], [order(1, b)]));
    expect([state.ordersOf(a.siteId).length, state.ordersOf(b.siteId).length]).toEqual([0, 1]);
  });
});

describe('snapshot parts', () => {
  const all = [provider, site(1, ['a.example'], 80), site(2, ['b.example'], 80)];
  const held = Revision.parse(5);

  it('are put together in order, and a new first part starts anew', () => {
    const parts = new SnapshotParts();
    expect(parts.add(snapshot(6, all.slice(0, 1), 0, 2, all), held)).toBeNull();
    expect(parts.add(snapshot(7, all.slice(0, 2), 0, 2, all), held)).toBeNull();
    expect(parts.add(snapshot(7, all.slice(2), 1, 2, all), held)?.revision).toBe(7);
  });

  it('are refused when one is missing, of another snapshot, older, twice the same item, or not what the digest says', () => {
    const twoParts = (second: Parameters<SnapshotParts['add']>[0]) => {
      const parts = new SnapshotParts();
      parts.add(snapshot(7, all.slice(0, 1), 0, 3, all), held);
      return reason(() => parts.add(second, held));
    };
    expect(twoParts(snapshot(7, all.slice(2), 2, 3, all))).toBe('gap');
    expect(twoParts(snapshot(8, all.slice(1), 1, 3, all))).toBe('gap');
    expect(reason(() => new SnapshotParts().add(snapshot(7, all, 1, 2), held))).toBe('gap');
    expect(reason(() => new SnapshotParts().add(snapshot(4, all), held))).toBe('older-revision');
    expect(reason(() => new SnapshotParts().add(snapshot(7, [...all, provider]), held))).toBe('bad-policy');
    expect(reason(() => new SnapshotParts().add(snapshot(7, all.slice(1), 0, 1, all), held))).toBe('digest-mismatch');
  });
});

describe('a frame', () => {
  const keys = generateSigningKeyPair();
  const verify = textVerifier(keys.publicKey);
  const signed = (text: string) => ({ payload: text, signature: textSigner(keys.privateKey)(text) });
  const good = JSON.stringify(snapshot(1, [provider]));

  it('is believed when the policy key signed it for this group', () => {
    expect(readFrame(signed(good), verify, group).kind).toBe('snapshot');
  });

  it('is refused when it was changed, signed by another key, for another group, not JSON, or has an unknown member', () => {
    expect(reason(() => readFrame({ ...signed(good), payload: `${good} ` }, verify, group))).toBe('bad-signature');
    expect(reason(() => readFrame(signed(good), textVerifier(generateSigningKeyPair().publicKey), group))).toBe('bad-signature');
    expect(reason(() => readFrame(signed(good), verify, GroupName.parse('other')))).toBe('wrong-group');
    expect(reason(() => readFrame(signed('{'), verify, group))).toBe('bad-policy');
    expect(reason(() => readFrame(signed(JSON.stringify({ ...snapshot(1, []), extra: 1 })), verify, group))).toBe('bad-policy');
  });
});
