/** Tables of the record, as store/migrations/000016_record.sql makes them. */
import type { Generated, GeneratedAlways } from 'kysely';

type RecordLeafTable = {
  queued: GeneratedAlways<number>;
  leaf_index: Generated<number | null>;
  leaf: string;
  leaf_sha256: string;
};

type RecordHeadTable = { only_one: Generated<boolean>; size: number; root: string; checkpoint: string };

type RecordSaltTable = { subject: string; ref: string; salt: string };

export type RecordTables = { record_leaf: RecordLeafTable; record_head: RecordHeadTable; record_salt: RecordSaltTable };
