/**
 * The desk's tables as Kysely sees them: what store/migrations/000003_desk.sql makes, said in types.
 *
 * The same rules as store/tables.ts: instants as `Instant` text, bigint as a number, JSON columns read as `unknown` and parsed by a schema
 * before anything trusts them. `search` columns are only ever compared in SQL. Long because it is read beside the migration, table by table in its order.
 */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type {
  AccountId,
  AlarmId,
  AppealId,
  AssessmentId,
  AuthorityId,
  BlobId,
  CaptureId,
  CaseId,
  CaseNumber,
  ClusterId,
  CustodyId,
  DeskDecisionId,
  EvidenceId,
  ExposureId,
  IncidentId,
  Instant,
  MessageId,
  NoticeId,
  OrderId,
  PageId,
  PersonId,
  PolicyVersionId,
  PressureId,
  ReceiptNumber,
  ReportId,
  ReviewId,
  SealedId,
  SiteId,
  StrikeId,
  TargetId,
  TaskId,
} from '../../contract/ids.ts';
import type {
  AppealBy,
  AppealState,
  AuthorityKind,
  AuthorityState,
  CaptureState,
  CaseState,
  DeskDecisionKind,
  DeskDecisionState,
  EvidenceKind,
  EvidenceLevel,
  Grade,
  LadderStep,
  Lane,
  PressureKind,
  ReportChannel,
  ReportClass,
  ReportState,
  ReporterProof,
  ReporterRole,
  TaskKind,
} from '../../contract/desk/words.ts';

type JsonColumn = ColumnType<unknown, string, string>;
/** A tsvector: written by SQL, never read as a value. */
type SearchColumn = ColumnType<unknown, string | null, string | null>;

export type SealKeyTable = {
  file_id: string;
  wrapped: Buffer | null;
  created_at: Instant;
  shredded_at: Instant | null;
};

export type SealedRecordTable = {
  sealed_id: SealedId;
  file_id: string;
  kind: 'reporter' | 'target' | 'safety' | 'authority' | 'owner';
  ciphertext: Buffer;
  created_at: Instant;
};

export type BlobTable = {
  blob_id: BlobId;
  file_id: string;
  media_type: string;
  sha256: string;
  bytes: number;
  created_at: Instant;
};

export type BlobPieceTable = {
  blob_id: BlobId;
  n: number;
  ciphertext: Buffer;
};

export type ReportTable = {
  report_id: ReportId;
  receipt_number: ReceiptNumber;
  receipt_leaf: string;
  receipt_sha256: string;
  status_hash: string;
  channel: ReportChannel;
  class: ReportClass;
  fast_lane: boolean;
  state: ReportState;
  received_at: Instant;
  happened_at: Instant | null;
  hostname: string | null;
  site_id: SiteId | null;
  urls: JsonColumn;
  text: string;
  lang: string | null;
  role: ReporterRole;
  reporter_sealed_id: SealedId | null;
  reporter_mark: string | null;
  reporter_proof: ReporterProof;
  forward_consent: boolean;
  wants_safety_contact: boolean;
  machine: JsonColumn;
  raw_blob_id: BlobId | null;
  processed_at: Instant | null;
  cluster_id: ClusterId | null;
  case_id: CaseId | null;
  outcome: string | null;
  wrote_again: Generated<boolean>;
  search: SearchColumn;
  read_attempts: Generated<number>;
  read_again_at: ColumnType<Instant | null, Instant | null | undefined, Instant | null>;
};

export type ReportFileTable = {
  blob_id: BlobId;
  created_order: GeneratedAlways<number>;
  report_id: ReportId;
  name: string;
  media_type: string;
  at: Instant;
  evidence_id: EvidenceId | null;
};

export type ReceiptCounterTable = {
  one: Generated<boolean>;
  last: number;
};

export type ReportMessageTable = {
  message_id: MessageId;
  created_order: GeneratedAlways<number>;
  report_id: ReportId;
  at: Instant;
  sender: 'reporter' | 'desk';
  text: string;
  person_id: PersonId | null;
  person_name: string | null;
};

export type ClaimAnswerTable = {
  message_id: MessageId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  cluster_id: ClusterId;
  report_id: ReportId;
  kind: 'question' | 'answer' | 'outcome';
  text: string;
  person_id: PersonId;
  person_name: string;
  at: Instant;
  told: JsonColumn;
  reached: number;
  finished_at: Instant | null;
};

export type EvidenceTable = {
  evidence_id: EvidenceId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId | null;
  kind: EvidenceKind;
  level: EvidenceLevel;
  artefact: string;
  title: string;
  url: string | null;
  blob_id: BlobId | null;
  sha256: string | null;
  media_type: string | null;
  bytes: number | null;
  event_at: Instant | null;
  event_fixed: boolean;
  first_seen_at: Instant;
  added_by: PersonId | null;
  added_name: string | null;
  sensitive: boolean;
  capture_state: CaptureState;
  hold_until: Instant | null;
  delete_after: Instant | null;
  note: string | null;
  confirmed_by_note: string | null;
};

export type EvidenceSourceTable = {
  evidence_id: EvidenceId;
  report_id: ReportId;
};

export type CaptureTable = {
  capture_id: CaptureId;
  created_order: GeneratedAlways<number>;
  evidence_id: EvidenceId;
  url: string | null;
  host: string | null;
  started_at: Instant | null;
  state: CaptureState;
  urgent: boolean;
  asked_at: Instant;
  due_at: Instant;
  attempts: number;
  next_at: Instant;
  claimed_by: string | null;
  claimed_until: Instant | null;
  finished_at: Instant | null;
  finding: string | null;
  wacz_blob_id: BlobId | null;
  wacz_sha256: string | null;
  screenshot_blob_id: BlobId | null;
  text_blob_id: BlobId | null;
  timestamp_blob_id: BlobId | null;
  timestamped_at: Instant | null;
  body_sha256: string | null;
  http_status: number | null;
  address: string | null;
};

export type CheckedAddressTable = {
  artefact: string;
  at: Instant;
  person_id: PersonId;
  person_name: string;
};

export type CustodyTable = {
  custody_id: CustodyId;
  created_order: GeneratedAlways<number>;
  evidence_id: EvidenceId;
  at: Instant;
  person_id: PersonId | null;
  person_name: string | null;
  act: 'create' | 'capture' | 'timestamp' | 'view' | 'reveal' | 'export' | 'transfer' | 'hold' | 'release' | 'shred' | 'relabel';
  why: string;
  sha256: string | null;
  line_hash: string;
};

export type ClusterTable = {
  cluster_id: ClusterId;
  created_order: GeneratedAlways<number>;
  parent: ClusterId | null;
  method: string;
  case_id: CaseId | null;
  n: number;
  k: number;
  w: number;
  created_at: Instant;
  relabel: Generated<boolean>;
};

export type ClusterKeyTable = {
  key: string;
  cluster_id: ClusterId;
};

export type ClusterPartTable = {
  cluster_id: ClusterId;
  part: string;
};

export type CaseCounterTable = {
  year: number;
  last: number;
};

export type DeskCaseTable = {
  case_id: CaseId;
  created_order: GeneratedAlways<number>;
  number: CaseNumber;
  state: CaseState;
  lane: Lane;
  lane_rank: number;
  lane_reason: string | null;
  class: ReportClass;
  site_id: SiteId | null;
  account_id: AccountId | null;
  site_name: string;
  hostname: string | null;
  title: string;
  opened_at: Instant;
  due_at: Instant | null;
  due_what: string | null;
  overdue_for: Instant | null;
  first_eyes_at: Instant | null;
  grade: Grade | null;
  grade_locked_at: Instant | null;
  emergency_since: Instant | null;
  fast_lane_at: Generated<Instant | null>;
  clock_since: Instant;
  claimed_by: PersonId | null;
  claimed_name: string | null;
  claimed_until: Instant | null;
  lead_id: PersonId | null;
  lead_name: string | null;
  policy_version_id: PolicyVersionId | null;
  law_enforcement_at: Instant | null;
  merged_into: CaseId | null;
  recheck_at: Instant | null;
  ended_at: Instant | null;
  closed_at: Instant | null;
  search: SearchColumn;
};

export type CaseSearchTable = {
  case_id: CaseId;
  search: ColumnType<unknown, string, string>;
};

export type CaseNoteTable = {
  message_id: MessageId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  at: Instant;
  person_id: PersonId | null;
  person_name: string | null;
  text: string;
};

export type CaseLinkTable = {
  case_id: CaseId;
  other_id: CaseId;
  why: string;
  at: Instant;
};

export type TargetTable = {
  target_id: TargetId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  label: string;
  sealed_id: SealedId;
  created_at: Instant;
};

export type IncidentTable = {
  incident_id: IncidentId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  site_id: SiteId | null;
  event_at: Instant;
  event_at_source: 'stated' | 'first-seen';
  first_seen_at: Instant;
  target_id: TargetId | null;
  title: string;
  offline_act: boolean;
  verified_by: PersonId | null;
  verified_name: string | null;
  verified_at: Instant | null;
  independent_key: string;
  grade: Grade | null;
  grade_locked_at: Instant | null;
  retracted_at: Instant | null;
  retracted_why: string | null;
};

export type IncidentEvidenceTable = {
  incident_id: IncidentId;
  evidence_id: EvidenceId;
};

export type AssessmentTable = {
  assessment_id: AssessmentId;
  created_order: GeneratedAlways<number>;
  incident_id: IncidentId;
  case_id: CaseId;
  seat: 'first' | 'second' | 'lead';
  axes: JsonColumn;
  indicators: JsonColumn;
  suggested: Grade;
  rules_version: string;
  assigned: Grade;
  differs_reason: string | null;
  assessor_id: PersonId;
  assessor_name: string;
  volume_open: boolean;
  created_at: Instant;
};

export type EscalationTable = {
  alarm_id: AlarmId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  incident_id: IncidentId;
  at: Instant;
  explanation: string;
  explanation_sha256: string;
};

export type TaskTable = {
  task_id: TaskId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  kind: TaskKind;
  subject: string | null;
  state: 'open' | 'done' | 'not-possible';
  created_at: Instant;
  due_at: Instant | null;
  holds: boolean;
  done_at: Instant | null;
  done_by: PersonId | null;
  done_name: string | null;
  record: string | null;
};

export type PolicyVersionTable = {
  policy_version_id: PolicyVersionId;
  created_order: GeneratedAlways<number>;
  title: string;
  text: string;
  sha256: string;
  published_at: Instant;
  published_by: PersonId | null;
  published_name: string | null;
};

export type DeskDecisionTable = {
  decision_id: DeskDecisionId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  kind: DeskDecisionKind;
  state: DeskDecisionState;
  limbs: JsonColumn;
  step: LadderStep | null;
  why_not_below: JsonColumn;
  order_draft: ColumnType<unknown, string | null, string | null>;
  order_id: OrderId | null;
  number: string | null;
  public_reason: string;
  internal_reason: string;
  policy_version_id: PolicyVersionId | null;
  criteria_after_case: boolean;
  evidence: JsonColumn;
  counts: ColumnType<unknown, string | null, string | null>;
  provisional: boolean;
  confirms_decision_id: DeskDecisionId | null;
  recheck_at: Instant | null;
  owner_notice_delay_reason: string | null;
  deadline: Instant | null;
  named_urls: JsonColumn;
  proposer_id: PersonId;
  proposer_name: string;
  proposed_at: Instant;
  confirmer_id: PersonId | null;
  confirmer_name: string | null;
  confirmed_at: Instant | null;
  break_glass_reason: string | null;
  lapses_at: Instant | null;
  reverses_decision_id: DeskDecisionId | null;
  strike: Generated<boolean>;
  owner_told_at: Instant | null;
  lapse_warned_at: Instant | null;
};

export type AppealTable = {
  appeal_id: AppealId;
  created_order: GeneratedAlways<number>;
  case_id: CaseId;
  decision_id: DeskDecisionId;
  by: AppealBy;
  state: AppealState;
  text: string;
  opened_at: Instant;
  due_at: Instant;
  taken_by: PersonId | null;
  taken_name: string | null;
  decided_at: Instant | null;
  decider_id: PersonId | null;
  decider_name: string | null;
  reasons: string | null;
  status_hash: string;
  report_id: ReportId | null;
  told_to: Generated<number>;
  told_at: Generated<Instant | null>;
};

export type AppealWordsTable = {
  appeal_id: AppealId;
  n: number;
  sha256: string;
  text: string;
  at: Instant;
};

export type AppealJoinerTable = {
  appeal_id: AppealId;
  joined_order: GeneratedAlways<number>;
  report_id: ReportId | null;
  n: number;
  at: Instant;
};

export type StrikeTable = {
  strike_id: StrikeId;
  account_id: AccountId;
  case_id: CaseId;
  decision_id: DeskDecisionId;
  at: Instant;
  expires_at: Instant;
  reason: string;
  cancelled_at: Instant | null;
};

export type AfterReviewTable = {
  review_id: ReviewId;
  case_id: CaseId;
  after_days: 7 | 30 | 90;
  at: Instant;
  person_id: PersonId;
  person_name: string;
  harm_fell: string;
  displaced: string;
  copycats: string;
  text: string;
};

export type OwnerNoticeTable = {
  notice_id: NoticeId;
  created_order: GeneratedAlways<number>;
  account_id: AccountId;
  site_id: SiteId | null;
  case_id: CaseId;
  decision_id: DeskDecisionId | null;
  kind: 'statement' | 'question' | 'deadline' | 'ended' | 'appeal-outcome';
  subject: string;
  text: string;
  named_urls: JsonColumn;
  deadline: Instant | null;
  at: Instant;
  link_hash: string;
  read_at: Instant | null;
};

export type AccountContactTable = {
  account_id: AccountId;
  address: Buffer;
  address_hint: string;
  set_at: Instant;
  set_by: PersonId;
};

export type OwnerReplyTable = {
  message_id: MessageId;
  created_order: GeneratedAlways<number>;
  notice_id: NoticeId;
  at: Instant;
  text: string;
  person_id: PersonId | null;
  person_name: string | null;
};

export type PressureTable = {
  pressure_id: PressureId;
  created_order: GeneratedAlways<number>;
  site_id: SiteId | null;
  case_id: CaseId | null;
  kind: PressureKind;
  at: Instant;
  description: string;
  count: number | null;
  source: string | null;
  person_id: PersonId;
  person_name: string;
};

export type AuthorityRequestTable = {
  authority_id: AuthorityId;
  created_order: GeneratedAlways<number>;
  kind: AuthorityKind;
  state: AuthorityState;
  agency: string;
  law: string | null;
  reference: string | null;
  urls: JsonColumn;
  text: string;
  case_id: CaseId | null;
  received_at: Instant;
  channel: string;
  contact_sealed_id: SealedId | null;
  mail_proof: JsonColumn;
  call_back: ColumnType<unknown, string | null, string | null>;
  second_id: PersonId | null;
  second_name: string | null;
  answered_at: Instant | null;
  answer: string | null;
  preserve_until: Instant | null;
  blob_id: BlobId | null;
};

export type ExposureTable = {
  exposure_id: ExposureId;
  person_id: PersonId;
  evidence_id: EvidenceId;
  case_id: CaseId | null;
  at: Instant;
  seconds: number;
  mode: string;
  grade: Grade | null;
};

export type WellnessTable = {
  person_id: PersonId;
  daily_cap_minutes: number;
  opted_out: JsonColumn;
  blur: boolean;
  greyscale: boolean;
  mute: boolean;
};

export type OnCallTable = {
  person_id: PersonId;
  person_name: string;
  channel: 'mail' | 'webhook' | 'push';
  address: Buffer;
  address_hint: string;
  position: number;
  active: boolean;
  created_at: Instant;
};

export type OutboxTable = {
  page_id: PageId;
  created_order: GeneratedAlways<number>;
  dedupe: string;
  channel: 'mail' | 'webhook' | 'push';
  to_sealed_id: SealedId | null;
  to_address: Buffer | null;
  subject: string;
  body: Buffer | null;
  headers: JsonColumn;
  urgent: boolean;
  case_id: CaseId | null;
  person_id: PersonId | null;
  wake: string | null;
  round: number;
  created_at: Instant;
  attempts: number;
  next_at: Instant;
  sent_at: Instant | null;
  failed_at: Instant | null;
  last_error: string | null;
  acknowledged_by: PersonId | null;
  acknowledged_name: string | null;
  acknowledged_at: Instant | null;
};

export type WakeWaitingTable = {
  case_id: CaseId;
  at: Instant;
};

export type DeskTables = {
  seal_key: SealKeyTable;
  sealed_record: SealedRecordTable;
  blob: BlobTable;
  blob_piece: BlobPieceTable;
  report: ReportTable;
  report_file: ReportFileTable;
  receipt_counter: ReceiptCounterTable;
  report_message: ReportMessageTable;
  claim_answer: ClaimAnswerTable;
  evidence: EvidenceTable;
  evidence_source: EvidenceSourceTable;
  capture: CaptureTable;
  checked_address: CheckedAddressTable;
  custody: CustodyTable;
  cluster: ClusterTable;
  cluster_key: ClusterKeyTable;
  cluster_part: ClusterPartTable;
  case_counter: CaseCounterTable;
  desk_case: DeskCaseTable;
  case_search: CaseSearchTable;
  case_note: CaseNoteTable;
  case_link: CaseLinkTable;
  target: TargetTable;
  incident: IncidentTable;
  incident_evidence: IncidentEvidenceTable;
  assessment: AssessmentTable;
  escalation: EscalationTable;
  task: TaskTable;
  policy_version: PolicyVersionTable;
  desk_decision: DeskDecisionTable;
  appeal: AppealTable;
  appeal_words: AppealWordsTable;
  appeal_joiner: AppealJoinerTable;
  strike: StrikeTable;
  after_review: AfterReviewTable;
  owner_notice: OwnerNoticeTable;
  account_contact: AccountContactTable;
  owner_reply: OwnerReplyTable;
  pressure: PressureTable;
  authority_request: AuthorityRequestTable;
  exposure: ExposureTable;
  wellness: WellnessTable;
  on_call: OnCallTable;
  outbox: OutboxTable;
  wake_waiting: WakeWaitingTable;
};
