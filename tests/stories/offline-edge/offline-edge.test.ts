/** The edge that slept through the block: README.md beside this file tells the tale. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEcho } from '../../harness/echo.ts';
import type { Echo } from '../../harness/echo.ts';
import { until } from '../../harness/ports.ts';
import { startParts } from '../../harness/provider.ts';
import type { Parts } from '../../harness/provider.ts';
import { visit } from '../../harness/visitor.ts';
import type { Met } from '../../harness/visitor.ts';

let origin: Echo;
let parts: Parts;

beforeAll(async () => {
  [origin, parts] = await Promise.all([startEcho(), startParts()]);
}, 120_000);

afterAll(async () => {
  await parts?.stop();
  await origin?.stop();
}, 60_000);

/** The very first answer that the port gives, knocking without pause. */
function firstAnswer(host: string): Promise<Met> {
  return until('the port answers', () => visit({ port: parts.edge.http, host }).catch(() => undefined), {
    timeoutMs: 30_000,
    everyMs: 1,
  });
}

it('an edge that was offline during the block enforces it before it serves', async () => {
  const site = await parts.protect('asleep.example', origin.port);
  expect((await visit({ port: parts.edge.http, host: 'asleep.example' })).status).toBe(200);

  await parts.edgeAgent().stop('SIGTERM');
  expect((await parts.members()).haproxy).toEqual([]);
  const order = await parts.order(site.siteId);
  const hitsBefore = origin.hits();

  const knocking = firstAnswer('asleep.example');
  await parts.startEdge();
  const met = await knocking;
  expect(met.status).toBe(403);
  expect(met.headers['portcullis-decision']).toBe(order.decision);
  expect(origin.hits()).toBe(hitsBefore);
}, 60_000);

it('an edge that starts while the control plane is dead enforces what it had, before it serves', async () => {
  const other = await parts.protect('free.example', origin.port);
  expect(other.ready).toBe(true);
  const hitsBefore = origin.hits();
  parts.edgeAgent().signal('SIGKILL');
  await parts.edgeAgent().ended;
  for (const one of (await parts.members()).haproxy) process.kill(one.pid, 'SIGKILL');
  await until('HAProxy is gone too', async () => (await parts.members()).haproxy.length === 0);
  await parts.control().stop('SIGKILL');

  const knocking = firstAnswer('asleep.example');
  await parts.startEdge();
  const met = await knocking;
  expect(met.status).toBe(403);
  expect(met.headers['portcullis-action']).toBe('notice');
  expect(origin.hits()).toBe(hitsBefore);
  const served = await until('the other site is served', async () => {
    const now = await visit({ port: parts.edge.http, host: 'free.example' });
    return now.status === 200 && now;
  });
  expect(served.status).toBe(200);
  await parts.startControl();
}, 60_000);
