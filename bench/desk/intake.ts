/**
 * What a receipt costs: reports at a steady rate on PostgreSQL, each timed from the moment it should have been sent until its receipt.
 *
 * Reports carry contact and addresses, so sealing is measured too. `measureIntake`: straight into intake.
 * The sender shares the machine, so the figures are an upper bound.
 */
import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { openIntake } from '../../control/desk/intake/register.ts';
import { openSeal } from '../../control/desk/seal.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import { atRate, exampleReport } from './rate.ts';
import { cpuMsBelow } from '../cpu.ts';
import type { SenderJob } from './sender.ts';

const run = promisify(execFile);
const senderFile = fileURLToPath(new URL('sender.ts', import.meta.url));

export type IntakeFigures = {
  readonly sent: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** CPU of the control plane (and of a sender in its process) for each report: what else it did meanwhile is in it. */
  readonly cpuMs: number;
  /** The same of PostgreSQL. */
  readonly databaseCpuMs: number;
};

/** CPU so far, in milliseconds: of this process, and of PostgreSQL below it. */
function cpuSoFar(): { readonly own: number; readonly database: number } {
  const { user, system } = process.cpuUsage();
  return { own: (user + system) / 1000, database: cpuMsBelow('postgres') };
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
    const before = cpuSoFar();
    const began = performance.now();
    const tookMs = await atRate(perSecond, seconds, (n) => intake.accept(exampleReport(perSecond + n)));
    const figures = figuresOf(tookMs, (performance.now() - began) / 1000, before);
    await intake.close();
    return figures;
  } finally {
    await store.close();
    await server.stop();
    removeFolder(folder);
  }
}

function figuresOf(tookMs: readonly number[], seconds: number, before: ReturnType<typeof cpuSoFar>): IntakeFigures {
  const after = cpuSoFar();
  const sorted = [...tookMs].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    sent: sorted.length,
    perSecond: Math.round(sorted.length / seconds),
    p50Ms: round(at(0.5)),
    p99Ms: round(at(0.99)),
    worstMs: round(at(1)),
    cpuMs: Math.round(((after.own - before.own) / sorted.length) * 1000) / 1000,
    databaseCpuMs: Math.round(((after.database - before.database) / sorted.length) * 1000) / 1000,
  };
}

/**
 * The same through the API: JSON, schema, limits, and the reading of reports beside it. The sender is a process of its own (sender.ts), on the same
 * machine as control plane and database, with 256 connections: what is late for each of them does not keep the next from being sent.
 */
export async function measureIntakeOverHttp(options: { perSecond?: number; seconds?: number } = {}): Promise<IntakeFigures> {
  const { perSecond = 1000, seconds = 10 } = options;
  const server = await startPostgres();
  const house = await startControlHouse(await server.database());
  try {
    const send = async (job: Pick<SenderJob, 'seconds' | 'from'>): Promise<number[]> => {
      const whole: SenderJob = { url: house.url(), perSecond, connections: 256, ...job };
      const { stdout } = await run(process.execPath, [senderFile, JSON.stringify(whole)], { maxBuffer: 64 * 1024 * 1024 });
      return z.array(z.number()).parse(JSON.parse(stdout));
    };
    await send({ seconds: 2, from: 0 });
    const before = cpuSoFar();
    const began = performance.now();
    const tookMs = await send({ seconds, from: 2 * perSecond });
    return figuresOf(tookMs, (performance.now() - began) / 1000, before);
  } finally {
    await house.stop();
    await server.stop();
  }
}
