/** One person, three in the morning: README.md beside this file tells the tale. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acknowledgeAlarm, listAlarms } from '../../../contract/routes/house.ts';
import { PublicDecision, confirmOrder, getOrder, placeOrder } from '../../../contract/routes/orders.ts';
import type { Order } from '../../../contract/routes/orders.ts';
import type { SiteId } from '../../../contract/ids.ts';
import { refusalOf } from '../../harness/api.ts';
import { startEcho } from '../../harness/echo.ts';
import type { Echo } from '../../harness/echo.ts';
import { until } from '../../harness/ports.ts';
import { inHours, startProvider } from '../../harness/provider.ts';
import type { Provider } from '../../harness/provider.ts';
import { visit } from '../../harness/visitor.ts';

const breakGlassSeconds = 6;

let origin: Echo;
let provider: Provider;

beforeAll(async () => {
  [origin, provider] = await Promise.all([
    startEcho(),
    startProvider({ env: { PORTCULLIS_BREAK_GLASS_SECONDS: String(breakGlassSeconds) } }),
  ]);
}, 120_000);

afterAll(async () => {
  await provider?.stop();
  await origin?.stop();
}, 60_000);

const ask = (host: string) => visit({ port: provider.edge.http, host });

function breakGlass(siteId: SiteId): Promise<Order> {
  return provider.operator.call(placeOrder, {
    body: {
      measure: 'notice-on-host',
      siteId,
      basis: { kind: 'own-decision' },
      internalReason: 'A threat with an address and an hour; nobody else reached.',
      publicReason: 'This site was used to put the life of a person in danger.',
      endsAt: inHours(48),
      breakGlass: { reason: 'Lead and decider were called twice each, no answer.' },
    },
  });
}

it('break-glass enforces at once, alarms, and expires by itself', async () => {
  const site = await provider.protect('night.example', origin.port);
  const order = await breakGlass(site.siteId);
  expect(order.state).toBe('confirmed');
  expect(order.breakGlass?.expiresAt).toBeDefined();
  await provider.applied(order.revision);
  const met = await ask('night.example');
  expect(met.headers['portcullis-decision']).toBe(order.decision);

  const { items } = await provider.second.call(listAlarms, { query: { open: 'true' } });
  const alarm = items.find((one) => one.orderId === order.orderId);
  expect(alarm?.kind).toBe('break-glass');
  expect(await refusalOf(provider.operator.call(confirmOrder, { params: { orderId: order.orderId } }))).toBe('same-person');
  const published = await fetch(order.statementUrl, { headers: { accept: 'application/json' } });
  expect(PublicDecision.parse(await published.json()).decidedBy).toBe('one-person-break-glass');

  await until('the order lifts by itself', async () => (await ask('night.example')).status === 200, { timeoutMs: 20_000 });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(order.breakGlass?.expiresAt ?? ''));
  await until('the books say so', async () => {
    const now = await provider.operator.call(getOrder, { params: { orderId: order.orderId } });
    return now.order.state === 'expired' && now.order.receipts.lifted === 1;
  });
  if (alarm !== undefined) {
    const seen = await provider.second.call(acknowledgeAlarm, { params: { alarmId: alarm.alarmId } });
    expect(seen.acknowledgedBy).not.toBeNull();
  }
}, 60_000);

it('a second person’s confirmation keeps it in force to its own end', async () => {
  const site = await provider.protect('kept.example', origin.port);
  const order = await breakGlass(site.siteId);
  const confirmed = await provider.second.call(confirmOrder, { params: { orderId: order.orderId } });
  await provider.applied(confirmed.revision);
  const glassEnds = Date.parse(order.breakGlass?.expiresAt ?? '');
  await until('the break-glass time has passed', () => Date.now() > glassEnds + 1_000, { timeoutMs: 20_000 });
  expect((await ask('kept.example')).headers['portcullis-decision']).toBe(order.decision);
  const { order: now } = await provider.operator.call(getOrder, { params: { orderId: order.orderId } });
  expect(now.inForce).toBe(true);
}, 60_000);
