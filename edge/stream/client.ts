/**
 * The edge's end of the policy stream: one WebSocket to the control plane or to a relay, opened again whenever it ends.
 *
 * Carries messages and nothing more: what a frame is worth is frames.ts, what to do with it agent.ts. Losing the control plane changes
 * nothing that is enforced. The first attempts come fast, so that a control plane that restarts is back within a second; the wait stays
 * at about a second, for an edge that was cut off shall be current within two. A refusal (`bye`) that time alone will not mend waits
 * for half a minute. Silence for 20 s ends a connection: the control plane says `head` every few seconds.
 * Through a relay the same is said inside a sealed channel (tunnel.ts): there only the control plane's own words count as a sign of life, and a
 * relay that forges or keeps back is left for the next address, at last for the control plane itself.
 */
import { WebSocket } from 'ws';
import type { Logger } from 'pino';
import { Revision } from '../../contract/ids.ts';
import type { EdgeId } from '../../contract/ids.ts';
import { relayHealthPath, relayedPath } from '../../contract/relay.ts';
import { FromControl, maxMessageBytes, streamPath, streamProtocol, subscribeText } from '../../contract/stream.ts';
import type { FromEdge, SignedFrame } from '../../contract/stream.ts';
import type { KeptAddress } from '../../contract/traffic.ts';
import { backoffMs } from '../../kit/backoff.ts';
import type { SignText, VerifyText } from '../../kit/ed25519.ts';
import { Addresses } from './addresses.ts';
import { RelayWatch } from './relay-watch.ts';
import { Tunnel } from './tunnel.ts';

export type Held = { readonly revision: FromEdgeOf<'subscribe'>['revision']; readonly digest: string };
type FromEdgeOf<K extends FromEdge['kind']> = Extract<FromEdge, { kind: K }>;
export type EdgeVersions = FromEdgeOf<'subscribe'>['versions'];
type Head = Extract<FromControl, { kind: 'head' }>;
export type Ask = Extract<FromControl, { kind: 'ask' }>;

export type StreamParts = {
  readonly controlUrl: string;
  /** Relays that are tried first, with what shows that the control plane itself speaks through them. Left out: there are none. */
  readonly relays?: { readonly urls: readonly string[]; readonly verify: VerifyText };
  readonly edgeId: EdgeId;
  readonly sign: SignText;
  readonly versions: EdgeVersions;
  readonly held: () => Held;
  readonly chance: () => number;
  readonly log: Logger;
  readonly onSubscribed: () => void;
  readonly onFrame: (frame: SignedFrame) => void;
  readonly onHead: (head: Head) => void;
  readonly onReceiptKept: (signature: string) => void;
  readonly onCertificateKey: (key: string) => void;
  readonly onAsk: (ask: Ask) => void;
  readonly onOverLimit: (payload: string, signature: string) => void;
  readonly onInsightWanted: (keep: KeptAddress) => void;
};

const silenceMs = 20_000;
/** The same until a relay has brought the first word of the control plane. */
const relayWordMs = 5000;
const healthTimeoutMs = 3000;
const retry = { firstMs: 60, longestMs: 1000 };
const refusedRetryMs = 30_000;
/** Two streams of one edge may overtake each other on different ways; two edges with one key are to wait ever longer. */
const replacedRetry = { firstMs: 500, longestMs: 30_000 };
const lastingMs = 60_000;
/** Messages waiting to be sent beyond this are the control plane's slowness, not ours to store: telemetry is dropped. */
const mostBufferedBytes = 8 * 1024 * 1024;

export class StreamClient {
  readonly #parts: StreamParts;
  #socket: WebSocket | null = null;
  #subscribed = false;
  /** The control plane has answered our subscription. */
  #accepted = false;
  #attempt = 0;
  #timer: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #started = false;
  #stopped = false;
  #waitMs: number | null = null;
  #lastHeardMs: number | null = null;
  readonly #addresses: Addresses;
  /** Set while the stream comes through a relay. */
  #tunnel: Tunnel | null = null;
  #watch = new RelayWatch();
  #openedMs = 0;
  /** How often in a row another stream of this edge has taken the place of ours. */
  #replaced = 0;
  #home: NodeJS.Timeout | null = null;
  /** What a relay did, until the control plane can be told. */
  #mistrust: string | null = null;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#addresses = new Addresses(parts.edgeId, parts.controlUrl, parts.relays?.urls ?? []);
  }

  get isConnected(): boolean {
    return this.#subscribed;
  }

  /** When the control plane last said anything, in milliseconds since 1970. */
  get lastHeardMs(): number | null {
    return this.#lastHeardMs;
  }

  /** Opens the stream; asked again, it changes nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#connect();
  }

  /** Sends a message if the stream is open; says whether it did. What must not be lost is kept by the caller and sent again. */
  send(message: FromEdge): boolean {
    const socket = this.#socket;
    // What comes before the control plane has looked up who subscribed would end the stream (contract/stream.ts).
    if (socket === null || !this.#accepted || socket.readyState !== WebSocket.OPEN) return false;
    if ((message.kind === 'telemetry' || message.kind === 'busiest') && socket.bufferedAmount > mostBufferedBytes) return false;
    this.#say(socket, message);
    return true;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#silence !== null) clearTimeout(this.#silence);
    if (this.#home !== null) clearTimeout(this.#home);
    this.#socket?.terminate();
  }

  #connect(): void {
    if (this.#stopped) return;
    const { url: base, isRelay } = this.#addresses.current;
    const url = new URL(isRelay ? relayedPath : streamPath, base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      maxPayload: maxMessageBytes,
      handshakeTimeout: 3000,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    const { relays } = this.#parts;
    const tunnel = isRelay && relays !== undefined ? new Tunnel(relays.verify) : null;
    this.#tunnel = tunnel;
    this.#watch = new RelayWatch();
    this.#openedMs = performance.now();
    this.#listen(socket);
    socket.on('message', (data, isBinary) => {
      if (tunnel !== null) return this.#open(socket, tunnel, isBinary && Buffer.isBuffer(data) ? data : null);
      this.#listen(socket);
      this.#take(socket, !isBinary && Buffer.isBuffer(data) ? data.toString('utf8') : null);
    });
    // A relay's ping says nothing of the control plane.
    if (tunnel === null) socket.on('ping', () => this.#listen(socket));
    socket.on('error', (error) => {
      if (this.#attempt === 0)
        this.#parts.log.warn({ error: error.message }, 'the policy stream failed; what is in force stays in force');
    });
    socket.on('close', () => this.#closed(socket));
  }

  #waitAfter(reason: Extract<FromControl, { kind: 'bye' }>['reason']): number | null {
    if (reason === 'stopping') return null;
    if (reason !== 'replaced') return refusedRetryMs;
    if (performance.now() - this.#openedMs > lastingMs) this.#replaced = 0;
    this.#replaced += 1;
    return backoffMs(replacedRetry, this.#replaced - 1, this.#parts.chance());
  }

  /** Unpacks what a relay brings. */
  #open(socket: WebSocket, tunnel: Tunnel, bytes: Buffer | null): void {
    if (this.#socket !== socket || socket.readyState !== WebSocket.OPEN) return;
    const out = bytes === null ? ({ kind: 'over', why: 'forged' } as const) : tunnel.take(bytes);
    if (out.kind === 'answer') socket.send(out.bytes);
    if (out.kind === 'said') {
      this.#listen(socket);
      this.#take(socket, out.text);
    }
    if (out.kind === 'over') this.#leave(socket, out.why);
  }

  /** Leaves a relay that does not do what it is for. */
  #leave(socket: WebSocket, why: 'forged' | 'held-back' | 'other-protocol'): void {
    const { url, isRelay } = this.#addresses.current;
    if (!isRelay) return;
    this.#parts.log.warn({ relay: url, why }, 'this relay is left; the policy is taken elsewhere');
    if (why !== 'other-protocol') {
      const did = why === 'forged' ? 'passed on what the control plane did not say' : 'kept back what the control plane said';
      this.#mistrust = `The relay ${url} ${did}. Nothing of it was used; this edge takes another way.`;
    }
    this.#accepted = false;
    socket.terminate();
  }

  /** No revision is refused; it is how an edge says that something is wrong, and every control plane raises an alarm for it. */
  #tellMistrust(): void {
    const detail = this.#mistrust;
    if (detail === null) return;
    this.#mistrust = null;
    this.send({ kind: 'nack', revision: Revision.parse(0), reason: 'bad-signature', detail });
  }

  #say(socket: WebSocket, message: FromEdge): void {
    const text = JSON.stringify(message);
    if (this.#tunnel === null) socket.send(text);
    else {
      const sealed = this.#tunnel.seal(text);
      if (sealed !== null) socket.send(sealed);
    }
  }

  #take(socket: WebSocket, text: string | null): void {
    const parsed = FromControl.safeParse(parseJson(text ?? ''));
    if (!parsed.success) {
      this.#parts.log.warn(
        { mistakes: parsed.error.issues.slice(0, 3).map(({ message }) => message) },
        'a message from the control plane is not understood',
      );
      return;
    }
    this.#lastHeardMs = Date.now();
    const message = parsed.data;
    switch (message.kind) {
      case 'hello':
        return this.#subscribe(socket, message.nonce);
      case 'frame':
        this.#accepted = true;
        return this.#parts.onFrame(message.frame);
      case 'head':
        this.#accepted = true;
        this.#attempt = 0;
        this.#seekBetter();
        this.#tellMistrust();
        this.#parts.onHead(message);
        if (this.#tunnel !== null) {
          const passed = this.#watch.heard(message, Date.parse(message.at), this.#parts.held(), performance.now());
          if (passed === 'held-back') this.#leave(socket, passed);
        }
        return;
      case 'receipt-kept':
        return this.#parts.onReceiptKept(message.signature);
      case 'certificate-key':
        return this.#parts.onCertificateKey(message.key);
      case 'ask':
        this.#accepted = true;
        return this.#parts.onAsk(message);
      case 'over-limit':
        return this.#parts.onOverLimit(message.payload, message.signature);
      case 'insight-wanted':
        return this.#parts.onInsightWanted(message.keep);
      case 'bye':
        if (message.reason === 'not-enrolled') {
          this.#parts.log.error(
            'the control plane does not know this edge: enrol it again with a new token and an empty edge folder',
          );
        }
        this.#waitMs = this.#waitAfter(message.reason);
        this.#parts.log.warn({ reason: message.reason, detail: message.detail }, 'the control plane closed the policy stream');
        socket.close();
        return;
      default:
        return message satisfies never;
    }
  }

  #subscribe(socket: WebSocket, nonce: string): void {
    const { edgeId, sign, versions } = this.#parts;
    this.#subscribed = true;
    const { revision, digest } = this.#parts.held();
    const signature = sign(subscribeText(edgeId, nonce));
    const message: FromEdge = { kind: 'subscribe', protocol: streamProtocol, edgeId, signature, revision, digest, versions };
    this.#say(socket, message);
    this.#parts.log.info(
      { revision, relay: this.#tunnel === null ? null : this.#addresses.current.url },
      'subscribed to the policy stream',
    );
    this.#parts.onSubscribed();
  }

  #listen(socket: WebSocket): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    const patienceMs = this.#tunnel !== null && !this.#accepted ? relayWordMs : silenceMs;
    this.#silence = setTimeout(() => socket.terminate(), patienceMs);
  }

  #closed(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    if (this.#tunnel !== null) this.#addresses.lasted(performance.now() - this.#openedMs);
    // What has worked is tried again; what has not, or was left, is not.
    if (!this.#accepted) this.#addresses.failed();
    this.#tunnel = null;
    this.#subscribed = false;
    this.#accepted = false;
    if (this.#home !== null) clearTimeout(this.#home);
    this.#home = null;
    if (this.#silence !== null) clearTimeout(this.#silence);
    if (this.#stopped) return;
    const waitMs = this.#waitMs ?? backoffMs(retry, this.#attempt, this.#parts.chance());
    this.#waitMs = null;
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), waitMs);
  }

  /** From a lower place: asks better ones now and then, and goes where one answers. */
  #seekBetter(): void {
    if (this.#home !== null || this.#addresses.better.length === 0) return;
    this.#home = setTimeout(() => {
      this.#goHome().catch(() => undefined);
    }, this.#addresses.homeMs(this.#parts.chance()));
    this.#home.unref();
  }

  async #goHome(): Promise<void> {
    const socket = this.#socket;
    for (const place of this.#addresses.better) {
      const request = { redirect: 'error', signal: AbortSignal.timeout(healthTimeoutMs) } as const;
      const answers = await fetch(new URL(relayHealthPath, place.url), request).then(
        (response) => response.ok,
        () => false,
      );
      if (this.#socket !== socket || socket === null || this.#stopped) return;
      if (!answers) continue;
      this.#addresses.moveTo(place);
      socket.close();
      return;
    }
    this.#home = null;
    this.#seekBetter();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
