/** Lanes of the change log on both databases: what each lane reads by its deltas is what its snapshot and its digest say, whatever is under way. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EdgeId, GroupName, Instant, Revision, SiteId } from '../../contract/ids.ts';
import type { RolloutId } from '../../contract/ids.ts';
import { ItemKey, PolicyItem, ProviderPolicy } from '../../contract/policy.ts';
import { PublicKey } from '../../contract/stream.ts';
import { digestOf, emptyDigest, itemHash } from '../../core/shield/digest.ts';
import { randomId } from '../../kit/random-id.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { findDigestAt, findHead, insertGroup, readLog, readSnapshot, recordChanges } from '../change-log.ts';
import type { PolicyChange } from '../change-log.ts';
import { insertEdge } from '../edges.ts';
import { migrate } from '../migrate.ts';
import { openStore } from '../open.ts';
import type { Store } from '../open.ts';
import { changeEdgeRow, findPlan, listRolloutRecords, setStopped, settleLanes } from '../rollouts.ts';
import { advanceStaged, finishStaged, lockGroup, rollBackStaged } from '../staged-changes.ts';
import type { LockedGroup } from '../staged-changes.ts';
import { transact } from '../transact.ts';
import type { Work } from '../transact.ts';

const now = () => Instant.parse(new Date().toISOString());
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const siteId = SiteId.parse('site_000000000001');
const site = (expectedHashes: number, mode: 'off' | 'attack' = 'off') =>
  PolicyItem.parse({
    kind: 'site',
    siteId,
    hostnames: ['forum.example'],
    origin: { scheme: 'http', host: '192.0.2.1', port: 80, hostHeader: null, addresses: ['192.0.2.1'] },
    mode,
    limits: { requestsPer10s: 1, concurrentPerClient: 1, concurrentPerSite: 1 },
    networks: [],
    challenge: { expectedHashes, clearanceSeconds: 60 },
  });
const lanes = [0, 1, 2] as const;

describeOnBoth('a group with canaries', (databases) => {
  let store: Store;
  let groups = 0;

  beforeAll(async () => {
    store = await openStore(await databases.fresh());
    await migrate(store);
  });
  afterAll(async () => store?.close());

  async function newGroup(): Promise<GroupName> {
    groups += 1;
    const group = GroupName.parse(`g${groups}`);
    await transact(store, async (unit) => {
      await insertGroup(unit.tx, group, now());
      const edgeId = EdgeId.parse(randomId('edge'));
      const publicKey = PublicKey.parse(Buffer.alloc(32, groups).toString('base64'));
      const versions = { agent: '1', haproxy: '2' };
      await insertEdge(unit.tx, { edgeId, name: 'edge', group, publicKey, at: now(), versions, digest: emptyDigest });
      await changeEdgeRow(unit.tx, edgeId, { canary: true });
      await settleLanes(unit.tx, group);
    });
    expect((await findPlan(store.db, group))?.lanes).toBe(3);
    await record(group, { upsert: site(1) });
    return group;
  }
  const record = (group: GroupName, ...items: PolicyChange[]) =>
    transact(store, (unit) => recordChanges(unit, { group, class: 'fast', at: now(), items }));
  const running = async (group: GroupName): Promise<RolloutId> => {
    const [one] = await listRolloutRecords(store.db, { group, state: 'running', limit: 10 });
    if (one === undefined) throw new Error('no rollout is under way');
    return one.rolloutId;
  };
  const act = (group: GroupName, work: (unit: Work, locked: LockedGroup) => Promise<unknown>) =>
    transact(store, async (unit) => {
      const locked = await lockGroup(unit.tx, group);
      if (locked === undefined) throw new Error('no group');
      await work(unit, locked);
    });

  /** What each lane has: [hashes of its challenge, its mode]; checked by snapshot, by all deltas, and by digest. */
  async function holds(group: GroupName): Promise<(readonly [number, string] | null)[]> {
    const found: (readonly [number, string] | null)[] = [];
    for (const lane of lanes) {
      const snapshot = await readSnapshot(store.db, group, lane);
      const items = new Map((snapshot?.items ?? []).map(({ key, payload }) => [key, payload]));
      const replayed = new Map<ItemKey, string>();
      const log = await readLog(store.db, group, lane, 0, 1000);
      for (const { key, payload } of log) {
        if (payload === null) replayed.delete(key);
        else replayed.set(key, payload);
      }
      expect([...replayed].sort()).toEqual([...items].sort());
      const parsed = [...items.values()].map((payload) => PolicyItem.parse(JSON.parse(payload)));
      const digest = digestOf(parsed.map((item) => itemHash(item, sha256)));
      const head = await findHead(store.db, group, lane);
      expect(head?.digest).toBe(digest);
      expect(snapshot?.head).toEqual(head);
      expect(log.at(-1)?.digest).toBe(digest);
      expect(new Set(log.map(({ revision }) => revision)).size).toBe(head?.revision);
      expect(await findDigestAt(store.db, group, lane, Revision.parse(head?.revision))).toBe(digest);
      const one = parsed.find(({ kind }) => kind === 'site');
      found.push(one?.kind === 'site' ? [one.challenge.expectedHashes, one.mode] : null);
    }
    return found;
  }

  const modeless = async (group: GroupName) => (await holds(group)).map((one) => one?.[0] ?? null);

  it('has a slow change at its canaries first, then lane by lane, and keeps it', async () => {
    const group = await newGroup();
    await record(group, { upsert: site(2) });
    const id = await running(group);
    expect(await modeless(group)).toEqual([2, 1, 1]);
    await act(group, (unit, locked) => advanceStaged(unit, locked, id, 1, now()));
    expect(await modeless(group)).toEqual([2, 2, 1]);
    await act(group, (unit, locked) => advanceStaged(unit, locked, id, 2, now()));
    await act(group, (unit, locked) => finishStaged(unit, locked, id, now()));
    expect(await modeless(group)).toEqual([2, 2, 2]);
    expect((await findPlan(store.db, group))?.staged).toBe(0);
  });

  it('has a slow change nowhere while the stop switch is on', async () => {
    const group = await newGroup();
    await transact(store, ({ tx }) => setStopped(tx, group, { at: now(), by: 'Ada', reason: 'a holiday' }));
    await record(group, { upsert: site(2) });
    expect(await modeless(group)).toEqual([1, 1, 1]);
    const id = await running(group);
    await act(group, (unit, locked) => advanceStaged(unit, locked, id, 0, now()));
    expect(await modeless(group)).toEqual([2, 1, 1]);
  });

  it('gives attack mode to all lanes at once while a slow change of the same site is under way, stopped or not', async () => {
    const group = await newGroup();
    await record(group, { upsert: site(2) });
    const id = await running(group);
    await transact(store, ({ tx }) => setStopped(tx, group, { at: now(), by: 'Ada', reason: 'a holiday' }));
    await record(group, { upsert: site(2, 'attack') });
    expect(await holds(group)).toEqual([
      [2, 'attack'],
      [1, 'attack'],
      [1, 'attack'],
    ]);
    expect(await running(group)).toBe(id);
  });

  it('is as before after a rollback, and does not try the same again until it changes', async () => {
    const group = await newGroup();
    await record(group, { upsert: site(2) });
    const id = await running(group);
    await act(group, (unit, locked) => advanceStaged(unit, locked, id, 1, now()));
    await act(group, (unit, locked) => rollBackStaged(unit, locked, id, 'it was bad', now()));
    expect(await holds(group)).toEqual([
      [1, 'off'],
      [1, 'off'],
      [1, 'off'],
    ]);
    await record(group, { upsert: site(2, 'attack') });
    expect(await holds(group)).toEqual([
      [1, 'attack'],
      [1, 'attack'],
      [1, 'attack'],
    ]);
    expect(await listRolloutRecords(store.db, { group, state: 'running', limit: 10 })).toEqual([]);
    await record(group, { upsert: site(3, 'attack') });
    expect(await running(group)).not.toBe(id);
  });

  it('lets a newer change take the place of an older one, from the canaries on', async () => {
    const group = await newGroup();
    await record(group, { upsert: site(2) });
    const older = await running(group);
    await record(group, { upsert: site(3) });
    const newer = await running(group);
    expect(newer).not.toBe(older);
    const [seen] = await listRolloutRecords(store.db, { rolloutId: older, limit: 1 });
    expect(seen?.state).toBe('superseded');
    expect((await holds(group)).slice(1)).toEqual([
      [1, 'off'],
      [1, 'off'],
    ]);
    expect((await holds(group))[0]).toEqual([3, 'off']);
  });

  it('takes a site away everywhere at once, whatever was under way of it', async () => {
    const group = await newGroup();
    await record(
      group,
      { upsert: site(2) },
      { upsert: ProviderPolicy.parse({ kind: 'provider', name: 'One', publicUrl: 'https://shield.example' }) },
    );
    await record(group, { remove: ItemKey.parse(`site:${siteId}`) });
    expect(await holds(group)).toEqual([null, null, null]);
    expect((await findPlan(store.db, group))?.staged).toBe(0);
  });
});
