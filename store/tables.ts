/**
 * The tables as Kysely sees them: what store/migrations/*.sql makes, said in types.
 *
 * Instants are read as `Instant` text (store/open.ts sets the parser) and written as text; bigint is read as a number (revisions and
 * counts stay far below 2^53). JSON columns are read as `unknown` and parsed by a schema before anything trusts them; they are written as JSON text.
 */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { Hostname } from '../contract/hostname.ts';
import type {
  AccountId,
  AlarmId,
  AttackId,
  AuditId,
  CaseId,
  EdgeId,
  GroupName,
  Instant,
  OrderId,
  PersonId,
  ReceiptId,
  RelayId,
  SiteId,
} from '../contract/ids.ts';
import type { ItemKey, Measure, OriginPolicy, SiteMode } from '../contract/policy.ts';
import type { Alarm } from '../contract/routes/house.ts';
import type { OrderState } from '../contract/routes/orders.ts';
import type { AttackTables } from './attack-tables.ts';
import type { CaptchaCountTables } from './captcha-count-tables.ts';
import type { CaptchaTables } from './captcha-tables.ts';
import type { CaptchaWordTables } from './captcha-word-tables.ts';
import type { CertificateTables } from './certificate-tables.ts';
import type { InsightTables } from './insight-tables.ts';
import type { DeskTables } from './desk/tables.ts';
import type { IdentityTables } from './identity-tables.ts';
import type { RecordTables } from './record-tables.ts';
import type { RelayTables } from './relay-tables.ts';
import type { RolloutTables } from './rollout-tables.ts';

export type JsonColumn = ColumnType<unknown, string, string>;
type JsonWithDefault = ColumnType<unknown, string | null | undefined, string | null>;
type NullableJsonColumn = ColumnType<unknown, string | null, string | null>;

export type AccountTable = { account_id: AccountId; name: string; created_at: Instant };
export type HouseFactTable = { name: string; value: string };

export type EdgeGroupTable = {
  group_name: GroupName;
  revision: number;
  digest: string;
  committed_at: Instant;
  log_from: number;
  last_key_number: number;
  key_rotated_at: Instant;
  title: Generated<string | null>;
  waves: JsonWithDefault;
  canary_bake_seconds: Generated<number>;
  wave_bake_seconds: Generated<number>;
  lanes: Generated<number>;
  lane_digests: JsonWithDefault;
  staged: Generated<number>;
  stopped_at: Generated<Instant | null>;
  stopped_by: Generated<string | null>;
  stop_reason: Generated<string | null>;
};

export type PolicyItemTable = { group_name: GroupName; item_key: ItemKey; payload: string; hash: string; revision: number };

export type ChangeLogTable = {
  group_name: GroupName;
  revision: number;
  item_key: ItemKey;
  class: 'fast' | 'slow';
  op: 'upsert' | 'remove';
  payload: string | null;
  hash: string | null;
  digest: string;
  committed_at: Instant;
  staged_payload: Generated<string | null>;
  reached: Generated<number | null>;
  digests: JsonWithDefault;
};

export type SiteTable = {
  site_id: SiteId;
  account_id: AccountId;
  group_name: GroupName;
  name: string;
  origin_scheme: OriginPolicy['scheme'];
  origin_host: string;
  origin_port: number;
  origin_host_header: string | null;
  origin_addresses: JsonColumn;
  origin_finding: string | null;
  resolve_at: Instant | null;
  mode: SiteMode;
  limits: JsonColumn;
  networks: JsonColumn;
  challenge: JsonColumn;
  rules: NullableJsonColumn;
  rules_contain: ColumnType<boolean, boolean | undefined, boolean>;
  preset: NullableJsonColumn;
  https: ColumnType<unknown, string | undefined, string>;
  origin_certificate: NullableJsonColumn;
  next_origin_certificate: NullableJsonColumn;
  automatic: ColumnType<unknown, string | undefined, string>;
  attack_id: ColumnType<AttackId | null, AttackId | null | undefined, AttackId | null>;
  attack_path: ColumnType<string | null, string | null | undefined, string | null>;
  attack_paths: ColumnType<unknown, string | undefined, string>;
  attack_hook: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>;
  attack_hook_host: ColumnType<string | null, string | null | undefined, string | null>;
  ownership_token: string;
  ownership_checked_at: Instant | null;
  ownership_finding: string | null;
  ready: boolean;
  version: number;
  created_at: Instant;
  created_order: GeneratedAlways<number>;
  revision: number | null;
  committed_at: Instant | null;
};

export type HostnameOwnership = 'pending' | 'proved' | 'waived';
export type SiteHostnameTable = {
  account_id: AccountId;
  hostname: Hostname;
  site_id: SiteId;
  position: number;
  ownership: HostnameOwnership;
};

export type DecisionCounterTable = { year: number; last: number };

export type ShieldOrderTable = {
  order_id: OrderId;
  decision: string;
  created_order: GeneratedAlways<number>;
  state: OrderState;
  measure: Measure;
  site_id: SiteId;
  account_id: AccountId;
  group_name: GroupName;
  site_name: string;
  hostnames: JsonColumn;
  path: string | null;
  requests_per_10s: number | null;
  basis: JsonColumn;
  internal_reason: string;
  public_reason: string;
  starts_at: Instant | null;
  ends_at: Instant;
  proposer_id: PersonId;
  proposer_name: string;
  proposed_at: Instant;
  confirmer_id: PersonId | null;
  confirmer_name: string | null;
  confirmed_at: Instant | null;
  break_glass_reason: string | null;
  break_glass_expires_at: Instant | null;
  lifter_id: PersonId | null;
  lifter_name: string | null;
  lifted_at: Instant | null;
  lift_reason: string | null;
  revision: number | null;
  committed_at: Instant | null;
};

export type EdgeTable = {
  edge_id: EdgeId;
  name: string;
  group_name: GroupName;
  public_key: string;
  enrolled_at: Instant;
  revoked_at: Instant | null;
  connected_to: string | null;
  last_seen_at: Instant | null;
  address: string | null;
  revision: number;
  digest: string;
  agent_version: string | null;
  haproxy_version: string | null;
  health: NullableJsonColumn;
  last_nack: NullableJsonColumn;
  network_data: NullableJsonColumn;
  canary: Generated<boolean>;
  moved_at: Generated<Instant | null>;
  relay_id: Generated<RelayId | null>;
};

export type EdgeAckTable = { edge_id: EdgeId; revision: number; acked_at: Instant; took_ms: number | null };

export type EnrolmentTokenTable = {
  token_hash: string;
  group_name: GroupName;
  created_at: Instant;
  expires_at: Instant;
  used_at: Instant | null;
  used_by: EdgeId | null;
};

export type ReceiptTable = {
  receipt_id: ReceiptId;
  arrival: GeneratedAlways<number>;
  order_id: OrderId;
  edge_id: EdgeId;
  state: 'enforced' | 'lifted' | 'failed';
  at: Instant;
  received_at: Instant;
  body: string;
  signature: string;
};

export type TrafficTable = {
  site_id: SiteId;
  bucket: Instant;
  passed: number;
  challenged: number;
  solved: number;
  limited: number;
  denied: number;
  noticed: number;
  origin_error: number;
};

export type AlarmTable = {
  alarm_id: AlarmId;
  created_order: GeneratedAlways<number>;
  kind: Alarm['kind'];
  at: Instant;
  sentence: string;
  order_id: OrderId | null;
  site_id: SiteId | null;
  case_id: CaseId | null;
  edge_id: EdgeId | null;
  acknowledged_by: PersonId | null;
  acknowledged_name: string | null;
  acknowledged_at: Instant | null;
};

export type AuditEntryTable = {
  audit_id: AuditId;
  created_order: GeneratedAlways<number>;
  at: Instant;
  person_id: PersonId | null;
  person_name: string | null;
  act: string;
  subject: string;
  detail: JsonColumn;
};

export type SpineTables = {
  account: AccountTable;
  house_fact: HouseFactTable;
  edge_group: EdgeGroupTable;
  policy_item: PolicyItemTable;
  change_log: ChangeLogTable;
  site: SiteTable;
  site_hostname: SiteHostnameTable;
  decision_counter: DecisionCounterTable;
  shield_order: ShieldOrderTable;
  edge: EdgeTable;
  edge_ack: EdgeAckTable;
  enrolment_token: EnrolmentTokenTable;
  receipt: ReceiptTable;
  traffic: TrafficTable;
  alarm: AlarmTable;
  audit_entry: AuditEntryTable;
};

export type Tables = SpineTables &
  IdentityTables &
  DeskTables &
  CertificateTables &
  AttackTables &
  InsightTables &
  RolloutTables &
  RecordTables &
  RelayTables &
  CaptchaCountTables &
  CaptchaTables &
  CaptchaWordTables;
