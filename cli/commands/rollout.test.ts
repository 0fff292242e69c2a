/** Rollouts and groups at the command line, by what is asked of the control plane and what is printed. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addEdgeGroupCommands, addRolloutCommands } from './rollout.ts';

const group = {
  ...{ group: 'default', title: null, head: 9, edges: 3, canaries: 1, waves: [25, 100], canaryBakeSeconds: 30 },
  ...{ waveBakeSeconds: 15, rolloutsRunning: 1, stopped: null },
};
const at = '2026-11-22T16:00:00.000Z';
const rollout = {
  ...{ rolloutId: 'roll_000000000001', group: 'default', state: 'running', items: ['site:site_000000000001'], lanes: 3 },
  ...{ reached: 1, revision: 9, createdAt: at, reachedAt: at, endedAt: null, note: 'No canary is connected.' },
};
let server: Server;
let url = '';
let seen: string[] = [];
let printed = '';

beforeEach(async () => {
  [seen, printed] = [[], ''];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`);
      const where = request.url ?? '';
      const answer = where.startsWith('/api/v1/rollouts?')
        ? { items: [rollout], next: null, total: 1 }
        : where.startsWith('/api/v1/rollouts/')
          ? rollout
          : where === '/api/v1/edge-groups' && request.method === 'GET'
            ? { items: [{ ...group, stopped: { at, by: 'Ada', reason: 'a holiday' } }] }
            : where.startsWith('/api/v1/edge-groups')
              ? group
              : {};
      response.writeHead(request.method === 'POST' && where === '/api/v1/edge-groups' ? 201 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

async function type(...args: string[]): Promise<string> {
  printed = '';
  const terminal: Terminal = {
    out: (text) => (printed += text),
    err: () => undefined,
    env: { PORTCULLIS_CONTROL: url, PORTCULLIS_TOKEN: 'pcl_secret' },
    cwd: '/nonexistent',
    nowMs: () => Date.parse(at),
    fetch,
    interrupted: new AbortController().signal,
  };
  const program = new Command('portcullis').exitOverride().configureOutput({ writeErr: () => undefined });
  addRolloutCommands(program, terminal);
  addEdgeGroupCommands(program.command('edge'), terminal);
  await program.parseAsync(args, { from: 'user' });
  return printed;
}

it('rollouts are listed with what they wait for, and a group that is stopped is named', async () => {
  expect(await type('rollout', 'list', '--only', 'running')).toMatch(
    /roll_000000000001 +default +running +1 of 3 .*No canary is connected\.\nRollouts of default are stopped: a holiday \(Ada/,
  );
  expect(seen[0]).toBe('GET /api/v1/rollouts?limit=50&state=running');
  expect(JSON.parse(await type('rollout', 'list', '--json'))).toEqual([rollout]);
  expect(await type('rollout', 'show', 'roll_000000000001')).toContain('site:site_000000000001');
});

it('the stop switch, resume, skip and rollback ask for just that', async () => {
  await type('rollout', 'stop', '--reason', 'a holiday');
  await type('rollout', 'resume', '--group', 'default');
  await type('rollout', 'skip', 'roll_000000000001');
  await type('rollout', 'rollback', 'roll_000000000001', '--reason', 'wrong path');
  expect(seen.map((line) => line.replace(' {}', ''))).toEqual([
    'POST /api/v1/edge-groups/default/stop {"reason":"a holiday"}',
    'POST /api/v1/edge-groups/default/resume',
    'POST /api/v1/rollouts/roll_000000000001/hurry',
    'POST /api/v1/rollouts/roll_000000000001/roll-back {"reason":"wrong path"}',
  ]);
  await expect(type('rollout', 'rollback', 'roll_000000000001')).rejects.toThrow(/--reason/);
});

it('groups are made and planned, and an edge is made a canary', async () => {
  await type('edge', 'group', 'create', 'eu-west', '--title', 'West');
  await type('edge', 'group', 'set', 'default', '--waves', '10,50,100', '--canary-bake', '5m');
  await type('edge', 'set', 'edge_000000000001', '--canary');
  await type('edge', 'set', 'edge_000000000001', '--no-canary', '--group', 'eu-west');
  expect(seen).toEqual([
    'POST /api/v1/edge-groups {"group":"eu-west","title":"West"}',
    'PATCH /api/v1/edge-groups/default {"waves":[10,50,100],"canaryBakeSeconds":300}',
    'PATCH /api/v1/edges/edge_000000000001 {"canary":true}',
    'PATCH /api/v1/edges/edge_000000000001 {"group":"eu-west","canary":false}',
  ]);
  await expect(type('edge', 'set', 'edge_000000000001')).rejects.toThrow(/Say what shall change/);
  expect(await type('edge', 'group', 'list')).toMatch(/canaries 30 s, then 25 %, 100 %, 15 s each/);
});
