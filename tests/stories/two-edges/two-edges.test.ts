/** One of two edges is away: README.md beside this file tells the tale. */
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrderId } from '../../../contract/ids.ts';
import { createEnrolmentToken, listEdges, revokeEdge } from '../../../contract/routes/edges.ts';
import { getStatus } from '../../../contract/routes/house.ts';
import { getOrder, liftOrder } from '../../../contract/routes/orders.ts';
import type { ReceiptTally } from '../../../contract/routes/orders.ts';
import { startEcho } from '../../harness/echo.ts';
import type { Echo } from '../../harness/echo.ts';
import { freePorts, until } from '../../harness/ports.ts';
import { postgresDatabase } from '../../harness/stores.ts';
import type { SharedDatabase } from '../../harness/stores.ts';
import { startProgram } from '../../harness/program.ts';
import type { Program } from '../../harness/program.ts';
import { startParts } from '../../harness/provider.ts';
import type { Parts } from '../../harness/provider.ts';
import { visit } from '../../harness/visitor.ts';

let origin: Echo;
let database: SharedDatabase;
let parts: Parts;
let far: Program;
let farPort: number;

beforeAll(async () => {
  [origin, database] = await Promise.all([startEcho(), postgresDatabase()]);
  const { address } = database;
  parts = await startParts({ env: { DATABASE_URL: address.url } });
  [farPort = 0] = await freePorts(1);
}, 120_000);

afterAll(async () => {
  if (far?.running()) await far.stop('SIGTERM');
  await parts?.stop();
  await database?.drop();
  await origin?.stop();
}, 60_000);

async function startFar(): Promise<void> {
  const { token } = await parts.operator.call(createEnrolmentToken);
  far = startProgram([
    'edge',
    ...['--control', parts.controlUrl],
    ...['--token', token],
    ...['--state', path.join(parts.state, 'far')],
    ...['--name', 'far'],
    ...['--http', `127.0.0.1:${farPort}`],
    ...['--https', 'off'],
    ...['--metrics', 'off'],
  ]);
}

const stateOf = async (name: string) => (await parts.operator.call(listEdges)).items.find((edge) => edge.name === name)?.state;

async function tally(orderId: OrderId, wanted: Partial<ReceiptTally>): Promise<void> {
  await until(`the tally ${JSON.stringify(wanted)}`, async () => {
    const { order } = await parts.operator.call(getOrder, { params: { orderId } });
    return Object.entries(wanted).every(([name, value]) =>
      Object.entries(order.receipts).some(([n, v]) => n === name && v === value),
    );
  });
}

it('the tally waits for the edge that is away, which enforces before it serves again', async () => {
  await startFar();
  await until(
    'both edges are current',
    async () => (await stateOf('edge-1')) === 'current' && (await stateOf('far')) === 'current',
  );
  expect((await parts.operator.call(getStatus)).database).toBe('postgresql');
  const site = await parts.protect('two.example', origin.port);
  for (const port of [parts.edge.http, farPort]) expect((await visit({ port, host: 'two.example' })).status).toBe(200);

  const first = await parts.order(site.siteId);
  await tally(first.orderId, { expected: 2, enforced: 2 });
  await parts.second.call(liftOrder, { params: { orderId: first.orderId }, body: { reason: 'Only to see both answer.' } });
  await tally(first.orderId, { expected: 2, lifted: 2 });

  await far.stop('SIGTERM');
  await until('the far edge is seen to be away', async () => (await stateOf('far')) === 'away');
  const second = await parts.order(site.siteId);
  await tally(second.orderId, { expected: 2, enforced: 1 });

  const knocking = until('the far edge answers', () => visit({ port: farPort, host: 'two.example' }).catch(() => undefined), {
    timeoutMs: 30_000,
    everyMs: 1,
  });
  await startFar();
  expect((await knocking).headers['portcullis-decision']).toBe(second.decision);
  await tally(second.orderId, { expected: 2, enforced: 2 });
}, 120_000);

it('a revoked edge gets nothing any more and is not waited for', async () => {
  const { items } = await parts.operator.call(listEdges);
  const edge = items.find((one) => one.name === 'far');
  if (edge === undefined) throw new Error('the far edge is enrolled');
  await parts.operator.call(revokeEdge, { params: { edgeId: edge.edgeId } });
  const site = await parts.protect('after.example', origin.port);
  const order = await parts.order(site.siteId);
  await tally(order.orderId, { expected: 1, enforced: 1 });
  expect((await visit({ port: farPort, host: 'after.example' })).status).toBe(421);
}, 60_000);
