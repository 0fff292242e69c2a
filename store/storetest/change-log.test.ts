/** The change log on both databases: revisions without gaps, digests that fit, a snapshot that is one state, a log that ends somewhere. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GroupName, Instant, OrderId, SiteId } from '../../contract/ids.ts';
import { ItemKey, PolicyItem, ProviderPolicy } from '../../contract/policy.ts';
import { digestOf, emptyDigest, itemHash } from '../../core/shield/digest.ts';
import { randomId } from '../../kit/random-id.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { findDigestAt, findHead, insertGroup, readLog, readSnapshot, recordChanges, trimLog } from '../change-log.ts';
import type { PolicyChange } from '../change-log.ts';
import { migrate } from '../migrate.ts';
import { openStore } from '../open.ts';
import type { Store } from '../open.ts';
import { transact } from '../transact.ts';
import { Revision } from '../../contract/ids.ts';

const now = () => Instant.parse(new Date().toISOString());
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const provider = (name: string) => ProviderPolicy.parse({ kind: 'provider', name, publicUrl: 'https://shield.example' });
const site = (siteId: SiteId, hostname: string) =>
  PolicyItem.parse({
    kind: 'site',
    siteId,
    hostnames: [hostname],
    origin: { scheme: 'http', host: '192.0.2.1', port: 80, hostHeader: null, addresses: ['192.0.2.1'] },
    mode: 'off',
    limits: { requestsPer10s: 1, concurrentPerClient: 1, concurrentPerSite: 1 },
    networks: [],
    challenge: { expectedHashes: 1, clearanceSeconds: 60 },
  });

describeOnBoth('the change log', (databases) => {
  let store: Store;
  let groups = 0;
  const newGroup = async (): Promise<GroupName> => {
    groups += 1;
    const group = GroupName.parse(`g${groups}`);
    await transact(store, (unit) => insertGroup(unit.tx, group, now()));
    return group;
  };
  const record = (group: GroupName, items: PolicyChange[]) =>
    transact(store, (unit) => recordChanges(unit, { group, class: 'fast', at: now(), items }));

  beforeAll(async () => {
    store = await openStore(await databases.fresh());
    await migrate(store);
  });
  afterAll(async () => store?.close());

  it('gives dense revisions to many changes at once, and the digest of what is there', async () => {
    const group = await newGroup();
    const ids = Array.from({ length: 25 }, () => SiteId.parse(randomId('site')));
    const revisions = await Promise.all(ids.map((id, index) => record(group, [{ upsert: site(id, `s${index}.example`) }])));
    expect(revisions.map(Number).sort((a, b) => a - b)).toEqual(ids.map((_id, index) => index + 1));
    const snapshot = await readSnapshot(store.db, group, 0);
    const items = (snapshot?.items ?? []).map(({ payload }) => PolicyItem.parse(JSON.parse(payload)));
    expect(items).toHaveLength(25);
    expect(snapshot?.head.revision).toBe(25);
    expect(snapshot?.head.digest).toBe(digestOf(items.map((item) => itemHash(item, sha256))));
  });

  it('leads from any revision to the head, change by change', async () => {
    const group = await newGroup();
    const id = SiteId.parse(randomId('site'));
    await record(group, [{ upsert: provider('One') }]);
    await record(group, [{ upsert: site(id, 'a.example') }]);
    await record(group, [{ remove: ItemKey.parse(`site:${id}`) }, { upsert: provider('Two') }]);
    const log = await readLog(store.db, group, 0, 1, 100);
    expect(log.map(({ revision, key, payload }) => [revision, key, payload === null])).toEqual([
      [2, `site:${id}`, false],
      [3, 'provider', false],
      [3, `site:${id}`, true],
    ]);
    expect(log.at(-1)?.digest).toBe((await findHead(store.db, group))?.digest);
    expect(log.at(-1)?.digest).toBe(digestOf([itemHash(provider('Two'), sha256)]));
    expect(await findDigestAt(store.db, group, 0, Revision.parse(0))).toBe(emptyDigest);
    expect(await findDigestAt(store.db, group, 0, Revision.parse(2))).toBe(log[0]?.digest);
    expect(await findDigestAt(store.db, group, 0, Revision.parse(4))).toBeNull();
  });

  it('writes nothing for a change that changes nothing', async () => {
    const group = await newGroup();
    expect(await record(group, [{ upsert: provider('Same') }])).toBe(1);
    expect(await record(group, [{ upsert: provider('Same') }, { remove: ItemKey.parse('clearance-key:k1') }])).toBeNull();
    expect((await findHead(store.db, group))?.revision).toBe(1);
  });

  it('takes back everything when the unit of work fails, and tells nobody', async () => {
    const group = await newGroup();
    const heard: string[] = [];
    const stop = store.doorbell.onRing('policy', (text) => heard.push(text));
    await expect(
      transact(store, async (unit) => {
        await recordChanges(unit, { group, class: 'fast', at: now(), items: [{ upsert: provider('Gone') }] });
        unit.tellAfter({ kind: 'order', orderId: OrderId.parse(randomId('order')), siteId: SiteId.parse(randomId('site')) });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(heard).toEqual([]);
    expect((await findHead(store.db, group))?.revision).toBe(0);
    expect(await record(group, [{ upsert: provider('Here') }])).toBe(1);
    expect(heard).toEqual([group]);
    stop();
  });

  it('forgets old changes and says so, so that an edge from before gets a snapshot', async () => {
    const group = await newGroup();
    for (let index = 0; index < 10; index += 1) await record(group, [{ upsert: provider(`P${index}`) }]);
    await transact(store, (unit) => trimLog(unit.tx, 3));
    expect(await readLog(store.db, group, 0, 5, 100)).toEqual([]);
    expect((await readLog(store.db, group, 0, 7, 100)).map((change) => change.revision)).toEqual([8, 9, 10]);
    expect(await findDigestAt(store.db, group, 0, Revision.parse(6))).toBeNull();
    expect(await findDigestAt(store.db, group, 0, Revision.parse(7))).not.toBeNull();
  });

  it('is refused for a group that does not exist', async () => {
    await expect(record(GroupName.parse('nobody'), [{ upsert: provider('X') }])).rejects.toThrow();
  });
});
