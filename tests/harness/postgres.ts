/**
 * A PostgreSQL server of its own for one test file, from Debian's package: made in a temporary folder, on a free port of loopback.
 *
 * PostgreSQL refuses to run as root, so there it is started as the user `postgres` that the package made. Trust authentication: the server
 * lives as long as the test and listens on loopback only. Killed when the test process exits, so that a failing test leaves nothing behind.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import type { StoreAddress } from '../../store/open.ts';
import { freePort, removeFolder, temporaryFolder, until } from './ports.ts';

export type Postgres = {
  /** A new, empty database. */
  readonly database: () => Promise<StoreAddress & { readonly kind: 'postgresql' }>;
  /** Stops the server at once, as a crash of its machine would; `start` brings it back. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const user = 'portcullis_test';
const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

export async function startPostgres(): Promise<Postgres> {
  const bin = programs();
  const folder = temporaryFolder('postgres');
  const data = path.join(folder, 'data');
  const as = asNobodySpecial(folder);
  mkdirSync(data, { mode: 0o700 });
  if (as !== null) for (const one of [folder, data]) chownSync(one, as.uid, as.gid);
  const identity = as ?? {};
  execFileSync(path.join(bin, 'initdb'), ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...identity,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const port = await freePort();
  const address = (database: string) => `postgresql://${user}@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | null = null;
  let databases = 0;

  async function start(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`, 'shared_buffers=16MB'];
    const server = spawn(path.join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...identity,
      cwd: folder,
      stdio: 'ignore',
    });
    started.add(server);
    child = server;
    await until('PostgreSQL answers', async () => {
      if (server.exitCode !== null) throw new Error(`postgres ended with code ${server.exitCode}`);
      await query(address('postgres'), 'select 1');
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
    database: async () => {
      databases += 1;
      const name = `test_${databases}`;
      await query(address('postgres'), `create database ${name}`);
      return { kind: 'postgresql', url: address(name) };
    },
    crash: () => end('SIGQUIT'),
    start,
    stop: async () => {
      await end('SIGQUIT');
      removeFolder(folder);
    },
  };
}

async function query(url: string, text: string): Promise<void> {
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
