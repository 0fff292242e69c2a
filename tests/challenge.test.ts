/** The challenge through the programs as production starts them: settings over the API, crawlers from the operator's folder, the pass. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeSite } from '../contract/routes/sites.ts';
import { earnClearance } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import { navigation, visit } from './harness/visitor.ts';
import { enterLine } from './harness/waiting.ts';

let echo: Echo;
let parts: Parts;
let crawlers: string;

beforeAll(async () => {
  crawlers = temporaryFolder('crawlers');
  mkdirSync(crawlers, { recursive: true });
  writeFileSync(join(crawlers, 'example-bot.txt'), '127.0.9.0/24 # a crawler of ours\n');
  echo = await startEcho();
  parts = await startParts({ env: { PORTCULLIS_CRAWLERS: crawlers } });
}, 120_000);
afterAll(async () => {
  await parts.stop();
  await echo.stop();
  removeFolder(crawlers);
});

it('attack mode asks visitors, opens two doors, lets known crawlers pass until the owner says otherwise', async () => {
  const site = await parts.protect('forum.example', echo.port, { mode: 'attack', challenge: { expectedHashes: 500 } });
  expect(site.challenge).toEqual({ expectedHashes: 500, clearanceSeconds: 86_400, pagesPer10Min: 300, crawlers: 'pass' });
  const door = { port: parts.edge.http, host: 'forum.example', from: '127.0.0.1' };
  const ask = (from: string) => visit({ ...door, from, headers: navigation });
  expect((await ask('127.0.0.1')).status).toBe(403);
  const cookie = await earnClearance(door);
  expect((await visit({ ...door, headers: { ...navigation, cookie } })).status).toBe(200);
  expect((await enterLine(door)).status).toBe(200);
  await until('the crawler’s file is read', async () => (await ask('127.0.9.9')).status === 200);
  expect((await ask('127.0.8.9')).status).toBe(403);
  const changed = await parts.operator.call(changeSite, {
    params: { siteId: site.siteId },
    body: { challenge: { crawlers: 'challenged', pagesPer10Min: null } },
  });
  await parts.applied(changed.propagation.revision);
  expect((await ask('127.0.9.9')).status).toBe(403);
  expect(changed.challenge).toMatchObject({ expectedHashes: 500, pagesPer10Min: null, crawlers: 'challenged' });
}, 60_000);
