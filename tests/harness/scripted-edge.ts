/**
 * An edge without HAProxy that does what a test tells it to: enrols, subscribes, checks every frame, answers, lies if asked.
 *
 * It keeps the policy as an honest edge would (items, revision, digest) and throws when a frame of the control plane does not hold: wrong
 * signature, gap, digest that does not fit. The real agent is edge/; this is for tests of the control plane.
 */
import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import { canonicalJson } from '../../contract/canonical.ts';
import { Instant, OrderId, Revision } from '../../contract/ids.ts';
import type { EdgeId, GroupName, SiteId } from '../../contract/ids.ts';
import { itemKey } from '../../contract/policy.ts';
import type { ItemKey, OrderPolicy, PolicyItem, SitePolicy } from '../../contract/policy.ts';
import type { ReceiptBody, SignedReceipt } from '../../contract/receipt.ts';
import { enrolEdge } from '../../contract/routes/edges.ts';
import { FramePayload, FromControl, PublicKey, streamPath, streamProtocol, subscribeText } from '../../contract/stream.ts';
import type { Answer, FromEdge, NackReason, Question } from '../../contract/stream.ts';
import { digestOf, emptyDigest, itemHash } from '../../core/shield/digest.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { apiClient } from './api.ts';
import { until } from './ports.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const instantNow = () => Instant.parse(new Date().toISOString());
const versions = { agent: 'scripted', haproxy: 'none' };

export class ScriptedEdge {
  readonly #url: string;
  readonly #keys = generateSigningKeyPair();
  readonly items = new Map<ItemKey, PolicyItem>();
  readonly heard: FromControl[] = [];
  /** Kinds and lengths of the frames that came: `delta 3→4`, `snapshot 9 (1 of 2)`. */
  readonly frames: string[] = [];
  revision = 0;
  digest = emptyDigest;
  edgeId: EdgeId | null = null;
  group: GroupName | null = null;
  #verify: ((text: string, signature: string) => boolean) | null = null;
  #socket: WebSocket | null = null;
  #parts: PolicyItem[] = [];
  /** What it answers to the next frames: acknowledge, refuse, or say nothing. */
  answers: 'ack' | 'nothing' | NackReason = 'ack';
  failure: Error | null = null;
  /** What it answers to a question; null: nothing. */
  onAsk: (about: Question) => Answer | null = () => null;

  constructor(controlUrl: string) {
    this.#url = controlUrl;
  }

  get publicKey(): PublicKey {
    return PublicKey.parse(this.#keys.publicKey);
  }

  async enrol(token: string, name = 'scripted'): Promise<void> {
    const body = { token, publicKey: this.publicKey, name, versions };
    const answer = await apiClient(this.#url, null).call(enrolEdge, { body });
    this.edgeId = answer.edgeId;
    this.group = answer.group;
    this.#verify = textVerifier(answer.policyKey);
  }

  /** Opens a stream and proves who it is, with this key or with another one. */
  async connect({ asEdge = this.edgeId, keys = this.#keys, protocol = streamProtocol } = {}): Promise<void> {
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}${streamPath}`);
    this.#socket = socket;
    socket.on('error', () => undefined);
    const nonce = new Promise<string>((resolve, reject) => {
      socket.on('close', () => reject(new Error('the stream was closed')));
      socket.on('message', (data: Buffer) => {
        const message = FromControl.parse(JSON.parse(data.toString('utf8')));
        this.heard.push(message);
        if (message.kind === 'hello') resolve(message.nonce);
        if (message.kind === 'frame') this.#take(message.frame);
        if (message.kind === 'ask') {
          const answer = this.onAsk(message.about);
          if (answer !== null) this.say({ kind: 'answer', askId: message.askId, answer });
        }
      });
    });
    if (asEdge === null) throw new Error('enrol first');
    const signature = textSigner(keys.privateKey)(subscribeText(asEdge, await nonce));
    const { revision, digest } = this;
    this.say({ kind: 'subscribe', protocol, edgeId: asEdge, signature, revision: Revision.parse(revision), digest, versions });
  }

  say(message: FromEdge): void {
    this.#socket?.send(JSON.stringify(message));
  }

  sayText(text: string): void {
    this.#socket?.send(text);
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Reads nothing more from its stream. */
  pause(): void {
    this.#socket?.pause();
  }

  async disconnect(): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    const gone = new Promise((resolve) => socket.once('close', resolve));
    if (socket.readyState === WebSocket.CLOSED) return;
    socket.terminate();
    await gone;
  }

  async holds(revision: number | null, timeoutMs = 15_000): Promise<void> {
    await until(`the edge holds revision ${revision ?? 0}`, () => this.#check().revision >= (revision ?? 0), {
      timeoutMs,
      everyMs: 5,
    });
  }

  async byeWith(reason: string): Promise<void> {
    await until(`the edge is sent away with ${reason}`, () =>
      this.heard.some((message) => message.kind === 'bye' && message.reason === reason),
    );
  }

  site(siteId: SiteId): SitePolicy | null {
    for (const item of this.items.values()) if (item.kind === 'site' && item.siteId === siteId) return item;
    return null;
  }

  order(orderId: OrderId): OrderPolicy | null {
    for (const item of this.items.values()) if (item.kind === 'order' && item.orderId === orderId) return item;
    return null;
  }

  receipt(orderId: OrderId, state: ReceiptBody['state'], over: Partial<ReceiptBody> = {}): SignedReceipt {
    if (this.edgeId === null || this.group === null) throw new Error('enrol first');
    const body: ReceiptBody = {
      edgeId: this.edgeId,
      group: this.group,
      orderId,
      state,
      revision: Revision.parse(this.revision),
      digest: this.digest,
      at: instantNow(),
      tookMs: 1,
      probe: { url: 'http://forum.example/', status: state === 'enforced' ? 403 : 200, action: null, decision: null },
      detail: null,
      ...over,
    };
    return { body, signature: textSigner(this.#keys.privateKey)(canonicalJson(body)) };
  }

  /** Throws what was wrong with a frame, if anything was. */
  #check(): this {
    if (this.failure !== null) throw this.failure;
    return this;
  }

  #take(frame: { payload: string; signature: string }): void {
    try {
      if (this.#verify?.(frame.payload, frame.signature) !== true) throw new Error('a frame’s signature does not hold');
      const payload = FramePayload.parse(JSON.parse(frame.payload));
      if (payload.group !== this.group) throw new Error('a frame of another group');
      if (payload.kind === 'delta') this.frames.push(`delta ${payload.from}→${payload.to}`);
      else this.frames.push(`snapshot ${payload.revision} (${payload.part + 1} of ${payload.parts})`);
      if (this.answers !== 'ack') {
        const revision = payload.kind === 'delta' ? payload.to : payload.revision;
        if (this.answers !== 'nothing') this.say({ kind: 'nack', revision, reason: this.answers, detail: 'as the test wants' });
        return;
      }
      if (payload.kind === 'delta') this.#applyDelta(payload);
      else if (!this.#applyPart(payload)) return;
      const hashes = [...this.items.values()].map((item) => itemHash(item, sha256));
      if (digestOf(hashes) !== payload.digest) throw new Error(`the digest at ${this.revision} does not fit`);
      this.digest = payload.digest;
      const { digest } = this;
      this.say({ kind: 'ack', revision: Revision.parse(this.revision), digest, appliedAt: instantNow(), applyMs: 0.1 });
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  #applyDelta(delta: Extract<FramePayload, { kind: 'delta' }>): void {
    if (delta.from !== this.revision)
      throw new Error(`a gap: the edge holds ${this.revision}, the delta starts at ${delta.from}`);
    for (const key of delta.removals) this.items.delete(key);
    for (const item of delta.upserts) this.items.set(itemKey(item), item);
    this.revision = delta.to;
  }

  #applyPart(part: Extract<FramePayload, { kind: 'snapshot' }>): boolean {
    if (part.part === 0) this.#parts = [];
    this.#parts.push(...part.items);
    if (part.part + 1 < part.parts) return false;
    this.items.clear();
    for (const item of this.#parts) this.items.set(itemKey(item), item);
    this.revision = part.revision;
    return true;
  }
}
