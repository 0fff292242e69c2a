/**
 * Receipts for orders that suspend captcha keys: this process asks its own door, and signs what it heard.
 *
 * Works towards a state: where what was last signed differs from what is in force, keys of the order are asked about: for a suspension at
 * the door where widgets knock, for its end in the book of keys (a check that nobody makes would spoil the figures). What does not hold after a few
 * seconds is signed as `failed`, alarms, and is asked again until it holds. Enforcement does not hang on this: the book of keys has it from
 * the same database. The signing key is made at the start and stays in memory, so a process that starts again is another one, and says anew
 * what it enforces. Of many keys only some are asked, and the receipt says how many.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import type { CaptchaReceiptBody } from '../../contract/captcha-receipt.ts';
import { CheckReply, checkPaths } from '../../contract/captcha.ts';
import { CaptchaProcessId, ReceiptId, idPrefix } from '../../contract/ids.ts';
import type { OrderId } from '../../contract/ids.ts';
import type { Logger } from 'pino';
import { instantOf } from '../../core/instant.ts';
import { generateSigningKeyPair, textSigner } from '../../kit/ed25519.ts';
import { errorForLog } from '../../kit/log-error.ts';
import { randomId } from '../../kit/random-id.ts';
import { otherwiseSuspended, suspendedSiteKeys } from '../../store/captcha-keys.ts';
import {
  beginProcess,
  endProcess,
  forgetProcesses,
  insertCaptchaReceipt,
  seeProcess,
  suspendingOrders,
} from '../../store/captcha-words.ts';
import type { SuspendingOrder } from '../../store/captcha-words.ts';
import { raiseAlarm } from '../../store/house.ts';
import type { Store } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';

export type WitnessParts = {
  readonly store: Store;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** What people call this process. */
  readonly name: string;
  /** Where it listens. */
  readonly url: string;
  /** Whether its book of keys says that a site key is suspended; null: it has no such key. */
  readonly isSuspended: (siteKey: string) => Promise<boolean | null>;
};

export type Witness = { readonly stop: () => Promise<void> };

/** Orders also begin and end by the clock, and a ring can be lost. */
const lookEveryMs = 500;
const seenEveryMs = 5000;
const mostAsked = 20;
const askTimeoutMs = 2000;
const settleMs = 3000;
const againMs = 2000;
const keptMs = 30 * 86_400_000;

type Due = { readonly firstMs: number; nextMs: number };

/** Says that this process is there, and begins to sign. Rejects when the database does not answer. */
export async function startWitness(parts: WitnessParts): Promise<Witness> {
  const { store, log, nowMs } = parts;
  const { publicKey, privateKey } = generateSigningKeyPair();
  const sign = textSigner(privateKey);
  const processId = CaptchaProcessId.parse(randomId(idPrefix.captchaProcess));
  await forgetProcesses(store.db, instantOf(nowMs() - keptMs));
  await beginProcess(store.db, { processId, name: parts.name, publicKey }, instantOf(nowMs()));
  /** Of each order in force: what was signed last. */
  const said = new Map<OrderId, CaptchaReceiptBody['state']>();
  const due = new Map<OrderId, Due>();
  let seenAtMs = performance.now();

  const write = async (
    order: SuspendingOrder,
    heard: Omit<CaptchaReceiptBody, 'processId' | 'orderId' | 'at'>,
  ): Promise<void> => {
    const at = instantOf(nowMs());
    const body: CaptchaReceiptBody = { ...heard, processId, orderId: order.orderId, at };
    const bodyText = canonicalJson(body);
    await transact(store, async (unit) => {
      const receiptId = ReceiptId.parse(randomId(idPrefix.receipt));
      await insertCaptchaReceipt(unit.tx, { receiptId, receivedAt: at, bodyText, signed: { body, signature: sign(bodyText) } });
      if (heard.state === 'failed') {
        const sentence = `A process of the captcha provider (${parts.name}) could not show that ${order.decision} is enforced. ${heard.detail ?? ''}`;
        await raiseAlarm(unit, { kind: 'receipt-failed', at, sentence, orderId: order.orderId, siteId: order.siteId });
      }
      unit.tellAfter({ kind: 'order', orderId: order.orderId, siteId: order.siteId });
    });
  };

  const settle = async (order: SuspendingOrder): Promise<void> => {
    const { orderId } = order;
    const wanted = order.inForce ? 'enforced' : 'lifted';
    if (said.get(orderId) === wanted) return;
    const clockMs = performance.now();
    const waiting = due.get(orderId) ?? { firstMs: clockMs, nextMs: clockMs };
    due.set(orderId, waiting);
    if (clockMs < waiting.nextMs) return;
    const all = await suspendedSiteKeys(store.db, orderId);
    const others = order.inForce ? [] : await otherwiseSuspended(store.db, orderId, instantOf(nowMs()));
    const asked = all.filter((siteKey) => !others.includes(siteKey)).slice(0, mostAsked);
    const wrong: string[] = [];
    for (const siteKey of asked) {
      const holds = order.inForce ? await doorSaysSuspended(parts.url, siteKey) : (await parts.isSuspended(siteKey)) !== true;
      if (!holds) wrong.push(siteKey);
    }
    const tookMs = Math.max(0, Math.round(performance.now() - waiting.firstMs));
    const heard = { tookMs, keys: all.length, asked: asked.length };
    if (wrong.length === 0) {
      await write(order, { ...heard, state: wanted, detail: null });
      due.delete(orderId);
      // Over and said: nothing more comes of it.
      if (order.inForce) said.set(orderId, wanted);
      else said.delete(orderId);
      return;
    }
    if (tookMs < settleMs) return;
    waiting.nextMs = performance.now() + againMs;
    if (said.get(orderId) === 'failed') return;
    const detail = `${wrong.length} of ${asked.length} keys that were asked about are ${order.inForce ? 'not suspended' : 'still suspended'}.`;
    await write(order, { ...heard, state: 'failed', detail });
    said.set(orderId, 'failed');
  };

  let looking: Promise<void> | null = null;
  let again = false;
  const look = (): void => {
    if (looking !== null) {
      again = true;
      return;
    }
    looking = lookOnce()
      .catch((error: unknown) => log.warn({ err: errorForLog(error) }, 'orders were not looked at; the next time does it'))
      .finally(() => {
        looking = null;
        if (again && !stopped) {
          again = false;
          look();
        }
      });
  };
  const lookOnce = async (): Promise<void> => {
    if (performance.now() - seenAtMs >= seenEveryMs) {
      await seeProcess(store.db, processId, instantOf(nowMs()));
      seenAtMs = performance.now();
    }
    for (const order of await suspendingOrders(store.db, instantOf(nowMs()), [...said.keys()])) await settle(order);
  };
  let stopped = false;
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  const unhear = store.doorbell.onRing('captcha-keys', look);
  look();
  return {
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      unhear();
      await looking;
      await endProcess(store.db, processId, instantOf(nowMs())).catch((error: unknown) =>
        log.warn({ err: errorForLog(error) }, 'the end of this process was not noted; it is taken for gone in a while'),
      );
    },
  };
}

/** Begins a check as a widget does. What cannot be heard or read is no suspension. */
async function doorSaysSuspended(url: string, siteKey: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}${checkPaths.begin}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ siteKey, host: '' }),
      signal: AbortSignal.timeout(askTimeoutMs),
    });
    const reply = CheckReply.safeParse(await response.json());
    return reply.success && reply.data.do === 'suspended';
  } catch {
    return false;
  }
}
