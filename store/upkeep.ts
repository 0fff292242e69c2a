/**
 * Upkeep of the embedded database: what a PostgreSQL server's own background processes do, and this one does not have.
 *
 * In single-user mode nobody checkpoints by volume and nobody vacuums: measured, 300 MB of changes left 19 WAL segments although
 * `max_wal_size` was 128 MB, and a recovery reads all of them. A checkpoint after a minute's changes took 5 to 40 ms. A server needs none of this.
 */
import { sql } from 'kysely';
import type { Db } from './open.ts';

/** Writes everything to its place, so that old WAL can go and a recovery is short. Blocks the process for its duration. */
export async function checkpoint(db: Db): Promise<void> {
  await sql`checkpoint`.execute(db);
}

/** Names of all tables, by name. */
export async function listTables(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by tablename`.execute(db);
  return rows.map((row) => row.name);
}

/** Gives room of dead rows back to a table and renews what the planner knows of it. Blocks the process for its duration. */
export async function vacuum(db: Db, table: string): Promise<void> {
  await sql`vacuum (analyze) ${sql.id(table)}`.execute(db);
}
