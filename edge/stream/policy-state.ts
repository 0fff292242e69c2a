/**
 * The policy that an edge holds: items by key, their digest, and the orders of each site.
 *
 * One delta changes it in time proportional to the delta, and can be undone as long as nothing else was applied since: the agent
 * applies, then writes to disk, then tells HAProxy, and goes back when one of them refuses. Not thread-safe and not asynchronous; the
 * agent's queue is what orders changes.
 * Not here: whether a frame may be believed (frames.ts), which orders are in force (core/shield/orders-in-force.ts).
 */
import { createHash } from 'node:crypto';
import { Revision } from '../../contract/ids.ts';
import type { AcmeAnswerPolicy, CertificatePolicy } from '../../contract/certificates.ts';
import type { CertificateId, OrderId, SiteId } from '../../contract/ids.ts';
import { itemKey } from '../../contract/policy.ts';
import type { ClearanceKeyPolicy, ItemKey, OrderPolicy, PolicyItem, ProviderPolicy, SitePolicy } from '../../contract/policy.ts';
import type { FramePayload, NackReason } from '../../contract/stream.ts';
import { changeDigest, emptyDigest, itemHash } from '../../core/shield/digest.ts';

/** An item with the hash that it adds to the digest. */
export type HeldItem = { readonly item: PolicyItem; readonly hash: string };
/** What one key held before and after a change; `null` means nothing. */
export type ItemChange = { readonly key: ItemKey; readonly before: PolicyItem | null; readonly after: PolicyItem | null };
export type Delta = Extract<FramePayload, { kind: 'delta' }>;

/** A frame that an edge does not take: it is answered with a NACK and the held policy stays as it was. */
export class FrameRefused extends Error {
  override readonly name = 'FrameRefused';
  readonly reason: NackReason;

  constructor(reason: NackReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export class PolicyState {
  #revision: Revision;
  #digest: string;
  readonly #items = new Map<ItemKey, HeldItem>();
  readonly #ordersBySite = new Map<SiteId, Map<OrderId, OrderPolicy>>();
  readonly #keys = new Map<ItemKey, ClearanceKeyPolicy>();
  readonly #sites = new Map<SiteId, SitePolicy>();
  readonly #certificatesBySite = new Map<SiteId, Map<CertificateId, CertificatePolicy>>();
  readonly #answers = new Map<ItemKey, AcmeAnswerPolicy>();
  #provider: ProviderPolicy | null = null;

  constructor(revision: Revision, items: Iterable<HeldItem>) {
    this.#revision = revision;
    this.#digest = emptyDigest;
    const hashes: string[] = [];
    for (const held of items) {
      const previous = this.#put(itemKey(held.item), held);
      if (previous !== null) throw new FrameRefused('bad-policy', `Two items have the key ${itemKey(held.item)}.`);
      hashes.push(held.hash);
    }
    this.#digest = changeDigest(emptyDigest, { removed: [], added: hashes });
  }

  /** The policy of an edge that has never been told anything. */
  static empty(): PolicyState {
    return new PolicyState(Revision.parse(0), []);
  }

  get revision(): Revision {
    return this.#revision;
  }

  get digest(): string {
    return this.#digest;
  }

  get siteCount(): number {
    return this.#sites.size;
  }

  get itemCount(): number {
    return this.#items.size;
  }

  /** All items with their hashes, in no particular order; a copy that later changes do not touch. */
  held(): readonly HeldItem[] {
    return [...this.#items.values()];
  }

  site(siteId: SiteId): SitePolicy | null {
    return this.#sites.get(siteId) ?? null;
  }

  sites(): Iterable<SitePolicy> {
    return this.#sites.values();
  }

  /** The orders on a site, in force or not, by id. */
  ordersOf(siteId: SiteId): readonly OrderPolicy[] {
    return [...(this.#ordersBySite.get(siteId)?.values() ?? [])];
  }

  *orders(): Iterable<OrderPolicy> {
    for (const orders of this.#ordersBySite.values()) yield* orders.values();
  }

  certificatesOf(siteId: SiteId): readonly CertificatePolicy[] {
    return [...(this.#certificatesBySite.get(siteId)?.values() ?? [])];
  }

  acmeAnswers(): readonly AcmeAnswerPolicy[] {
    return [...this.#answers.values()];
  }

  clearanceKeys(): readonly ClearanceKeyPolicy[] {
    return [...this.#keys.values()];
  }

  provider(): ProviderPolicy | null {
    return this.#provider;
  }

  /**
   * Applies a delta and returns what changed and how to go back. Throws FrameRefused and changes nothing when the delta does not
   * follow the held revision, does not lead to the digest that it claims, or leaves clearance keys without exactly one current key.
   */
  apply(delta: Delta): { readonly changes: readonly ItemChange[]; readonly undo: () => void } {
    if (delta.to <= this.#revision)
      throw new FrameRefused('older-revision', `Revision ${delta.to} is not after ${this.#revision}.`);
    if (delta.from !== this.#revision)
      throw new FrameRefused('gap', `The delta starts at ${delta.from}; this edge holds ${this.#revision}.`);
    const revision = this.#revision;
    const digest = this.#digest;
    const previous: { readonly key: ItemKey; readonly before: HeldItem | null; readonly after: HeldItem | null }[] = [];
    const undo = () => {
      for (const { key, before } of previous.toReversed()) this.#put(key, before);
      this.#revision = revision;
      this.#digest = digest;
    };
    for (const key of delta.removals) previous.push({ key, before: this.#put(key, null), after: null });
    for (const item of delta.upserts) {
      const key = itemKey(item);
      const after = { item, hash: itemHash(item, sha256Hex) };
      previous.push({ key, before: this.#put(key, after), after });
    }
    this.#digest = changeDigest(digest, {
      removed: previous.flatMap(({ before }) => (before === null ? [] : [before.hash])),
      added: previous.flatMap(({ after }) => (after === null ? [] : [after.hash])),
    });
    this.#revision = delta.to;
    if (this.#digest !== delta.digest) {
      undo();
      throw new FrameRefused('digest-mismatch', `Revision ${delta.to} does not lead to the digest that it claims.`);
    }
    try {
      this.check();
    } catch (error) {
      undo();
      throw error;
    }
    return {
      changes: previous.map(({ key, before, after }) => ({ key, before: before?.item ?? null, after: after?.item ?? null })),
      undo,
    };
  }

  /** Throws FrameRefused when the items contradict each other. */
  check(): void {
    const current = this.clearanceKeys().filter((key) => key.state === 'current').length;
    if (this.#keys.size > 0 && current !== 1) {
      throw new FrameRefused('bad-policy', `The policy has ${current} current clearance keys instead of one.`);
    }
  }

  #put(key: ItemKey, held: HeldItem | null): HeldItem | null {
    const before = this.#items.get(key) ?? null;
    if (held === null) this.#items.delete(key);
    else this.#items.set(key, held);
    if (before !== null) this.#unindex(key, before.item);
    if (held !== null) this.#index(key, held.item);
    return before;
  }

  #index(key: ItemKey, item: PolicyItem): void {
    if (item.kind === 'site') this.#sites.set(item.siteId, item);
    if (item.kind === 'provider') this.#provider = item;
    if (item.kind === 'clearance-key') this.#keys.set(key, item);
    if (item.kind === 'acme-answer') this.#answers.set(key, item);
    if (item.kind === 'certificate') {
      const certificates = this.#certificatesBySite.get(item.siteId) ?? new Map<CertificateId, CertificatePolicy>();
      this.#certificatesBySite.set(item.siteId, certificates.set(item.certificateId, item));
    }
    if (item.kind === 'order') {
      const orders = this.#ordersBySite.get(item.scope.siteId) ?? new Map<OrderId, OrderPolicy>();
      this.#ordersBySite.set(item.scope.siteId, orders.set(item.orderId, item));
    }
  }

  #unindex(key: ItemKey, item: PolicyItem): void {
    if (item.kind === 'site') this.#sites.delete(item.siteId);
    if (item.kind === 'provider') this.#provider = null;
    if (item.kind === 'clearance-key') this.#keys.delete(key);
    if (item.kind === 'acme-answer') this.#answers.delete(key);
    if (item.kind === 'certificate') {
      const certificates = this.#certificatesBySite.get(item.siteId);
      certificates?.delete(item.certificateId);
      if (certificates?.size === 0) this.#certificatesBySite.delete(item.siteId);
    }
    if (item.kind === 'order') {
      const orders = this.#ordersBySite.get(item.scope.siteId);
      orders?.delete(item.orderId);
      if (orders?.size === 0) this.#ordersBySite.delete(item.scope.siteId);
    }
  }
}

/** SHA-256 of a text's UTF-8 bytes in lower-case hex. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
