/** Many leaves of the record in a database, by SQL: as long as those of receipts, all waiting for their place. */
import { sql } from 'kysely';
import type { Store } from '../../store/open.ts';

export async function queueManyLeaves(store: Store, leaves: number): Promise<void> {
  await sql`insert into record_leaf (leaf, leaf_sha256)
    select leaf, encode(sha256(convert_to(leaf, 'UTF8')), 'hex') from (
      select '{"at":"2026-11-22T16:00:00.000Z","commitment":"' || encode(sha256(convert_to(n::text, 'UTF8')), 'hex')
        || '","number":"R-2026-' || n || '","type":"report-receipt","v":1}' as leaf from generate_series(1, ${leaves}::bigint) as n
    ) as made`.execute(store.db);
  await sql`analyze record_leaf`.execute(store.db);
}

/** Bytes of the leaves' table with its indices. */
export async function bytesOfLeaves(store: Store): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select pg_total_relation_size('record_leaf')::bigint as bytes`.execute(store.db);
  return Number(rows[0]?.bytes ?? 0);
}
