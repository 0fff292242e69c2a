/**
 * One process at a time in a folder: a lock file that names its holder, because the embedded database has no lock of its own.
 *
 * The file appears whole or not at all (`link` of a finished temporary file) and holds the process id and that process's start
 * time from /proc, so that a number used again by another process is not taken for the holder. A dead holder's lock is taken over.
 * Fails closed: a lock that cannot be read or judged refuses. Hazard: two machines or process namespaces that share one folder do not see
 * each other's processes; the embedded database is for one machine.
 */
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type FolderLock = { release(): void };

/** Takes the lock of a folder. Throws an Error with a sentence for people when another living process holds it. */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, 'lock');
  const mine = `${process.pid} ${startOf(process.pid) ?? '0'}\n`;
  const temporary = join(folder, `lock.${process.pid}`);
  writeFileSync(temporary, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      if (linked(temporary, path)) return { release: () => release(path, mine) };
      const holder = readOrNull(path);
      if (holder === null) continue;
      const [pid, start] = holder.trim().split(' ');
      if (pid === undefined || start === undefined || !/^\d+$/.test(pid)) {
        throw new Error(`The lock file ${path} cannot be read. If nothing uses this folder, remove that file and start again.`);
      }
      if (startOf(Number(pid)) === start) {
        throw new Error(
          `The folder ${folder} is in use by process ${pid}. Stop that one first, or give another state folder; nothing was changed.`,
        );
      }
      takeAway(path, holder);
    }
    throw new Error(`The folder ${folder} is being opened by several processes at once. Start again.`);
  } finally {
    unlinkSync(temporary);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead holder's lock aside; if another starter was quicker and put its own there, that one is put back. */
function takeAway(path: string, expected: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readOrNull(aside) !== expected) linked(aside, path);
  unlinkSync(aside);
}

function release(path: string, mine: string): void {
  if (readOrNull(path) === mine) unlinkSync(path);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat), or null when there is no such process. */
function startOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
