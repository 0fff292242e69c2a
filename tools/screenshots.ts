/**
 * Takes the pictures of docs/screenshots from a running provider with a real forum behind it: `node_modules/.bin/node tools/screenshots.ts`.
 *
 * Nothing in a picture is drawn for it: a provider is started as `portcullis up` starts it, an account is made through the one-time
 * link, visitors come, two people decide on an order. Needs what `npm test` installs. Not a test: nothing here is checked.
 */
import { acknowledgeAlarm, listAlarms } from '../contract/routes/house.ts';
import { addPersonWithToken } from '../contract/routes/identity.ts';
import { confirmOrder, placeOrder } from '../contract/routes/orders.ts';
import { changeSite } from '../contract/routes/sites.ts';
import { apiClient } from '../tests/harness/api.ts';
import { startBrowser } from '../tests/harness/browser.ts';
import { startForum } from '../tests/harness/fossil.ts';
import { until } from '../tests/harness/ports.ts';
import { inHours, startProvider } from '../tests/harness/provider.ts';
import { navigation, visit } from '../tests/harness/visitor.ts';
import { picture, signUp } from './pictures.ts';

const reason = 'A thread on this forum publishes the home address of a person and calls for violence against them.';

async function main(): Promise<void> {
  const [forum, provider, browser] = await Promise.all([
    startForum(),
    startProvider({ args: ['--provider-name', 'Gate Co-operative'] }),
    startBrowser(['forum.example']),
  ]);
  try {
    const viewport = { width: 1180, height: 760 };
    const visitor = await (await browser.newContext({ viewport })).newPage();
    const cookie = await signUp(provider);
    const desk = await browser.newContext({ viewport });
    await desk.addCookies([{ ...cookie, url: `http://localhost:${provider.edge.control}` }]);
    const console_ = await desk.newPage();
    const open = async (where: string): Promise<void> => {
      await console_.goto(`http://localhost:${provider.edge.control}${where}`, { waitUntil: 'load' });
      await console_.waitForTimeout(1500);
    };

    const site = await provider.protect('forum.example', forum.port, {
      mode: 'attack',
      name: 'Forum of Example',
      // Hard enough that there is time for a picture; and all who passed share one clearance here.
      challenge: { expectedHashes: 12_000_000, pagesPer10Min: null },
    });
    await provider.protect('library.example', forum.port, { name: 'Village library' });
    const choir = await provider.protect('choir.example', forum.port, { name: 'Choir' });
    const address = (where: string): string => `http://forum.example:${provider.edge.http}${where}`;
    await visitor.goto(address('/forum'), { waitUntil: 'commit' });
    await visitor.waitForLoadState('domcontentloaded');
    await picture(visitor, 'challenge');
    await until('the challenge solves itself', async () => (await visitor.title()).startsWith('Forum of Example'), {
      timeoutMs: 90_000,
    });

    // Two minutes of visitors: most have a clearance, some meet the check, a few are too many for the choir.
    const clearance = (await visitor.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    await provider.operator.call(changeSite, { params: { siteId: choir.siteId }, body: { limits: { requestsPer10s: 20 } } });
    for (let second = 0; second < 120; second += 1) {
      const ask = (host: string, count: number, headers = navigation): Promise<unknown>[] =>
        Array.from({ length: count }, () => visit({ port: provider.edge.http, host, headers }));
      await Promise.all([
        ...ask('forum.example', 6 + (second % 5), { ...navigation, cookie: clearance }),
        ...ask('forum.example', 1 + (second % 4)),
        ...ask('library.example', 2 + (second % 3)),
        ...ask('choir.example', 1 + Math.floor((second % 40) / 15)),
      ]);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    await open('/console/sites');
    await picture(console_, 'sites');
    await open(`/console/sites/${site.siteId}`);
    await picture(console_, 'site');

    const [proposer, confirmer] = await Promise.all(
      [
        { name: 'Lin Okafor', roles: ['analyst' as const] },
        { name: 'Grace Hollow', roles: ['lead' as const] },
      ].map(async (body) => apiClient(provider.controlUrl, (await provider.operator.call(addPersonWithToken, { body })).token)),
    );
    if (proposer === undefined || confirmer === undefined) throw new Error('an order needs two people');
    const { orderId } = await proposer.call(placeOrder, {
      body: {
        siteId: site.siteId,
        measure: 'notice-on-host',
        basis: { kind: 'own-decision' },
        publicReason: reason,
        internalReason: 'Case of this morning: address and time are named, the person confirms them. Nothing narrower ends it.',
        endsAt: inHours(72),
      },
    });
    const order = await confirmer.call(confirmOrder, { params: { orderId } });
    await until(
      'the receipt has come',
      async () => (await visit({ port: provider.edge.http, host: 'forum.example' })).headers['portcullis-action'] === 'notice',
    );
    // That both people were let in by one is an alarm; the operator, who let them in, has seen it.
    for (const { alarmId } of (await provider.operator.call(listAlarms, { query: {} })).items)
      await provider.operator.call(acknowledgeAlarm, { params: { alarmId } });
    await open(`/console/orders/${order.orderId}`);
    await picture(console_, 'order');
    await visitor.goto(address('/forum'));
    await picture(visitor, 'notice');
    await visitor.goto(`http://localhost:${provider.edge.control}/decisions/${order.decision}`);
    await picture(visitor, 'decision');
  } finally {
    await browser.close();
    await provider.stop();
    await forum.stop();
  }
}

await main();
