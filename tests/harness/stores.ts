/**
 * Both databases for one suite: the same claims are tested on the embedded one and on PostgreSQL.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import type { StoreAddress } from '../../store/open.ts';
import { placeDatabase } from './database-template.ts';
import { removeFolder, temporaryFolder } from './ports.ts';
import { startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';

/** An empty embedded database in a folder of its own. */
export async function embeddedAddress(folder: string): Promise<StoreAddress> {
  await placeDatabase(folder);
  return { kind: 'embedded', folder };
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
