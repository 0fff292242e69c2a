/**
 * Clusters as they are kept: keys lead to clusters, joined clusters lead to their parent, counts are kept along.
 *
 * One process at a time joins (an advisory lock until the commit), so two can never wait for each other over keys. A report costs a few
 * statements whatever is there already. When clusters turn out to be one, the smaller is joined to the greater and its reports get the
 * greater's id: some at once, the rest by `relabelSome`.
 * Counts are only for whoever may see volume (after the lock of the grade); nothing here orders or chooses by them but the way of joining.
 * `recount` computes them anew from the reports and their evidence.
 */
import { sql } from 'kysely';
import { ClusterId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, Instant, ReportId } from '../../contract/ids.ts';
import type { Volume } from '../../contract/desk/shapes.ts';
import { compareForClaim } from '../../core/desk/claim-case.ts';
import { clusterMethod, componentsOf } from '../../core/desk/clusters.ts';
import { artefactPart, partsOf, unprovedWitness, witnessPart } from '../../core/desk/volume.ts';
import { firstHandRoles } from '../../contract/desk/words.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

/** Any number that nothing else in this database locks. */
const lockNumber = 7_305_021_466;
const relabelledAtOnce = 500;

/** Take it before anything else in the transaction: it orders all who read reports. */
export async function lockClusters(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockNumber}::bigint)`.execute(tx);
}

export type Joining = {
  readonly reportId: ReportId;
  readonly keys: readonly string[];
  readonly parts: readonly string[];
  /** The cluster that it is in already, for a report that is read again. */
  readonly present: ClusterId | null;
};

export type Joined = {
  /** The cluster of each report, in the order in which they were given. */
  readonly clusters: readonly ClusterId[];
  /** The case of each of these clusters; null when it has none. */
  readonly cases: ReadonlyMap<ClusterId, CaseId | null>;
  /** Of each report whether it is a near copy of what was there before: at least half of its keys were held. */
  readonly copies: readonly boolean[];
  /** Pairs of cases whose reports turned out to say the same. */
  readonly met: readonly (readonly [CaseId, CaseId])[];
};

type Root = {
  readonly clusterId: ClusterId;
  readonly caseId: CaseId | null;
  readonly order: number;
  readonly n: number;
};

/** Joins reports to clusters by their keys, in one go. Needs `lockClusters`. */
export async function joinClusters(tx: Tx, reports: readonly Joining[], at: Instant): Promise<Joined> {
  const keys = [...new Set(reports.flatMap((report) => report.keys))].sort();
  const held = await heldKeys(tx, keys);
  const roots = await rootsOf(tx, [
    ...new Set([...held.values(), ...reports.flatMap(({ present }) => (present === null ? [] : [present]))]),
  ]);
  const rootOf = (clusterId: ClusterId): Root => {
    const root = roots.get(clusterId);
    if (root === undefined) throw new Error(`the cluster ${clusterId} leads nowhere`);
    return root;
  };
  // Reports meet by a key, or by keys that lead to one cluster.
  const groups = componentsOf(
    reports.map((report) => [...report.keys, ...rootsBehind(report, held, rootOf).map(({ clusterId }) => `root ${clusterId}`)]),
  );
  const clusters: ClusterId[] = [];
  const cases = new Map<ClusterId, CaseId | null>();
  const met: [CaseId, CaseId][] = [];
  const newKeys: { key: string; cluster_id: ClusterId }[] = [];
  const newParts: { cluster_id: ClusterId; part: string }[] = [];
  for (const group of groups) {
    const members = group.flatMap((index) => reports[index] ?? []);
    const found = [...new Set(members.flatMap((report) => rootsBehind(report, held, rootOf)))];
    const kept = found.sort((one, other) => other.n - one.n || one.order - other.order)[0] ?? (await newCluster(tx, at));
    for (const gone of found.slice(1)) await joinTo(tx, kept.clusterId, gone.clusterId);
    cases.set(kept.clusterId, await settleCase(tx, found, kept, met));
    const arriving = members.filter(({ present }) => present === null).length;
    if (arriving > 0) {
      await tx
        .updateTable('cluster')
        .set({ n: sql<number>`n + ${arriving}` })
        .where('cluster_id', '=', kept.clusterId)
        .execute();
    }
    for (const index of group) clusters[index] = kept.clusterId;
    for (const key of new Set(members.flatMap((report) => report.keys))) {
      if (!held.has(key)) newKeys.push({ key, cluster_id: kept.clusterId });
    }
    for (const part of new Set(members.flatMap((report) => report.parts))) newParts.push({ cluster_id: kept.clusterId, part });
  }
  if (newKeys.length > 0) {
    await sql`insert into cluster_key (key, cluster_id)
      select key, cluster_id from jsonb_to_recordset(${JSON.stringify(newKeys)}::jsonb) as r(key text, cluster_id text)`.execute(
      tx,
    );
  }
  await addParts(tx, newParts);
  const copies = reports.map(
    (report) => report.keys.filter((key) => held.has(key)).length * 2 >= Math.max(report.keys.length, 1),
  );
  return { clusters, cases, copies, met };
}

function rootsBehind(report: Joining, held: ReadonlyMap<string, ClusterId>, rootOf: (clusterId: ClusterId) => Root): Root[] {
  const found = new Set<Root>();
  if (report.present !== null) found.add(rootOf(report.present));
  for (const key of report.keys) {
    const clusterId = held.get(key);
    if (clusterId !== undefined) found.add(rootOf(clusterId));
  }
  return [...found];
}

async function heldKeys(tx: Tx, keys: readonly string[]): Promise<Map<string, ClusterId>> {
  if (keys.length === 0) return new Map();
  const rows = await tx
    .selectFrom('cluster_key')
    .select(['key', 'cluster_id'])
    .where(sql<boolean>`key = any(${[...keys]}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.key, row.cluster_id]));
}

/** The root of each of these clusters. Halves the way for those who come after. */
async function rootsOf(tx: Tx, clusterIds: readonly ClusterId[]): Promise<Map<ClusterId, Root>> {
  if (clusterIds.length === 0) return new Map();
  const { rows } = await sql<{
    start: ClusterId;
    steps: number;
    cluster_id: ClusterId;
    case_id: CaseId | null;
    created_order: number;
    n: number;
  }>`with recursive up as (
      select cluster_id as start, 0 as steps, cluster_id, parent, case_id, created_order, n from cluster
        where cluster_id = any(${[...clusterIds]}::text[])
      union all
      select up.start, up.steps + 1, c.cluster_id, c.parent, c.case_id, c.created_order, c.n from up
        join cluster c on c.cluster_id = up.parent
    ) select start, steps, cluster_id, case_id, created_order, n from up where parent is null`.execute(tx);
  const byRoot = new Map<ClusterId, Root>();
  const found = new Map<ClusterId, Root>();
  for (const row of rows) {
    const root = byRoot.get(row.cluster_id) ?? {
      clusterId: row.cluster_id,
      caseId: row.case_id,
      order: Number(row.created_order),
      n: row.n,
    };
    byRoot.set(row.cluster_id, root);
    found.set(row.start, root);
    if (row.steps > 1) {
      await tx.updateTable('cluster').set({ parent: row.cluster_id }).where('cluster_id', '=', row.start).execute();
    }
  }
  return found;
}

async function newCluster(tx: Tx, at: Instant): Promise<Root> {
  const clusterId = ClusterId.parse(randomId(idPrefix.cluster));
  const { created_order: order } = await tx
    .insertInto('cluster')
    .values({ cluster_id: clusterId, parent: null, method: clusterMethod, case_id: null, n: 0, k: 0, w: 0, created_at: at })
    .returning('created_order')
    .executeTakeFirstOrThrow();
  return { clusterId, caseId: null, order, n: 0 };
}

async function joinTo(tx: Tx, kept: ClusterId, gone: ClusterId): Promise<void> {
  const { n } = await tx.selectFrom('cluster').select('n').where('cluster_id', '=', gone).executeTakeFirstOrThrow();
  await tx.updateTable('cluster').set({ parent: kept, n: 0, k: 0, w: 0, relabel: true }).where('cluster_id', '=', gone).execute();
  await tx
    .updateTable('cluster')
    .set({ n: sql<number>`n + ${n}` })
    .where('cluster_id', '=', kept)
    .execute();
  await sql`with taken as (delete from cluster_part where cluster_id = ${gone} returning part),
      added as (insert into cluster_part (cluster_id, part) select ${kept}, part from taken on conflict do nothing returning part)
    update cluster set k = k + (select count(*) from added where starts_with(part, ${artefactPart})),
      w = w + (select count(*) from added where starts_with(part, ${witnessPart})) where cluster_id = ${kept}`.execute(tx);
  await relabel(tx, kept, gone);
}

async function addParts(tx: Tx, parts: readonly { cluster_id: ClusterId; part: string }[]): Promise<void> {
  if (parts.length === 0) return;
  await sql`with added as (
      insert into cluster_part (cluster_id, part)
      select cluster_id, part from jsonb_to_recordset(${JSON.stringify(parts)}::jsonb) as r(cluster_id text, part text)
      on conflict do nothing returning cluster_id, part
    ), counted as (
      select cluster_id, count(*) filter (where starts_with(part, ${artefactPart})) as k,
        count(*) filter (where starts_with(part, ${witnessPart})) as w from added group by cluster_id
    ) update cluster set k = cluster.k + counted.k, w = cluster.w + counted.w from counted
      where cluster.cluster_id = counted.cluster_id`.execute(tx);
}

/** Which case a cluster belongs to, as core/desk/claim-case.ts orders them. Cases that met are told of. */
async function settleCase(tx: Tx, found: readonly Root[], kept: Root, met: [CaseId, CaseId][]): Promise<CaseId | null> {
  const held = [...new Set(found.flatMap(({ caseId }) => (caseId === null ? [] : [caseId])))];
  if (held.length < 2) {
    const only = held[0] ?? null;
    if (only !== kept.caseId) await setClusterCase(tx, kept.clusterId, only);
    return only;
  }
  const rows = await tx
    .selectFrom('desk_case')
    .select(['case_id', 'closed_at', 'lane', 'state', 'created_order'])
    .where('case_id', 'in', held)
    .execute();
  const order = rows
    .map((row) => ({ ...row, isClosed: row.closed_at !== null, order: row.created_order }))
    .sort(compareForClaim)
    .map((row) => row.case_id);
  const first = order[0] ?? null;
  if (first !== null) {
    for (const other of order.slice(1)) met.push([first, other]);
    await setClusterCase(tx, kept.clusterId, first);
  }
  return first;
}

export async function setClusterCase(tx: Tx, clusterId: ClusterId, caseId: CaseId | null): Promise<void> {
  await tx.updateTable('cluster').set({ case_id: caseId }).where('cluster_id', '=', clusterId).execute();
}

/** How many reports got the present id. One that somebody holds waits for the next time. */
async function relabel(tx: Tx, kept: ClusterId, gone: ClusterId): Promise<number> {
  const { numAffectedRows } = await sql`update report set cluster_id = ${kept} where report_id in (
      select report_id from report where cluster_id = ${gone} limit ${relabelledAtOnce} for update skip locked)`.execute(tx);
  const done = Number(numAffectedRows ?? 0);
  if (done >= relabelledAtOnce) return done;
  const left = await tx.selectFrom('report').select('report_id').where('cluster_id', '=', gone).limit(1).executeTakeFirst();
  if (left === undefined) await tx.updateTable('cluster').set({ relabel: false }).where('cluster_id', '=', gone).execute();
  return done;
}

/** Whether reports of joined clusters still carry the old id. */
export async function hasRelabelling(db: Db): Promise<boolean> {
  return (
    (await db.selectFrom('cluster').select('cluster_id').where('relabel', '=', true).limit(1).executeTakeFirst()) !== undefined
  );
}

/** Gives some reports of joined clusters their cluster's present id; how many. Needs `lockClusters`. */
export async function relabelSome(tx: Tx): Promise<number> {
  const gone = await tx.selectFrom('cluster').select('cluster_id').where('relabel', '=', true).limit(1).executeTakeFirst();
  if (gone === undefined) return 0;
  const root = (await rootsOf(tx, [gone.cluster_id])).get(gone.cluster_id);
  return root === undefined ? 0 : relabel(tx, root.clusterId, gone.cluster_id);
}

/** N, M, K and W of a case. Only for whoever may see volume: the grade is locked. */
export async function volumeOf(db: Db, caseId: CaseId): Promise<Volume> {
  const { rows } = await sql<{ n: number; m: number; k: number; w: number }>`with recursive of_case as (
      select report_id, cluster_id, role, reporter_mark, reporter_proof from report where case_id = ${caseId}
    ), up as (
      select cluster_id as start, cluster_id, parent from cluster where cluster_id in (select cluster_id from of_case)
      union all
      select up.start, c.cluster_id, c.parent from up join cluster c on c.cluster_id = up.parent
    ), rooted as (
      select of_case.*, coalesce(up.cluster_id, of_case.report_id) as root from of_case
        left join up on up.start = of_case.cluster_id and up.parent is null
    ) select
      (select count(*) from rooted) as n,
      (select count(distinct root) from rooted) as m,
      (select count(*) from evidence where case_id = ${caseId} and kind in ('url', 'file', 'mail')
        and exists (select from evidence_source where evidence_source.evidence_id = evidence.evidence_id)) as k,
      (select count(distinct case when reporter_proof = 'none' or reporter_mark is null then ${unprovedWitness} || root
        else ${witnessPart} || reporter_mark end) from rooted where role = any(${[...firstHandRoles]}::text[])) as w`.execute(db);
  const [row] = rows;
  return { n: Number(row?.n ?? 0), m: Number(row?.m ?? 0), k: Number(row?.k ?? 0), w: Number(row?.w ?? 0) };
}

/** What a cluster's counts must be, computed from its reports and what they brought. `clusterId` is a root. */
export async function recount(db: Db, clusterId: ClusterId): Promise<{ n: number; k: number; w: number }> {
  const { rows } = await sql<{ report_id: ReportId; role: string; reporter_proof: string; reporter_mark: string | null }>`
    with recursive down as (
      select cluster_id from cluster where cluster_id = ${clusterId}
      union all
      select c.cluster_id from down join cluster c on c.parent = down.cluster_id
    ) select report_id from report where cluster_id in (select cluster_id from down)`.execute(db);
  const ids = rows.map((row) => row.report_id);
  if (ids.length === 0) return { n: 0, k: 0, w: 0 };
  const reports = await db
    .selectFrom('report')
    .select(['role', 'reporter_proof', 'reporter_mark'])
    .where(sql<boolean>`report_id = any(${ids}::text[])`)
    .execute();
  const artefacts = await db
    .selectFrom('evidence_source')
    .innerJoin('evidence', 'evidence.evidence_id', 'evidence_source.evidence_id')
    .select('artefact')
    .distinct()
    .where(sql<boolean>`report_id = any(${ids}::text[])`)
    .where('kind', 'in', ['url', 'file', 'mail'])
    .execute();
  const parts = new Set(
    reports.flatMap((row) => partsOf({ artefacts: [], role: row.role, proof: row.reporter_proof, mark: row.reporter_mark })),
  );
  return { n: ids.length, k: artefacts.length, w: parts.size };
}

export type ClusterOfCase = {
  readonly clusterId: ClusterId;
  readonly n: number;
  readonly k: number;
  readonly w: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly firstReportId: ReportId;
  /** Text of its first report, as it came: whoever shows it redacts it. */
  readonly sample: string;
};

/** The clusters whose reports a case holds, by their first report. Only for whoever may see volume. */
export async function clustersOfCase(db: Db, caseId: CaseId, limit: number): Promise<ClusterOfCase[]> {
  const { rows } = await sql<{
    cluster_id: ClusterId;
    n: number;
    k: number;
    w: number;
    first_at: Instant;
    last_at: Instant;
    first_report: ReportId;
    sample: string;
  }>`with recursive of_case as (
      select cluster_id, report_id, receipt_number, received_at from report where case_id = ${caseId} and cluster_id is not null
    ), up as (
      select cluster_id as start, cluster_id, parent from cluster where cluster_id in (select cluster_id from of_case)
      union all
      select up.start, c.cluster_id, c.parent from up join cluster c on c.cluster_id = up.parent
    ), rooted as (
      select up.cluster_id as root, min(receipt_number) as first, count(*) as n, min(received_at) as first_at, max(received_at) as last_at
        from of_case join up on up.start = of_case.cluster_id and up.parent is null group by up.cluster_id
    ) select root as cluster_id, rooted.n, cluster.k, cluster.w, first_at, last_at, report.report_id as first_report,
        left(report.text, 600) as sample
      from rooted join cluster on cluster.cluster_id = root join report on report.receipt_number = rooted.first
      order by rooted.first limit ${limit}`.execute(db);
  return rows.map((row) => ({
    clusterId: row.cluster_id,
    n: Number(row.n),
    k: row.k,
    w: row.w,
    firstAt: row.first_at,
    lastAt: row.last_at,
    firstReportId: row.first_report,
    sample: row.sample,
  }));
}
