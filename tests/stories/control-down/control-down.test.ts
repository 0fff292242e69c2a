/** The night without a control plane: README.md beside this file tells the tale. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getOrder } from '../../../contract/routes/orders.ts';
import { startEcho } from '../../harness/echo.ts';
import type { Echo } from '../../harness/echo.ts';
import { until } from '../../harness/ports.ts';
import { inHours, inSeconds, startParts } from '../../harness/provider.ts';
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

const ask = (host: string) => visit({ port: parts.edge.http, host });

it('with the control plane killed, orders begin and lift by themselves, and everything else stays as it was', async () => {
  const ending = await parts.protect('ending.example', origin.port);
  const beginning = await parts.protect('beginning.example', origin.port);
  const lasting = await parts.protect('lasting.example', origin.port);
  await parts.protect('untouched.example', origin.port);

  const endsAt = inSeconds(6);
  const startsAt = inSeconds(5);
  const first = await parts.order(ending.siteId, { endsAt });
  const second = await parts.order(beginning.siteId, { startsAt, endsAt: inHours(1) });
  const third = await parts.order(lasting.siteId);
  await parts.applied(third.revision);
  await parts.control().stop('SIGKILL');

  expect((await ask('ending.example')).headers['portcullis-decision']).toBe(first.decision);
  expect((await ask('beginning.example')).status).toBe(200);

  const begun = await until('the scheduled order begins', async () => {
    const met = await ask('beginning.example');
    return met.status === 403 && met;
  });
  expect(begun.headers['portcullis-decision']).toBe(second.decision);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(startsAt));

  await until('the expired order lifts', async () => (await ask('ending.example')).status === 200);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(endsAt));
  expect(Date.now() - Date.parse(endsAt)).toBeLessThan(3_000);

  expect((await ask('lasting.example')).headers['portcullis-decision']).toBe(third.decision);
  expect((await ask('untouched.example')).status).toBe(200);

  await parts.startControl();
  await until('the receipts signed meanwhile arrive, and the books say the same as the edge', async () => {
    const [ended, started] = await Promise.all(
      [first, second].map(async ({ orderId }) => (await parts.operator.call(getOrder, { params: { orderId } })).order),
    );
    return (
      ended?.state === 'expired' && ended.receipts.lifted === 1 && started?.inForce === true && started.receipts.enforced === 1
    );
  });
}, 90_000);
