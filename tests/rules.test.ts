/** Rules through the whole provider, as production starts it: from the API to what visitors meet, presets, and what is refused. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteId } from '../contract/ids.ts';
import { applyPreset, checkCondition, dryRun, getRules, previewPreset, setRules, undoPreset } from '../contract/routes/rules.ts';
import { changeSite, getSite } from '../contract/routes/sites.ts';
import { RuleId, SampledRequest } from '../contract/rules.ts';
import { refusalOf } from './harness/api.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import type { Provider } from './harness/provider.ts';
import { runProgram } from './harness/program.ts';
import { startProvider } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

let provider: Provider;
let echo: Echo;
let siteId: SiteId;
let folder: string;
let countries: string;
const host = 'ruled.example';

beforeAll(async () => {
  echo = await startEcho();
  folder = temporaryFolder('networks');
  countries = path.join(folder, 'countries.csv');
  writeFileSync(countries, '127.0.0.0/8,DE\n127.0.5.0/24,FR\n');
  provider = await startProvider({ env: { PORTCULLIS_COUNTRY_DATA: countries } });
  ({ siteId } = await provider.protect(host, echo.port));
}, 120_000);
afterAll(async () => {
  await provider.stop();
  await echo.stop();
  removeFolder(folder);
}, 60_000);

const params = () => ({ siteId });
const rule = (ruleId: string, when: string, then: { do: 'deny' } | { do: 'password'; password?: string }) => ({
  ruleId: RuleId.parse(ruleId),
  when,
  then,
});
const status = async (path: string, headers: Record<string, string> = {}) =>
  (await visit({ port: provider.edge.http, host, path, headers })).status;
const meets = (path: string, wanted: number, headers: Record<string, string> = {}) =>
  until(`${path} is answered with ${wanted}`, async () => (await status(path, headers)) === wanted);

it('rules that are set over the API are in force at the edge, and passwords never come out', async () => {
  const rules = [
    rule('no-scan', 'path starts "/.git" or header("user-agent") contains {"sqlmap" "nikto"}', { do: 'deny' }),
    rule('staff', 'path starts "/staff"', { do: 'password', password: 'twelve letters' }),
  ];
  const set = await provider.operator.call(setRules, { params: params(), body: { rules } });
  expect(set.rules.map(({ then }) => then)).toEqual([{ do: 'deny' }, { do: 'password' }]);
  await meets('/.git/config', 403);
  await meets('/', 403, { 'user-agent': 'SQLMap/1.0' });
  const right = { authorization: `Basic ${Buffer.from(':twelve letters').toString('base64')}` };
  await meets('/staff', 401);
  await meets('/staff', 200, right);
  expect(JSON.stringify(await provider.operator.call(getRules, { params: params() }))).not.toMatch(/twelve|hash|salt/);
  const secret = 'a-secret-of-the-origin';
  await provider.operator.call(setRules, { params: params(), body: { headers: { originSecret: secret } } });
  const shown = await provider.operator.call(getRules, { params: params() });
  expect([shown.headers, JSON.stringify(shown).includes(secret)]).toEqual([{ answers: [], originSecretSet: true }, false]);
  await provider.operator.call(setRules, { params: params(), body: { headers: shown.headers } });
  const seen = async () => JSON.parse((await visit({ port: provider.edge.http, host })).body).headers['x-portcullis-secret'];
  await until('the origin gets its secret', async () => (await seen()) === secret);
  // Sent back without the password, the rule keeps it; a new rule without one is refused.
  const kept = rules.map(({ ruleId, when, then }) => ({ ruleId, when, then: then.do === 'password' ? { do: then.do } : then }));
  await provider.operator.call(setRules, { params: params(), body: { rules: kept.toReversed() } });
  await meets('/staff', 200, right);
  const another = [...kept, rule('other', 'path is "/x"', { do: 'password' })];
  expect(await refusalOf(provider.operator.call(setRules, { params: params(), body: { rules: another } }))).toBe('rules-refused');
  await provider.operator.call(setRules, { params: params(), body: { rules: [] } });
  await meets('/staff', 200);
});

it('a rule about countries is in force where the operator supplied data, and inert for what there is none of', async () => {
  const rules = [rule('fr', 'country in {"FR"}', { do: 'deny' }), rule('as', 'not asn in {64500}', { do: 'deny' })];
  const set = await provider.operator.call(setRules, { params: params(), body: { rules } });
  expect(set.rules.map(({ needs }) => needs)).toEqual([['countries'], ['asns']]);
  const from = async (address: string) => (await visit({ port: provider.edge.http, host, from: address })).status;
  await until('the French network is refused', async () => (await from('127.0.5.1')) === 403);
  expect(await from('127.0.6.1')).toBe(200);
  await provider.operator.call(setRules, { params: params(), body: { rules: [] } });
});

it('a condition that cannot be read is told with its place, and nothing is changed', async () => {
  const bad = [rule('a', 'path beginns "/x"', { do: 'deny' })];
  expect(await refusalOf(provider.operator.call(setRules, { params: params(), body: { rules: bad } }))).toBe('rules-refused');
  expect((await provider.operator.call(getRules, { params: params() })).rules).toEqual([]);
  const { mistake } = await provider.operator.call(checkCondition, { body: { when: 'pth is "/x"' } });
  expect(mistake).toMatchObject({ start: 0, end: 3, suggestion: 'path' });
  expect(await provider.operator.call(checkCondition, { body: { when: 'country in {"DE"}' } })).toEqual({
    mistake: null,
    needs: ['countries'],
  });
});

it('a dry run says what each rule would do to requests, and changes nothing', async () => {
  const request = (path: string, network = '192.0.2.0/24') =>
    SampledRequest.parse({
      at: '2026-01-02T03:04:05.000Z',
      method: 'GET',
      host,
      path,
      query: '',
      headers: {},
      network,
      country: 'DE',
      asn: null,
    });
  const requests = [request('/'), request('/.git/x'), request('/.git/y'), request('/a', '198.51.100.0/24'), request('/a/../b')];
  const rules = [
    rule('git', 'path starts "/.git"', { do: 'deny' }),
    rule('net', 'network in 198.51.100.0/24 and country is "de"', { do: 'deny' }),
  ];
  const ran = await provider.operator.call(dryRun, { params: params(), body: { rules, requests } });
  expect(ran).toMatchObject({ requests: 5, ownHour: null, verdicts: { ambiguous: 1, pass: 1, deny: 3 }, present: { pass: 5 } });
  expect(ran.rules.map(({ ruleId, requests: count }) => [ruleId, count])).toEqual([
    ['git', 2],
    ['net', 1],
  ]);
  expect(JSON.stringify(ran)).not.toContain('192.0.2');
  expect((await provider.operator.call(dryRun, { params: params(), body: { mode: 'attack', requests } })).verdicts).toMatchObject(
    { challenge: 5 },
  );
  expect((await provider.operator.call(getRules, { params: params() })).rules).toEqual([]);
});

it('a preset is shown before it is applied, and what was there before comes back', async () => {
  const own = [rule('mine', 'path is "/mine"', { do: 'deny' })];
  await provider.operator.call(setRules, { params: params(), body: { rules: own } });
  const kept = { crawlers: 'challenged', work: 'strong', pagesPer10Min: 40, keepBodiesUpTo: 0 } as const;
  await provider.operator.call(changeSite, { params: params(), body: { challenge: kept } });
  const before = await provider.operator.call(getSite, { params: params() });
  const preview = await provider.operator.call(previewPreset, { params: { siteId, preset: 'strict' } });
  expect(preview.differences).toContainEqual({ what: 'Requests of one client in ten seconds', before: '500', after: '150' });
  const applied = await provider.operator.call(applyPreset, { params: { siteId, preset: 'strict' }, body: {} });
  expect(applied.rules.map(({ ruleId }) => ruleId)).toEqual([
    'mine',
    'preset-scanned',
    'preset-methods',
    'preset-sign-in-posts',
    'preset-sign-in',
  ]);
  await meets('/.env', 403);
  const strict = await provider.operator.call(getSite, { params: params() });
  expect(strict).toMatchObject({ limits: { requestsPer10s: 150 }, challenge: { ...kept, expectedHashes: 131_072 } });
  const undone = await provider.operator.call(undoPreset, { params: params() });
  expect(undone).toMatchObject({ preset: null, rules: [{ ruleId: 'mine' }] });
  const after = await provider.operator.call(getSite, { params: params() });
  expect([after.limits, after.challenge]).toEqual([before.limits, before.challenge]);
  expect(await refusalOf(provider.operator.call(undoPreset, { params: params() }))).toBe('wrong-state');
});

it('the commands show, change, check and try rules', { timeout: 60_000 }, async () => {
  const cli = (...args: string[]) => runProgram(['rules', ...args, '--state', provider.state]);
  expect(await cli('add', host, 'slow', 'method is "POST"', 'limit:10')).toMatchObject({ code: 0 });
  expect(await cli('add', host, 'old', 'path is "/old"', 'redirect:301:/new', '--first')).toMatchObject({ code: 0 });
  await meets('/old', 301);
  const shown = await cli('show', host, '--json');
  expect(
    JSON.parse(shown.stdout)
      .rules.map((one: { ruleId: string }) => one.ruleId)
      .slice(0, 1),
  ).toEqual(['old']);
  const wrong = await cli('check', 'path iss "/x"');
  expect([wrong.code, wrong.stdout]).toEqual([1, expect.stringMatching(/path iss[^]*\n {5}\^{3}\n[^]*Did you mean is/)]);
  expect(await cli('add', host, 'bad', 'path iss "/x"', 'deny')).toMatchObject({ code: 1 });
  const file = path.join(folder, 'rules.json');
  writeFileSync(file, shown.stdout);
  expect(await cli('set', host, '--file', file)).toMatchObject({ code: 0 });
  const log = path.join(folder, 'access.log');
  writeFileSync(log, '192.0.2.7 - - [x] "GET /old HTTP/1.1" 200 1 "-" "curl/8"\n192.0.2.8 - - [x] "POST / HTTP/1.1" 200 1\n?\n');
  const tried = JSON.parse((await cli('dry-run', host, '--log', log, '--json')).stdout);
  expect(tried).toMatchObject({ requests: 2, unread: 1, verdicts: { redirect: 1, limit: 1 } });
  expect((await cli('preset', host, 'quiet')).stdout).toContain('Requests of one client in ten seconds');
  expect(await cli('remove', host, 'slow')).toMatchObject({ code: 0 });
});
