/**
 * The staged half of the change log: what a group with canaries writes, where lanes may hold different things.
 *
 * Every revision exists in every lane and says the whole state of the keys that it names: `payload` for all, `staged_payload` for the lanes up
 * to `reached`. So revisions stay dense, one number means the same moment everywhere, and an edge that knows nothing of lanes follows one.
 * policy_item holds what lanes without a staged item have; rollout_item what is on its way. Every function here is called with the group's row
 * locked. Not here: when a rollout goes on (core/shield/rollout.ts), what is slow (core/shield/lanes.ts).
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import { canonicalJson } from '../contract/canonical.ts';
import { Revision } from '../contract/ids.ts';
import type { GroupName, Instant, RolloutId } from '../contract/ids.ts';
import { PolicyItem } from '../contract/policy.ts';
import type { ItemKey } from '../contract/policy.ts';
import { changeDigest, itemHash } from '../core/shield/digest.ts';
import { keepSlow, slowPart } from '../core/shield/lanes.ts';
import type { Tx, Work } from './transact.ts';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

type Held = { readonly payload: string; readonly hash: string };
/** What the lanes have of one key: `staged` up to `reached`, `base` beyond; null is nothing. */
type Lanes = { readonly base: Held | null; readonly staged: Held | null; readonly reached: number };
type Entry = { readonly key: ItemKey; readonly before: Lanes; readonly after: Lanes };
type Overlay = { readonly rolloutId: RolloutId; readonly key: ItemKey; readonly held: Held; readonly reached: number };

const LaneDigests = z.array(z.string());
/** Digest of each lane; `null` stands for: all the same. */
export function laneDigest(digests: unknown, lane: number, digest: string): string {
  return digests === null || digests === undefined ? digest : (LaneDigests.parse(digests)[lane] ?? digest);
}

/** A locked group as this file needs it. */
export async function lockGroup(tx: Tx, group: GroupName) {
  return tx
    .selectFrom('edge_group')
    .select(['group_name', 'revision', 'digest', 'lanes', 'lane_digests', 'staged', 'stopped_at'])
    .where('group_name', '=', group)
    .forUpdate()
    .executeTakeFirst();
}
export type LockedGroup = NonNullable<Awaited<ReturnType<typeof lockGroup>>>;

/** `recordChanges` of a group with lanes: fast parts go everywhere, slow parts become a rollout with the id that is handed in. */
export async function recordStaged(
  unit: Work,
  group: LockedGroup,
  change: { readonly at: Instant; readonly items: ReadonlyMap<ItemKey, PolicyItem | null>; readonly newId: () => RolloutId },
): Promise<Revision | null> {
  const { tx } = unit;
  const keys = [...change.items.keys()];
  const held = await baseOf(tx, group.group_name, keys);
  const overlays = new Map((await overlaysOf(tx, group.group_name, keys)).map((overlay) => [overlay.key, overlay]));
  const refused = await refusedParts(tx, group.group_name, keys);
  const entries: Entry[] = [];
  const replaced: Overlay[] = [];
  const kept: Overlay[] = [];
  const fresh: { key: ItemKey; held: Held }[] = [];
  const forgiven: ItemKey[] = [];
  const reached = group.stopped_at === null ? 0 : -1;
  for (const [key, next] of change.items) {
    const overlay = overlays.get(key) ?? null;
    const base = held.get(key) ?? null;
    const before: Lanes = { base, staged: overlay?.held ?? null, reached: overlay?.reached ?? -1 };
    const to = (after: Lanes) => {
      if (overlay !== null && (after.staged === null || after.reached !== overlay.reached)) replaced.push(overlay);
      if (!same(before, after)) entries.push({ key, before, after });
    };
    if (next === null || base === null) {
      to({ base: next === null ? null : heldOf(next), staged: null, reached: -1 });
      if (refused.has(key)) forgiven.push(key);
      continue;
    }
    const part = slowPart(next);
    const baseItem = itemOf(base);
    if (part === null || part === slowPart(baseItem)) {
      if (refused.has(key)) forgiven.push(key);
      to({ base: heldOf(next), staged: null, reached: -1 });
      continue;
    }
    const rest = heldOf(keepSlow(next, baseItem));
    if (refused.get(key) === sha256(part)) {
      to({ base: rest, staged: null, reached: -1 });
    } else if (overlay !== null && slowPart(itemOf(overlay.held)) === part) {
      const staged = heldOf(next);
      if (staged.hash !== overlay.held.hash) kept.push({ ...overlay, held: staged });
      to({ base: rest, staged, reached: overlay.reached });
    } else {
      if (refused.has(key)) forgiven.push(key);
      if (overlay !== null) replaced.push(overlay);
      const staged = heldOf(next);
      fresh.push({ key, held: staged });
      const after: Lanes = { base: rest, staged, reached };
      if (!same(before, after)) entries.push({ key, before, after });
    }
  }
  if (forgiven.length > 0) {
    await tx
      .deleteFrom('rolled_back_part')
      .where('group_name', '=', group.group_name)
      .where('item_key', 'in', forgiven)
      .execute();
  }
  if (entries.length === 0 && fresh.length === 0) return null;
  await retire(tx, replaced, change.at);
  for (const {
    rolloutId,
    key,
    held: { payload, hash },
  } of kept) {
    await tx
      .updateTable('rollout_item')
      .set({ payload, hash })
      .where('rollout_id', '=', rolloutId)
      .where('item_key', '=', key)
      .execute();
  }
  const revision = Revision.parse(group.revision + 1);
  if (fresh.length > 0) {
    const rolloutId = change.newId();
    await tx
      .insertInto('rollout')
      .values({
        rollout_id: rolloutId,
        group_name: group.group_name,
        state: 'running',
        created_at: change.at,
        ended_at: null,
        reached,
        revision,
        reached_at: change.at,
        note: null,
        hurried: false,
      })
      .execute();
    await tx
      .insertInto('rollout_item')
      .values(
        fresh.map(({ key, held: { payload, hash } }) => ({
          rollout_id: rolloutId,
          group_name: group.group_name,
          item_key: key,
          payload,
          hash,
          active: true,
        })),
      )
      .execute();
    unit.tellAfter({ kind: 'rollout', group: group.group_name });
  }
  return writeEntries(unit, group, entries, change.at);
}

/** One step forward: the lanes up to `to` get what the rollout holds. Returns the revision. */
export async function advanceStaged(
  unit: Work,
  group: LockedGroup,
  rolloutId: RolloutId,
  to: number,
  at: Instant,
): Promise<Revision> {
  const entries = await entriesOf(unit.tx, group, rolloutId, (lanes) => ({ ...lanes, reached: to }));
  const revision = await writeEntries(unit, group, entries, at);
  await unit.tx
    .updateTable('rollout')
    .set({ reached: to, revision, reached_at: at, note: null })
    .where('rollout_id', '=', rolloutId)
    .execute();
  return revision;
}

/** The last step is over: what was staged is what the group has. No edge hears of it, for all of them hold it. */
export async function finishStaged(unit: Work, group: LockedGroup, rolloutId: RolloutId, at: Instant): Promise<void> {
  const { tx } = unit;
  await sql`update policy_item set payload = i.payload, hash = i.hash, revision = ${group.revision}::bigint from rollout_item i
    where i.rollout_id = ${rolloutId} and i.active and policy_item.group_name = i.group_name and policy_item.item_key = i.item_key`.execute(
    tx,
  );
  await settle(unit, group, rolloutId, { state: 'done', note: null, at });
}

/** Takes a rollout back in every lane that it reached; its parts are not tried again until they change. */
export async function rollBackStaged(
  unit: Work,
  group: LockedGroup,
  rolloutId: RolloutId,
  reason: string,
  at: Instant,
): Promise<void> {
  const { tx } = unit;
  const entries = await entriesOf(tx, group, rolloutId, ({ base }) => ({ base, staged: null, reached: -1 }));
  for (const { key, before } of entries) {
    const part = before.staged === null ? null : slowPart(itemOf(before.staged));
    if (part === null) continue;
    const row = { group_name: group.group_name, item_key: key, part_hash: sha256(part), rollout_id: rolloutId };
    await tx
      .insertInto('rolled_back_part')
      .values(row)
      .onConflict((conflict) => conflict.columns(['group_name', 'item_key']).doUpdateSet(row))
      .execute();
  }
  if (entries.length > 0) await writeEntries(unit, group, entries, at);
  await settle(unit, group, rolloutId, { state: 'rolled-back', note: reason.slice(0, 2000), at });
}

async function settle(
  { tx, tellAfter }: Work,
  { group_name: group }: LockedGroup,
  rolloutId: RolloutId,
  end: { readonly state: 'done' | 'rolled-back'; readonly note: string | null; readonly at: Instant },
): Promise<void> {
  const { state, note, at } = end;
  await tx
    .updateTable('rollout_item')
    .set({ active: false, payload: null, hash: null })
    .where('rollout_id', '=', rolloutId)
    .execute();
  await tx.updateTable('rollout').set({ state, note, ended_at: at }).where('rollout_id', '=', rolloutId).execute();
  await countStaged(tx, group);
  tellAfter({ kind: 'rollout', group });
}

/** Writes one revision: the log, the items, the digests of all lanes. */
async function writeEntries(unit: Work, group: LockedGroup, entries: readonly Entry[], at: Instant): Promise<Revision> {
  const { tx } = unit;
  const { group_name: name } = group;
  const revision = group.revision + 1;
  const digests = Array.from({ length: group.lanes }, (_, lane) =>
    changeDigest(laneDigest(group.lane_digests, lane, group.digest), {
      removed: entries.flatMap(({ before }) => hashIn(before, lane)),
      added: entries.flatMap(({ after }) => hashIn(after, lane)),
    }),
  );
  const digest = digests.at(-1) ?? group.digest;
  const text = JSON.stringify(digests);
  for (const { key, before, after } of entries) {
    const { base, staged, reached } = after;
    await tx
      .insertInto('change_log')
      .values({
        ...{ group_name: name, revision, item_key: key, class: staged === null ? 'fast' : 'slow', digest, committed_at: at },
        ...{ op: base === null ? 'remove' : 'upsert', payload: base?.payload ?? null, hash: base?.hash ?? null },
        ...{ staged_payload: staged?.payload ?? null, reached: staged === null ? null : reached, digests: text },
      })
      .execute();
    if (base === null) {
      await tx.deleteFrom('policy_item').where('group_name', '=', name).where('item_key', '=', key).execute();
    } else if (base.hash !== before.base?.hash) {
      const row = { group_name: name, item_key: key, ...base, revision };
      await tx
        .insertInto('policy_item')
        .values(row)
        .onConflict((conflict) => conflict.columns(['group_name', 'item_key']).doUpdateSet(row))
        .execute();
    }
  }
  await tx
    .updateTable('edge_group')
    .set({ revision, digest, lane_digests: text, committed_at: at })
    .where('group_name', '=', name)
    .execute();
  await countStaged(tx, name);
  unit.ringAfter('policy', name);
  unit.tellAfter({ kind: 'rollout', group: name });
  return Revision.parse(revision);
}

async function countStaged(tx: Tx, group: GroupName): Promise<void> {
  await sql`update edge_group set staged = (select count(*) from rollout_item where group_name = ${group} and active)
    where group_name = ${group}`.execute(tx);
}

/** Items leave their rollouts; one that has none left was superseded. */
async function retire(tx: Tx, overlays: readonly Overlay[], at: Instant): Promise<void> {
  for (const { rolloutId, key } of overlays) {
    await tx
      .updateTable('rollout_item')
      .set({ active: false, payload: null, hash: null })
      .where('rollout_id', '=', rolloutId)
      .where('item_key', '=', key)
      .execute();
    await sql`update rollout set state = 'superseded', ended_at = ${at}::timestamptz where rollout_id = ${rolloutId} and state = 'running'
      and not exists (select 1 from rollout_item i where i.rollout_id = rollout.rollout_id and i.active)`.execute(tx);
  }
}

async function entriesOf(tx: Tx, group: LockedGroup, rolloutId: RolloutId, change: (lanes: Lanes) => Lanes): Promise<Entry[]> {
  const overlays = (await overlaysOf(tx, group.group_name, null)).filter((overlay) => overlay.rolloutId === rolloutId);
  const held = await baseOf(
    tx,
    group.group_name,
    overlays.map(({ key }) => key),
  );
  return overlays.map(({ key, held: staged, reached }) => {
    const before: Lanes = { base: held.get(key) ?? null, staged, reached };
    return { key, before, after: change(before) };
  });
}

async function baseOf(tx: Tx, group: GroupName, keys: readonly ItemKey[]): Promise<Map<ItemKey, Held>> {
  if (keys.length === 0) return new Map();
  const rows = await tx
    .selectFrom('policy_item')
    .select(['item_key', 'payload', 'hash'])
    .where('group_name', '=', group)
    .where('item_key', 'in', [...keys])
    .execute();
  return new Map(rows.map(({ item_key, payload, hash }) => [item_key, { payload, hash }]));
}

async function overlaysOf(tx: Tx, group: GroupName, keys: readonly ItemKey[] | null): Promise<Overlay[]> {
  let query = tx
    .selectFrom('rollout_item')
    .innerJoin('rollout', 'rollout.rollout_id', 'rollout_item.rollout_id')
    .select(['rollout.rollout_id as rolloutId', 'item_key as key', 'payload', 'hash', 'reached'])
    .where('rollout_item.group_name', '=', group)
    .where('active', '=', true);
  if (keys !== null) query = query.where('item_key', 'in', [...keys]);
  return (await query.execute()).flatMap(({ rolloutId, key, payload, hash, reached }) =>
    payload === null || hash === null ? [] : [{ rolloutId, key, held: { payload, hash }, reached }],
  );
}

async function refusedParts(tx: Tx, group: GroupName, keys: readonly ItemKey[]): Promise<Map<ItemKey, string>> {
  const rows = await tx
    .selectFrom('rolled_back_part')
    .select(['item_key', 'part_hash'])
    .where('group_name', '=', group)
    .where('item_key', 'in', [...keys])
    .execute();
  return new Map(rows.map((row) => [row.item_key, row.part_hash]));
}

function heldOf(item: PolicyItem): Held {
  return { payload: canonicalJson(item), hash: itemHash(item, sha256) };
}

function itemOf({ payload }: Held): PolicyItem {
  return PolicyItem.parse(JSON.parse(payload));
}

function hashIn({ base, staged, reached }: Lanes, lane: number): string[] {
  const held = staged !== null && lane <= reached ? staged : base;
  return held === null ? [] : [held.hash];
}

function same(one: Lanes, other: Lanes): boolean {
  const reach = ({ staged, reached }: Lanes) => (staged === null ? -1 : reached);
  return one.base?.hash === other.base?.hash && one.staged?.hash === other.staged?.hash && reach(one) === reach(other);
}
