/** The site that is under attack right now: README.md beside this file tells the tale. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addSite, changeSite, removeSite } from '../../../contract/routes/sites.ts';
import { startEcho } from '../../harness/echo.ts';
import type { Echo } from '../../harness/echo.ts';
import { until } from '../../harness/ports.ts';
import { startProvider } from '../../harness/provider.ts';
import type { Provider } from '../../harness/provider.ts';
import { navigation, visit } from '../../harness/visitor.ts';

let origin: Echo;
let provider: Provider;

beforeAll(async () => {
  [origin, provider] = await Promise.all([startEcho(), startProvider()]);
}, 120_000);

afterAll(async () => {
  await provider?.stop();
  await origin?.stop();
}, 60_000);

it('a site added, changed and removed is served accordingly at once, without a reload', async () => {
  const workers = async (): Promise<number[]> => (await provider.members()).haproxy.map((one) => one.pid).sort();
  const before = await workers();
  expect(before.length).toBeGreaterThan(0);
  const ask = (host: string) => visit({ port: provider.edge.http, host, headers: navigation });
  expect((await ask('new.example')).status).toBe(421);

  const site = await provider.operator.call(addSite, {
    body: { hostnames: ['new.example', '*.wide.example'], origin: `http://127.0.0.1:${origin.port}`, waiveOwnership: true },
  });
  await until('the new site is served', async () => (await ask('new.example')).status === 200, { timeoutMs: 2_000, everyMs: 5 });
  expect((await visit({ port: provider.edge.https, scheme: 'https', host: 'new.example' })).status).toBe(200);
  expect((await ask('a.b.wide.example')).status).toBe(200);
  expect((await ask('wide.example')).status).toBe(421);

  await provider.operator.call(changeSite, { params: { siteId: site.siteId }, body: { mode: 'attack' } });
  await until('attack mode is on', async () => (await ask('new.example')).headers['portcullis-action'] === 'challenge', {
    timeoutMs: 2_000,
    everyMs: 5,
  });
  await provider.operator.call(removeSite, { params: { siteId: site.siteId } });
  await until('the removed site is gone', async () => (await ask('new.example')).status === 421, {
    timeoutMs: 2_000,
    everyMs: 5,
  });
  expect(await workers()).toEqual(before);
}, 60_000);
