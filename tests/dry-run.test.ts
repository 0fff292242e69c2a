/** A dry run on a site's own last hour: the control plane asks the edges, and says which of them told. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteId } from '../contract/ids.ts';
import { createEnrolmentToken, listEdges } from '../contract/routes/edges.ts';
import { dryRun, getRules } from '../contract/routes/rules.ts';
import type { DryRun } from '../contract/routes/rules.ts';
import { RuleId } from '../contract/rules.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { runProgram } from './harness/program.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import { ScriptedEdge } from './harness/scripted-edge.ts';
import { visit } from './harness/visitor.ts';

let parts: Parts;
let echo: Echo;
let siteId: SiteId;
const folder = temporaryFolder('dry-run');
const host = 'tried.example';
const rules = [{ ruleId: RuleId.parse('no-page'), when: 'path starts "/page"', then: { do: 'deny' as const } }];

const run = (body: Parameters<typeof dryRun.body.parse>[0] = {}): Promise<DryRun> =>
  parts.operator.call(dryRun, { params: { siteId }, body: dryRun.body.parse(body) });
const toldBy = (ran: DryRun) => ran.ownHour?.edges.map(({ said }) => said).sort();

beforeAll(async () => {
  echo = await startEcho();
  const countries = path.join(folder, 'countries.csv');
  writeFileSync(countries, '127.0.0.0/8,DE\n');
  parts = await startParts({ env: { PORTCULLIS_COUNTRY_DATA: countries } });
  ({ siteId } = await parts.protect(host, echo.port));
}, 180_000);
afterAll(async () => {
  await parts.stop();
  await echo.stop();
  removeFolder(folder);
}, 60_000);

it('a site that nobody visited has nothing to try on, and the answer says so', async () => {
  const ran = await run({ rules });
  expect(ran).toMatchObject({ requests: 0, standFor: 0, ownHour: { from: null, until: null, notAsked: 0 }, changes: [] });
  expect(toldBy(ran)).toEqual(['told']);
});

it(
  'rules and modes are tried on what the edge saw in the last hour, compared with what is in force',
  { timeout: 120_000 },
  async () => {
    const secret = { cookie: 'session=hidden-cookie', authorization: 'Bearer hidden-token' };
    // From an address of their own each time: an edge refuses more than 400 connections of one within ten seconds.
    let turn = 0;
    const ask = (from: string) => visit({ port: parts.edge.http, host, path: '/page?word=hidden-value', headers: secret, from });
    await until(
      'some of the requests are in the sample',
      async () => {
        turn += 1;
        await Promise.all(Array.from({ length: 40 }, () => ask(`127.0.1.${turn % 250}`)));
        return (await run()).requests >= 2;
      },
      { timeoutMs: 90_000 },
    );
    const ran = await run({ rules });
    expect(ran).toMatchObject({
      mode: 'off',
      presentMode: 'off',
      present: { pass: ran.standFor },
      verdicts: { deny: ran.standFor, pass: 0 },
    });
    expect(ran.standFor).toBeGreaterThan(ran.requests);
    expect(ran.changes).toMatchObject([{ from: 'pass', to: 'deny', sampled: ran.requests }]);
    expect(ran.rules).toMatchObject([{ ruleId: 'no-page', sampled: ran.requests, unsure: [] }]);
    expect(ran.rules[0]?.examples[0]).toEqual({ method: 'GET', host, path: '/page', country: null });
    expect(JSON.stringify(ran)).not.toMatch(/hidden|127\.0\.0/);
    expect(await run({ mode: 'attack' })).toMatchObject({
      mode: 'attack',
      presentMode: 'off',
      verdicts: { challenge: ran.standFor },
    });
    expect((await run({ preset: 'strict' })).rules.map(({ ruleId }) => ruleId)).toContain('preset-scanned');
    expect((await parts.operator.call(getRules, { params: { siteId } })).rules).toEqual([]);
    const file = path.join(folder, 'rules.json');
    writeFileSync(file, JSON.stringify({ rules }));
    const printed = await runProgram([
      'rules',
      'dry-run',
      host,
      '--file',
      file,
      '--state',
      parts.state,
      '--control',
      parts.controlUrl,
    ]);
    expect(printed.stdout + printed.stderr).toMatch(/which stand for[^]*1 of 1 told[^]*no-page +deny/);
  },
);

it('each edge says which network data it has, so that rules which do nothing there can be shown', async () => {
  await until('the edge has said it', async () => {
    const { items } = await parts.operator.call(listEdges);
    return items[0]?.networkData?.countries === 'there' && items[0].networkData.asns === 'none';
  });
  const { networkData } = await parts.operator.call(getRules, { params: { siteId } });
  expect(networkData).toEqual({ edges: 1, withCountries: 1, withAsns: 0, unknown: 0 });
});

it(
  'an edge that does not answer and one that is away have no part in a dry run, and it says which',
  { timeout: 120_000 },
  async () => {
    // Of an older version: it passes questions over.
    const older = new ScriptedEdge(parts.controlUrl);
    await older.enrol((await parts.operator.call(createEnrolmentToken)).token, 'older');
    await older.connect();
    await until('it is asked', async () => toldBy(await run())?.join() === 'nothing,told', { timeoutMs: 60_000 });
    await older.disconnect();
    await until('it is away', async () => toldBy(await run())?.join() === 'away,told', { timeoutMs: 60_000 });
    await parts.edgeAgent().stop('SIGTERM');
    await until('both are away', async () => toldBy(await run())?.join() === 'away,away', { timeoutMs: 60_000 });
    expect(await run({ rules })).toMatchObject({ requests: 0, ownHour: { from: null } });
  },
);
