/**
 * Files that are either the old bytes or the new ones, whatever dies in between.
 *
 * Write a temporary file beside the target, flush it, rename it over the target, flush the folder. A reader never sees half a file;
 * after the promise is kept the new bytes survive a power cut (as far as the disk tells the truth). What can still go wrong: a crash
 * before the rename leaves `NAME.tmp-…` behind, which `removeLeftovers` sweeps.
 * Not here: appending (edge/stream/disk-copy.ts has its own rules), locking. After: sunlight's internal/durable; LWN, "Ensuring data
 * reaches disk" (2011).
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Replaces a file durably. `mode` applies to the new file. Rejects with the file system's error and leaves the old file as it was. */
export async function writeDurable(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.tmp-${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** Makes names that were created, renamed or removed in a folder survive a power cut. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes temporary files that a killed process left in a folder. Call it only while nothing else writes there. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/\.tmp-[0-9a-f]{12}$/.test(name)) await rm(join(folder, name), { force: true });
  }
}
