/**
 * A control plane for tests of the edge: real HTTP and WebSocket on loopback, frames signed with a real key, and the power to misbehave.
 *
 * It speaks contract/stream.ts and keeps what edges say. What the real one decides (sites, orders, people) it does not know: tests hand
 * it items. `frame` lets a test send what no honest control plane would.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { GroupName, Instant, Revision } from '../../contract/ids.ts';
import { EdgeId } from '../../contract/ids.ts';
import { itemKey } from '../../contract/policy.ts';
import type { ItemKey, PolicyItem } from '../../contract/policy.ts';
import type { SignedReceipt } from '../../contract/receipt.ts';
import {
  enrolPath,
  EnrolRequest,
  FromEdge,
  PublicKey,
  streamPath,
  streamProtocol,
  subscribeText,
} from '../../contract/stream.ts';
import type { FramePayload, FromControl } from '../../contract/stream.ts';
import { changeDigest, emptyDigest, itemHash } from '../../core/shield/digest.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { createHash } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

type Delta = Extract<FramePayload, { kind: 'delta' }>;
type Said<K extends FromEdge['kind']> = Extract<FromEdge, { kind: K }>;

export const testToken = 'enrol-me-once-0123456789';
export const testEdgeId = EdgeId.parse('edge_0123456789ab');
const testGroup = GroupName.parse('default');

export class TestControl {
  readonly #keys = generateSigningKeyPair();
  readonly #sign = textSigner(this.#keys.privateKey);
  readonly #items = new Map<ItemKey, PolicyItem>();
  readonly said: FromEdge[] = [];
  readonly receipts: SignedReceipt[] = [];
  /** Whether receipts are confirmed. */
  keepsReceipts = true;
  revision = 0;
  edgeKey = '';
  #log: Delta[] = [];
  #server: Server | null = null;
  readonly #connections = new Set<Socket>();
  #subscribed: WebSocket | null = null;
  port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  digest = emptyDigest;

  /** Listens; on the same port again after `stop`. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = EnrolRequest.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null'));
        if (request.url !== enrolPath || !body.success || body.data.token !== testToken) {
          response
            .writeHead(403, { 'content-type': 'application/problem+json' })
            .end(JSON.stringify({ detail: 'This enrolment token is not valid.' }));
          return;
        }
        this.edgeKey = body.data.publicKey;
        const answer = { edgeId: testEdgeId, group: testGroup, policyKey: PublicKey.parse(this.#keys.publicKey) };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    const sockets = new WebSocketServer({ server, path: streamPath });
    sockets.on('connection', (socket) => this.#welcome(socket));
    server.on('connection', (connection) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
    this.#server = server;
  }

  /** Goes away without a word, as a killed process does. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    // First no new connection, then an end to each that is there: an edge that comes back meanwhile would keep the server open for seconds.
    const closed = new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
    for (const connection of this.#connections) connection.destroy();
    this.#subscribed = null;
    await closed;
  }

  get isSubscribed(): boolean {
    return this.#subscribed !== null;
  }

  of<K extends FromEdge['kind']>(kind: K): Said<K>[] {
    return this.said.filter((message): message is Said<K> => message.kind === kind);
  }

  /** Commits a change and sends it; returns its revision. */
  change(upserts: readonly PolicyItem[], removals: readonly ItemKey[] = []): number {
    const delta = this.commit(upserts, removals);
    this.frame(delta);
    return delta.to;
  }

  /** Commits a change without sending it. */
  commit(upserts: readonly PolicyItem[], removals: readonly ItemKey[] = []): Delta {
    const hashes = (keys: readonly ItemKey[]) =>
      keys.flatMap((key) => {
        const item = this.#items.get(key);
        return item === undefined ? [] : [itemHash(item, sha256)];
      });
    const changed = upserts.map(itemKey);
    const removed = hashes([...new Set([...removals, ...changed])]);
    for (const key of removals) this.#items.delete(key);
    for (const item of upserts) this.#items.set(itemKey(item), item);
    this.digest = changeDigest(this.digest, { removed, added: hashes(changed) });
    const from = Revision.parse(this.revision);
    this.revision += 1;
    const delta: Delta = {
      kind: 'delta',
      group: testGroup,
      from,
      to: Revision.parse(this.revision),
      upserts: [...upserts],
      removals: [...removals],
      digest: this.digest,
      committedAt: now(),
    };
    this.#log.push(delta);
    return delta;
  }

  /** Forgets how revisions came about: whoever is behind gets a snapshot. */
  forgetDeltas(): void {
    this.#log = [];
  }

  /** Sends any payload, signed with the policy key or with another one. */
  frame(payload: FramePayload, signWith: (text: string) => string = this.#sign): void {
    this.text(JSON.stringify(payload), signWith);
  }

  /** Sends any text as the payload of a signed frame. */
  text(text: string, signWith: (text: string) => string = this.#sign): void {
    this.say({ kind: 'frame', frame: { payload: text, signature: signWith(text) } });
  }

  snapshot(): FramePayload {
    return this.#snapshots(1_000_000)[0] ?? raise();
  }

  head(): void {
    this.say({ kind: 'head', revision: Revision.parse(this.revision), digest: this.digest, at: now() });
  }

  say(message: FromControl): void {
    this.#subscribed?.send(JSON.stringify(message));
  }

  #snapshots(perFrame: number): FramePayload[] {
    const items = [...this.#items.values()];
    const parts = Math.max(1, Math.ceil(items.length / perFrame));
    return Array.from({ length: parts }, (_, part) => ({
      kind: 'snapshot' as const,
      group: testGroup,
      revision: Revision.parse(this.revision),
      part,
      parts,
      items: items.slice(part * perFrame, (part + 1) * perFrame),
      digest: this.digest,
      committedAt: now(),
    }));
  }

  #welcome(socket: WebSocket): void {
    const nonce = randomBytes(32).toString('base64');
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#subscribed === socket) this.#subscribed = null;
    });
    socket.on('message', (data) => {
      const message = FromEdge.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString('utf8') : ''));
      this.said.push(message);
      if (message.kind === 'subscribe') {
        if (!textVerifier(this.edgeKey)(subscribeText(message.edgeId, nonce), message.signature)) return socket.terminate();
        this.#subscribed = socket;
        const missed = this.#log.filter((delta) => delta.from >= message.revision);
        const follows = message.revision === this.revision || missed[0]?.from === message.revision;
        if (message.revision > this.revision) return this.head();
        if (follows) for (const delta of missed) this.frame(delta);
        else for (const part of this.#snapshots(500)) this.frame(part);
        this.head();
      }
      if (message.kind === 'resync') {
        for (const part of this.#snapshots(500)) this.frame(part);
        this.head();
      }
      if (message.kind === 'receipt') {
        this.receipts.push(message.receipt);
        if (this.keepsReceipts) this.say({ kind: 'receipt-kept', signature: message.receipt.signature });
      }
    });
    socket.send(JSON.stringify({ kind: 'hello', protocol: streamProtocol, nonce, at: now() } satisfies FromControl));
  }
}

function now(): Instant {
  return Instant.parse(new Date().toISOString());
}

function raise(): never {
  throw new Error('a snapshot has one part at least');
}
