/** `portcullis drill` against a whole provider: it holds, it breaks when an edge lies, it wakes nobody unasked, and it leaves what it must and no more. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { setOnCall } from '../../../contract/routes/desk/pressure.ts';
import { getMe, listPeople } from '../../../contract/routes/identity.ts';
import { listSites } from '../../../contract/routes/sites.ts';
import { freePort } from '../../harness/ports.ts';
import { runProgram } from '../../harness/program.ts';
import { startProvider } from '../../harness/provider.ts';
import type { Provider } from '../../harness/provider.ts';

const Result = z.looseObject({
  ok: z.boolean(),
  promises: z.array(z.looseObject({ name: z.string(), kept: z.boolean(), ms: z.number() })),
  untried: z.array(z.unknown()),
  run: z.string(),
});

let provider: Provider;
let liar: Server;
let liarUrl: string;

beforeAll(async () => {
  provider = await startProvider({ args: ['--captcha-port', String(await freePort())] });
  // An edge that says “served” to everybody, whatever was decided.
  liar = createServer((_, response) => response.writeHead(200).end('served'));
  const port = await freePort();
  await new Promise<void>((resolve) => liar.listen(port, '127.0.0.1', resolve));
  liarUrl = `http://127.0.0.1:${port}`;
}, 180_000);
afterAll(async () => {
  liar?.closeAllConnections();
  await new Promise((resolve) => liar?.close(resolve));
  await provider?.stop();
}, 60_000);

const drill = (...more: string[]) => runProgram(['drill', '--state', provider.state, '--letters', '60', '--json', ...more]);
const resultOf = (stdout: string) => Result.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
const brokenOf = ({ promises }: z.infer<typeof Result>) => promises.filter(({ kept }) => !kept).map(({ name }) => name);

it('every promise is kept against the running system, and one whose edge lies is told apart and fails', async () => {
  const [honest, lied] = await Promise.all([drill(), drill('--edge', liarUrl)]);
  const result = resultOf(honest.stdout);
  expect([honest.code, brokenOf(result), result.untried, result.ok]).toEqual([0, [], [], true]);
  expect(result.promises.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['in-force-at-every-edge', 'captcha-keys-suspended', 'statement-is-proved', 'nobody-is-named']),
  );
  expect([lied.code, brokenOf(resultOf(lied.stdout)), resultOf(lied.stdout).ok]).toEqual([1, ['visitor-meets-notice'], false]);
  expect(lied.stderr).toContain('Broken: visitor-meets-notice.');
}, 90_000);

it('its pages and its leaves say for good that it was a drill, and nothing of it can act any more', async () => {
  const list = await (await fetch(`${provider.controlUrl}/decisions`)).text();
  expect(list.match(/This was a drill/g)?.length).toBeGreaterThanOrEqual(4);
  const leaves = await (await fetch(`${provider.controlUrl}/record/tile/entries/000.p/${await size()}`)).text();
  const orders = leaves.match(/\{"[^{}]*"type":"order"[^{}]*\}/g) ?? [];
  expect(orders.length).toBeGreaterThanOrEqual(8);
  expect(orders.filter((leaf) => !leaf.includes('"drill":true'))).toEqual([]);
  expect((await provider.operator.call(listSites, {})).items).toEqual([]);
  const people = (await provider.operator.call(listPeople, { query: { limit: 200 } })).items;
  const actors = people.filter(({ name }) => name.startsWith('Drill '));
  expect(actors.length).toBeGreaterThanOrEqual(12);
  expect(actors.filter(({ state }) => state !== 'disabled')).toEqual([]);
});

it('nobody is woken unasked: with people on call it does not begin', async () => {
  const { personId } = await provider.second.call(getMe);
  const body = { personId, channel: 'mail' as const, address: 'awake@house.example', position: 1, active: true };
  await provider.second.call(setOnCall, { body });
  const { code, stdout, stderr } = await drill();
  expect([code, stderr]).toEqual([1, expect.stringContaining('1 person is on call and would be woken')]);
  expect(resultOf(stdout).promises.map(({ name }) => name)).toEqual(['cleaned-up']);
}, 60_000);

async function size(): Promise<number> {
  return Number((await (await fetch(`${provider.controlUrl}/record/checkpoint`)).text()).split('\n')[1]);
}
