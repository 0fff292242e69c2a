/**
 * Both databases for one suite: the same claims are tested on the embedded one and on PostgreSQL.
 *
 * A new embedded database takes seconds to make (initdb in WebAssembly), so it is made once per test process and copied.
 */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openStore } from '../../store/open.ts';
import type { StoreAddress } from '../../store/open.ts';
import { removeFolder, temporaryFolder } from './ports.ts';
import { startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

let template: Promise<string> | null = null;

/** An empty embedded database in a folder of its own. */
export async function embeddedAddress(folder: string): Promise<StoreAddress> {
  template ??= makeTemplate();
  mkdirSync(folder, { recursive: true });
  const made = await template;
  if (!existsSync(path.join(folder, 'pg'))) cpSync(path.join(made, 'pg'), path.join(folder, 'pg'), { recursive: true });
  return { kind: 'embedded', folder };
}

async function makeTemplate(): Promise<string> {
  const folder = temporaryFolder('template');
  process.on('exit', () => removeFolder(folder));
  await (await openStore({ kind: 'embedded', folder })).close();
  return folder;
}

export type Databases = {
  readonly kind: StoreAddress['kind'];
  /** Address of a new, empty database. */
  readonly fresh: () => Promise<StoreAddress>;
  /** The server behind it; null for the embedded one, which is in this process. */
  readonly server: () => Postgres | null;
};

/** Declares a suite once for each database. */
export function describeOnBoth(name: string, suite: (databases: Databases) => void): void {
  describe(`${name}, embedded`, () => {
    const folders: string[] = [];
    afterAll(() => folders.forEach(removeFolder));
    suite({
      kind: 'embedded',
      server: () => null,
      fresh: async () => {
        const folder = temporaryFolder('store');
        folders.push(folder);
        return embeddedAddress(folder);
      },
    });
  });
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
