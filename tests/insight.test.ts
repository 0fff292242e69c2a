/**
 * Insight through the whole provider: what the edge's HAProxy tells its agent, what becomes of it in series, lists and files, what a reference on a
 * page stands for, and who may see it.
 */
import { readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteId } from '../contract/ids.ts';
import {
  Explanation,
  explainReference,
  getSeries,
  getTops,
  InsightLive,
  insightExportPath,
  insightLivePath,
  listEvents,
  Series,
} from '../contract/routes/insight.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import { setRules } from '../contract/routes/rules.ts';
import { RequestReference } from '../contract/insight.ts';
import { RuleId } from '../contract/rules.ts';
import { serverSentData } from '../kit/server-sent-events.ts';
import { apiClient, refusalOf } from './harness/api.ts';
import type { Api } from './harness/api.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { temporaryFolder, until } from './harness/ports.ts';
import type { Provider } from './harness/provider.ts';
import { runProgram, startProgram } from './harness/program.ts';
import { startProvider } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

let provider: Provider;
let echo: Echo;
let siteId: SiteId;
let stranger: Api;
const host = 'told.example';
const folder = temporaryFolder('insight');
const securityLog = path.join(folder, 'security.log');

beforeAll(async () => {
  echo = await startEcho();
  provider = await startProvider({ env: { PORTCULLIS_EDGE_SECURITY_LOG: securityLog, PORTCULLIS_KEEP_ADDRESS: '16,32' } });
  ({ siteId } = await provider.protect(host, echo.port, { limits: { requestsPer10s: null } }));
  // Whoever owns another site.
  const { account } = await provider.operator.call(addAccount, { body: { name: 'Forum Ltd', ownerName: 'Olga Owner' } });
  const owner = { name: 'Otto Owner', roles: ['owner' as const], accountId: account.accountId };
  const { token } = await provider.operator.call(addPersonWithToken, { body: owner });
  stranger = apiClient(provider.controlUrl, token);
}, 120_000);
afterAll(async () => {
  await provider.stop();
  await echo.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

const explained = async (reference: RequestReference) => {
  let found: Explanation | null = null;
  await until('the refusal is known', async () => {
    found = await provider.operator.call(explainReference, { params: { reference } }).catch(() => null);
    return found !== null;
  });
  return Explanation.parse(found);
};
const referenceOn = (page: string) => RequestReference.parse(/\b\d{1,10}-\d{1,10}\b/.exec(page)?.[0]);
const ask = (path: string, headers: Record<string, string> = {}) => visit({ port: provider.edge.http, host, path, headers });

it('the reference on a page says which rule refused which path, and of the visitor no more than the network', async () => {
  const rule = { ruleId: RuleId.parse('no-scan'), when: 'path starts "/.git"', then: { do: 'deny' as const } };
  await provider.operator.call(setRules, { params: { siteId }, body: { rules: [rule] } });
  await until('the rule is in force', async () => (await ask('/.git/config')).status === 403);
  const secrets = { cookie: 'session=hidden-cookie', authorization: 'Bearer hidden-token', 'user-agent': 'hidden-agent' };
  const met = await ask('/.git/config?token=hidden-value', secrets);
  const found = await explained(referenceOn(met.body));
  expect(found).toMatchObject({
    siteId,
    guard: 'rule-deny',
    ruleId: 'no-scan',
    status: 403,
    // Two bytes of four, because the operator keeps no more.
    network: '127.0.0.0/16',
    path: '/.git/config',
  });
  expect(found.sentence).toContain('no-scan');
  expect(JSON.stringify(found)).not.toContain('hidden');
  const printed = await runProgram(['explain', found.reference, '--state', provider.state]);
  expect(await refusalOf(stranger.call(explainReference, { params: { reference: found.reference } }))).toBe('not-found');
  expect(printed.stdout).toContain('A rule of the site denies such requests');
});

it('requests, bytes, latency and what is most frequent are in series, lists, files and the live view, for who may see the site', async () => {
  const token = provider.operator.token ?? '';
  const headers = { authorization: `Bearer ${token}` };
  const url = (template: string, query: string) => `${provider.controlUrl}${template}?${query}`;
  const stop = new AbortController();
  const live = await fetch(url(insightLivePath, `siteId=${siteId}`), { headers, signal: stop.signal });
  const heard: InsightLive[] = [];
  const listening = (async () => {
    if (live.body === null) return;
    for await (const data of serverSentData(live.body)) heard.push(InsightLive.parse(JSON.parse(data)));
  })().catch(() => undefined);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const visitor = { port: provider.edge.http, host, agent, headers: { 'user-agent': 'Reader/1' } };
  const read = async (times: number) => {
    for (let count = 0; count < times; count += 1) await visit({ ...visitor, path: `/page?secret=hidden-${count}` });
  };
  await read(150);
  for (let count = 0; count < 3; count += 1) await ask('/.git/live', { 'user-agent': '=cmd' });
  const query = { siteId };
  await until(
    'series and lists are known',
    async () => {
      const { total } = await provider.operator.call(getSeries, { query });
      // One in 32 is told, by chance.
      if (total.sampled === 0) await read(10);
      const rules = await provider.operator.call(getTops, { query: { siteId, of: 'rules' } });
      return (
        total.counts.passed >= 150 &&
        total.counts.denied >= 3 &&
        total.sampled > 0 &&
        rules.items.some(({ refused }) => refused >= 3)
      );
    },
    { timeoutMs: 60_000, everyMs: 300 },
  );
  agent.destroy();
  const { total } = await provider.operator.call(getSeries, { query });
  expect(total.bytesOut).toBeGreaterThan(150 * 100);
  expect(total.bytesIn).toBeGreaterThan(150 * 50);
  // One in 32, or in 512 while there are more than a thousand in a second.
  expect(total.seen.passed % 32).toBe(0);
  expect(total.seen.passed).toBeGreaterThanOrEqual(total.sampled * 32);
  expect(total.statuses['2xx']).toBe(total.seen.passed);
  expect(total.latency?.p50Ms).toBeGreaterThanOrEqual(0);
  // Of all sites of the edge together, it is this one.
  const all = await provider.operator.call(getSeries, {});
  expect(all.total.counts.denied).toBe(total.counts.denied);
  const topKeys = async (of: 'paths' | 'agents' | 'networks') =>
    (await provider.operator.call(getTops, { query: { siteId, of } })).items.map(({ key }) => key);
  expect(await topKeys('paths')).toContain('/page');
  expect(await topKeys('agents')).toEqual(expect.arrayContaining(['Reader/1', '=cmd']));
  expect(await topKeys('networks')).toEqual(['127.0.0.0/16']);
  const events = await provider.operator.call(listEvents, { query: { siteId, guard: 'rule-deny', path: '/.git/l', limit: 2 } });
  expect(events.items.map(({ path: asked, ruleId }) => [asked, ruleId])).toEqual([
    ['/.git/live', 'no-scan'],
    ['/.git/live', 'no-scan'],
  ]);
  const rest = await provider.operator.call(listEvents, {
    query: { siteId, guard: 'rule-deny', path: '/.git/l', limit: 2, cursor: events.next ?? '' },
  });
  expect([rest.items.length, rest.next]).toEqual([1, null]);
  await until('the live view told of them', () => {
    const kinds = heard.map((one) => (one.kind === 'event' ? one.event.path : one.kind));
    return ['hello', 'counts', '/.git/live'].every((kind) => kinds.includes(kind));
  });
  stop.abort();
  await listening;
  const file = async (name: string, more = '', as = token) =>
    fetch(url(insightExportPath.replace('{file}', name), `siteId=${siteId}${more}`), {
      headers: { authorization: `Bearer ${as}` },
    });
  expect(await (await file('tops.csv', '&of=agents')).text()).toContain("'=cmd,0,3,0");
  expect((await (await file('series.csv')).text()).split('\r\n')[0]).toMatch(/^at,seconds,passed,/);
  const exported = await file('events.json', '&guard=rule-deny');
  expect(exported.headers.get('content-disposition')).toContain('attachment');
  expect(await exported.text()).not.toContain('hidden');
  // The same at a command line.
  const command = async (...args: string[]) => (await runProgram(['traffic', ...args, '--state', provider.state])).stdout;
  const listener = startProgram(['traffic', 'live', host, '--state', provider.state]);
  const [series, agents, refused] = await Promise.all([
    command('series', host, '--json'),
    command('tops', host, '--of', 'agents', '--csv'),
    command('events', host, '--path', '/.git/l'),
  ]);
  expect(Series.parse(JSON.parse(series)).total.counts.passed).toBeGreaterThanOrEqual(150);
  expect(agents).toContain("'=cmd,0,3,0");
  expect(refused).toContain('no-scan');
  await until(
    'the command tells of a refusal and of counts',
    async () => {
      await ask('/.git/heard');
      return /no-scan .*\/\.git\/heard/.test(listener.output()) && /: denied \d/.test(listener.output());
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  expect(await listener.stop('SIGINT')).toBe(0);
  // The security log of the machine has what was refused, and nothing else.
  const lines = readFileSync(securityLog, 'utf8').trim().split('\n');
  expect(
    lines.every((line) => /^\S+Z portcullis act=[a-z-]+ address=127\.0\.0\.0\/16 site=site_\w+ status=\d+ rule=/.test(line)),
  ).toBe(true);
  expect(lines.some((line) => line.includes('act=rule-deny') && line.endsWith('path="/.git/live"'))).toBe(true);
  expect(lines.filter((line) => line.includes('/page'))).toEqual([]);
  const scraped = await (await fetch(`http://127.0.0.1:${provider.edge.metrics}/metrics`)).text();
  expect(scraped).toMatch(new RegExp(`portcullis_edge_site_requests_total\\{site="${siteId}",outcome="denied"\\} \\d`));
  // Whatever the dashboard asks for is there.
  const control = await (await fetch(`${provider.controlUrl}/metrics`)).text();
  const names = new Set(
    `${scraped}\n${control}`.match(/^(?:# TYPE )?portcullis_\w+/gm)?.map((name) => name.replace('# TYPE ', '')),
  );
  const asked = readFileSync(new URL('../ops/grafana/portcullis.json', import.meta.url), 'utf8').match(/\bportcullis_\w+/g) ?? [];
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((name) => !names.has(name) && !names.has(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual([]);
  // Nobody else learns anything of it.
  expect(await refusalOf(stranger.call(getSeries, { query }))).toBe('not-found');
  expect(await refusalOf(stranger.call(getTops, { query: { siteId, of: 'paths' } }))).toBe('not-found');
  expect(await refusalOf(stranger.call(listEvents, { query }))).toBe('not-found');
  expect((await stranger.call(getSeries, {})).points).toEqual([]);
  expect((await stranger.call(listEvents, {})).items).toEqual([]);
  expect((await stranger.call(getTops, { query: { of: 'paths' } })).items).toEqual([]);
  expect((await file('events.json', '', stranger.token ?? '')).status).toBe(404);
}, 120_000);

it('the reference of a failed origin is known too, and another one is not', async () => {
  await echo.stop();
  const met = await ask('/down');
  expect(met.status).toBe(503);
  expect(await explained(referenceOn(met.body))).toMatchObject({ guard: 'origin-error', status: 503, path: '/down' });
  const reference = RequestReference.parse('3023456789-194872113');
  expect(await refusalOf(provider.operator.call(explainReference, { params: { reference } }))).toBe('not-found');
});
