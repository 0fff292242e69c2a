/**
 * A new embedded database without waiting for it: initdb in WebAssembly takes five seconds of processor time and our migrations one, a copy a tenth of one.
 *
 * Made once and kept in the checkout's `.cache/`, under the version of PGlite that made it and, where it has our tables, the hash of the migrations that did.
 * Several test processes may make it at once: each makes its own and renames it into place, and whoever comes second throws its own away.
 * What starts from nothing is tested without it: migrations on an empty one (store/storetest/migrate.test.ts), a first start without any template
 * (tests/up.test.ts).
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { migrate, readMigrations } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import { removeFolder } from './ports.ts';
import { checkout } from './program.ts';

/** What a new database holds: nothing, or our tables without a row in them. */
export type Holding = 'nothing' | 'our tables';

/** Puts a database into `folder`, where the program will look for its own; leaves one that is there already alone. */
export async function placeDatabase(folder: string, holding: Holding = 'our tables'): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const wanted = path.join(folder, 'pg');
  if (existsSync(wanted)) return;
  cpSync(path.join(await template(holding), 'pg'), wanted, { recursive: true });
}

async function template(holding: Holding): Promise<string> {
  const manifest = readFileSync(path.join(checkout, 'node_modules', '@electric-sql', 'pglite', 'package.json'), 'utf8');
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
  const name = holding === 'nothing' ? `empty-database-${version}` : `migrated-database-${version}-${schemaHash()}`;
  const place = path.join(checkout, '.cache', name);
  if (existsSync(place)) return place;
  const mine = `${place}.${process.pid}`;
  if (holding === 'our tables') await placeDatabase(mine, 'nothing');
  const store = await openStore({ kind: 'embedded', folder: mine });
  if (holding === 'our tables') await migrate(store);
  await store.close();
  try {
    renameSync(mine, place);
  } catch {
    // Another process was first: both are the same.
    removeFolder(mine);
  }
  removeOlder(place);
  return place;
}

/** Which schema our migrations make. */
export function schemaHash(): string {
  const hash = createHash('sha256');
  for (const migration of readMigrations()) hash.update(migration.hash);
  return hash.digest('hex').slice(0, 12);
}

const dayMs = 86_400_000;

/** Takes away migrated templates of a day ago: whoever writes a migration makes one with every change to it. */
function removeOlder(place: string): void {
  const folder = path.dirname(place);
  for (const name of readdirSync(folder)) {
    const other = path.join(folder, name);
    if (name.startsWith('migrated-database-') && other !== place && statSync(other).mtimeMs < Date.now() - dayMs)
      removeFolder(other);
  }
}
