/** Tables of the record, as store/migrations/000016_record.sql makes them. */
import type { Generated, GeneratedAlways } from 'kysely';
import type { Instant } from '../contract/ids.ts';

type RecordLeafTable = {
  queued: GeneratedAlways<number>;
  leaf_index: Generated<number | null>;
  leaf: string;
  leaf_sha256: string;
};

type RecordHeadTable = { only_one: Generated<boolean>; size: number; root: string; checkpoint: string };

type RecordSaltTable = { subject: string; ref: string; salt: string };

type RecordStatementTable = {
  decision: string;
  version: number;
  recorded_at: Instant;
  state: string;
  statement: string;
  sha256: string;
  leaf: string;
  leaf_sha256: string;
};

export type RecordTables = {
  record_leaf: RecordLeafTable;
  record_head: RecordHeadTable;
  record_salt: RecordSaltTable;
  record_statement: RecordStatementTable;
};
