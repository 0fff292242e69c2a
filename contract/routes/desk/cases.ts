/**
 * The desk's queue, cases, reports as the desk sees them, notes, tasks, targets and links.
 *
 * The queue is ordered by lane and by what is due. No answer here holds a count of reports or clusters before the grade of the case is
 * locked: `volume` and report lists are null until then, and a caller cannot ask around it (desk.md, truth 2).
 */
import { z } from 'zod';
import {
  AccountId,
  CaseId,
  CaseNumber,
  EvidenceId,
  Instant,
  MessageId,
  NoticeId,
  PolicyVersionId,
  ReceiptNumber,
  ReportId,
  SiteId,
  TargetId,
  TaskId,
} from '../../ids.ts';
import {
  CaseState,
  Grade,
  Lane,
  ReportChannel,
  ReportClass,
  ReporterProof,
  ReporterRole,
  ReportState,
  TaskKind,
  TaskState,
} from '../../desk/words.ts';
import { Evidence, Incident, Volume } from '../../desk/shapes.ts';
import { Nothing, PageQuery, pageOf, PersonRef } from '../common.ts';
import { route } from '../route.ts';

const ByCase = z.strictObject({ caseId: CaseId });
const Reason = z.string().trim().min(3).max(2000);

export const CaseRow = z.strictObject({
  caseId: CaseId,
  number: CaseNumber,
  state: CaseState,
  lane: Lane,
  class: ReportClass,
  title: z.string(),
  siteId: SiteId.nullable(),
  siteName: z.string(),
  openedAt: Instant,
  due: z.strictObject({ at: Instant, what: z.string() }).nullable(),
  grade: Grade.nullable(),
  emergencySince: Instant.nullable(),
  claim: z.strictObject({ by: PersonRef, until: Instant }).nullable(),
  lead: PersonRef.nullable(),
  openTasks: z.int().min(0),
});
export type CaseRow = z.infer<typeof CaseRow>;

export const Task = z.strictObject({
  taskId: TaskId,
  kind: TaskKind,
  subject: z.string().nullable(),
  state: TaskState,
  /** The case cannot close while it is open. */
  holds: z.boolean(),
  createdAt: Instant,
  dueAt: Instant.nullable(),
  doneAt: Instant.nullable(),
  doneBy: PersonRef.nullable(),
  record: z.string().nullable(),
});
export type Task = z.infer<typeof Task>;

export const Clock = z.strictObject({
  what: z.enum([
    'capture',
    'eyes',
    'grade',
    'decision',
    'warn-target',
    'warn-police',
    'law-enforcement-referral',
    'hotline-referral',
    'owner-notice',
    'statement',
    'provisional-end',
    'appeal',
  ]),
  /** Whom a warning or a referral is about, such as “Target A”. */
  about: z.string().optional(),
  dueAt: Instant,
  metAt: Instant.nullable(),
});
export type Clock = z.infer<typeof Clock>;

export const Case = CaseRow.extend({
  hostname: z.string().nullable(),
  accountId: AccountId.nullable(),
  laneReason: z.string().nullable(),
  gradeLockedAt: Instant.nullable(),
  closedAt: Instant.nullable(),
  recheckAt: Instant.nullable(),
  mergedInto: CaseId.nullable(),
  policyVersionId: PolicyVersionId.nullable(),
  lawEnforcementAt: Instant.nullable(),
  clocks: z.array(Clock),
  tasks: z.array(Task),
  evidence: z.array(Evidence),
  incidents: z.array(Incident),
  targets: z.array(z.strictObject({ targetId: TargetId, label: z.string(), warned: z.boolean() })),
  notes: z.array(z.strictObject({ messageId: MessageId, at: Instant, by: PersonRef.nullable(), text: z.string() })),
  links: z.array(z.strictObject({ caseId: CaseId, number: CaseNumber, why: z.string() })),
  notices: z.array(
    z.strictObject({ noticeId: NoticeId, subject: z.string(), at: Instant, readAt: Instant.nullable(), replies: z.int() }),
  ),
  /** Null while the grade is not locked: volume is withheld by the server. */
  volume: Volume.nullable(),
});
export type Case = z.infer<typeof Case>;

export const listCases = route({
  method: 'GET',
  path: '/api/v1/desk/cases',
  summary:
    'The queue: by lane and by what is due, never by how many reported. `search` looks in titles, sites, hostnames, numbers and words of reports. `total` stops at 2,000, for a search with very many matches at 100.',
  needs: 'desk:read',
  params: Nothing,
  query: PageQuery.extend({
    open: z.enum(['true', 'false']).optional(),
    lane: Lane.optional(),
    state: CaseState.optional(),
    siteId: SiteId.optional(),
    mine: z.enum(['true']).optional(),
    unclaimed: z.enum(['true']).optional(),
    search: z.string().trim().max(200).optional(),
  }),
  body: Nothing,
  answer: pageOf(CaseRow),
  status: 200,
  errors: [],
});

export const openCase = route({
  method: 'POST',
  path: '/api/v1/desk/cases',
  summary: 'Opens a case by hand.',
  needs: 'desk:work',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({
    title: z.string().trim().min(3).max(200),
    class: ReportClass,
    siteId: SiteId.optional(),
    hostname: z.string().trim().max(300).optional(),
    lane: Lane.optional(),
    reason: Reason,
  }),
  answer: Case,
  status: 201,
  errors: ['not-found'],
});

export const getCase = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}',
  summary: 'One case, redacted.',
  needs: 'desk:read',
  params: ByCase,
  query: Nothing,
  body: Nothing,
  answer: Case,
  status: 200,
  errors: ['not-found'],
});

/** One act for everything small that happens to a case, so that each is one line of the audit trail. */
export const CaseAct = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('claim') }),
  z.strictObject({ act: z.literal('release'), why: z.string().trim().max(500).default('') }),
  z.strictObject({ act: z.literal('skip'), why: Reason }),
  z.strictObject({ act: z.literal('assign-lead'), personId: z.string() }),
  z.strictObject({ act: z.literal('lane'), lane: Lane, why: Reason }),
  z.strictObject({ act: z.literal('title'), title: z.string().trim().min(3).max(200) }),
  z.strictObject({ act: z.literal('site'), siteId: SiteId, why: Reason }),
  z.strictObject({ act: z.literal('note'), text: z.string().trim().min(1).max(10_000) }),
  z.strictObject({ act: z.literal('link'), caseId: CaseId, why: Reason }),
  z.strictObject({ act: z.literal('merge-into'), caseId: CaseId, why: Reason }),
  z.strictObject({ act: z.literal('law-enforcement-contacted'), agency: z.string().trim().min(2).max(200), record: Reason }),
  z.strictObject({ act: z.literal('close'), why: Reason }),
  z.strictObject({ act: z.literal('reopen'), why: Reason }),
]);
export type CaseAct = z.infer<typeof CaseAct>;

export const actOnCase = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/acts',
  summary:
    'Claims, releases, notes, links, merges, changes lane, closes. Lane, merge, close and another’s lead need `desk:lead`.',
  needs: 'desk:work',
  params: ByCase,
  query: Nothing,
  body: CaseAct,
  answer: Case,
  status: 200,
  errors: ['not-found', 'wrong-state', 'claimed-by-another', 'task-open'],
});

export const addTask = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/tasks',
  summary: 'Adds a task, such as warning a target.',
  needs: 'desk:work',
  params: ByCase,
  query: Nothing,
  body: z.strictObject({ kind: TaskKind, subject: z.string().trim().max(300).optional(), dueAt: Instant.optional() }),
  answer: Case,
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const settleTask = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/tasks/{taskId}',
  summary: 'Says that a task is done, with how it was acknowledged, or (a lead) that it is not possible.',
  needs: 'desk:work',
  params: z.strictObject({ caseId: CaseId, taskId: TaskId }),
  query: Nothing,
  body: z.strictObject({ state: z.enum(['done', 'not-possible']), record: z.string().trim().min(10).max(4000) }),
  answer: Case,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const addTarget = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/targets',
  summary: 'Adds a person in danger. Everything that names them is sealed at once; the answer holds only the label.',
  needs: 'desk:work',
  params: ByCase,
  query: Nothing,
  body: z.strictObject({
    name: z.string().trim().min(1).max(200),
    contact: z.string().trim().max(1000).default(''),
    /** Names, handles, addresses that must be blacked out wherever they stand in this case. */
    redact: z.array(z.string().trim().min(2).max(300)).max(100).default([]),
    safetyNotes: z.string().trim().max(4000).default(''),
  }),
  answer: Case,
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const unseal = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/unseal',
  summary: 'Opens one sealed identity, with a reason. Leaves an entry in the audit trail that nobody can take back.',
  needs: 'desk:unseal',
  params: ByCase,
  query: Nothing,
  body: z.strictObject({
    what: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('target'), targetId: TargetId }),
      z.strictObject({ kind: z.literal('reporter'), reportId: ReportId }),
    ]),
    reason: z.string().trim().min(10).max(1000),
  }),
  answer: z.strictObject({ fields: z.array(z.strictObject({ name: z.string(), value: z.string() })) }),
  status: 200,
  errors: ['not-found', 'sealed-away', 'sign-in-again'],
});

/** A report at the desk. `reporter` is a label; `text` is redacted. */
export const DeskReport = z.strictObject({
  reportId: ReportId,
  /** The receipt's number. Null before the grade is locked: two dense numbers tell how many came between. */
  number: ReceiptNumber.nullable(),
  channel: ReportChannel,
  class: ReportClass,
  fastLane: z.boolean(),
  state: ReportState,
  receivedAt: Instant,
  happenedAt: Instant.nullable(),
  reporter: z.string(),
  role: ReporterRole,
  proof: ReporterProof,
  wantsSafetyContact: z.boolean(),
  forwardConsent: z.boolean(),
  text: z.string(),
  urls: z.array(z.string()),
  lang: z.string().nullable(),
  evidence: z.array(EvidenceId),
  messages: z.array(
    z.strictObject({ at: Instant, sender: z.enum(['reporter', 'desk']), text: z.string(), by: PersonRef.nullable() }),
  ),
  outcome: z.string().nullable(),
});
export type DeskReport = z.infer<typeof DeskReport>;

/**
 * Reports of a case. Before the grade is locked the server shows one report for each claim (a cluster), role of the reporter and wish to be
 * warned, and those whose reporters wrote again in other words; `total` is 0. So nobody can count.
 */
export const listCaseReports = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}/reports',
  summary: 'What was reported: one for each claim until the grade is locked, all of them afterwards.',
  needs: 'desk:read',
  params: ByCase,
  query: PageQuery,
  body: Nothing,
  answer: pageOf(DeskReport),
  status: 200,
  errors: ['not-found'],
});

export const answerReport = route({
  method: 'POST',
  path: '/api/v1/desk/reports/{reportId}/messages',
  summary: 'Writes to a reporter: a question, an answer, an outcome.',
  needs: 'desk:work',
  params: z.strictObject({ reportId: ReportId }),
  query: Nothing,
  body: z.strictObject({
    kind: z.enum(['question', 'answer', 'outcome']),
    text: z.string().trim().min(3).max(10_000),
    /** Every report of the same cluster and case gets the same answer, each on its own link. */
    toCluster: z.boolean().default(false),
  }),
  answer: z.strictObject({ answered: z.boolean() }),
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const moveReport = route({
  method: 'POST',
  path: '/api/v1/desk/reports/{reportId}/move',
  summary: 'Moves a report to another case, or to a new one.',
  needs: 'desk:work',
  params: z.strictObject({ reportId: ReportId }),
  query: Nothing,
  body: z.strictObject({ caseId: CaseId.nullable(), why: Reason }),
  answer: Case,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});
