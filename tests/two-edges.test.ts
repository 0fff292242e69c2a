/** Two edges of one provider, as production starts them: what they hold together. When such a client is let in again: tests/cross-edge.test.ts. */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEnrolmentToken, listEdges } from '../contract/routes/edges.ts';
import { defaultSiteLimits } from '../contract/policy.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { freePorts, until } from './harness/ports.ts';
import type { Program } from './harness/program.ts';
import { startProgram } from './harness/program.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

const host = 'forum.example';
const limit = 40;
let echo: Echo;
let parts: Parts;
let second: Program;
let ports: readonly number[] = [];

beforeAll(async () => {
  echo = await startEcho();
  parts = await startParts();
  const { token } = await parts.operator.call(createEnrolmentToken);
  const [port = 0] = await freePorts(1);
  second = startProgram([
    'edge',
    ...['--control', parts.controlUrl, '--token', token, '--name', 'edge-2', '--state', path.join(parts.state, 'second')],
    ...['--http', `127.0.0.1:${port}`, '--https', 'off', '--metrics', 'off'],
  ]);
  ports = [parts.edge.http, port];
  await until(
    'both edges are current',
    async () => (await parts.operator.call(listEdges)).items.filter(({ state }) => state === 'current').length === 2,
    { timeoutMs: 60_000, everyMs: 100 },
  );
  await parts.protect(host, echo.port, { limits: { ...defaultSiteLimits, requestsPer10s: limit } });
}, 180_000);
afterAll(async () => {
  await second.stop('SIGTERM');
  await parts.stop();
  await echo.stop();
}, 60_000);

const ask = async (port: number | undefined, from: string) => (await visit({ port: port ?? 0, host, from })).status;

it('two edges refuse a client together that each of them alone would let pass', async () => {
  // Thirty at each, below the limit of forty; on a machine that is too slow for one window, another client tries again.
  let client = '';
  let number = 0;
  await until(
    'both edges refuse it',
    async () => {
      client = `127.0.5.${(number += 1)}`;
      for (let index = 0; index < 60; index += 1) expect(await ask(ports[index % 2], client)).toBe(200);
      for (let look = 0; look < 8; look += 1) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        const seen = [await ask(ports[0], client), await ask(ports[1], client)];
        if (seen.every((status) => status === 429)) return true;
      }
      return false;
    },
    { timeoutMs: 90_000 },
  );
  for (const port of ports) expect(await ask(port, '127.0.6.1')).toBe(200);
}, 200_000);
