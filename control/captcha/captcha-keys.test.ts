/** Captcha keys without a provider: pages of the list, orders that come and go by themselves, reviews of days. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Instant } from '../../contract/ids.ts';
import * as keys from '../../contract/routes/captcha-keys.ts';
import type { CaptchaKey } from '../../contract/routes/captcha-keys.ts';
import { listAudit } from '../../contract/routes/house.ts';
import * as orders from '../../contract/routes/orders.ts';
import type { OrderDraft } from '../../contract/routes/orders.ts';
import { addSite, removeSite } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { stretchOf } from '../../core/captcha/figures.ts';
import { instantOf } from '../../core/instant.ts';
import { addCaptchaCounts } from '../../store/captcha-counts.ts';
import type { CountedChecks } from '../../store/captcha-counts.ts';
import { openStore } from '../../store/open.ts';
import { refusalOf } from '../../tests/harness/api.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { until } from '../../tests/harness/ports.ts';
import { postgresDatabase } from '../../tests/harness/stores.ts';
import type { SharedDatabase } from '../../tests/harness/stores.ts';

let database: SharedDatabase;
let house: ControlHouse;

beforeAll(async () => {
  database = await postgresDatabase();
  house = await startControlHouse(database.address);
});
afterAll(async () => {
  await house?.stop();
  await database?.drop();
});

const siteOf = (hostname: string): Promise<Site> =>
  house.operator().call(addSite, { body: { hostnames: [hostname], origin: 'http://127.0.0.1:8000', waiveOwnership: true } });
const make = async (body: keys.CaptchaKeyDraft): Promise<CaptchaKey> =>
  (await house.operator().call(keys.addCaptchaKey, { body })).key;
const find = (key: CaptchaKey): Promise<CaptchaKey> =>
  house.operator().call(keys.getCaptchaKey, { params: { keyId: key.keyId } });
const place = (site: Site, more: Partial<OrderDraft> = {}) =>
  house.operator().call(orders.placeOrder, {
    body: {
      measure: 'suspend-captcha-keys',
      siteId: site.siteId,
      basis: { kind: 'own-decision' },
      internalReason: 'Reasons for the desk only, long enough.',
      publicReason: 'This site was used to endanger a person.',
      endsAt: Instant.parse(new Date(house.now() + 86_400_000).toISOString()),
      ...more,
    },
  });

it('are listed page by page, found by name, hostname and site key, and refused on an old picture', async () => {
  const made: CaptchaKey[] = [];
  for (const name of ['one', 'two', 'three'])
    made.unshift(await make({ name: `list ${name}`, hostnames: [`${name}.list.example`] }));
  const first = await house.operator().call(keys.listCaptchaKeys, { query: { limit: 2, search: 'LIST' } });
  const cursor = first.next ?? '';
  const second = await house.operator().call(keys.listCaptchaKeys, { query: { limit: 2, search: 'list', cursor } });
  expect([...first.items, ...second.items].map(({ keyId }) => keyId)).toEqual(made.map(({ keyId }) => keyId));
  expect([first.total, second.next]).toEqual([3, null]);
  for (const search of ['two.list', made[1]?.siteKey ?? ''])
    expect((await house.operator().call(keys.listCaptchaKeys, { query: { search } })).items.map(({ name }) => name)).toEqual([
      'list two',
    ]);
  expect(await refusalOf(house.operator().call(keys.listCaptchaKeys, { query: { cursor: 'x' } }))).toBe('bad-request');

  const params = { keyId: made[0]?.keyId ?? '' };
  const change = (body: keys.CaptchaKeyChange) => house.operator().call(keys.changeCaptchaKey, { params, body });
  expect(await change({ level: 'hard', kind: 'invisible', version: 1 })).toMatchObject({
    level: 'hard',
    kind: 'invisible',
    version: 2,
  });
  expect(await refusalOf(change({ level: 'light', version: 1 }))).toBe('conflict');
  expect(await refusalOf(change({ hostnames: ['https://list.example/'] }))).toBe('bad-request');
});

it('of a site follow its orders: from their start, for break-glass at once, to the end of each, and stay when the site goes', async () => {
  const site = await siteOf('orders.example');
  const key = await make({ name: 'orders', siteId: site.siteId });
  const glass = await place(site, { breakGlass: { reason: 'A person is in danger.' } });
  expect((await find(key)).suspended).toMatchObject({ decision: glass.decision, until: glass.breakGlass?.expiresAt });
  const endorsed = await house.lead().call(orders.confirmOrder, { params: { orderId: glass.orderId } });
  expect((await find(key)).suspended).toMatchObject({ until: endorsed.endsAt });
  await house.lead().call(orders.liftOrder, { params: { orderId: glass.orderId }, body: { reason: 'It is over.' } });
  expect((await find(key)).suspended).toBeNull();

  const startsAt = Instant.parse(new Date(house.now() + 3_600_000).toISOString());
  const later = await place(site, { startsAt });
  await house.lead().call(orders.confirmOrder, { params: { orderId: later.orderId } });
  expect((await find(key)).suspended).toBeNull();
  // Whoever leaves the site before the start takes the order along.
  const params = { keyId: key.keyId };
  expect(await refusalOf(house.operator().call(keys.changeCaptchaKey, { params, body: { siteId: null } }))).toBe(
    'site-under-order',
  );
  house.pass(3_700_000);
  expect((await find(key)).suspended).toMatchObject({ decision: later.decision });
  house.pass(86_400_000);
  await until('the order is over', async () => {
    const { order } = await house.operator().call(orders.getOrder, { params: { orderId: later.orderId } });
    return order.state === 'expired';
  });
  expect((await find(key)).suspended).toBeNull();
  await house.operator().call(removeSite, { params: { siteId: site.siteId } });
  expect(await find(key)).toMatchObject({ site: null, hostnames: ['orders.example'] });
});

it('have days that people look at: many calm visitors gave up, somebody says that they were people, and it asks less', async () => {
  const key = await make({ name: 'reviewed', hostnames: ['review.example'] });
  const params = { keyId: key.keyId };
  const at = instantOf(stretchOf(house.now() - 2 * 3_600_000));
  const none = {
    asked: 0,
    calmAsked: 0,
    stepped: 0,
    passed: 0,
    calmPassed: 0,
    waited: 0,
    wrong: 0,
    solved: [0, 0, 0, 0, 0, 0, 0, 0],
  };
  const rows: CountedChecks[] = [
    { keyId: key.keyId, at, device: 'unknown', counts: { ...none, asked: 50, calmAsked: 40 } },
    {
      keyId: key.keyId,
      at,
      device: 'slow',
      counts: { ...none, stepped: 45, passed: 20, calmPassed: 18, waited: 2, wrong: 1, solved: [0, 0, 0, 0, 8, 10, 0, 0] },
    },
  ];
  const store = await openStore(database.address);
  await addCaptchaCounts(store.db, rows).finally(() => store.close());

  const figures = await house.operator().call(keys.getCaptchaFigures, { params });
  expect(figures.total).toEqual({ asked: 50, passed: 20, gaveUp: 30, waited: 2, wrong: 1 });
  expect(figures.devices.map(({ device, begun, passed, gaveUp }) => [device, begun, passed, gaveUp])).toEqual([
    ['fast', 0, 0, 0],
    ['middle', 0, 0, 0],
    ['slow', 45, 20, 25],
    ['unknown', 5, 0, 5],
  ]);
  expect(figures.p95Ms).toBeGreaterThan(3000);

  const { days } = await house.operator().call(keys.listCaptchaReviews, { params });
  expect(days).toMatchObject([{ day: at.slice(0, 10), calmAsked: 40, calmGaveUp: 22, worthALook: true, review: null }]);
  const say = (body: { day: string; verdict: keys.ReviewVerdict; note?: string; soften?: boolean }) =>
    house.lead().call(keys.reviewCaptchaDay, { params, body });
  expect(
    await refusalOf(house.operator().call(keys.reviewCaptchaDay, { params, body: { day: '2020-01-01', verdict: 'people' } })),
  ).toBe('wrong-state');
  expect(await refusalOf(say({ day: at.slice(0, 10), verdict: 'people' }))).toBe('not-allowed');
  const operator = house.operator();
  const found = await operator.call(keys.reviewCaptchaDay, {
    params,
    body: { day: at.slice(0, 10), verdict: 'people', note: 'Old phones.', soften: true },
  });
  expect(found.days[0]?.review).toMatchObject({ verdict: 'people', note: 'Old phones.' });
  expect((await find(key)).softened).not.toBeNull();
  const trail = await operator.call(listAudit, { query: { subject: key.keyId } });
  expect(trail.items.map(({ act }) => act)).toEqual(['captcha-key.review', 'captcha-key.add']);
});
