/**
 * Brings a database to the schema of this program: runs the numbered SQL files of a folder that have not run yet, in order.
 *
 * Each file runs in its own transaction together with the row that remembers it. Several processes that start at once wait for each
 * other on an advisory lock. A file that ran is never changed: its hash is kept and compared. A database that is newer than
 * the program is refused, because an old program would write what the new one no longer reads.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Store } from './open.ts';

export type Migration = { readonly number: number; readonly name: string; readonly script: string; readonly hash: string };

const migrationsFolder = join(import.meta.dirname, 'migrations');

/** Any number that no other program on the same database uses; the lock lives as long as one transaction. */
const lockNumber = 727_073_001;

/** The migrations of a folder in order. Throws when a name does not fit, a number is missing or a first line is no sentence. */
export function readMigrations(folder: string = migrationsFolder): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const match = /^(\d{6})_[a-z0-9-]+\.sql$/.exec(name);
    if (match === null || Number(match[1]) !== index + 1) {
      throw new Error(`The migration ${name} should be number ${String(index + 1).padStart(6, '0')} and named 000001_words.sql.`);
    }
    const script = readFileSync(join(folder, name), 'utf8');
    if (!/^-- [A-Z].*\.\n/.test(script)) throw new Error(`The migration ${name} does not begin with a sentence in a comment.`);
    return { number: index + 1, name, script, hash: createHash('sha256').update(script).digest('hex') };
  });
}

/**
 * Runs what is missing and returns the names that ran.
 * Throws an Error with a sentence: the database is newer than the program, or a migration that ran was changed since.
 */
export async function migrate(store: Store, migrations: readonly Migration[] = readMigrations()): Promise<string[]> {
  await store.runScript(
    `select pg_advisory_xact_lock(${lockNumber});
     create table if not exists migration (number integer primary key, name text not null, hash text not null, ran_at timestamptz not null default now());`,
  );
  const ran: string[] = [];
  for (const migration of migrations) {
    const done = await findRan(store);
    check(done, migrations);
    if (done.some((row) => row.number === migration.number)) continue;
    try {
      await store.runScript(
        `select pg_advisory_xact_lock(${lockNumber});
         insert into migration (number, name, hash) values (${migration.number}, '${migration.name}', '${migration.hash}');
         ${migration.script}`,
      );
      ran.push(migration.name);
    } catch (error) {
      // Another process ran it between our look and our lock: the row that remembers it is there now.
      if ((await findRan(store)).some((row) => row.number === migration.number)) continue;
      throw new Error(`The migration ${migration.name} failed and was undone; the database is as before it.`, { cause: error });
    }
  }
  check(await findRan(store), migrations);
  return ran;
}

type Ran = { number: number; name: string; hash: string };

async function findRan(store: Store): Promise<Ran[]> {
  return (await sql<Ran>`select number, name, hash from migration order by number`.execute(store.db)).rows;
}

function check(done: readonly Ran[], known: readonly Migration[]): void {
  for (const row of done) {
    const ours = known[row.number - 1];
    if (ours === undefined) {
      throw new Error(
        `The database was made by a newer Portcullis (it has ${row.name}, which this one does not know). Start the newer program; nothing was changed.`,
      );
    }
    if (ours.hash !== row.hash) {
      throw new Error(
        `The migration ${row.name} was changed after it had run on this database. Restore the file; nothing was changed.`,
      );
    }
  }
}
