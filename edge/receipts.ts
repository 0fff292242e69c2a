/**
 * Receipts: for every order that starts or stops being enforced here, ask the own listener, sign what it answered, deliver it.
 *
 * Works towards a state: the ledger on disk says what was last signed for each order, the rendered policy says what is in force;
 * where they differ a probe is due. So a crash at any moment loses no receipt, at worst one is signed twice, and the control plane
 * drops the second. A receipt stays on disk until the control plane says `receipt-kept`, and is sent again after each reconnect.
 * A probe that sees something else is repeated for about a second, then signed as `failed`, and tried again later until it holds.
 * What a probe can not show is said in `detail`: a rate limit is only seen by exceeding it.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Logger } from 'pino';
import { canonicalJson } from '../contract/canonical.ts';
import type { EdgeId, GroupName, OrderId, Revision } from '../contract/ids.ts';
import { OrderPolicy } from '../contract/policy.ts';
import type { SitePolicy } from '../contract/policy.ts';
import { ReceiptBody, SignedReceipt } from '../contract/receipt.ts';
import { removeLeftovers, writeDurable } from '../kit/durable.ts';
import { Serial } from '../kit/serial.ts';
import type { SignText } from '../kit/ed25519.ts';
import type { ProbeAnswer, ProbeTarget } from './probe.ts';
import { sha256Hex } from './stream/policy-state.ts';

const LedgerEntry = z.strictObject({
  order: OrderPolicy,
  /** Hash of the order as it was when the last receipt was signed. */
  hash: z.string(),
  state: ReceiptBody.shape.state,
  undelivered: z.array(SignedReceipt),
});
type LedgerEntry = z.infer<typeof LedgerEntry>;

export type ReceiptParts = {
  readonly folder: string;
  readonly edgeId: EdgeId;
  readonly group: GroupName;
  readonly sign: SignText;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly probe: (target: ProbeTarget) => Promise<ProbeAnswer>;
  /** What is in force now, and the policy that says so; `null` while HAProxy does not hold it. */
  readonly truth: () => Truth | null;
  /** Sends a receipt if the control plane is connected. */
  readonly send: (receipt: SignedReceipt) => void;
  readonly onSigned: (state: ReceiptBody['state']) => void;
};

export type Truth = {
  readonly revision: Revision;
  readonly digest: string;
  readonly inForce: ReadonlyMap<OrderId, OrderPolicy>;
  readonly site: (siteId: SitePolicy['siteId']) => SitePolicy | null;
};

/** Receipts waiting for delivery per order; a control plane that never confirms must not fill the disk. */
const mostUndelivered = 20;
const retryMs = 5000;
/** While a change is being applied, or HAProxy is down, nothing can be signed: look again soon. */
const unsettledMs = 50;
const probesAtOnce = 8;

export class Receipts {
  readonly #parts: ReceiptParts;
  readonly #ledger = new Map<OrderId, LedgerEntry>();
  readonly #since = new Map<OrderId, number>();
  #running: Promise<void> | null = null;
  #again = false;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;
  readonly #disk = new Serial();

  constructor(parts: ReceiptParts) {
    this.#parts = parts;
  }

  /** Reads the ledger; call it first. An entry that cannot be read is dropped: its order is probed and signed again. */
  async load(): Promise<void> {
    const { folder, log } = this.#parts;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeLeftovers(folder);
    for (const name of await readdir(folder)) {
      const entry = LedgerEntry.safeParse(parseJson(await readFile(join(folder, name), 'utf8')));
      if (entry.success) this.#ledger.set(entry.data.order.orderId, entry.data);
      else log.warn({ file: name }, 'a receipt on disk cannot be read; its order is probed again');
    }
  }

  get undelivered(): number {
    let count = 0;
    for (const entry of this.#ledger.values()) count += entry.undelivered.length;
    return count;
  }

  /** Looks for orders whose receipt is due. `sinceMs` is when the change arrived, for `tookMs`. */
  wake(sinceMs: number): void {
    if (this.#stopped) return;
    for (const orderId of this.#due()) if (!this.#since.has(orderId)) this.#since.set(orderId, sinceMs);
    this.#again = true;
    this.#running ??= this.#work()
      .catch((error: unknown) =>
        this.#parts.log.error({ error: String(error) }, 'receipts stopped for now; the next change starts them again'),
      )
      .finally(() => {
        this.#running = null;
      });
  }

  /** Sends everything that the control plane has not confirmed. */
  resend(): void {
    for (const entry of this.#ledger.values()) for (const receipt of entry.undelivered) this.#parts.send(receipt);
  }

  /** The control plane has stored the receipt with this signature. */
  async kept(signature: string): Promise<void> {
    for (const entry of this.#ledger.values()) {
      if (!entry.undelivered.some((receipt) => receipt.signature === signature)) continue;
      await this.#store({ ...entry, undelivered: entry.undelivered.filter((receipt) => receipt.signature !== signature) });
      return;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#running;
    await this.#disk.idle();
  }

  /** Orders for which the ledger and what is in force differ. */
  #due(): OrderId[] {
    const truth = this.#parts.truth();
    if (truth === null) return [];
    const due: OrderId[] = [];
    for (const [orderId, order] of truth.inForce) {
      const entry = this.#ledger.get(orderId);
      if (entry === undefined || entry.state !== 'enforced' || entry.hash !== hashOf(order)) due.push(orderId);
    }
    for (const [orderId, entry] of this.#ledger) if (entry.state !== 'lifted' && !truth.inForce.has(orderId)) due.push(orderId);
    return due;
  }

  async #work(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      if (this.#parts.truth() === null) {
        this.#later(unsettledMs);
        return;
      }
      const due = this.#due();
      for (let start = 0; start < due.length && !this.#stopped; start += probesAtOnce) {
        await Promise.all(
          due.slice(start, start + probesAtOnce).map((orderId) =>
            this.#settle(orderId).catch((error: unknown) => {
              this.#parts.log.error({ orderId, error: String(error) }, 'a receipt could not be made; it is tried again');
              this.#later(retryMs);
            }),
          ),
        );
      }
    }
  }

  async #settle(orderId: OrderId): Promise<void> {
    const truth = this.#parts.truth();
    const entry = this.#ledger.get(orderId);
    const order = truth?.inForce.get(orderId) ?? entry?.order;
    if (order === undefined) return;
    if (truth === null) return this.#later(unsettledMs);
    const wanted = truth.inForce.has(orderId) ? 'enforced' : 'lifted';
    const site = truth.site(order.scope.siteId);
    const target = targetOf(order, site, wanted);
    const { revision, digest } = truth;
    let answer: ProbeAnswer = { connected: false, url: '', status: 0, action: null, decision: null };
    let verdict: Verdict = {
      state: 'failed',
      detail: 'No hostname is known in the scope of this order, so nothing could be asked.',
    };
    for (let attempt = 0; target !== null && attempt < 4 && verdict.state === 'failed'; attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
      answer = await this.#parts.probe(target);
      verdict = judge(order, wanted, answer, site);
    }
    if (target === null && wanted === 'lifted')
      verdict = { state: 'lifted', detail: 'The site is no longer in this edge’s policy; no hostname is left to ask for.' };
    // The policy moved on while the probe was under way: what was seen may belong to either, so look again.
    const now = this.#parts.truth();
    if (now === null || now.inForce.has(orderId) !== (wanted === 'enforced')) {
      return this.#later(unsettledMs);
    }
    const since = this.#since.get(orderId) ?? this.#parts.nowMs();
    const atMs = this.#parts.nowMs();
    const body = ReceiptBody.parse({
      edgeId: this.#parts.edgeId,
      group: this.#parts.group,
      orderId,
      state: verdict.state,
      revision,
      digest,
      at: new Date(atMs).toISOString(),
      tookMs: Math.max(0, atMs - since),
      probe: { url: answer.url, status: answer.status, action: answer.action, decision: answer.decision?.slice(0, 40) ?? null },
      detail: verdict.detail,
    } satisfies z.input<typeof ReceiptBody>);
    if (verdict.state === 'failed') this.#later(retryMs);
    else this.#since.delete(orderId);
    const last = this.#ledger.get(orderId);
    if (verdict.state === 'failed' && last?.state === 'failed' && last.hash === hashOf(order)) return;
    const receipt: SignedReceipt = { body, signature: this.#parts.sign(canonicalJson(body)) };
    const undelivered = [...(last?.undelivered ?? []), receipt].slice(-mostUndelivered);
    // A receipt that cannot be written is true all the same: it is sent, and signed anew after a restart.
    await this.#store({ order, hash: hashOf(order), state: verdict.state, undelivered }).catch((error: unknown) =>
      this.#parts.log.warn({ orderId, error: String(error) }, 'a receipt could not be written to disk; it is kept in memory'),
    );
    this.#parts.onSigned(verdict.state);
    this.#parts.log.info(
      {
        orderId,
        decision: order.decision,
        state: verdict.state,
        tookMs: body.tookMs,
        status: answer.status,
        action: answer.action,
      },
      'a receipt was signed',
    );
    this.#parts.send(receipt);
  }

  async #store(entry: LedgerEntry): Promise<void> {
    const { orderId } = entry.order;
    if (entry.state === 'lifted' && entry.undelivered.length === 0) this.#ledger.delete(orderId);
    else this.#ledger.set(orderId, entry);
    const path = join(this.#parts.folder, orderId);
    await this.#disk.run(async () => {
      const latest = this.#ledger.get(orderId);
      if (latest === undefined) await rm(path, { force: true });
      else await writeDurable(path, JSON.stringify(latest));
    });
  }

  #later(waitMs: number): void {
    if (this.#stopped) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = null;
      this.wake(this.#parts.nowMs());
    }, waitMs);
  }
}

type Verdict = { readonly state: ReceiptBody['state']; readonly detail: string | null };

/** A URL in the order's scope. A lifted order is asked with HEAD, which may reach the origin. */
export function targetOf(order: OrderPolicy, site: SitePolicy | null, wanted: 'enforced' | 'lifted'): ProbeTarget | null {
  const names = [...order.scope.hostnames, ...(site?.hostnames ?? [])];
  const host = names.find((name) => !name.startsWith('*.')) ?? names[0]?.replace(/^\*/, 'portcullis-probe');
  if (host === undefined) return null;
  return { method: wanted === 'lifted' ? 'HEAD' : 'GET', host, path: order.scope.path ?? '/' };
}

/** What the answer of the own listener says about an order. */
export function judge(order: OrderPolicy, wanted: 'enforced' | 'lifted', answer: ProbeAnswer, site: SitePolicy | null): Verdict {
  if (answer.status === 0) {
    const passesOn = wanted === 'lifted' || order.measure === 'rate-limit';
    if (answer.connected && passesOn) {
      // A notice needs no origin and answers at once: silence after the connection means that the request went on to one.
      return { state: wanted, detail: 'Read back from the maps; the origin did not answer the probe in time.' };
    }
    return { state: 'failed', detail: 'The edge’s own listener did not answer.' };
  }
  const named = (answer.decision ?? '').split(/[,\s]+/).includes(order.decision);
  if (wanted === 'lifted') {
    if (named) return { state: 'failed', detail: 'The listener still answers with this order’s notice.' };
    const shown = order.measure === 'notice-on-host' || order.measure === 'notice-on-path';
    return {
      state: 'lifted',
      detail: shown ? null : 'Removed from the maps and read back; a probe alone cannot tell it from other causes.',
    };
  }
  if (site === null) {
    return answer.action === 'unknown'
      ? { state: 'enforced', detail: 'The site is not in this edge’s policy: nothing of it is served here.' }
      : { state: 'failed', detail: 'The site is not in this edge’s policy, yet something answers for it.' };
  }
  if (order.measure === 'notice-on-host' || order.measure === 'notice-on-path') {
    if (answer.action === 'notice' && named) return { state: 'enforced', detail: null };
    return { state: 'failed', detail: 'The listener did not answer with this order’s notice.' };
  }
  if (answer.action === 'notice') {
    return {
      state: 'enforced',
      detail: 'Read back from the maps; a notice of another order covers the address that was asked for.',
    };
  }
  if (order.measure === 'challenge') {
    if (answer.action === 'challenge') return { state: 'enforced', detail: null };
    return { state: 'failed', detail: 'The listener did not answer with a challenge.' };
  }
  return {
    state: 'enforced',
    detail: `Limit of ${order.requestsPer10s ?? '?'} requests in 10 s read back from the maps; the probe shows that the listener answers, not the limit.`,
  };
}

const hashes = new WeakMap<OrderPolicy, string>();

function hashOf(order: OrderPolicy): string {
  const known = hashes.get(order);
  if (known !== undefined) return known;
  const hash = sha256Hex(canonicalJson(order));
  hashes.set(order, hash);
  return hash;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
