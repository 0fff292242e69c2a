/**
 * A PostgreSQL server from Debian's package: made in a temporary folder, on a free port of loopback. For a test that crashes it, and for the bench;
 * what only needs a database takes one of the run's server (tests/harness/stores.ts).
 *
 * PostgreSQL refuses to run as root, so there it is started as the user `postgres` that the package made. Trust authentication: the server
 * lives as long as the test and listens on loopback only. Killed when the process that started it exits, so that a failing test leaves nothing behind.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { StoreAddress } from '../../store/open.ts';
import { freePort, removeFolder, temporaryFolder, until } from './ports.ts';

export type Postgres = {
  /** A new, empty database. */
  readonly database: () => Promise<StoreAddress & { readonly kind: 'postgresql' }>;
  /** The URL of one of its databases. */
  readonly url: (database: string) => string;
  /** Stops the server at once, as a crash of its machine would; `start` brings it back. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const user = 'portcullis_test';
const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) child.kill('SIGQUIT');
});

/** Starts a server; `more` are settings such as `max_connections=200`. */
export async function startPostgres(more: readonly string[] = []): Promise<Postgres> {
  const bin = programs();
  const folder = temporaryFolder('postgres');
  const data = path.join(folder, 'data');
  const as = asNobodySpecial(folder);
  mkdirSync(data, { mode: 0o700 });
  if (as !== null) for (const one of [folder, data]) chownSync(one, as.uid, as.gid);
  const identity = as ?? {};
  const initdb = ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(path.join(bin, 'initdb'), initdb, { ...identity, cwd: folder });
  const port = await freePort();
  const url = (database: string) => `postgresql://${user}@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | null = null;
  let databases = 0;

  async function start(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`, 'shared_buffers=16MB'];
    const server = spawn(
      path.join(bin, 'postgres'),
      ['-D', data, ...[...settings, ...more].flatMap((setting) => ['-c', setting])],
      {
        ...identity,
        cwd: folder,
        stdio: 'ignore',
      },
    );
    started.add(server);
    child = server;
    await until('PostgreSQL answers', async () => {
      if (server.exitCode !== null) throw new Error(`postgres ended with code ${server.exitCode}`);
      await runStatement(url('postgres'), 'select 1');
      return true;
    });
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const server = child;
    if (server === null || server.exitCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await gone;
    started.delete(server);
    child = null;
  }

  await start();
  return {
    url,
    database: async () => {
      databases += 1;
      const name = `test_${databases}`;
      await runStatement(url('postgres'), `create database ${name}`);
      return { kind: 'postgresql', url: url(name) };
    },
    crash: () => end('SIGQUIT'),
    start,
    stop: async () => {
      await end('SIGQUIT');
      removeFolder(folder);
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function runStatement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function programs(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((one, other) => Number(other) - Number(one)) : [];
  const newest = versions[0];
  if (newest === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  return path.join(root, newest, 'bin');
}

function asNobodySpecial(folder: string): { uid: number; gid: number; env: NodeJS.ProcessEnv } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g'), env: { PATH: '/usr/bin:/bin', HOME: folder } };
}
