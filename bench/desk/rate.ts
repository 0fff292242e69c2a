/**
 * The reports that the bench sends, and an open loop that sends at a steady rate: a late answer does not hold up the next, and its lateness counts (no
 * coordinated omission).
 */
import { performance } from 'node:perf_hooks';
import type { Incoming } from '../../control/desk/deps.ts';

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
