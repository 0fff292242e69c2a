/** Single requests through the whole provider: what the edge's HAProxy tells its agent, and what a reference on a page stands for. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteId } from '../contract/ids.ts';
import { Explanation, explainReference } from '../contract/routes/insight.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import { setRules } from '../contract/routes/rules.ts';
import { RequestReference } from '../contract/insight.ts';
import { RuleId } from '../contract/rules.ts';
import { apiClient, refusalOf } from './harness/api.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { until } from './harness/ports.ts';
import type { Provider } from './harness/provider.ts';
import { runProgram } from './harness/program.ts';
import { startProvider } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

let provider: Provider;
let echo: Echo;
let siteId: SiteId;
const host = 'told.example';

beforeAll(async () => {
  echo = await startEcho();
  provider = await startProvider();
  ({ siteId } = await provider.protect(host, echo.port));
}, 120_000);
afterAll(async () => {
  await provider.stop();
  await echo.stop();
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
    network: '127.0.0.0/24',
    path: '/.git/config',
  });
  expect(found.sentence).toContain('no-scan');
  expect(JSON.stringify(found)).not.toContain('hidden');
  const printed = await runProgram(['explain', found.reference, '--state', provider.state]);
  // Whoever owns another site learns nothing of it.
  const { account } = await provider.operator.call(addAccount, { body: { name: 'Forum Ltd', ownerName: 'Olga Owner' } });
  const owner = { name: 'Otto Owner', roles: ['owner' as const], accountId: account.accountId };
  const { token } = await provider.operator.call(addPersonWithToken, { body: owner });
  const stranger = apiClient(provider.controlUrl, token);
  expect(await refusalOf(stranger.call(explainReference, { params: { reference: found.reference } }))).toBe('not-found');
  expect(printed.stdout).toContain('A rule of the site denies such requests');
});

it('the reference of a failed origin is known too, and another one is not', async () => {
  await echo.stop();
  const met = await ask('/down');
  expect(met.status).toBe(503);
  expect(await explained(referenceOn(met.body))).toMatchObject({ guard: 'origin-error', status: 503, path: '/down' });
  const reference = RequestReference.parse('3023456789-194872113');
  expect(await refusalOf(provider.operator.call(explainReference, { params: { reference } }))).toBe('not-found');
});
