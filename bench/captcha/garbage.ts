/**
 * What honest servers notice while others send garbage: the provider's own program on PostgreSQL, asked for tokens at a steady rate, quiet and
 * then under garbage answers. A visitor who works through a check meanwhile has to get his token too.
 *
 * Program, database, load and asker share this machine's processors; how much of the garbage was sent and answered is told beside the figure.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { z } from 'zod';
import { MacKeys } from '../../captcha/provider/mac-keys.ts';
import { Tokens } from '../../captcha/provider/tokens.ts';
import { KeyBook } from '../../captcha/provider/keys.ts';
import { AccountId, CaptchaKeyId, idPrefix } from '../../contract/ids.ts';
import { instantOf } from '../../core/instant.ts';
import { secretBytes } from '../../kit/random-bytes.ts';
import { randomId } from '../../kit/random-id.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { until } from '../../tests/harness/ports.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import { startProgram } from '../../tests/harness/program.ts';
import { whileRunning } from '../running.ts';
import type { GarbageOrder } from './garbage-load.ts';
import { post, usedLine } from './visitor.ts';
import type { VisitorOrder } from './visitor.ts';

export type UnderGarbage = {
  readonly quietMs: readonly number[];
  readonly garbageMs: readonly number[];
  /** Good tokens that were answered no, because the provider was too slow for its own deadline. */
  readonly refused: number;
  readonly wantedPerSecond: number;
  readonly sentPerSecond: number;
  readonly answeredPerSecond: number;
  /** Of one processor, threads included. */
  readonly providerCpuShare: number;
  /** Of the thread that sent. */
  readonly loadCpuShare: number;
  /** Connections that were ended, a second. */
  readonly endedPerSecond: number;
  /** How late the asker's own clock was, for 99 of 100: part of what it measures. */
  readonly askerLateMs: number;
  /** By one visitor who came again and again while garbage came. */
  readonly checksPassed: number;
  /** What ended his coming: turned away, or not answered; null: nothing. */
  readonly checksTrouble: string | null;
};

const askedPerSecond = 25;
const Sent = z.object({ sent: z.number(), answered: z.number(), broken: z.number(), cpuMs: z.number() });
const Visited = z.object({ passed: z.int(), trouble: z.string().nullable() });
const Listening = z.object({ kind: z.literal('listening'), url: z.string() });

export async function underGarbage(
  seconds: number,
  perSecond: number,
  way: GarbageOrder['way'],
  connections: number,
): Promise<UnderGarbage> {
  return await whileRunning('captcha-garbage', async (_folder, keep) => {
    const server = keep(await startPostgres());
    const address = await server.database();
    const store = await openStore(address);
    keep({ stop: () => store.close() });
    await migrate(store);
    const sealKey = secretBytes(32);
    const { siteKey, secret } = await addKey(store);
    const program = startProgram(['captcha-provider', '--listen', '127.0.0.1:0', '--log-level', 'warn'], {
      DATABASE_URL: address.url,
      PORTCULLIS_CAPTCHA_KEY: sealKey.toString('base64'),
    });
    keep({ stop: async () => void (await program.stop()) });
    const port = await portOf(program.output);
    const macKeys = await MacKeys.open({ store, sealKey, nowMs: Date.now, log: pino({ level: 'silent' }) });
    const keys = new KeyBook(store, Date.now);
    keep({ stop: () => Promise.resolve(macKeys.close()) });
    keep({ stop: () => Promise.resolve(keys.close()) });
    const key = await keys.find(siteKey);
    if (key === null) throw new Error('the bench has no key');
    const tokens = new Tokens({ store, macKeys, nowMs: Date.now });
    const newToken = async () => (await tokens.issue({ key, hostname: 'shop.example', action: '', cData: '' })).token;
    const turn = (forSeconds = seconds) => askSteadily(port, forSeconds, async () => ({ secret, response: await newToken() }));
    await turn(2);
    const { tookMs: quietMs } = await turn();
    const used = await usedLine(port, siteKey);
    const visiting = new Worker(new URL('./visitor.ts', import.meta.url), {
      workerData: { port, siteKey } satisfies VisitorOrder,
    });
    keep({ stop: async () => void (await visiting.terminate()) });
    const load = new Worker(new URL('./garbage-load.ts', import.meta.url), {
      workerData: {
        port,
        perSecond,
        usedLine: used,
        way,
        connections,
      } satisfies GarbageOrder,
    });
    keep({ stop: async () => void (await load.terminate()) });
    const before = Sent.parse(await toldBy(load));
    const [began, cpuBefore] = [performance.now(), cpuMs(program.pid)];
    const late = monitorEventLoopDelay({ resolution: 5 });
    late.enable();
    const { tookMs: garbageMs, refused } = await turn();
    late.disable();
    const [after, tookSeconds] = [Sent.parse(await toldBy(load)), (performance.now() - began) / 1000];
    const visited = Visited.parse(await toldBy(visiting));
    return {
      quietMs,
      garbageMs,
      refused,
      wantedPerSecond: perSecond,
      sentPerSecond: (after.sent - before.sent) / tookSeconds,
      answeredPerSecond: (after.answered - before.answered) / tookSeconds,
      providerCpuShare: (cpuMs(program.pid) - cpuBefore) / (tookSeconds * 1000),
      loadCpuShare: (after.cpuMs - before.cpuMs) / (tookSeconds * 1000),
      endedPerSecond: (after.broken - before.broken) / tookSeconds,
      askerLateMs: late.percentile(99) / 1e6,
      checksPassed: visited.passed,
      checksTrouble: visited.trouble,
    };
  });
}

async function addKey(store: Store): Promise<{ readonly siteKey: string; readonly secret: string }> {
  const [account, keyId] = [AccountId.parse(randomId(idPrefix.account)), CaptchaKeyId.parse(randomId(idPrefix.captchaKey))];
  const [siteKey, secret, now] = [randomUUID(), `pcs_${secretBytes(32).toString('base64url')}`, instantOf(Date.now())];
  await store.db.insertInto('account').values({ account_id: account, name: 'bench', created_at: now }).execute();
  const key = { key_id: keyId, site_key: siteKey, name: 'bench', account_id: account, owner_site_id: null, created_at: now };
  await store.db
    .insertInto('captcha_key')
    .values({ ...key, removed_at: null })
    .execute();
  const sha256 = createHash('sha256').update(secret).digest('hex');
  await store.db
    .insertInto('captcha_secret')
    .values({ sha256, key_id: keyId, last_four: 'xxxx', made_at: now, ends_at: null })
    .execute();
  return { siteKey, secret };
}

async function portOf(output: () => string): Promise<number> {
  const found = () =>
    output()
      .split('\n')
      .find((line) => line.includes('"listening"'));
  await until(`the provider listens; it printed:\n${output()}`, () => found() !== undefined, { timeoutMs: 60_000 });
  return Number(new URL(Listening.parse(JSON.parse(found() ?? '')).url).port);
}

/** Times of siteverify, at a rate that does not wait for answers: who is slow is asked all the same. */
async function askSteadily(
  port: number,
  seconds: number,
  next: () => Promise<Record<string, string>>,
): Promise<{ readonly tookMs: readonly number[]; readonly refused: number }> {
  const tookMs: number[] = [];
  const asking: Promise<void>[] = [];
  let refused = 0;
  const began = performance.now();
  for (let turn = 0; turn < seconds * askedPerSecond; turn += 1) {
    const fields = new URLSearchParams(await next()).toString();
    const waitMs = began + (turn * 1000) / askedPerSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const from = performance.now();
    asking.push(
      post(port, '/siteverify', 'application/x-www-form-urlencoded', fields)
        .then((answer) => z.object({ success: z.literal(true) }).safeParse(answer).success)
        // Not answered within half a minute: a no, and as long as that.
        .catch(() => false)
        .then((good) => {
          tookMs.push(performance.now() - from);
          if (!good) refused += 1;
        }),
    );
  }
  await Promise.all(asking);
  return { tookMs, refused };
}

/** What a thread of the load says when it is asked. */
function toldBy(thread: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.postMessage('tell');
  });
}

/** User and system time of a process so far; the kernel counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
