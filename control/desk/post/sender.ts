/**
 * The jobs that send what waits in the outbox, with growing pauses, and give up after a day.
 *
 * Pages to people on call have a turn of their own for each channel, so that a slow relay holds up no push. Addresses are opened from the
 * seal only here, one at a time, and stand in no log line. Safe in several processes: store/desk/outbox.ts claims. Without a relay mail is
 * not claimed at all: it waits, and the console says so.
 */
import { instantOf, msOf } from '../../../core/instant.ts';
import { backoffMs } from '../../../kit/backoff.ts';
import { claimDue, markFailed, markSent, trimOutbox } from '../../../store/desk/outbox.ts';
import type { Channel, Claimed } from '../../../store/desk/outbox.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Job } from '../../jobs/runner.ts';
import { notify, openRelay } from './delivery.ts';
import type { Delivered, MailRelay } from './delivery.ts';
import type { PostDeps } from './outbox.ts';

const atOnce = 10;
/** So that stopping never waits for a long queue. */
const mostTurns = 20;
/** Longer than any attempt takes: who dies in one loses the message to another process after this. */
const claimMs = 180_000;
const giveUpMs = 24 * 3_600_000;
const pauses = {
  page: { firstMs: 10_000, longestMs: 300_000 },
  other: { firstMs: 60_000, longestMs: 3_600_000 },
} as const;
/** After so many attempts at a page somebody is told, long before it is given up. */
const alarmAfterAttempts = 3;
const keptMs = 90 * 86_400_000;

export function sendingJobs(deps: PostDeps): Job[] {
  const mails: readonly Channel[] = deps.desk.mailRelay === null ? [] : ['mail'];
  const turns: { name: string; channels: readonly Channel[]; urgent: boolean; everyMs: number }[] = [
    { name: 'pages by mail', channels: mails, urgent: true, everyMs: 500 },
    { name: 'pages by webhook', channels: ['webhook'], urgent: true, everyMs: 500 },
    { name: 'pages by push', channels: ['push'], urgent: true, everyMs: 500 },
    { name: 'messages', channels: [...mails, 'webhook', 'push'], urgent: false, everyMs: 1000 },
  ];
  return [
    ...turns
      .filter((turn) => turn.channels.length > 0)
      .map(({ name, everyMs, ...turn }) => ({ name, everyMs, afterMs: 0, run: () => sendDue(deps, turn) })),
    {
      name: 'old messages',
      everyMs: 3_600_000,
      afterMs: 60_000,
      run: () => trimOutbox(deps.store.db, instantOf(deps.now() - keptMs)),
    },
  ];
}

/** Sends what is due. */
export async function sendDue(deps: PostDeps, turn: { channels: readonly Channel[]; urgent: boolean }): Promise<void> {
  const { db } = deps.store;
  let relay: MailRelay | null = null;
  try {
    for (let turns = 0; turns < mostTurns; turns += 1) {
      const at = nowOf(deps);
      const claimed = await claimDue(db, { ...turn, at, until: instantOf(deps.now() + claimMs), limit: atOnce });
      if (claimed.length === 0) return;
      if (deps.desk.mailRelay !== null && claimed.some((message) => message.channel === 'mail')) {
        relay ??= openRelay(deps, deps.desk.mailRelay);
      }
      await Promise.all(claimed.map(async (message) => settle(deps, message, await attempt(deps, relay, message))));
    }
  } finally {
    relay?.close();
  }
}

async function attempt(deps: PostDeps, relay: MailRelay | null, message: Claimed): Promise<Delivered> {
  try {
    const address = await addressOf(deps, message);
    if (address === null) return { kind: 'failed', why: 'The address was shredded with its file.', again: false };
    const letter = {
      id: message.pageId,
      address,
      subject: message.subject,
      body: deps.seal.decrypt(message.body),
      urgent: message.urgent,
    };
    if (message.channel !== 'mail') return await notify(deps, message.channel, letter);
    return relay === null ? { kind: 'failed', why: 'No relay is set.', again: true } : await relay.send(letter);
  } catch (error) {
    // Never the error's own words: they may hold the address.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { kind: 'failed', why: `The message could not be made or sent (${code}).`, again: true };
  }
}

async function addressOf(deps: PostDeps, message: Claimed): Promise<string | null> {
  if (message.toAddress !== null) return deps.seal.decrypt(message.toAddress);
  if (message.toSealedId === null) return null;
  return (await deps.seal.open(deps.store.db, message.toSealedId))?.['mail'] ?? null;
}

async function settle(deps: PostDeps, message: Claimed, result: Delivered): Promise<void> {
  const { db } = deps.store;
  if (result.kind === 'sent') return markSent(db, message.pageId, nowOf(deps));
  const { why } = result;
  const old = deps.now() - msOf(message.createdAt) >= giveUpMs;
  const givenUp = old || !result.again;
  const pause = backoffMs(pauses[message.urgent ? 'page' : 'other'], message.attempts - 1, Math.random());
  const again = givenUp ? null : instantOf(deps.now() + pause);
  deps.log.warn(
    { page: message.pageId, channel: message.channel, attempts: message.attempts, why, givenUp },
    'a message did not leave',
  );
  await transact(deps.store, async (unit) => {
    await markFailed(unit.tx, message.pageId, { at: nowOf(deps), again, why });
    if (!message.urgent || (!givenUp && message.attempts < alarmAfterAttempts)) return;
    await raiseAlarm(unit, {
      kind: 'page-failed',
      at: nowOf(deps),
      sentence: `A page by ${message.channel} did not reach somebody on call: ${why} Reach them another way and look at “On call”.`,
      ...(message.caseId === null ? {} : { caseId: message.caseId }),
    });
  });
}
