/** The backup from last week: README.md beside this file tells the tale. */
import { cpSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listEdges } from '../../../contract/routes/edges.ts';
import { listAlarms } from '../../../contract/routes/house.ts';
import { startEcho } from '../../harness/echo.ts';
import type { Echo } from '../../harness/echo.ts';
import { until } from '../../harness/ports.ts';
import { startParts } from '../../harness/provider.ts';
import type { Parts } from '../../harness/provider.ts';
import { visit } from '../../harness/visitor.ts';

let origin: Echo;
let parts: Parts;

beforeAll(async () => {
  [origin, parts] = await Promise.all([startEcho(), startParts()]);
}, 120_000);

afterAll(async () => {
  await parts?.stop();
  await origin?.stop();
}, 60_000);

it('a control plane restored from an older backup is refused by the edge, which keeps what it has', async () => {
  const site = await parts.protect('protected.example', origin.port);
  await parts.control().stop('SIGTERM');
  const backup = `${parts.folders.control}-backup`;
  cpSync(parts.folders.control, backup, { recursive: true });

  await parts.startControl();
  const order = await parts.order(site.siteId);
  await parts.applied(order.revision);
  expect((await visit({ port: parts.edge.http, host: 'protected.example' })).status).toBe(403);

  await parts.control().stop('SIGTERM');
  rmSync(parts.folders.control, { recursive: true });
  cpSync(backup, parts.folders.control, { recursive: true });
  await parts.startControl();

  const edge = await until('the edge refuses the older state', async () => {
    const { items } = await parts.operator.call(listEdges);
    return items.find((one) => one.lastNack?.reason === 'older-revision');
  });
  expect(edge.lastNack?.detail).not.toBe('');
  expect((await visit({ port: parts.edge.http, host: 'protected.example' })).headers['portcullis-decision']).toBe(order.decision);
  const { items } = await parts.operator.call(listAlarms, { query: { open: 'true' } });
  expect(items.map((alarm) => alarm.kind)).toContain('edge-nack');
}, 90_000);
