/**
 * One process per folder: a lock file that names its owner, and is worth nothing once the owner is dead.
 *
 * The file holds the process id and the process's start time in clock ticks from /proc, so that a recycled id does not count as
 * alive. Fails closed: when the owner cannot be shown to be dead, the lock holds. Linux only (as is the rest of an edge).
 * Two processes that find a dead owner at the same instant: a lock is removed by renaming it aside and put back when it was not the
 * one that was read, and the exclusive create lets one of them win.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Who holds a lock. */
export type LockOwner = { readonly pid: number; readonly startTicks: string };

export type LockResult =
  { readonly ok: true; readonly release: () => void } | { readonly ok: false; readonly owner: LockOwner | null };

/** Takes the lock at `path`, or says who has it. The lock ends with `release` or with the process. */
export function takeProcessLock(path: string): LockResult {
  const startTicks = processStartTicks(process.pid);
  const mine = `${process.pid} ${startTicks ?? ''}\n`;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
      return { ok: true, release: () => releaseIfMine(path, mine) };
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
    const text = readText(path);
    if (text === null) continue;
    const owner = parseOwner(text);
    if (owner !== null && processStartTicks(owner.pid) === owner.startTicks) return { ok: false, owner };
    if (owner === null && attempt < 4) {
      // An empty file: its owner may be between create and write. Look again; a file that stays empty has no living owner.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      if (attempt < 2) continue;
    }
    const aside = `${path}.dead-${randomBytes(6).toString('hex')}`;
    try {
      renameSync(path, aside);
      if (readText(aside) === text) rmSync(aside, { force: true });
      else renameSync(aside, path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
    }
  }
  return { ok: false, owner: parseOwner(readText(path) ?? '') };
}

/** When a process started, in clock ticks since boot, as text; `null` when there is no such process (or only its zombie). */
export function processStartTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function parseOwner(text: string): LockOwner | null {
  const found = /^(\d+) (\d+)\n$/.exec(text);
  return found === null ? null : { pid: Number(found[1]), startTicks: found[2] ?? '' };
}

function releaseIfMine(path: string, mine: string): void {
  try {
    if (readFileSync(path, 'utf8') === mine) rmSync(path, { force: true });
  } catch {
    // The folder is gone; so is the lock.
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
