/** The house's own routes: status, alarms, audit trail, and the live event stream that the console and `--wait` listen to. */
import { z } from 'zod';
import { AlarmId, AuditId, CaseId, EdgeId, GroupName, Instant, OrderId, Revision, SiteId } from '../ids.ts';
import { OutcomeCounts } from '../stream.ts';
import { Nothing, PageQuery, pageOf, PersonRef } from './common.ts';
import { ReceiptTally } from './orders.ts';
import { route } from './route.ts';

export const Status = z.strictObject({
  provider: z.string(),
  version: z.string(),
  now: Instant,
  database: z.enum(['embedded', 'postgresql']),
  sites: z.int(),
  sitesReady: z.int(),
  ordersInForce: z.int(),
  ordersWaiting: z.int(),
  alarmsOpen: z.int(),
  groups: z.array(
    z.strictObject({
      group: GroupName,
      head: Revision,
      edges: z.int(),
      current: z.int(),
      away: z.int(),
      p50Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
    }),
  ),
});
export type Status = z.infer<typeof Status>;

export const getStatus = route({
  method: 'GET',
  path: '/api/v1/status',
  summary: 'Numbers of the whole installation.',
  needs: 'status:read',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Status,
  status: 200,
  errors: [],
});

export const Alarm = z.strictObject({
  alarmId: AlarmId,
  kind: z.enum([
    'break-glass',
    'receipt-failed',
    'edge-away',
    'edge-nack',
    'origin-moved-inward',
    'confirmer-made-by-proposer',
    'fast-lane',
    'escalation',
    'overdue',
    'provisional-lapsed',
    'page-failed',
    'reports-late',
    'certificate-expiring',
    'certificate-failed',
    'attack',
    'rollout',
    'record',
  ]),
  at: Instant,
  sentence: z.string(),
  orderId: OrderId.nullable(),
  siteId: SiteId.nullable(),
  edgeId: EdgeId.nullable(),
  caseId: CaseId.nullable(),
  acknowledgedBy: PersonRef.nullable(),
  acknowledgedAt: Instant.nullable(),
});
export type Alarm = z.infer<typeof Alarm>;

export const listAlarms = route({
  method: 'GET',
  path: '/api/v1/alarms',
  summary: 'Alarms, newest first.',
  needs: 'alarms:read',
  params: Nothing,
  query: PageQuery.extend({ open: z.enum(['true', 'false']).optional() }),
  body: Nothing,
  answer: pageOf(Alarm),
  status: 200,
  errors: [],
});

export const acknowledgeAlarm = route({
  method: 'POST',
  path: '/api/v1/alarms/{alarmId}/acknowledge',
  summary: 'Says that somebody has seen it.',
  needs: 'alarms:acknowledge',
  params: z.strictObject({ alarmId: AlarmId }),
  query: Nothing,
  body: Nothing,
  answer: Alarm,
  status: 200,
  errors: ['not-found'],
});

export const AuditEntry = z.strictObject({
  auditId: AuditId,
  at: Instant,
  who: PersonRef.nullable(),
  /** What was done, such as `order.confirm`, and to what. */
  act: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const listAudit = route({
  method: 'GET',
  path: '/api/v1/audit',
  summary: 'Who did what, newest first.',
  needs: 'audit:read',
  params: Nothing,
  query: PageQuery.extend({ subject: z.string().max(80).optional() }),
  body: Nothing,
  answer: pageOf(AuditEntry),
  status: 200,
  errors: [],
});

/** Server-sent events at `eventsPath` (needs `status:read`): each `data:` line is one of these; a client reloads what it names. */
export const eventsPath = '/api/v1/events';
export const LiveEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), at: Instant }),
  z.strictObject({ kind: z.literal('site'), siteId: SiteId, change: z.enum(['added', 'changed', 'removed']) }),
  z.strictObject({ kind: z.literal('order'), orderId: OrderId, siteId: SiteId }),
  z.strictObject({
    kind: z.literal('receipt'),
    orderId: OrderId,
    edgeId: EdgeId,
    state: z.enum(['enforced', 'lifted', 'failed']),
    tally: ReceiptTally,
  }),
  z.strictObject({ kind: z.literal('applied'), group: GroupName, edgeId: EdgeId, revision: Revision, tookMs: z.number() }),
  z.strictObject({ kind: z.literal('edge'), edgeId: EdgeId }),
  z.strictObject({ kind: z.literal('rollout'), group: GroupName }),
  z.strictObject({ kind: z.literal('traffic'), siteId: SiteId, at: Instant, seconds: z.number(), counts: OutcomeCounts }),
  z.strictObject({ kind: z.literal('alarm'), alarmId: AlarmId }),
  /** For the desk only: something of a case changed. Says nothing of how many reported. */
  z.strictObject({ kind: z.literal('case'), caseId: CaseId }),
  /** For an owner: a notice about one of their sites. */
  z.strictObject({ kind: z.literal('notice'), siteId: SiteId }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;
