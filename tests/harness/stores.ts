/**
 * New databases for tests: a copy of a prepared one, in a folder (embedded) or on the PostgreSQL server that the whole run shares; and both for one suite.
 *
 * They have our tables already, because making them takes longer than most tests; `nothing` is for tests of the making itself.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { StoreAddress } from '../../store/open.ts';
import { placeDatabase, schemaHash } from './database-template.ts';
import type { Holding } from './database-template.ts';
import { removeFolder, temporaryFolder } from './ports.ts';
import { runStatement, startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

/** A new embedded database in a folder of its own. */
export async function embeddedAddress(folder: string, holding: Holding = 'our tables'): Promise<StoreAddress> {
  await placeDatabase(folder, holding);
  return { kind: 'embedded', folder };
}

export type SharedDatabase = {
  readonly address: Extract<StoreAddress, { kind: 'postgresql' }>;
  /** Takes it away, whoever is still connected. */
  readonly drop: () => Promise<void>;
};

let made = 0;

/** A new database on the run's PostgreSQL server. Whoever made it drops it. */
export async function postgresDatabase(holding: Holding = 'our tables'): Promise<SharedDatabase> {
  const server = await text(connect(inject('postgresDoor')));
  if (!server.startsWith('postgresql://')) throw new Error(`PostgreSQL did not start: ${server}`);
  const name = `test_${process.pid}_${(made += 1)}`;
  const copied = holding === 'nothing' ? '' : ` template ${await migratedTemplate(server)}`;
  await runStatement(server, `create database ${name}${copied}`);
  return {
    address: { kind: 'postgresql', url: databaseUrl(server, name) },
    drop: () => runStatement(server, `drop database if exists ${name} with (force)`),
  };
}

/** Several test processes may ask at once; one makes it while the others wait at a lock. It gets its name when it is whole. */
async function migratedTemplate(server: string): Promise<string> {
  const name = `migrated_${schemaHash()}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(1)');
    const found = await client.query('select from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) {
      await client.query(`drop database if exists unfinished`);
      await client.query('create database unfinished');
      const store = await openStore({ kind: 'postgresql', url: databaseUrl(server, 'unfinished') });
      await migrate(store).finally(() => store.close());
      await client.query(`alter database unfinished rename to ${name}`);
    }
  } finally {
    await client.end();
  }
  return name;
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export type Databases = {
  readonly kind: StoreAddress['kind'];
  /** Address of a new database, with our tables unless told otherwise; on a server of the suite's own it has none yet. */
  readonly fresh: (holding?: Holding) => Promise<StoreAddress>;
  /** The server of the suite's own; null for the embedded database, which is in this process, and for the run's server. */
  readonly server: () => Postgres | null;
};

type Suite = (databases: Databases) => void;

/** Declares a suite once for each database. */
export function describeOnBoth(name: string, suite: Suite): void {
  describeEmbedded(name, suite);
  describe(`${name}, PostgreSQL`, () => {
    const databases: SharedDatabase[] = [];
    afterAll(async () => {
      for (const database of databases) await database.drop();
    });
    suite({
      kind: 'postgresql',
      server: () => null,
      fresh: async (holding) => {
        const database = await postgresDatabase(holding);
        databases.push(database);
        return database.address;
      },
    });
  });
}

/** The same for a suite that crashes its PostgreSQL server, and so gets one of its own. */
export function describeCrashesOnBoth(name: string, suite: Suite): void {
  describeEmbedded(name, suite);
  describe(`${name}, PostgreSQL`, () => {
    let server: Postgres | null = null;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(async () => server?.stop());
    suite({
      kind: 'postgresql',
      server: () => server,
      fresh: async () => {
        if (server === null) throw new Error('PostgreSQL was not started');
        return server.database();
      },
    });
  });
}

function describeEmbedded(name: string, suite: Suite): void {
  describe(`${name}, embedded`, () => {
    const folders: string[] = [];
    afterAll(() => folders.forEach(removeFolder));
    suite({
      kind: 'embedded',
      server: () => null,
      fresh: async (holding) => {
        const folder = temporaryFolder('store');
        folders.push(folder);
        return embeddedAddress(folder, holding);
      },
    });
  });
}
