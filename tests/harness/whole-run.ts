/**
 * What a whole run of the suite has once, started by vitest before the first test file and stopped after the last: a folder in which all temporary
 * folders lie, and a PostgreSQL server for whoever needs a database (started when the first one asks; a test that crashes a server starts its own).
 *
 * Nothing is left: at the end a process that still names the folder is killed and the run fails with its command line. When the run itself is
 * killed, a shell that waits for the end of a pipe from us does the same, without the words (QUIT first: so PostgreSQL lets go of its shared memory).
 * What tests get of it: tests/harness/stores.ts.
 */
import { spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { removeFolder, until } from './ports.ts';
import { startPostgres } from './postgres.ts';
import type { Postgres } from './postgres.ts';
import { processesNaming } from './program.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket at which the server's URL is told to whoever connects. */
    readonly postgresDoor: string;
  }
}

/** For vitest's `globalSetup`. */
export default async function startRun(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(fastFolder(), 'portcullis-'));
  // PostgreSQL runs as a user of its own and has its folder in this one.
  chmodSync(folder, 0o711);
  const guard = startGuard(folder);
  process.env['TMPDIR'] = folder;
  let server: Promise<Postgres> | null = null;
  const door = createServer((socket) => {
    socket.on('error', () => undefined);
    // Nobody needs these databases after a crash of the machine, so nothing waits for a disk.
    server ??= startPostgres(['fsync=off', 'full_page_writes=off', 'max_connections=200', 'shared_buffers=64MB']);
    server.then(
      ({ url }) => socket.end(url('postgres')),
      (error: unknown) => socket.end(String(error)),
    );
  });
  const doorPath = path.join(folder, 'postgres.sock');
  await new Promise<void>((resolve) => door.listen(doorPath, resolve));
  project.provide('postgresDoor', doorPath);
  return async () => {
    door.close();
    await (await server)?.stop();
    const gone = async () => (await processesNaming(folder)).every(({ pid }) => pid === guard.pid);
    await until('nothing is left', gone, { timeoutMs: 5000 }).catch(() => undefined);
    const left = (await processesNaming(folder)).filter(({ pid }) => pid !== guard.pid);
    guard.stdin.end();
    if (left.length === 0) removeFolder(folder);
    else throw new Error(`left running: ${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`);
  };
}

const memoryFolder = '/dev/shm';
const leastBytes = 2 ** 31;

/**
 * Memory where a machine has it to spare, else where temporary files go. Databases are thousands of small files that live for seconds, and ext4 is slow
 * at making files soon after it deleted many (it looks for an inode that was not deleted in the last five seconds): a copy of an embedded database was seen
 * to take 1.0 s of processor time on it, and 0.07 s in memory. A kill -9, which is what tests do to programs, loses no file of either.
 */
function fastFolder(): string {
  try {
    accessSync(memoryFolder, constants.W_OK);
    const { bavail, bsize } = statfsSync(memoryFolder);
    return bavail * bsize >= leastBytes ? memoryFolder : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** Ends with our end of its pipe, however we end: then it kills what names the folder, and removes the folder. */
function startGuard(folder: string) {
  const script = `
    trap '' INT TERM HUP
    cat >/dev/null
    for signal in QUIT KILL KILL KILL KILL; do
      left=
      for one in /proc/[0-9]*; do
        if [ "$one" != "/proc/$$" ] && grep -qsF -e "$1" "$one/cmdline"; then kill -$signal "\${one#/proc/}"; left=yes; fi
      done
      [ -z "$left" ] && break
      sleep 0.5
    done
    rm -rf "$1"`;
  const guard = spawn('sh', ['-c', script, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  return guard;
}
