/** The challenge through the programs as production starts them: settings over the API, crawlers and keys of bots from the operator's folders, the pass. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeSite } from '../contract/routes/sites.ts';
import type { Site, SiteChange } from '../contract/routes/sites.ts';
import { makeBot } from './harness/bot.ts';
import { earnClearance } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { processesNaming } from './harness/program.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import { navigation, visit } from './harness/visitor.ts';
import { enterLine } from './harness/waiting.ts';

let echo: Echo;
let parts: Parts;
let crawlers: string;
let bots: string;
let botSite: Site;
const host = 'bots.example';
const listed = makeBot();
const other = makeBot();
const stranger = makeBot();

beforeAll(async () => {
  crawlers = temporaryFolder('crawlers');
  mkdirSync(crawlers, { recursive: true });
  writeFileSync(join(crawlers, 'example-bot.txt'), '127.0.9.0/24 # a crawler of ours\n');
  bots = temporaryFolder('bots');
  mkdirSync(bots, { recursive: true });
  writeFileSync(join(bots, 'listed.json'), JSON.stringify({ keys: [listed.jwk] }));
  writeFileSync(join(bots, 'other.json'), JSON.stringify({ keys: [other.jwk] }));
  echo = await startEcho();
  parts = await startParts({ env: { PORTCULLIS_CRAWLERS: crawlers, PORTCULLIS_BOTS: bots } });
}, 120_000);
afterAll(async () => {
  await parts.stop();
  await echo.stop();
  removeFolder(crawlers);
  removeFolder(bots);
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

const botDoor = () => ({ port: parts.edge.http, host, from: '127.0.0.1' });
const askAsBot = (
  headers: Readonly<Record<string, string>>,
  more: { host?: string; method?: string; path?: string; body?: string } = {},
) => visit({ ...botDoor(), headers: { accept: '*/*', ...headers }, ...more });
const set = async (challenge: NonNullable<SiteChange['challenge']>) => {
  const changed = await parts.operator.call(changeSite, { params: { siteId: botSite.siteId }, body: { challenge } });
  await parts.applied(changed.propagation.revision);
  return changed;
};
const verifier = async () => (await processesNaming(parts.state)).find(({ command }) => command.includes('portcullis.ts bots'));

describe('bots that sign their requests', () => {
  beforeAll(async () => {
    botSite = await parts.protect(host, echo.port, { mode: 'attack', challenge: { expectedHashes: 500 } });
    await until('the keys are known', async () => (await askAsBot(listed.headers({ host }))).status === 200, {
      timeoutMs: 60_000,
    });
  }, 90_000);

  it('a bot whose signature holds passes at once, with its body, each time anew', async () => {
    const hits = echo.hits();
    const posted = await askAsBot(
      listed.headers({ host, method: 'POST', target: '/a?b=1', covered: '"@method" "@target-uri" "signature-agent";key="sig1"' }),
      {
        method: 'POST',
        path: '/a?b=1',
        body: 'x=1',
      },
    );
    expect([posted.status, posted.headers['portcullis-action'], posted.headers['set-cookie']]).toEqual([
      200,
      undefined,
      undefined,
    ]);
    expect(posted.body).toContain('x=1');
    const same = listed.headers({ host });
    expect((await askAsBot(same)).status).toBe(200);
    const again = await askAsBot(same);
    expect([again.status, again.headers['portcullis-reason'], again.headers['portcullis-mitigated']]).toEqual([
      403,
      'replay',
      'challenge',
    ]);
    expect(again.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(again.body)).toMatchObject({ status: 403, reason: 'replay' });
    expect((await askAsBot({})).status).toBe(403);
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
      const met = await askAsBot(headers);
      expect([reason, met.status, met.headers['portcullis-reason']]).toEqual([reason, 403, reason]);
    }
    expect(echo.hits()).toBe(hits);
  });

  it('who signs with a key that is not listed, or under another tag, is challenged like anybody, as a page where that is asked for', async () => {
    for (const headers of [stranger.headers({ host }), listed.headers({ host, tag: 'other' })]) {
      const met = await visit({ ...botDoor(), headers: { ...headers, ...navigation } });
      expect([met.status, met.headers['portcullis-reason']]).toEqual([403, undefined]);
      expect(met.body).toContain('data-token=');
    }
    const forged = await askAsBot({ 'portcullis-verdict': 'verified', 'signature-input': 'sig1=();tag="web-bot-auth"' });
    expect([forged.status, forged.headers['portcullis-mitigated']]).toEqual([403, 'challenge']);
  });

  it('the owner chooses: these bots, none, or all that are listed', async () => {
    const passes = async () => [
      (await askAsBot(listed.headers({ host }))).status,
      (await askAsBot(other.headers({ host }))).status,
    ];
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
    const late = await askAsBot(listed.headers({ host }));
    expect(late.status).toBe(403);
    process.kill(before.pid, 'SIGKILL');
    await until('it passes again', async () => (await askAsBot(listed.headers({ host }))).status === 200, { timeoutMs: 60_000 });
    expect((await verifier())?.pid).not.toBe(before.pid);
    expect((await askAsBot({})).status).toBe(403);
  }, 90_000);

  it('an order’s challenge is for bots too', async () => {
    await parts.order(botSite.siteId, { measure: 'challenge' });
    const asked = async () => {
      const { status, headers } = await askAsBot(listed.headers({ host }));
      return `${status} ${String(headers['portcullis-reason'])}`;
    };
    await until('it is in force', async () => (await asked()) === '403 undefined', { timeoutMs: 60_000 });
  });
});
