/**
 * A new embedded database without waiting for it: initdb in WebAssembly takes five seconds of processor time, a copy a tenth of one.
 *
 * It is made once and kept in the checkout's `.cache/`, under the version of PGlite that made it. Several test processes may make it at
 * once: each makes its own and renames it into place, and whoever comes second throws its own away. It holds no table: migrations
 * run on the copy as they do on a database that the program made itself (tests/up.test.ts has a first start without any template).
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { openStore } from '../../store/open.ts';
import { removeFolder } from './ports.ts';
import { checkout } from './program.ts';

/** Puts an empty database into `folder`, where the program will look for its own; leaves one that is there already alone. */
export async function placeDatabase(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const wanted = path.join(folder, 'pg');
  if (existsSync(wanted)) return;
  cpSync(path.join(await template(), 'pg'), wanted, { recursive: true });
}

async function template(): Promise<string> {
  const manifest = readFileSync(path.join(checkout, 'node_modules', '@electric-sql', 'pglite', 'package.json'), 'utf8');
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
  const place = path.join(checkout, '.cache', `empty-database-${version}`);
  if (existsSync(place)) return place;
  const mine = `${place}.${process.pid}`;
  await (await openStore({ kind: 'embedded', folder: mine })).close();
  try {
    renameSync(mine, place);
  } catch {
    // Another process was first: both are the same.
    removeFolder(mine);
  }
  return place;
}
