/**
 * Ids: what names a thing across rooms, processes and wires.
 *
 * An id is a prefix that says what it names and 12 random symbols of Crockford's base 32 (60 bits): short enough for a map key
 * at the edge and to be read aloud. It is not a secret: nothing is granted to whoever knows one. Making ids needs chance, so it
 * lives in kit/random-id.ts; this file only parses.
 */
import { z } from 'zod';

const symbols = '[0-9a-hjkmnp-tv-z]{12}';

function idSchema<Name extends string>(prefix: string, _name: Name) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${symbols}$`), `must be an id such as ${prefix}_0123456789ab`)
    .brand<Name>();
}

/** The prefix of each kind of id: the one table from which parsers are made. */
export const idPrefix = {
  account: 'acct',
  alarm: 'alarm',
  appeal: 'appeal',
  assessment: 'assess',
  attack: 'atk',
  audit: 'audit',
  authority: 'auth',
  blob: 'blob',
  captchaKey: 'ckey',
  captchaProcess: 'cproc',
  capture: 'cap',
  case: 'case',
  certificate: 'cert',
  cluster: 'clus',
  credential: 'cred',
  custody: 'cust',
  deskDecision: 'dec',
  edge: 'edge',
  evidence: 'evid',
  exposure: 'expo',
  incident: 'inc',
  message: 'msg',
  notice: 'notice',
  order: 'order',
  page: 'page',
  person: 'person',
  policyVersion: 'polv',
  pressure: 'press',
  receipt: 'rcpt',
  relay: 'relay',
  report: 'rep',
  review: 'rev',
  sealed: 'seal',
  rollout: 'roll',
  session: 'sess',
  site: 'site',
  strike: 'strike',
  target: 'targ',
  task: 'task',
  token: 'token',
} as const satisfies Record<string, string>;

export const AccountId = idSchema(idPrefix.account, 'AccountId');
export type AccountId = z.infer<typeof AccountId>;
export const AlarmId = idSchema(idPrefix.alarm, 'AlarmId');
export type AlarmId = z.infer<typeof AlarmId>;
export const AuditId = idSchema(idPrefix.audit, 'AuditId');
export type AuditId = z.infer<typeof AuditId>;
export const CaptchaKeyId = idSchema(idPrefix.captchaKey, 'CaptchaKeyId');
export type CaptchaKeyId = z.infer<typeof CaptchaKeyId>;
export const CaptchaProcessId = idSchema(idPrefix.captchaProcess, 'CaptchaProcessId');
export type CaptchaProcessId = z.infer<typeof CaptchaProcessId>;
export const CredentialId = idSchema(idPrefix.credential, 'CredentialId');
export type CredentialId = z.infer<typeof CredentialId>;
export const EdgeId = idSchema(idPrefix.edge, 'EdgeId');
export type EdgeId = z.infer<typeof EdgeId>;
export const OrderId = idSchema(idPrefix.order, 'OrderId');
export type OrderId = z.infer<typeof OrderId>;
export const PersonId = idSchema(idPrefix.person, 'PersonId');
export type PersonId = z.infer<typeof PersonId>;
export const RelayId = idSchema(idPrefix.relay, 'RelayId');
export type RelayId = z.infer<typeof RelayId>;
export const ReceiptId = idSchema(idPrefix.receipt, 'ReceiptId');
export type ReceiptId = z.infer<typeof ReceiptId>;
export const SessionId = idSchema(idPrefix.session, 'SessionId');
export type SessionId = z.infer<typeof SessionId>;
export const SiteId = idSchema(idPrefix.site, 'SiteId');
export type SiteId = z.infer<typeof SiteId>;
export const TokenId = idSchema(idPrefix.token, 'TokenId');
export type TokenId = z.infer<typeof TokenId>;
export const AppealId = idSchema(idPrefix.appeal, 'AppealId');
export type AppealId = z.infer<typeof AppealId>;
export const AssessmentId = idSchema(idPrefix.assessment, 'AssessmentId');
export type AssessmentId = z.infer<typeof AssessmentId>;
export const AttackId = idSchema(idPrefix.attack, 'AttackId');
export type AttackId = z.infer<typeof AttackId>;
export const AuthorityId = idSchema(idPrefix.authority, 'AuthorityId');
export type AuthorityId = z.infer<typeof AuthorityId>;
export const BlobId = idSchema(idPrefix.blob, 'BlobId');
export type BlobId = z.infer<typeof BlobId>;
export const CaptureId = idSchema(idPrefix.capture, 'CaptureId');
export type CaptureId = z.infer<typeof CaptureId>;
export const CaseId = idSchema(idPrefix.case, 'CaseId');
export type CaseId = z.infer<typeof CaseId>;
export const CertificateId = idSchema(idPrefix.certificate, 'CertificateId');
export type CertificateId = z.infer<typeof CertificateId>;
export const ClusterId = idSchema(idPrefix.cluster, 'ClusterId');
export type ClusterId = z.infer<typeof ClusterId>;
export const CustodyId = idSchema(idPrefix.custody, 'CustodyId');
export type CustodyId = z.infer<typeof CustodyId>;
export const DeskDecisionId = idSchema(idPrefix.deskDecision, 'DeskDecisionId');
export type DeskDecisionId = z.infer<typeof DeskDecisionId>;
export const EvidenceId = idSchema(idPrefix.evidence, 'EvidenceId');
export type EvidenceId = z.infer<typeof EvidenceId>;
export const ExposureId = idSchema(idPrefix.exposure, 'ExposureId');
export type ExposureId = z.infer<typeof ExposureId>;
export const IncidentId = idSchema(idPrefix.incident, 'IncidentId');
export type IncidentId = z.infer<typeof IncidentId>;
export const MessageId = idSchema(idPrefix.message, 'MessageId');
export type MessageId = z.infer<typeof MessageId>;
export const NoticeId = idSchema(idPrefix.notice, 'NoticeId');
export type NoticeId = z.infer<typeof NoticeId>;
export const PageId = idSchema(idPrefix.page, 'PageId');
export type PageId = z.infer<typeof PageId>;
export const PolicyVersionId = idSchema(idPrefix.policyVersion, 'PolicyVersionId');
export type PolicyVersionId = z.infer<typeof PolicyVersionId>;
export const PressureId = idSchema(idPrefix.pressure, 'PressureId');
export type PressureId = z.infer<typeof PressureId>;
export const ReportId = idSchema(idPrefix.report, 'ReportId');
export type ReportId = z.infer<typeof ReportId>;
export const ReviewId = idSchema(idPrefix.review, 'ReviewId');
export type ReviewId = z.infer<typeof ReviewId>;
export const RolloutId = idSchema(idPrefix.rollout, 'RolloutId');
export type RolloutId = z.infer<typeof RolloutId>;
export const SealedId = idSchema(idPrefix.sealed, 'SealedId');
export type SealedId = z.infer<typeof SealedId>;
export const StrikeId = idSchema(idPrefix.strike, 'StrikeId');
export type StrikeId = z.infer<typeof StrikeId>;
export const TargetId = idSchema(idPrefix.target, 'TargetId');
export type TargetId = z.infer<typeof TargetId>;
export const TaskId = idSchema(idPrefix.task, 'TaskId');
export type TaskId = z.infer<typeof TaskId>;

/** An edge group is named by its operator: a short word, unique in the installation. */
export const GroupName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a short lower-case word such as default or eu-west')
  .brand<'GroupName'>();
export type GroupName = z.infer<typeof GroupName>;

/** A clearance key's id: `k` and a number. It travels inside every clearance, so it is short. */
export const KeyId = z
  .string()
  .regex(/^k[1-9][0-9]{0,8}$/, 'must be a key id such as k12')
  .brand<'KeyId'>();
export type KeyId = z.infer<typeof KeyId>;

/** A decision's public number: year and a dense counter, so that a gap is visible (record.md). */
export const DecisionNumber = z
  .string()
  .regex(/^D-[0-9]{4}-[0-9]{4,8}$/, 'must be a decision number such as D-2026-0001')
  .brand<'DecisionNumber'>();
export type DecisionNumber = z.infer<typeof DecisionNumber>;

/** A case's number inside the desk: year and a dense counter. Cases that were opened and led to nothing keep theirs. */
export const CaseNumber = z
  .string()
  .regex(/^C-[0-9]{4}-[0-9]{4,8}$/, 'must be a case number such as C-2026-0001')
  .brand<'CaseNumber'>();
export type CaseNumber = z.infer<typeof CaseNumber>;

/** A report's number on its receipt: dense over all reports, so that a dropped one shows. */
export const ReceiptNumber = z.int().min(1).brand<'ReceiptNumber'>();
export type ReceiptNumber = z.infer<typeof ReceiptNumber>;

/** A numbered state of one edge group's policy. Zero means "nothing yet". Dense: each commit adds one. */
export const Revision = z.int().min(0).brand<'Revision'>();
export type Revision = z.infer<typeof Revision>;

/** An instant in UTC, ISO 8601 with milliseconds and `Z`, as it crosses wires. */
export const Instant = z.iso.datetime({ precision: 3 }).brand<'Instant'>();
export type Instant = z.infer<typeof Instant>;
