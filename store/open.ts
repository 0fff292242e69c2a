/**
 * Opens the database: PGlite in this process on a folder (the embedded default), or a PostgreSQL server by its URL.
 *
 * Both speak through node-postgres and Kysely's PostgresDialect, so there is one SQL. Promises: an answered commit survives
 * `kill -9` and, on the embedded one, power loss (its WAL is opened O_SYNC; PGlite's own default is `-F`, fsync off, and its file
 * system has no fsync to call, which is why the method is `open_datasync`). Measured on a small cloud disk: 0.7 ms a
 * transaction without, 0.9 to 1.5 ms with it.
 * Hazard: PGlite has one connection. A query on `db` from inside a transaction on `db` waits for that transaction: it fails after
 * `connectionTimeoutMs` instead of waiting for ever. A scan of 100 ms blocks the event loop for 100 ms.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { takeProcessLock } from '../kit/process-lock.ts';
import { embeddedDoorbell, postgresDoorbell } from './doorbell.ts';
import type { Doorbell } from './doorbell.ts';
import type { Tables } from './tables.ts';

export type Db = Kysely<Tables>;

export type Store = {
  readonly kind: 'embedded' | 'postgresql';
  /** For statements outside a transaction, and to begin one: `db.transaction().execute(async (tx) => …)`. */
  readonly db: Db;
  /** Wakes other parts of this process, and other control processes on the same PostgreSQL. */
  readonly doorbell: Doorbell;
  /** The text of one SQL script, several statements, in one transaction. Only migrations use it. */
  readonly runScript: (script: string) => Promise<void>;
  /** Rejects within two seconds when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

export type StoreAddress =
  | { readonly kind: 'embedded'; readonly folder: string }
  | { readonly kind: 'postgresql'; readonly url: string; readonly poolSize?: number };

const connectionTimeoutMs = 10_000;
const pingTimeoutMs = 2000;
const oldestServer = 150_000;

/**
 * Opens a store; migrations are a separate step (store/migrate.ts).
 * Throws an Error with a sentence for people: folder in use, server not reached, server too old.
 */
export async function openStore(address: StoreAddress): Promise<Store> {
  return address.kind === 'embedded' ? openEmbedded(address.folder) : openPostgres(address.url, address.poolSize ?? 10);
}

async function openEmbedded(folder: string): Promise<Store> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(join(folder, 'lock'));
  if (!lock.ok) {
    const holder = lock.owner === null ? 'another process' : `process ${lock.owner.pid}`;
    throw new Error(
      `The database in ${folder} is in use by ${holder}. Stop that one, or give another state folder. Nothing was changed.`,
    );
  }
  let lite: PGlite;
  try {
    const start = PGlite.defaultStartParams.filter((word) => word !== '-F');
    // The kernel caches the files anyway. One reading each of the process under the same load: 503 to 660 MB resident with the
    // default of 128 MB, 473 MB with 32 MB.
    const settings = [
      'fsync=on',
      'wal_sync_method=open_datasync',
      'shared_buffers=32MB',
      'max_wal_size=128MB',
      'min_wal_size=32MB',
    ];
    lite = await PGlite.create(join(folder, 'pg'), {
      startParams: [...start, ...settings.flatMap((setting) => ['-c', setting])],
    });
  } catch (cause) {
    lock.release();
    throw new Error(`The database in ${folder} cannot be opened. Its files were not changed; the log has the cause.`, { cause });
  }
  const pool = new pg.Pool({
    ...createPgConfig(lite),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: connectionTimeoutMs,
    types: { getTypeParser },
  });
  await pool.query("set timezone = 'UTC'");
  const db = kyselyOn(pool);
  return {
    kind: 'embedded',
    db,
    doorbell: embeddedDoorbell(),
    runScript: (script) => runScript(pool, script),
    ping: () => ping(pool),
    async close() {
      await db.destroy();
      await lite.close();
      lock.release();
    },
  };
}

async function openPostgres(url: string, poolSize: number): Promise<Store> {
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: connectionTimeoutMs,
    application_name: 'portcullis',
    options: '-c timezone=UTC',
    types: { getTypeParser },
  };
  const pool = new pg.Pool({ ...settings, max: poolSize, keepAlive: true });
  // A pooled connection that dies while idle is the server's restart: the next query says so where somebody can act on it.
  pool.on('error', () => undefined);
  // One that dies in the middle of a transaction, between two queries, tells nobody but its own listeners; without one Node ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    const answer = await pool.query<{ number: string }>("select current_setting('server_version_num') as number");
    const version = Number(answer.rows[0]?.number ?? 0);
    if (version < oldestServer) {
      throw new Error(`PostgreSQL 15 or newer is needed; the server at DATABASE_URL is ${Math.floor(version / 10_000)}.`);
    }
  } catch (error) {
    await pool.end();
    if (error instanceof Error && error.message.startsWith('PostgreSQL 15')) throw error;
    const why = error instanceof Error ? error.message : 'unknown';
    throw new Error(`The database at DATABASE_URL does not answer (${why}). Check that it runs and that the URL is right.`, {
      cause: error,
    });
  }
  const db = kyselyOn(pool);
  const doorbell = await postgresDoorbell(() => new pg.Client(settings), pool);
  return {
    kind: 'postgresql',
    db,
    doorbell,
    runScript: (script) => runScript(pool, script),
    ping: () => ping(pool),
    async close() {
      await doorbell.close();
      await db.destroy();
    },
  };
}

function kyselyOn(pool: pg.Pool): Db {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

async function runScript(pool: pg.Pool, script: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(script);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function ping(pool: pg.Pool): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timeout exceeded when trying to connect')), pingTimeoutMs);
  });
  try {
    await Promise.race([pool.query('select 1'), late]);
  } finally {
    clearTimeout(timer);
  }
}

const bigintOid = 20;
const timestamptzOid = 1184;

/** bigint as a number; timestamptz as `Instant` text (the session's time zone is UTC, so the offset is always +00). */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === bigintOid) return Number;
  if (oid === timestamptzOid) return (text) => new Date(text).toISOString();
  // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- its types say `any`; its documentation, a function of text
  return pg.types.getTypeParser(oid, format === 'binary' ? 'text' : format);
}
