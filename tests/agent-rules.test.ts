/** A site's rules in an agent's hands: HAProxy holds them exactly, over changes, repairs and a cold start from disk. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noRules, SiteRules } from '../contract/rules.ts';
import { askOnce } from '../edge/haproxy/runtime-socket.ts';
import { startTestEdge } from './harness/agent.ts';
import type { TestEdge } from './harness/agent.ts';
import { TestControl } from './harness/control-plane.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { clearanceKey, provider, site } from './harness/haproxy.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { visit } from './harness/visitor.ts';

const state = temporaryFolder('agent-rules');
const control = new TestControl();
let echo: Echo;
let edge: TestEdge;

const conditions = [
  'path starts {"/a b" "/ü"} and header("user-agent") is "odd; <agent> \\\\ \\"quoted\\" #1"',
  'query contains {"union select" ".*(a+)+$"} or header("referer") contains "[x]|y"',
  'network in {127.0.8.0/21 2001:db8::/33} and not method in {"GET"}',
  'path is "/plain"',
];
const ruled = (list: readonly string[]) =>
  site(1, ['forum.example'], echo.port, {
    rules: SiteRules.parse({
      ...noRules,
      list: list.map((when, index) => ({ ruleId: `r${index}`, when, enabled: true, then: { do: 'deny' } })),
      maintenance: null,
    }),
  });
const acked = (revision: number) =>
  until(`revision ${revision} is acknowledged`, () => control.of('ack').some((ack) => ack.revision === revision));
const status = async (path: string, headers: Record<string, string> = {}) =>
  (await visit({ port: edge.port, host: 'forum.example', path, headers })).status;
const asRuled = async () => [
  await status('/plain'),
  await status('/A%20b', { 'user-agent': 'odd; <agent> \\ "quoted" #1' }),
  await status('/?q=UNION+SELECT'),
  await status('/?q=aaaaaaaaaaaaaaaaaaaaaaaa'),
  await status('/', { referer: 'http://x.example/[X]|Y' }),
];

beforeAll(async () => {
  echo = await startEcho();
  await control.start();
  control.commit([provider, clearanceKey(1), ruled([])]);
  edge = await startTestEdge(control, state);
  await acked(control.revision);
}, 60_000);
afterAll(async () => {
  await edge.stop();
  await control.stop();
  await echo.stop();
  removeFolder(state);
});

it('nothing differs when rules are read back, and what was changed behind the agent’s back is repaired', async () => {
  await acked(control.change([ruled(conditions)]));
  expect(await asRuled()).toEqual([403, 403, 403, 200, 403]);
  expect(await edge.agent().repairDrift()).toEqual([]);
  const folder = join(edge.state, 'haproxy');
  const maps = join(folder, 'maps');
  for (const map of ['rules', 'rule-words-0', 'rule-words-1', 'rule-words-2', 'rule-words-3']) {
    await askOnce(join(folder, 'admin.sock'), `clear map ${join(maps, `${map}.map`)}`);
  }
  expect(await status('/plain')).toBe(200);
  expect(await edge.agent().repairDrift()).toContain('rules');
  expect(await asRuled()).toEqual([403, 403, 403, 200, 403]);
});

it('a change of rules takes the old ones away, and a cold start from disk has them again', async () => {
  await acked(control.change([ruled(conditions.slice(3))]));
  expect(await asRuled()).toEqual([403, 200, 200, 200, 200]);
  await acked(control.change([ruled(conditions)]));
  await edge.stop();
  await edge.start();
  await until('the edge serves again', async () => (await status('/plain').catch(() => 0)) === 403);
  expect(await asRuled()).toEqual([403, 403, 403, 200, 403]);
  expect(await edge.agent().repairDrift()).toEqual([]);
});
