/** The tables of attacks, as store/migrations/ makes it. */
import type { GeneratedAlways } from 'kysely';
import type { Attack, AttackEntry } from '../contract/attacks.ts';
import type { AccountId, AttackId, EdgeId, Instant, PersonId, SiteId } from '../contract/ids.ts';
import type { JsonColumn } from './tables.ts';

export type AttackTable = {
  attack_id: AttackId;
  created_order: GeneratedAlways<number>;
  site_id: SiteId;
  account_id: AccountId;
  site_name: string;
  state: Attack['state'];
  began_at: Instant;
  switched_at: Instant | null;
  switched_by: PersonId | null;
  switched_name: string | null;
  ended_at: Instant | null;
  ended_by: PersonId | null;
  ended_name: string | null;
  peak: number;
  path: string | null;
  edge_id: EdgeId | null;
  signals: JsonColumn;
};

export type AttackEntryTable = {
  entry_order: GeneratedAlways<number>;
  attack_id: AttackId;
  at: Instant;
  kind: AttackEntry['kind'];
  who: PersonId | null;
  who_name: string | null;
  words: string | null;
};

export type AttackTables = { attack: AttackTable; attack_entry: AttackEntryTable };
