/**
 * What a receipt costs: reports at a steady rate on PostgreSQL, each timed from the moment it should have been sent until its receipt.
 *
 * Open loop: a late answer does not hold up the next report, and its lateness counts (no coordinated omission). Reports carry contact and
 * addresses, so sealing is measured too. `measureIntake`: straight into intake.
 * The sender shares the machine, so the figures are an upper bound.
 */
import { performance } from 'node:perf_hooks';
import { Agent, request } from 'undici';
import { sendReport } from '../../contract/routes/desk/reports.ts';
import type { Incoming } from '../../control/desk/deps.ts';
import { openIntake } from '../../control/desk/intake/register.ts';
import { openSeal } from '../../control/desk/seal.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';

export type IntakeFigures = {
  readonly sent: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
};

const slots = ['tonight', 'tomorrow', 'this week'];

export function exampleReport(n: number): Incoming {
  return {
    channel: 'api',
    class: 'harassment',
    fastLane: false,
    text: `Somebody posted [threat naming a place and time] ${slots[n % 3] ?? ''} in thread ${n}. I saw it and I am worried.`,
    urls: [`https://forum.example/threads/${n % 500}`, `https://forum.example/posts/${n}`],
    hostname: 'forum.example',
    happenedAt: null,
    role: 'witness',
    contact: { name: `Reporter ${n}`, mail: `reporter${n}@mail.example` },
    proof: 'none',
    forwardConsent: false,
    wantsSafetyContact: false,
    files: [],
    machine: {},
    raw: null,
  };
}

/** Sends `perSecond` reports a second for so many seconds, after a second of warming up. */
export async function measureIntake(options: { perSecond?: number; seconds?: number } = {}): Promise<IntakeFigures> {
  const { perSecond = 1000, seconds = 10 } = options;
  const folder = temporaryFolder('bench-intake');
  const server = await startPostgres();
  const store = await openStore(await server.database());
  try {
    await migrate(store);
    const seal = await openSeal({ now: Date.now, store }, folder, null);
    const intake = openIntake({ store, seal, now: Date.now, publicUrl: 'https://shield.example' });
    await atRate(perSecond, 1, (n) => intake.accept(exampleReport(n)));
    const began = performance.now();
    const tookMs = await atRate(perSecond, seconds, (n) => intake.accept(exampleReport(perSecond + n)));
    const figures = figuresOf(tookMs, (performance.now() - began) / 1000);
    await intake.close();
    return figures;
  } finally {
    await store.close();
    await server.stop();
    removeFolder(folder);
  }
}

/** Calls `send` at a steady rate; answers how long each took from when it was due, in milliseconds. */
export async function atRate(perSecond: number, seconds: number, send: (n: number) => Promise<unknown>): Promise<number[]> {
  const count = perSecond * seconds;
  const began = performance.now();
  const tookMs: number[] = [];
  const pending: Promise<void>[] = [];
  for (let n = 0; n < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - began) / 1000) * perSecond) + 1);
    for (; n < due; n += 1) {
      const dueAt = began + (n * 1000) / perSecond;
      pending.push(send(n).then(() => void tookMs.push(performance.now() - dueAt)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return tookMs;
}

export function figuresOf(tookMs: readonly number[], seconds: number): IntakeFigures {
  const sorted = [...tookMs].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    sent: sorted.length,
    perSecond: Math.round(sorted.length / seconds),
    p50Ms: round(at(0.5)),
    p99Ms: round(at(0.99)),
    worstMs: round(at(1)),
  };
}

/**
 * The same through the API on sixteen sockets: JSON, schema, limits, and the reading of reports beside it. Sender and control plane share one
 * Node process here, so the figure is an upper bound.
 */
export async function measureIntakeOverHttp(options: { perSecond?: number; seconds?: number } = {}): Promise<IntakeFigures> {
  const { perSecond = 300, seconds = 10 } = options;
  const server = await startPostgres();
  const house = await startControlHouse(await server.database());
  const agent = new Agent({ connections: 16, pipelining: 1 });
  try {
    const send = async (n: number) => {
      const { class: kind, text, urls, hostname, contact } = exampleReport(n);
      const answer = await request(`${house.url()}${sendReport.path}`, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ class: kind, text, urls, hostname, contact }),
      });
      await answer.body.dump();
      if (answer.statusCode !== 201) throw new Error(`a report was answered ${answer.statusCode}`);
    };
    await atRate(perSecond, 2, send);
    const began = performance.now();
    const tookMs = await atRate(perSecond, seconds, (n) => send(2 * perSecond + n));
    return figuresOf(tookMs, (performance.now() - began) / 1000);
  } finally {
    await agent.close();
    await house.stop();
    await server.stop();
  }
}
