/**
 * An edge that is left alone for a day, and one whose HAProxy is killed again and again while orders come.
 *
 * The day is the agent's: its clock is stepped by the hour. HAProxy, which knows no time of orders, keeps the machine's. The control plane is
 * tests/harness/control-plane.ts. PORTCULLIS_ATTACKS=full kills ten times as often.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestEdge } from '../harness/agent.ts';
import type { TestEdge } from '../harness/agent.ts';
import { earnClearance } from '../harness/challenge.ts';
import { TestControl } from '../harness/control-plane.ts';
import { startEcho } from '../harness/echo.ts';
import type { Echo } from '../harness/echo.ts';
import { clearanceKey, order, provider, site } from '../harness/haproxy.ts';
import { removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { processesNaming } from '../harness/program.ts';
import { visit } from '../harness/visitor.ts';

const full = process.env['PORTCULLIS_ATTACKS'] === 'full';
const hourMs = 3_600_000;

let control: TestControl;
let echo: Echo;
let state = '';
let edge: TestEdge | null = null;

beforeEach(async () => {
  state = temporaryFolder('alone');
  control = new TestControl();
  echo = await startEcho();
  await control.start();
});
afterEach(async () => {
  await edge?.stop();
  edge = null;
  await control.stop();
  await echo.stop();
  for (const { pid } of await processesNaming(state)) process.kill(pid, 'SIGKILL');
  removeFolder(state);
});

const acked = (revision: number) =>
  until(`revision ${revision} is acknowledged`, () => control.of('ack').some((ack) => ack.revision === revision), {
    timeoutMs: 60_000,
  });
const plain = { limits: { requestsPer10s: null, concurrentPerClient: 100, concurrentPerSite: 2000 } };
const at = (ms: number) => new Date(ms).toISOString();
const masterPid = (folder: string) => Number(readFileSync(join(folder, 'haproxy', 'haproxy.pid'), 'utf8'));

/** Bytes of all files below a folder. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

let askers = 0;
/** Each time from another address, so that limits of one address say nothing here; 0 when nobody answers. */
function ask(one: TestEdge, host: string, headers = {}): Promise<number> {
  askers += 1;
  return visit({ port: one.port, host, headers, from: `127.0.${10 + ((askers >> 8) & 63)}.${1 + (askers % 250)}` }).then(
    ({ status }) => status,
    () => 0,
  );
}

it('a day without the control plane ends orders that end, begins those that begin, lets clearances go on, and piles nothing up', async () => {
  const beganMs = Date.now();
  let shiftMs = 0;
  const [ending, beginning, lasting] = [
    site(1, ['ending.example'], echo.port, plain),
    site(2, ['beginning.example'], echo.port, plain),
    site(3, ['lasting.example'], echo.port, plain),
  ];
  const guarded = site(4, ['guarded.example'], echo.port, { ...plain, mode: 'attack' });
  control.commit([provider, clearanceKey(1, 'accepted'), clearanceKey(2), ending, beginning, lasting, guarded]);
  const one = (edge = await startTestEdge(control, state, { parts: { nowMs: () => Date.now() + shiftMs } }));
  const orders = [
    order(1, ending, { endsAt: at(beganMs + 6 * hourMs) }),
    order(2, beginning, { startsAt: at(beganMs + 12 * hourMs), endsAt: at(beganMs + 40 * hourMs) }),
    order(3, lasting),
  ];
  await acked(control.change(orders));
  await until('the receipts of those in force are told', () => control.receipts.length >= 2);
  const guardedDoor = { port: one.port, host: 'guarded.example', from: '127.0.9.1' };
  const cookie = await earnClearance(guardedDoor);
  await control.stop();
  control.receipts.length = 0;
  control.said.length = 0;
  const sizeBefore = sizeOf(one.state);
  const killed = async (pid: number) => {
    const worker = one.agent().workerPid;
    process.kill(pid, 'SIGKILL');
    await until('another worker serves', () => one.agent().haproxy === 'up' && one.agent().workerPid !== worker, {
      timeoutMs: 60_000,
    });
  };
  for (let hour = 1; hour <= 24; hour += 1) {
    shiftMs = hour * hourMs + 1000;
    if (hour === 6) await killed(one.agent().workerPid ?? 0);
    if (hour === 7) {
      await one.stop('leave-haproxy');
      await one.start();
    }
    if (hour === 13) await killed(masterPid(one.state));
    if (hour === 18) {
      await one.stop();
      await one.start();
    }
    const wanted = [hour < 6 ? 403 : 200, hour < 12 ? 200 : 403, 403];
    await until(
      `hour ${hour} is as ordered: ${wanted.join(', ')}`,
      async () =>
        (await Promise.all(['ending', 'beginning', 'lasting'].map((name) => ask(one, `${name}.example`)))).join() ===
        wanted.join(),
      { timeoutMs: 60_000, everyMs: 50 },
    );
    expect((await visit({ ...guardedDoor, headers: { cookie } })).status).toBe(200);
  }
  expect(one.agent().isConnected).toBe(false);
  await earnClearance({ ...guardedDoor, from: '127.0.9.2' });
  expect(sizeOf(one.state) - sizeBefore).toBeLessThan(512 * 1024);

  await control.start();
  const told = (orderId: string | undefined, what: string) =>
    control.receipts.some(({ body }) => body.orderId === orderId && body.state === what);
  await until('what happened is told', () => told(orders[0]?.orderId, 'lifted') && told(orders[1]?.orderId, 'enforced'), {
    timeoutMs: 60_000,
  });
  expect(control.of('subscribe').at(-1)).toMatchObject({ revision: control.revision, digest: control.digest });
  expect(control.of('resync')).toEqual([]);
  await acked(control.change([site(5, ['after.example'], echo.port, plain)]));
  expect(await ask(one, 'after.example')).toBe(200);
}, 240_000);

it('whatever of HAProxy is killed while orders come, whoever asks without pause for a blocked site meets its notice or nobody', async () => {
  control.commit([provider, clearanceKey(1), site(1, ['open.example'], echo.port, plain)]);
  const one = (edge = await startTestEdge(control, state));
  await acked(control.revision);
  const blocked: string[] = [];
  const wrong: string[] = [];
  let asking = true;
  let answers = 0;
  const visitor = (async () => {
    while (asking) {
      for (const host of blocked.slice(-4)) {
        const status = await ask(one, host);
        if (status === 403) answers += 1;
        else if (status !== 0) wrong.push(`${host} ${status}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  for (let round = 0; round < (full ? 80 : 8); round += 1) {
    const target = site(10 + round, [`round${round}.example`], echo.port, plain);
    const worker = one.agent().workerPid ?? 0;
    const revision = control.change([target, order(10 + round, target)]);
    if (round % 4 === 3) await one.stop(round % 8 === 3 ? 'leave-haproxy' : 'with-haproxy').then(one.start);
    else process.kill(round % 2 === 0 ? worker : masterPid(one.state), 'SIGKILL');
    await acked(revision);
    blocked.push(`round${round}.example`);
    await until('it serves', async () => (await ask(one, 'open.example')) === 200, { timeoutMs: 60_000 });
    expect(await until('the notice is shown', () => ask(one, `round${round}.example`))).toBe(403);
  }
  asking = false;
  await visitor;
  expect(wrong).toEqual([]);
  expect(answers).toBeGreaterThan(10);
}, 240_000);
