/** What a process says of an order when its door says something else. That it says the truth otherwise: tests/captcha-keys.test.ts. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Instant } from '../../contract/ids.ts';
import { addCaptchaKey } from '../../contract/routes/captcha-keys.ts';
import { listAlarms } from '../../contract/routes/house.ts';
import { confirmOrder, getOrder, placeOrder } from '../../contract/routes/orders.ts';
import { addSite } from '../../contract/routes/sites.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { until } from '../../tests/harness/ports.ts';
import { postgresDatabase } from '../../tests/harness/stores.ts';
import type { SharedDatabase } from '../../tests/harness/stores.ts';
import { startWitness } from './witness.ts';

let database: SharedDatabase;
let house: ControlHouse;
let store: Store;
let door: Server;
let url = '';
let says: object = { do: 'refused', code: 'hostname' };

beforeAll(async () => {
  database = await postgresDatabase();
  house = await startControlHouse(database.address);
  store = await openStore(database.address);
  door = createServer((_, response) => response.end(JSON.stringify(says)));
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const address = door.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  door?.close();
  await store?.close();
  await house?.stop();
  await database?.drop();
});

it('signs that it failed, and alarms, when its own door does not say what the order says', { timeout: 60_000 }, async () => {
  const operator = house.operator();
  const witness = await startWitness({
    store,
    log: pino({ level: 'silent' }),
    nowMs: house.now,
    name: 'one',
    url,
    isSuspended: () => Promise.resolve(true),
  });
  try {
    const site = await operator.call(addSite, {
      body: { hostnames: ['forum.example'], origin: 'http://127.0.0.1:8000', waiveOwnership: true },
    });
    await operator.call(addCaptchaKey, { body: { name: 'one', siteId: site.siteId } });
    const { orderId } = await operator.call(placeOrder, {
      body: {
        measure: 'suspend-captcha-keys',
        siteId: site.siteId,
        basis: { kind: 'own-decision' },
        internalReason: 'Reasons for the desk only, long enough.',
        publicReason: 'This site was used to endanger a person.',
        endsAt: Instant.parse(new Date(house.now() + 86_400_000).toISOString()),
      },
    });
    await house.lead().call(confirmOrder, { params: { orderId } });
    const tally = async () => (await operator.call(getOrder, { params: { orderId } })).order.receipts;
    await until('it says that it failed', async () => (await tally()).failed === 1, { timeoutMs: 20_000, everyMs: 100 });
    const { items } = await operator.call(listAlarms, { query: { open: 'true' } });
    expect(items.filter(({ kind }) => kind === 'receipt-failed')).toHaveLength(1);
    expect(await tally()).toMatchObject({ expected: 1, enforced: 0 });

    says = { do: 'suspended', statement: null };
    await until('it says that it holds', async () => (await tally()).enforced === 1, { timeoutMs: 20_000, everyMs: 100 });
  } finally {
    await witness.stop();
  }
});
