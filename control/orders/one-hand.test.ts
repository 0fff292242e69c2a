/** The second person whom the first one let in: everybody is told, on both databases. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Instant } from '../../contract/ids.ts';
import { listAlarms, listAudit } from '../../contract/routes/house.ts';
import { listPeople, renewInvitation } from '../../contract/routes/identity.ts';
import { confirmOrder, placeOrder } from '../../contract/routes/orders.ts';
import type { Order } from '../../contract/routes/orders.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import type { Api } from '../../tests/harness/api.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';

const dayMs = 86_400_000;
let house: ControlHouse;
let site: Site;

async function ordered(proposer: Api, confirmer: Api): Promise<Order> {
  const order = await proposer.call(placeOrder, {
    body: {
      measure: 'notice-on-host',
      siteId: site.siteId,
      basis: { kind: 'own-decision' },
      internalReason: 'Reasons for the desk only, long enough.',
      publicReason: 'This site was used to endanger a person.',
      endsAt: Instant.parse(new Date(house.now() + 3_600_000).toISOString()),
    },
  });
  return confirmer.call(confirmOrder, { params: { orderId: order.orderId } });
}

const alarmsOn = async ({ orderId }: Order) =>
  (await house.operator().call(listAlarms, { query: { open: 'true' } })).items.filter((alarm) => alarm.orderId === orderId);
const auditOf = async ({ orderId }: Order) =>
  (await house.operator().call(listAudit, { query: { subject: orderId } })).items.map(({ act }) => act);

describeOnBoth('the second person of an order', (databases) => {
  beforeAll(async () => {
    house = await startControlHouse(await databases.fresh());
    const body = { hostnames: ['forum.example'], origin: 'http://192.0.2.7', waiveOwnership: true };
    site = await house.operator().call(addSite, { body });
  });
  afterAll(async () => house?.stop());

  it('whom the proposer has just let in may confirm, and everybody is told', async () => {
    const order = await ordered(house.operator(), house.lead());
    expect(order.state).toBe('confirmed');
    const alarms = await alarmsOn(order);
    expect(alarms.map(({ kind }) => kind)).toEqual(['confirmer-made-by-proposer']);
    expect(alarms[0]?.sentence).toMatch(/^Lee Lead confirmed D-\d{4}-\d{4}, which operator on this machine proposed\./);
    expect(await auditOf(order)).toContain('order.confirmer-made-by-proposer');
  });

  it('whom one other person let in together with the proposer is told of as well', async () => {
    const analyst = await house.person('Ann Analyst', ['analyst']);
    expect(await alarmsOn(await ordered(analyst, house.lead()))).toHaveLength(1);
  });

  it('who has been there for a week is one, until the proposer renews their way in', async () => {
    house.pass(8 * dayMs);
    const order = await ordered(house.operator(), house.lead());
    expect(await alarmsOn(order)).toEqual([]);
    expect(await auditOf(order)).not.toContain('order.confirmer-made-by-proposer');
    const { items } = await house.operator().call(listPeople, { query: { search: 'Lee' } });
    for (const { personId } of items) await house.operator().call(renewInvitation, { params: { personId } });
    expect(await alarmsOn(await ordered(house.operator(), house.lead()))).toHaveLength(1);
  });
});
