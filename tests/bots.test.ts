/** Bots that sign their requests, through the programs as production starts them: who signs well passes, nobody else does, and a verifier that is gone opens nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeSite } from '../contract/routes/sites.ts';
import type { Site, SiteChange } from '../contract/routes/sites.ts';
import { makeBot } from './harness/bot.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { processesNaming } from './harness/program.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import { navigation, visit } from './harness/visitor.ts';

const host = 'forum.example';
const listed = makeBot();
const other = makeBot();
const stranger = makeBot();
let folder: string;
let echo: Echo;
let parts: Parts;
let site: Site;

const door = () => ({ port: parts.edge.http, host, from: '127.0.0.1' });
const ask = (
  headers: Readonly<Record<string, string>>,
  more: { host?: string; method?: string; path?: string; body?: string } = {},
) => visit({ ...door(), headers: { accept: '*/*', ...headers }, ...more });
const set = async (challenge: NonNullable<SiteChange['challenge']>) => {
  const changed = await parts.operator.call(changeSite, { params: { siteId: site.siteId }, body: { challenge } });
  await parts.applied(changed.propagation.revision);
  return changed;
};
const verifier = async () => (await processesNaming(parts.state)).find(({ command }) => command.includes('portcullis.ts bots'));

beforeAll(async () => {
  folder = temporaryFolder('bots');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'listed.json'), JSON.stringify({ keys: [listed.jwk] }));
  writeFileSync(join(folder, 'other.json'), JSON.stringify({ keys: [other.jwk] }));
  echo = await startEcho();
  parts = await startParts({ env: { PORTCULLIS_BOTS: folder } });
  site = await parts.protect(host, echo.port, { mode: 'attack', challenge: { expectedHashes: 500 } });
  await until('the keys are known', async () => (await ask(listed.headers({ host }))).status === 200, { timeoutMs: 60_000 });
}, 180_000);
afterAll(async () => {
  await parts.stop();
  await echo.stop();
  removeFolder(folder);
});

it('a bot whose signature holds passes at once, with its body, each time anew', async () => {
  const hits = echo.hits();
  const posted = await ask(
    listed.headers({ host, method: 'POST', target: '/a?b=1', covered: '"@method" "@target-uri" "signature-agent";key="sig1"' }),
    {
      method: 'POST',
      path: '/a?b=1',
      body: 'x=1',
    },
  );
  expect([posted.status, posted.headers['portcullis-action'], posted.headers['set-cookie']]).toEqual([200, undefined, undefined]);
  expect(posted.body).toContain('x=1');
  const same = listed.headers({ host });
  expect((await ask(same)).status).toBe(200);
  const again = await ask(same);
  expect([again.status, again.headers['portcullis-reason'], again.headers['portcullis-mitigated']]).toEqual([
    403,
    'replay',
    'challenge',
  ]);
  expect(again.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(again.body)).toMatchObject({ status: 403, reason: 'replay' });
  expect((await ask({})).status).toBe(403);
  expect(echo.hits() - hits).toBe(2);
});

it('what is changed, late, of another host or bound to none is refused with a word, and never reaches the origin', async () => {
  const hits = echo.hits();
  const good = listed.headers({ host });
  const refused: [string, Record<string, string>][] = [
    ['signature', { ...good, 'signature-agent': 'sig1="https://evil.example"' }],
    ['signature', listed.headers({ host: 'other.example' })],
    ['signature', { ...good, signature: other.headers({ host }).signature ?? '' }],
    ['expired', listed.headers({ host, agoSeconds: 400 })],
    ['expired', listed.headers({ host, lastsSeconds: 200_000 })],
    ['unbound', listed.headers({ host, covered: '"@method" "signature-agent";key="sig1"' })],
    ['unbound', listed.headers({ host, covered: '"@authority"' })],
    ['malformed', { ...good, signature: 'sig1="x"' }],
    ['malformed', { ...good, 'signature-input': `${good['signature-input'] ?? ''},` }],
  ];
  for (const [reason, headers] of refused) {
    const met = await ask(headers);
    expect([reason, met.status, met.headers['portcullis-reason']]).toEqual([reason, 403, reason]);
  }
  expect(echo.hits()).toBe(hits);
});

it('who signs with a key that is not listed, or under another tag, is challenged like anybody, as a page where that is asked for', async () => {
  for (const headers of [stranger.headers({ host }), listed.headers({ host, tag: 'other' })]) {
    const met = await visit({ ...door(), headers: { ...headers, ...navigation } });
    expect([met.status, met.headers['portcullis-reason']]).toEqual([403, undefined]);
    expect(met.body).toContain('data-token=');
  }
  const forged = await ask({ 'portcullis-verdict': 'verified', 'signature-input': 'sig1=();tag="web-bot-auth"' });
  expect([forged.status, forged.headers['portcullis-mitigated']]).toEqual([403, 'challenge']);
});

it('the owner chooses: these bots, none, or all that are listed', async () => {
  const passes = async () => [(await ask(listed.headers({ host }))).status, (await ask(other.headers({ host }))).status];
  expect(await passes()).toEqual([200, 200]);
  expect((await set({ bots: ['other', 'other'] })).challenge.bots).toEqual(['other']);
  expect(await passes()).toEqual([403, 200]);
  await set({ bots: 'challenged' });
  expect(await passes()).toEqual([403, 403]);
  expect((await set({ bots: 'pass' })).challenge.bots).toBeUndefined();
  expect(await passes()).toEqual([200, 200]);
});

it('a verifier that is stopped opens nothing, and one that is killed is started again', async () => {
  const before = await verifier();
  if (before === undefined) throw new Error('the verifier is not there');
  process.kill(before.pid, 'SIGSTOP');
  const late = await ask(listed.headers({ host }));
  expect(late.status).toBe(403);
  process.kill(before.pid, 'SIGKILL');
  await until('it passes again', async () => (await ask(listed.headers({ host }))).status === 200, { timeoutMs: 60_000 });
  expect((await verifier())?.pid).not.toBe(before.pid);
  expect((await ask({})).status).toBe(403);
}, 90_000);

it('an order’s challenge is for bots too', async () => {
  await parts.order(site.siteId, { measure: 'challenge' });
  const met = await ask(listed.headers({ host }));
  expect([met.status, met.headers['portcullis-reason']]).toEqual([403, undefined]);
});
