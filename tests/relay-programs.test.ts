/** A relay as production starts it, between a control plane and an edge with HAProxy: orders come through it, and past it when it is killed. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEnrolmentToken, listEdges, revokeEdge } from '../contract/routes/edges.ts';
import { getOrder } from '../contract/routes/orders.ts';
import { createRelayToken, listRelays } from '../contract/routes/relays.ts';
import type { Site } from '../contract/routes/sites.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { freePorts, until } from './harness/ports.ts';
import { startProgram } from './harness/program.ts';
import type { Program } from './harness/program.ts';
import { startParts } from './harness/provider.ts';
import type { Parts } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

const patient = { timeoutMs: 60_000 };
let echo: Echo;
let parts: Parts;
let relay: Program;
let behind: Program;
let startRelay: (token: string) => Program;
let port = 0;

const edgeBehind = async () => (await parts.operator.call(listEdges)).items.find(({ name }) => name === 'behind');
const relayNow = async () => (await parts.operator.call(listRelays)).items[0];
const shows = (host: string, status: number) =>
  until(`${host} answers ${status}`, async () => (await visit({ port, host })).status === status, patient);

beforeAll(async () => {
  echo = await startEcho();
  parts = await startParts();
  const [door = 0, http = 0] = await freePorts(2);
  port = http;
  startRelay = (token) =>
    startProgram([
      'relay',
      ...['--control', parts.controlUrl, '--token', token, '--name', 'cellar', '--state', path.join(parts.state, 'second')],
      ...['--listen', `127.0.0.1:${door}`, '--metrics', 'off'],
    ]);
  relay = startRelay((await parts.operator.call(createRelayToken, { body: {} })).token);
  await until('the relay is linked', async () => (await relayNow())?.state === 'linked', patient);
  const { token } = await parts.operator.call(createEnrolmentToken);
  behind = startProgram([
    'edge',
    ...['--control', parts.controlUrl, '--relays', `http://127.0.0.1:${door}`, '--token', token, '--name', 'behind'],
    ...['--state', path.join(parts.state, 'third'), '--http', `127.0.0.1:${port}`, '--https', 'off', '--metrics', 'off'],
  ]);
  await until('the edge behind it is current', async () => (await edgeBehind())?.state === 'current', patient);
}, 180_000);
afterAll(async () => {
  await behind?.stop('SIGTERM');
  if (relay?.running()) await relay.stop('SIGTERM');
  await parts?.stop();
  await echo?.stop();
}, 60_000);

describe('an edge behind a relay', () => {
  let site: Site;

  it('enforces an order that came through it, and its receipt goes back the same way', async () => {
    const { relayId } = (await relayNow()) ?? {};
    expect((await edgeBehind())?.relayId).toBe(relayId);
    site = await parts.protect('one.example', echo.port);
    await shows('one.example', 200);
    const order = await parts.order(site.siteId);
    await shows('one.example', 403);
    await until(
      'both edges have shown that they enforce it',
      async () => (await parts.operator.call(getOrder, { params: { orderId: order.orderId } })).order.receipts.enforced === 2,
      patient,
    );
  }, 120_000);

  it('enforces an order that is confirmed right after its relay was killed', async () => {
    const two = await parts.protect('two.example', echo.port);
    await shows('two.example', 200);
    relay.signal('SIGKILL');
    await relay.ended;
    await parts.order(two.siteId);
    await shows('two.example', 403);
    expect((await edgeBehind())?.relayId).toBeUndefined();
    await until('the relay counts as away', async () => (await relayNow())?.state === 'away', patient);
  }, 120_000);

  it('and the relay is linked again by its own key, without a token', async () => {
    relay = startRelay('pcr_none-that-is-good-for-anything');
    await until('it is linked', async () => (await relayNow())?.state === 'linked', patient);
    const edgeId = (await edgeBehind())?.edgeId;
    if (edgeId === undefined) throw new Error('the edge is enrolled');
    await parts.operator.call(revokeEdge, { params: { edgeId } });
    await until(
      'its stream is closed',
      async () => (await edgeBehind())?.state === 'revoked' && /"reason":"revoked"/.test(behind.output()),
      patient,
    );
  }, 120_000);
});
