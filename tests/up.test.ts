/** `portcullis up` as an operator meets it: start with a site, go on after a stop, leave nothing behind, say what is in the way. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { exitCodes } from '../cli/exit-codes.ts';
import { RecordReference } from '../contract/record/statement.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { freePorts, isListening, removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { processesNaming, runProgram, startProgram } from './harness/program.ts';
import type { Program } from './harness/program.ts';
import { somePorts } from './harness/provider.ts';
import type { Ports } from './harness/provider.ts';
import { navigation, visit } from './harness/visitor.ts';

let origin: Echo;
let state: string;
let ports: Ports;
let captchaPort: number;
let running: Program[];

beforeAll(async () => {
  origin = await startEcho();
  state = temporaryFolder('up-story');
  ports = await somePorts();
  [captchaPort = 0] = await freePorts(1);
  running = [];
});

afterEach(async () => {
  for (const program of running.splice(0)) if (program.running()) await program.stop('SIGINT').catch(() => undefined);
  for (const { pid } of await processesNaming(state)) process.kill(pid, 'SIGKILL');
});

afterAll(async () => {
  await origin?.stop();
  removeFolder(state);
});

function flags(): string[] {
  return [
    ...['--state', state],
    ...['--control-port', String(ports.control)],
    ...['--http-port', String(ports.http)],
    ...['--https-port', String(ports.https)],
    ...['--metrics-port', String(ports.metrics)],
    ...['--captcha-port', String(captchaPort)],
  ];
}

async function up(...more: string[]): Promise<Program> {
  const program = startProgram(['up', ...more, ...flags()]);
  running.push(program);
  await until(
    `up is ready; it printed:\n${program.output()}`,
    () => {
      if (!program.running()) throw new Error(`up ended:\n${program.output()}`);
      return program.output().includes('Ctrl-C stops everything');
    },
    { timeoutMs: 110_000 },
  );
  return program;
}

async function nothingIsLeft(): Promise<void> {
  await until('no process of this state folder is left', async () => (await processesNaming(state)).length === 0, {
    timeoutMs: 20_000,
  });
  for (const port of [...Object.values(ports), captchaPort]) expect(await isListening(port)).toBe(false);
}

function asVisitor(): Promise<{ status: number }> {
  return visit({ port: ports.http, host: 'forum.example', headers: navigation });
}

it('protects a site on this machine from the first start, says where everything is, and leaves nothing after Ctrl-C', async () => {
  const program = await up('protect', `http://127.0.0.1:${origin.port}`, '--host', 'forum.example');
  const printed = program.output();
  for (const words of [
    `http://localhost:${ports.control}/console/`,
    `127.0.0.1:${ports.http}`,
    state,
    '/console/setup?code=',
    'forum.example is added',
    `http://127.0.0.1:${captchaPort}`,
  ]) {
    expect(printed).toContain(words);
  }
  expect((await asVisitor()).status).toBe(200);
  const asked = new URLSearchParams({ secret: 'none', response: 'none' });
  const verified = await fetch(`http://127.0.0.1:${captchaPort}/siteverify`, { method: 'POST', body: asked });
  expect(await verified.json()).toEqual({ success: false, 'error-codes': ['invalid-input-response'] });
  expect(statSync(path.join(state, 'control', 'captcha.key')).mode & 0o777).toBe(0o600);
  expect(statSync(state).mode & 0o777).toBe(0o700);
  expect(await program.stop('SIGINT')).toBe(0);
  await nothingIsLeft();
  expect(program.output()).toContain('the next start continues');
});

it('goes on where it was: the site is served again without being named, its origin still allowed', async () => {
  const program = await up();
  expect(program.output()).not.toContain('is added');
  expect((await asVisitor()).status).toBe(200);
  const again = await runProgram(['site', 'list', '--json', '--state', state]);
  expect(JSON.parse(again.stdout)).toHaveLength(1);
  expect(await program.stop('SIGTERM')).toBe(0);
  await nothingIsLeft();
});

it('asked for the same site again changes only what differs', async () => {
  const program = await up('protect', `http://127.0.0.1:${origin.port}`, '--host', 'forum.example', '--attack');
  expect(program.output()).toContain('forum.example is changed (mode attack)');
  expect((await asVisitor()).status).toBe(403);
});

it('without a hostname protects what runs here under the name that a browser on this machine needs', async () => {
  const program = await up('protect', `http://127.0.0.1:${origin.port}`);
  expect(program.output()).toContain(`http://localhost:${ports.http}/`);
  const met = await fetch(`http://localhost:${ports.http}/hello`);
  expect([met.status, await met.text()]).toEqual([200, expect.stringContaining('/hello')]);
  await program.stop('SIGINT');
  const elsewhere = startProgram(['up', 'protect', 'http://192.0.2.7:8000', ...flags()]);
  expect(await elsewhere.ended).toBe(exitCodes.usage.code);
  expect(elsewhere.output()).toContain('For which hostname');
});

it('refuses a second start on the same state, and a taken port, each in one sentence, and starts nothing', async () => {
  const first = await up();
  const second = await runProgram(['up', ...flags()]);
  expect([second.code, second.stderr]).toEqual([exitCodes.failed.code, expect.stringContaining(`(process ${first.pid})`)]);
  const elsewhere = temporaryFolder('up-second');
  try {
    const taken = await runProgram(['up', ...flags(), '--state', elsewhere]);
    expect([taken.code, taken.stderr]).toEqual([exitCodes.failed.code, expect.stringContaining('--control-port <port>')]);
    expect(taken.stderr).toContain(`Port ${ports.http}, wanted for the edge’s http, is taken by haproxy`);
    expect(existsSync(path.join(elsewhere, 'control'))).toBe(false);
  } finally {
    removeFolder(elsewhere);
  }
});

it('killed outright, takes everything with it; the next start continues', async () => {
  const program = await up();
  program.signal('SIGKILL');
  await program.ended;
  await nothingIsLeft();
  await up();
  expect((await asVisitor()).status).toBe(403);
});

it('an order is placed, confirmed by a second person, watched, verified and lifted on the command line', async () => {
  await up();
  const portcullis = async (line: readonly string[], env: Record<string, string> = {}): Promise<unknown> => {
    const done = await runProgram([...line, '--json', '--state', state], env);
    if (done.code !== 0) throw new Error(`portcullis ${line.join(' ')} ended with ${done.code}: ${done.stderr}`);
    return JSON.parse(done.stdout);
  };
  const text = (value: unknown, name: string): string =>
    typeof value === 'object' && value !== null ? String(Object.entries(value).find(([key]) => key === name)?.[1]) : '';
  const reason = 'This site was used to put the life of a person in danger.';
  const placed = await portcullis([
    'order',
    'place',
    'forum.example',
    '--measure',
    'notice-on-host',
    '--reason',
    reason,
    '--ends',
    '72h',
  ]);
  const decision = text(placed, 'decision');

  const alone = await runProgram(['order', 'confirm', decision, '--state', state]);
  expect([alone.code, alone.stderr]).toEqual([exitCodes.failed.code, expect.stringContaining('second person')]);

  const second = {
    PORTCULLIS_TOKEN: text(await portcullis(['person', 'add', 'Grace', '--role', 'lead', '--with-token']), 'token'),
  };
  const confirmed = await runProgram(['order', 'confirm', decision, '--wait', '--state', state], second);
  expect([confirmed.code, confirmed.stdout]).toEqual([0, expect.stringMatching(/1 of 1 edge, \d/)]);
  expect((await asVisitor()).status).toBe(403);

  const shown = async () => {
    const { order } = z
      .object({ order: z.object({ statementUrl: z.url() }) })
      .parse(await portcullis(['order', 'show', decision]));
    const answer: unknown = await (await fetch(`${order.statementUrl}.json`)).json();
    return { ...z.looseObject({}).parse(answer), statementUrl: order.statementUrl };
  };
  const kept = path.join(state, 'kept-edges.json');
  writeFileSync(kept, JSON.stringify(await portcullis(['edge', 'list'])));
  const verified = await runProgram(['verify', decision, '--keys', kept, '--state', state]);
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('1 of 1 receipts hold')]);
  const receipts = path.join(state, 'receipts.json');
  writeFileSync(receipts, JSON.stringify(await portcullis(['order', 'show', decision])).replaceAll('"tookMs":', '"tookMs":1'));
  const forged = await runProgram(['verify', '--receipts', receipts, '--keys', kept]);
  expect([forged.code, forged.stdout]).toEqual([exitCodes.failed.code, expect.stringContaining('the signature does not fit')]);

  const { statementUrl } = await shown();
  const recordKey = path.join(state, 'kept-record.key');
  writeFileSync(recordKey, await (await fetch(new URL('/record/key', statementUrl))).text());
  const saved = path.join(state, 'statement.json');
  await until('the statement has its proof', async () => {
    const proved = await runProgram(['verify', statementUrl, '--record-key', recordKey, '--save', saved]);
    return proved.code === 0 && proved.stdout.includes(`${decision} holds`) && proved.stdout.includes('as version 1');
  });

  const lifted = await runProgram(
    ['order', 'lift', decision, '--reason', 'The threat is over.', '--wait', '--state', state],
    second,
  );
  expect([lifted.code, lifted.stdout]).toEqual([0, expect.stringContaining('1 of 1 edge lifted')]);
  expect(z.object({ record: RecordReference }).parse(await shown()).record.version).toBe(2);
  const offline = await runProgram(['verify', saved, '--record-key', recordKey, '--json']);
  expect([offline.code, JSON.parse(offline.stdout)]).toMatchObject([0, { kind: 'holds', decision, version: 1 }]);
  writeFileSync(saved, readFileSync(saved, 'utf8').replace(reason, 'Another reason, put in its place later.'));
  const rewritten = await runProgram(['verify', saved, '--record-key', recordKey]);
  expect([rewritten.code, rewritten.stdout]).toEqual([exitCodes.failed.code, expect.stringContaining('they were changed')]);
  expect(readFileSync(path.join(state, 'operator.token'), 'utf8')).toMatch(/^pcl_/);
});
