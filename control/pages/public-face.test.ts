/** From an order to its public page, with the whole control plane running: what outsiders see, and when. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Instant } from '../../contract/ids.ts';
import * as orders from '../../contract/routes/orders.ts';
import { addSite } from '../../contract/routes/sites.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { until } from '../../tests/harness/ports.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';

describeOnBoth('the public face', (databases) => {
  let house: ControlHouse;
  beforeAll(async () => {
    house = await startControlHouse(await databases.fresh(), { contact: 'mailto:appeals@shield.example' });
  });
  afterAll(async () => house?.stop());

  const inHours = (hours: number) => Instant.parse(new Date(house.now() + hours * 3_600_000).toISOString());
  const read = async (path: string, accept = 'text/html') => {
    const response = await fetch(`${house.url()}${path}`, { headers: { accept } });
    return { status: response.status, text: await response.text() };
  };
  /** Pages may be a quarter of a second old. */
  const becomes = (path: string, status: number, holds: string) =>
    until(`${path} is ${status} and holds “${holds}”`, async () => {
      const page = await read(path);
      return page.status === status && page.text.includes(holds);
    });

  test('a proposal has no page, a decision in force has one, and it stays when it is lifted', async () => {
    const body = { hostnames: ['forum.example'], origin: 'http://127.0.0.1:8000', waiveOwnership: true };
    const site = await house.operator().call(addSite, { body });
    const proposed = await house.operator().call(orders.placeOrder, {
      body: {
        measure: 'notice-on-host',
        siteId: site.siteId,
        basis: { kind: 'own-decision' },
        internalReason: 'SECRET-INTERNAL the desk knows more.',
        publicReason: 'Threats against a person were posted here.',
        endsAt: inHours(24),
      },
    });
    const path = new URL(proposed.statementUrl).pathname;
    expect((await read(path)).status).toBe(404);
    expect((await read(`${path}.json`)).status).toBe(404);
    expect((await read('/decisions')).text).not.toContain(proposed.decision);

    const { orderId } = proposed;
    await house.lead().call(orders.confirmOrder, { params: { orderId } });
    await becomes(path, 200, 'In force');
    const data = orders.PublicDecision.parse(JSON.parse((await read(path, 'application/json')).text));
    expect(data).toMatchObject({
      decision: proposed.decision,
      decidedBy: 'two-people',
      reason: 'Threats against a person were posted here.',
    });
    expect((await read('/')).text).toContain(proposed.decision);
    expect(JSON.stringify([await read(path), await read('/decisions.atom'), data])).not.toContain('SECRET');

    await house.lead().call(orders.liftOrder, { params: { orderId }, body: { reason: 'SECRET-INTERNAL over' } });
    await becomes(path, 200, 'Lifted');
    expect((await read(path)).text).not.toContain('SECRET');
  });

  test('appeals go where the operator said; the console and the API keep their own addresses', async () => {
    expect((await read('/appeal')).text).toContain('href="mailto:appeals@shield.example"');
    expect((await read('/api/v1/nothing', 'text/html')).text).toContain('"code":"not-found"');
    expect((await read('/nothing')).text).toContain('There is no such page');
  });
});
