/**
 * Reads reports that came in, each once: site, artefacts, cluster, case.
 *
 * A batch is one transaction. When one breaks it, its reports are read one by one; the one that breaks is tried again later, and from the third time
 * on without looking into its text, so that people see it in any case. It is never lost and holds nobody up.
 * Nothing here depends on how many reports there are: a duplicate adds its counts and nothing else, tells nobody, alarms nobody, moves no clock.
 * Class child-abuse: no address is kept as evidence, only its hash; nothing is fetched; a task refers it to a hotline. Fails closed: an address
 * that was once reported so is not fetched for anybody until a lead says that it was checked (control/desk/evidence/checked.ts).
 * Locks: clusters, reports, cases (by id), then the number of a new case, then evidence.
 */
import type { CaseId, ClusterId, Instant } from '../../../contract/ids.ts';
import { laneOfClass, ReportClass } from '../../../contract/desk/words.ts';
import type { Lane } from '../../../contract/desk/words.ts';
import type { Claim } from '../../../core/desk/clusters.ts';
import { isMoreUrgent, laneRank } from '../../../core/desk/lane.ts';
import { stepReport } from '../../../core/desk/report-states.ts';
import { artefactOfFile } from '../../../core/desk/urls.ts';
import { partsOf } from '../../../core/desk/volume.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { addAudit } from '../../../store/audit.ts';
import { addNoteIn, linkCasesIn } from '../../../store/desk/case-file.ts';
import { changeCase, findCase, lockCase, openCaseIn, touchDue } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { joinClusters, lockClusters, setClusterCase } from '../../../store/desk/clusters.ts';
import {
  finishReading,
  hasReportOfClass,
  isStillRinging,
  listUnreadFiles,
  lockUnread,
  siteOf,
  sitesOfNames,
} from '../../../store/desk/reading.ts';
import type { Unread, UnreadFile } from '../../../store/desk/reading.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { DeskDeps } from '../deps.ts';
import { extract, isHidden } from './extract.ts';
import { keepEvidence } from './evidence.ts';
import type { Prepared } from './evidence.ts';

export type Reader = {
  readonly deps: Pick<DeskDeps, 'store' | 'now' | 'outbox'>;
  readonly keysOf: (claim: Claim) => string[];
};

/** Reads these reports in one transaction; returns how many were still waiting. */
export async function readReports(reader: Reader, reports: readonly Unread[], plain = false): Promise<number> {
  const { deps } = reader;
  const { db } = deps.store;
  const extracts = reports.map((report) => extract(report, plain));
  const sites = await sitesOfNames(db, [...new Set(extracts.flatMap(({ hostnames }) => hostnames))]);
  const prepared: Prepared[] = [];
  for (const [index, report] of reports.entries()) {
    const held = extracts[index];
    if (held === undefined) continue;
    const named = held.hostnames.find((name) => sites.has(name));
    const known = report.siteId === null ? null : await siteOf(db, report.siteId);
    const site = known ?? (named === undefined ? null : (sites.get(named) ?? null));
    const hostname = named ?? held.hostnames[0] ?? null;
    const scope = `${isHidden(report) ? 'hidden' : 'open'} ${site?.siteId ?? hostname ?? ''}`;
    const keys = plain ? [] : reader.keysOf({ scope, text: report.text, urls: held.addresses.map(({ canonical }) => canonical) });
    prepared.push({ report, held, site, hostname, keys });
  }
  return transact(deps.store, (unit) => readIn(reader, unit, prepared));
}

async function readIn(reader: Reader, unit: Work, prepared: readonly Prepared[]): Promise<number> {
  const { tx } = unit;
  const at = nowOf(reader.deps);
  await lockClusters(tx);
  const locked = await lockUnread(
    tx,
    prepared.map(({ report }) => report.reportId),
  );
  // What its reporter changed since it was looked at waits for the next turn.
  const mine = prepared.flatMap((one) => {
    const now = locked.get(one.report.reportId);
    if (now === undefined || now.urls.length !== one.report.urls.length) return [];
    return [{ ...one, report: { ...one.report, state: now.state, clusterId: now.clusterId, caseId: now.caseId } }];
  });
  if (mine.length === 0) return 0;
  const files = Map.groupBy(
    await listUnreadFiles(
      tx,
      mine.map(({ report }) => report.reportId),
    ),
    (file) => file.reportId,
  );
  const joined = await joinClusters(
    tx,
    mine.map((one) => ({
      reportId: one.report.reportId,
      keys: one.keys,
      parts: partsOf({
        artefacts: artefactsOf(one, files.get(one.report.reportId) ?? []),
        role: one.report.role,
        proof: one.report.proof,
        mark: one.report.mark,
      }),
      present: one.report.clusterId,
    })),
    at,
  );
  const cases = await lockCases(unit, [
    ...joined.cases.values(),
    ...joined.met.flat(),
    ...mine.map(({ report }) => report.caseId),
  ]);
  const inCases = await assignCases(unit, mine, joined, cases, at);
  await tellThatTheyMet(unit, joined.met, cases, at);
  const bringing = await keepEvidence(unit, mine, inCases, files, at);
  const urgent = new Map<CaseId, 'something-new' | 'copies'>();
  for (const [index, { report }] of mine.entries()) {
    const found = inCases[index];
    if (found === undefined || !report.fastLane) continue;
    const isNew = bringing.has(report.reportId) || joined.copies[index] === false;
    if (isNew || !urgent.has(found.case_id)) urgent.set(found.case_id, isNew ? 'something-new' : 'copies');
  }
  for (const [caseId, brings] of urgent) await wakeFor(reader, unit, caseId, brings, at);
  await finishReading(
    tx,
    mine.map((one, index) => {
      const clusterId = joined.clusters[index];
      const found = inCases[index];
      if (clusterId === undefined || found === undefined) throw new Error('a report was read into no cluster or case');
      return {
        reportId: one.report.reportId,
        at,
        state: linked(one.report),
        hostname: one.hostname ?? one.report.hostname,
        siteId: one.site?.siteId ?? one.report.siteId,
        urls: one.held.urls,
        clusterId,
        caseId: found.case_id,
        search: one.held.search,
      };
    }),
  );
  return mine.length;
}

/** A report that was read again keeps its state, and one that was withdrawn stays so: its evidence is kept all the same. */
function linked(report: Unread): Unread['state'] {
  if (report.caseId !== null) return report.state;
  const step = stepReport(report.state, 'link');
  return step.ok ? step.state : report.state;
}

function artefactsOf({ report, held }: Prepared, files: readonly UnreadFile[]): string[] {
  const addresses = held.addresses.map((address) => (isHidden(report) ? address.hiddenArtefact : address.artefact));
  return [...addresses, ...files.map(({ sha256 }) => artefactOfFile(sha256))];
}

/** These cases and those into which they were merged, locked in the order of their ids. */
async function lockCases(unit: Work, ids: readonly (CaseId | null)[]): Promise<Map<CaseId, CaseRecord>> {
  const cases = new Map<CaseId, CaseRecord>();
  let wanted = [...new Set(ids.flatMap((id) => (id === null ? [] : [id])))].sort();
  while (wanted.length > 0) {
    const further = new Set<CaseId>();
    for (const caseId of wanted) {
      const found = await lockCase(unit.tx, caseId);
      if (found === null) continue;
      cases.set(caseId, found);
      if (found.merged_into !== null && !cases.has(found.merged_into)) further.add(found.merged_into);
    }
    wanted = [...further].sort();
  }
  return cases;
}

/** The case that a case has become; null when that one is closed. */
function openCase(cases: ReadonlyMap<CaseId, CaseRecord>, caseId: CaseId | null): CaseRecord | null {
  let found = caseId === null ? undefined : cases.get(caseId);
  for (let steps = 0; steps < 50 && found !== undefined && found.merged_into !== null; steps += 1)
    found = cases.get(found.merged_into);
  return found === undefined || found.closed_at !== null ? null : found;
}

async function assignCases(
  unit: Work,
  mine: readonly Prepared[],
  joined: { readonly clusters: readonly ClusterId[]; readonly cases: ReadonlyMap<ClusterId, CaseId | null> },
  cases: Map<CaseId, CaseRecord>,
  at: Instant,
): Promise<CaseRecord[]> {
  const ofCluster = new Map<ClusterId, CaseRecord>();
  const assigned: CaseRecord[] = [];
  for (const [index, one] of mine.entries()) {
    const clusterId = joined.clusters[index];
    if (clusterId === undefined) throw new Error('a report was read into no cluster');
    const lane: Lane = one.report.fastLane ? 'life-threat' : laneOfClass[one.report.class];
    // A report that is read again stays where people put it, also when that case is closed.
    const own = one.report.caseId === null ? null : (followed(cases, one.report.caseId) ?? null);
    let found = own ?? ofCluster.get(clusterId) ?? openCase(cases, joined.cases.get(clusterId) ?? null);
    if (found === null) {
      found = await openFor(unit, one, lane, at);
      cases.set(found.case_id, found);
      await setClusterCase(unit.tx, clusterId, found.case_id);
    } else if (found.closed_at === null && isMoreUrgent(lane, found.lane) && (await isNews(unit, found, one.report, lane))) {
      found = await raiseLane(unit, found, lane, one.report, at);
      cases.set(found.case_id, found);
    }
    if (own === null) ofCluster.set(clusterId, found);
    assigned.push(found);
  }
  return assigned;
}

function followed(cases: ReadonlyMap<CaseId, CaseRecord>, caseId: CaseId): CaseRecord | undefined {
  let found = cases.get(caseId);
  for (let steps = 0; steps < 50 && found !== undefined && found.merged_into !== null; steps += 1)
    found = cases.get(found.merged_into);
  return found;
}

async function openFor(unit: Work, one: Prepared, lane: Lane, at: Instant): Promise<CaseRecord> {
  const caseId = await openCaseIn(unit, {
    at,
    title: titleOf(one),
    class: one.report.class,
    lane,
    laneReason: one.report.fastLane ? 'A report in the fast lane says that somebody is in danger now.' : null,
    site: one.site,
    hostname: one.hostname,
    reason: 'A report came in that belongs to no open case.',
    who: null,
  });
  const found = await lockCase(unit.tx, caseId);
  if (found === null) throw new Error(`the case ${caseId} is gone`);
  return found;
}

/** Class and hostname; never a word of the report. */
function titleOf({ report, hostname }: Prepared): string {
  const words = report.class.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}: ${hostname ?? 'site not named'}`;
}

/**
 * Whether a report says something graver than its case knew. The fast lane always does; a class does when no report of the case was of so urgent a
 * class before: so nobody hides a threat behind an early report of spam with the same words, the order of arrival changes no lane, and a
 * duplicate does not undo what a lead decided.
 */
async function isNews({ tx }: Work, found: CaseRecord, report: Unread, lane: Lane): Promise<boolean> {
  if (report.fastLane) return true;
  const asUrgent = ReportClass.options.filter((kind) => !isMoreUrgent(lane, laneOfClass[kind]));
  return !(await hasReportOfClass(tx, found.case_id, asUrgent));
}

async function raiseLane(unit: Work, found: CaseRecord, lane: Lane, report: Unread, at: Instant): Promise<CaseRecord> {
  const reason = report.fastLane
    ? 'A report in the fast lane says that somebody is in danger now.'
    : `A report of the class ${report.class} came in.`;
  await changeCase(unit.tx, found.case_id, {
    lane,
    lane_rank: laneRank[lane],
    lane_reason: reason,
    ...(lane === 'life-threat' ? { emergency_since: found.emergency_since ?? at } : {}),
    clock_since: at,
  });
  await touchDue(unit.tx, found.case_id);
  await addAudit(unit.tx, {
    at,
    who: null,
    act: 'case.lane',
    subject: found.case_id,
    detail: { from: found.lane, to: lane, reason },
  });
  unit.tellAfter({ kind: 'case', caseId: found.case_id });
  const changed = await lockCase(unit.tx, found.case_id);
  return changed ?? found;
}

/** So long what woke people is taken to be on its way to them: pages are said again by themselves. */
const unseenMs = 3_600_000;
/** Whoever sends something new again and again wakes people for one case so often at most; the next page waits, and none is dropped. */
const againMs = 600_000;

/**
 * Wakes people for a case. Copies wake them once, however many come. Something new (an address, a file, a time, or words that are no near copy) wakes them
 * again once somebody has seen the last alarm, or after an hour: an early false alarm must not silence a later true one. Says nothing of how many came.
 */
async function wakeFor(
  { deps }: Reader,
  unit: Work,
  caseId: CaseId,
  brings: 'something-new' | 'copies',
  at: Instant,
): Promise<void> {
  const found = await findCase(unit.tx, caseId);
  if (found === null) throw new Error(`the case ${caseId} is gone`);
  const last = found.fast_lane_at;
  if (last !== null) {
    if (brings === 'copies') return;
    if (msOf(at) - msOf(last) < unseenMs && (await isStillRinging(unit.tx, caseId, last))) return;
  }
  const notBefore = last === null ? at : instantOf(msOf(last) > msOf(at) ? msOf(last) : Math.max(msOf(at), msOf(last) + againMs));
  await changeCase(unit.tx, caseId, { fast_lane_at: notBefore });
  const sentence =
    last === null
      ? `A report in the fast lane says that somebody is in danger now: case ${found.number}. Open it at once.`
      : `A report in the fast lane brings something new, and says that somebody is in danger now: case ${found.number}. Look at it again.`;
  await raiseAlarm(unit, {
    kind: 'fast-lane',
    at,
    sentence,
    caseId,
    ...(found.site_id === null ? {} : { siteId: found.site_id }),
  });
  await deps.outbox.wakeFastLane(unit, { sentence, caseId, notBefore });
}

/** Reports of two cases turned out to say the same: both cases stay as they are, and each says so. */
async function tellThatTheyMet(
  unit: Work,
  met: readonly (readonly [CaseId, CaseId])[],
  cases: ReadonlyMap<CaseId, CaseRecord>,
  at: Instant,
): Promise<void> {
  for (const pair of met) {
    const [one, other] = pair.map((caseId) => followed(cases, caseId));
    if (one === undefined || other === undefined || one.case_id === other.case_id) continue;
    await linkCasesIn(unit.tx, { one: one.case_id, other: other.case_id, why: 'Reports of both say the same.', at });
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      await addNoteIn(unit.tx, {
        caseId: here.case_id,
        at,
        who: null,
        text: `Reports of this case and of ${there.number} turned out to say the same. Nothing was moved: decide whether to merge them.`,
      });
      unit.tellAfter({ kind: 'case', caseId: here.case_id });
    }
  }
}
