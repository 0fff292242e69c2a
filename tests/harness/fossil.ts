/**
 * Fossil as a customer's site: a real forum with accounts and posts, from Debian's package `fossil`.
 *
 * One repository and one HOME in a temporary folder, so that nothing of the machine's user is read or written. `fossil server`
 * forks a process per request and has no graceful stop: it is killed. Its links follow the Host header that it is sent, which is
 * what an edge that keeps the visitor's Host gives it.
 */
import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, isListening, removeFolder, temporaryFolder, until } from './ports.ts';

const run = promisify(execFile);

export type Forum = {
  readonly port: number;
  /** An account that may write in the forum. */
  readonly member: { readonly name: string; readonly password: string };
  /** The text of all posts as Fossil has stored them, read from its database: what is really there. */
  readonly posts: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** Makes a new forum with one member and starts its server on loopback. */
export async function startForum(): Promise<Forum> {
  const folder = temporaryFolder('fossil');
  const repository = path.join(folder, 'forum.fossil');
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: folder, USER: 'keeper', FOSSIL_HOME: folder };
  const fossil = async (...args: string[]): Promise<string> => (await run('fossil', args, { env, cwd: folder })).stdout;
  const member = { name: 'alice', password: 'correct horse battery' };

  await fossil('new', '--admin-user', 'keeper', repository);
  await fossil('user', 'new', member.name, 'alice@forum.example', member.password, '-R', repository);
  // 2: read the forum, 3: write in it, 4: without moderation; o, h, j: read pages with ordinary links.
  await fossil('user', 'capabilities', member.name, 'hjorz234', '-R', repository);
  await fossil('user', 'capabilities', 'nobody', 'hjorz2', '-R', repository);

  await fossil(
    'sql',
    '-R',
    repository,
    "REPLACE INTO config(name, value, mtime) VALUES ('project-name', 'Forum of Example', now());",
  );

  const port = await freePort();
  const server = spawn('fossil', ['server', repository, '--localhost', '--port', String(port)], {
    env,
    cwd: folder,
    stdio: 'ignore',
  });
  // Also when the test that started it never came to know of it, because something beside it failed to start.
  process.once('exit', () => server.kill('SIGKILL'));
  await until('Fossil listens', async () => {
    if (server.exitCode !== null) throw new Error(`fossil ended with code ${server.exitCode}`);
    return isListening(port);
  });

  return {
    port,
    member,
    posts: async () => {
      return fossil(
        'sql',
        '-R',
        repository,
        '--readonly',
        'SELECT CAST(content(uuid) AS TEXT) FROM forumpost JOIN blob ON rid = fpid;',
      );
    },
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGKILL');
        await ended;
      }
      removeFolder(folder);
    },
  };
}
