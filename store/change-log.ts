/**
 * The change log: every change that edges must know, written in the transaction of the change itself.
 *
 * `recordChanges` locks the group's row; the lock is held to the commit, so revisions are dense, ordered by commit, and a reader that sees
 * revision R sees all before it. Payloads are the canonical JSON text that is hashed and later sent, so nothing is printed twice.
 * A group with canaries writes by staged-changes.ts; `lane` in what is read here is an edge's lane (core/shield/lanes.ts).
 * Hazard: whoever holds the group's lock holds up every other change of the group: do slow things (DNS, hashing passwords) before.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { canonicalJson } from '../contract/canonical.ts';
import { idPrefix, Revision, RolloutId } from '../contract/ids.ts';
import type { GroupName, Instant } from '../contract/ids.ts';
import { ClearanceKeyPolicy, itemKey } from '../contract/policy.ts';
import type { ItemKey, PolicyItem } from '../contract/policy.ts';
import { randomId } from '../kit/random-id.ts';
import { changeDigest, emptyDigest, itemHash } from '../core/shield/digest.ts';
import type { Db } from './open.ts';
import { laneDigest, lockGroup, recordStaged } from './staged-changes.ts';
import type { Tx, Work } from './transact.ts';

export type PolicyChange = { readonly upsert: PolicyItem } | { readonly remove: ItemKey };
/** Fast: one site. Slow: many sites at once. */
export type ChangeClass = 'fast' | 'slow';

export type Head = { readonly revision: Revision; readonly digest: string; readonly committedAt: Instant };

/** Newest revisions that stay in the log: an edge that was away for longer than these gets a snapshot. */
const logKeeps = 5000;

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

/**
 * Writes changes as one revision of a group and rings for the edges. Changes that change nothing are left out; when none is left,
 * nothing is written and null is returned. Throws when the group does not exist.
 */
export async function recordChanges(
  unit: Work,
  change: { group: GroupName; class: ChangeClass; at: Instant; items: readonly PolicyChange[] },
): Promise<Revision | null> {
  const { tx } = unit;
  const wanted = new Map<ItemKey, { payload: string; hash: string } | null>();
  for (const item of change.items) {
    if ('remove' in item) wanted.set(item.remove, null);
    else wanted.set(itemKey(item.upsert), { payload: canonicalJson(item.upsert), hash: itemHash(item.upsert, sha256) });
  }
  const group = await lockGroup(tx, change.group);
  if (group === undefined) throw new Error(`There is no edge group ${change.group}.`);
  if (group.lanes > 1) {
    const items = new Map(
      change.items.map((item) => ('remove' in item ? [item.remove, null] : [itemKey(item.upsert), item.upsert])),
    );
    return recordStaged(unit, group, { at: change.at, items, newId: () => RolloutId.parse(randomId(idPrefix.rollout)) });
  }
  // Its own statement after the lock: a statement reads as of its beginning, and the lock may have been waited for.
  const rows = await tx
    .selectFrom('policy_item')
    .select(['item_key', 'hash'])
    .where('group_name', '=', change.group)
    .where('item_key', 'in', [...wanted.keys()])
    .execute();
  const held = new Map(rows.map((row) => [row.item_key, row.hash]));
  for (const [key, next] of wanted) if ((held.get(key) ?? null) === (next?.hash ?? null)) wanted.delete(key);
  if (wanted.size === 0) return null;

  const revision = group.revision + 1;
  const digest = changeDigest(group.digest, {
    removed: [...wanted.keys()].flatMap((key) => held.get(key) ?? []),
    added: [...wanted.values()].flatMap((next) => next?.hash ?? []),
  });
  const entries = [...wanted].map(
    ([key, next]) => sql`(${key}::text, ${next?.payload ?? null}::text, ${next?.hash ?? null}::text)`,
  );
  // One statement: the group's lock is held no longer than it must be, and each statement costs the embedded database half a millisecond.
  await sql`with entry (item_key, payload, hash) as (values ${sql.join(entries)}),
    put as (
      insert into policy_item (group_name, item_key, payload, hash, revision)
      select ${change.group}, item_key, payload, hash, ${revision}::bigint from entry where payload is not null
      on conflict (group_name, item_key) do update set payload = excluded.payload, hash = excluded.hash, revision = excluded.revision
    ),
    taken as (
      delete from policy_item using entry
      where policy_item.group_name = ${change.group} and policy_item.item_key = entry.item_key and entry.payload is null
    ),
    logged as (
      insert into change_log (group_name, revision, item_key, class, op, payload, hash, digest, committed_at)
      select ${change.group}, ${revision}::bigint, item_key, ${change.class}, case when payload is null then 'remove' else 'upsert' end,
        payload, hash, ${digest}, ${change.at}::timestamptz from entry
    )
    update edge_group set revision = ${revision}::bigint, digest = ${digest}, committed_at = ${change.at}::timestamptz
    where group_name = ${change.group}`.execute(tx);
  unit.ringAfter('policy', change.group);
  return Revision.parse(revision);
}

/** The newest revision of a group, or null when there is no such group. The digest is that of a lane, without one of the last. */
export async function findHead(db: Db, group: GroupName, lane: number | null = null): Promise<Head | null> {
  const row = await db
    .selectFrom('edge_group')
    .select(['revision', 'digest', 'lane_digests', 'committed_at'])
    .where('group_name', '=', group)
    .executeTakeFirst();
  if (row === undefined) return null;
  const digest = lane === null ? row.digest : laneDigest(row.lane_digests, lane, row.digest);
  return { revision: Revision.parse(row.revision), digest, committedAt: row.committed_at };
}

/** All groups with their newest revisions. */
export async function listHeads(db: Db): Promise<{ group: GroupName; revision: Revision }[]> {
  const rows = await db.selectFrom('edge_group').select(['group_name', 'revision']).orderBy('group_name').execute();
  return rows.map((row) => ({ group: row.group_name, revision: Revision.parse(row.revision) }));
}

/** The digest that a group's policy had at a revision, or null when the log no longer reaches back to it. */
export async function findDigestAt(db: Db, group: GroupName, lane: number, revision: Revision): Promise<string | null> {
  const head = await db
    .selectFrom('edge_group')
    .select(['revision', 'digest', 'lane_digests', 'log_from'])
    .where('group_name', '=', group)
    .executeTakeFirst();
  if (head === undefined || revision > head.revision || revision < head.log_from) return null;
  if (revision === head.revision) return laneDigest(head.lane_digests, lane, head.digest);
  if (revision === 0) return emptyDigest;
  const row = await db
    .selectFrom('change_log')
    .select(['digest', 'digests'])
    .where('group_name', '=', group)
    .where('revision', '=', revision)
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : laneDigest(row.digests, lane, row.digest);
}

export type LoggedChange = {
  readonly revision: number;
  readonly key: ItemKey;
  /** Canonical JSON of the item; null when it was removed. */
  readonly payload: string | null;
  readonly digest: string;
  readonly committedAt: Instant;
};

/** Logged changes of at most `limit` revisions after one, in order; empty when there are none or the log no longer reaches back. */
export async function readLog(db: Db, group: GroupName, lane: number, after: number, limit: number): Promise<LoggedChange[]> {
  const rows = await db
    .selectFrom('change_log')
    .select(['revision', 'item_key', 'payload', 'staged_payload', 'reached', 'digest', 'digests', 'committed_at'])
    .where('group_name', '=', group)
    .where('revision', '>', after)
    .where('revision', '<=', after + limit)
    .orderBy('revision')
    .execute();
  if (rows[0]?.revision !== after + 1) return [];
  return rows.map((row) => ({
    revision: row.revision,
    key: row.item_key,
    payload: row.staged_payload !== null && lane <= (row.reached ?? -1) ? row.staged_payload : row.payload,
    digest: laneDigest(row.digests, lane, row.digest),
    committedAt: row.committed_at,
  }));
}

const snapshotPage = 2000;

/**
 * The whole present policy of a group at one revision, or null when there is no such group. Read in pages of one REPEATABLE READ
 * transaction: no lock that would hold up a change, and on the embedded database the event loop breathes between pages.
 */
export async function readSnapshot(
  db: Db,
  group: GroupName,
  lane: number,
): Promise<{ head: Head; items: readonly { key: ItemKey; payload: string }[] } | null> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const head = await findHead(tx, group, lane);
      if (head === null) return null;
      const staged = await stagedFor(tx, group, lane);
      const items: { key: ItemKey; payload: string }[] = [];
      for (;;) {
        let page = tx
          .selectFrom('policy_item')
          .select(['item_key as key', 'payload'])
          .where('group_name', '=', group)
          .orderBy('item_key')
          .limit(snapshotPage);
        const last = items.at(-1);
        if (last !== undefined) page = page.where('item_key', '>', last.key);
        const rows = await page.execute();
        items.push(...rows.map(({ key, payload }) => ({ key, payload: staged.get(key) ?? payload })));
        if (rows.length < snapshotPage) return { head, items };
      }
    });
}

/** What is on its way and has reached a lane. */
async function stagedFor(db: Db, group: GroupName, lane: number): Promise<Map<ItemKey, string>> {
  const rows = await db
    .selectFrom('rollout_item')
    .innerJoin('rollout', 'rollout.rollout_id', 'rollout_item.rollout_id')
    .select(['item_key', 'payload'])
    .where('rollout_item.group_name', '=', group)
    .where('active', '=', true)
    .where('reached', '>=', lane)
    .execute();
  return new Map(rows.flatMap(({ item_key, payload }) => (payload === null ? [] : [[item_key, payload]])));
}

/** Locks a group and returns its clearance keys, oldest first, with the number that the next one gets. Null: no such group. */
export async function lockClearanceKeys(
  tx: Tx,
  group: GroupName,
): Promise<{ keys: ClearanceKeyPolicy[]; nextNumber: number; rotatedAt: Instant } | null> {
  const row = await tx
    .selectFrom('edge_group')
    .select(['last_key_number', 'key_rotated_at'])
    .where('group_name', '=', group)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return null;
  const items = await tx
    .selectFrom('policy_item')
    .select('payload')
    .where('group_name', '=', group)
    .where(sql<boolean>`item_key like 'clearance-key:%'`)
    .execute();
  const keys = items.map((item) => ClearanceKeyPolicy.parse(JSON.parse(item.payload)));
  keys.sort((one, other) => Number(one.keyId.slice(1)) - Number(other.keyId.slice(1)));
  return { keys, nextNumber: row.last_key_number + 1, rotatedAt: row.key_rotated_at };
}

/** Remembers the newest key number of a group, which is never used again. */
export async function setKeyNumber(tx: Tx, group: GroupName, number: number, at: Instant): Promise<void> {
  await tx
    .updateTable('edge_group')
    .set({ last_key_number: number, key_rotated_at: at })
    .where('group_name', '=', group)
    .execute();
}

/** Forgets logged changes older than the newest `keep` revisions of each group. */
export async function trimLog(tx: Tx, keep: number = logKeeps): Promise<void> {
  await sql`update edge_group set log_from = revision - ${keep} where revision - ${keep} > log_from`.execute(tx);
  await sql`delete from change_log c using edge_group g where g.group_name = c.group_name and c.revision < g.log_from`.execute(
    tx,
  );
}

/** Makes a group at revision zero. */
export async function insertGroup(tx: Tx, group: GroupName, at: Instant): Promise<void> {
  await tx
    .insertInto('edge_group')
    .values({
      group_name: group,
      revision: 0,
      digest: emptyDigest,
      committed_at: at,
      log_from: 0,
      last_key_number: 0,
      key_rotated_at: at,
    })
    .execute();
}
