/** The waiting line in lynx and w3m, as people use them: follow the link, wait, follow the next one, read the page. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { site, startEdge } from './harness/haproxy.ts';
import { removeFolder, temporaryFolder } from './harness/ports.ts';
import { pass, waitPath } from './harness/waiting.ts';

let echo: Echo;
let edge: Edge;
let folder: string;

beforeAll(async () => {
  echo = await startEcho();
  // A site is found by its name; these browsers are given an address.
  edge = await startEdge({
    sites: [site(1, ['localhost'], echo.port, { mode: 'attack', challenge: { expectedHashes: 1e8, clearanceSeconds: 600 } })],
  });
  folder = temporaryFolder('text-browsers');
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
  removeFolder(folder);
});

function run(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, TERM: 'xterm', LANG: 'C.UTF-8' },
      timeout: 20_000,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => resolve(output));
    child.stdin.end(input);
  });
}

/** What each is asked to print: the page for people, or its source. Between two starts, cookies are kept in files, as between two pages. */
const browsers = {
  lynx: (address: string, what: '-dump' | '-source') =>
    run('lynx', [`-cfg=${folder}/lynx.cfg`, `-cookie_file=${folder}/jar`, `-cookie_save_file=${folder}/jar`, what, address]),
  w3m: (address: string, what: '-dump' | '-source') =>
    run('w3m', [
      what === '-dump' ? '-dump' : '-dump_source',
      '-cookie',
      '-o',
      'accept_cookie=1',
      '-o',
      'meta_refresh=0',
      address,
    ]),
};

it.concurrent.each(['lynx', 'w3m'] as const)(
  '%s gets through the waiting line and reads the page that was asked for',
  async (name) => {
    writeFileSync(join(folder, 'lynx.cfg'), 'PERSISTENT_COOKIES:TRUE\nACCEPT_ALL_COOKIES:TRUE\n');
    writeFileSync(join(folder, 'jar'), '');
    const open = browsers[name];
    const base = `http://localhost:${edge.port}`;
    const linkOn = async (address: string, begins: string): Promise<string> => {
      const source = await open(address, '-source');
      const found = [...source.matchAll(/<a href="([^"]+)"/g)].map(([, target]) => target).find((one) => one?.startsWith(begins));
      if (found === undefined) throw new Error(`no link that begins with ${begins} in:\n${source}`);
      return base + found.replaceAll('&amp;', '&');
    };
    const first = `${base}/thread?page=2`;
    const asked = await open(first, '-dump');
    expect(asked).toContain('A short check before you enter');
    expect(asked).toContain('You can wait instead');
    let link = await linkOn(first, `${waitPath}?r=`);
    for (let hop = 1; hop <= 3; hop += 1) {
      // Looking twice within a hop is being early: the same place.
      const next = await linkOn(link, `${waitPath}?t=`);
      if (hop === 1) expect(await open(next, '-dump')).toContain('Waiting line: step 1 of 3');
      link = next;
      await pass(4);
    }
    const page = await open(link, '-dump');
    expect(page).toContain('"url":"/thread?page=2"');
  },
  60_000,
);
