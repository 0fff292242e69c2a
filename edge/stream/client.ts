/**
 * The edge's end of the policy stream: one WebSocket to the control plane, opened again whenever it ends.
 *
 * Carries messages and nothing more: what a frame is worth is frames.ts, what to do with it agent.ts. Losing the control plane changes
 * nothing that is enforced. The first attempts come fast, so that a control plane that restarts is back within a second; the wait stays
 * at about a second, for an edge that was cut off shall be current within two. A refusal (`bye`) that time alone will not mend waits
 * for half a minute. Silence for 20 s ends a connection: the control plane says `head` every few seconds.
 */
import { WebSocket } from 'ws';
import type { Logger } from 'pino';
import type { EdgeId } from '../../contract/ids.ts';
import { FromControl, maxMessageBytes, streamPath, streamProtocol, subscribeText } from '../../contract/stream.ts';
import type { FromEdge, SignedFrame } from '../../contract/stream.ts';
import type { KeptAddress } from '../../contract/traffic.ts';
import { backoffMs } from '../../kit/backoff.ts';
import type { SignText } from '../../kit/ed25519.ts';

export type Held = { readonly revision: FromEdgeOf<'subscribe'>['revision']; readonly digest: string };
type FromEdgeOf<K extends FromEdge['kind']> = Extract<FromEdge, { kind: K }>;
export type EdgeVersions = FromEdgeOf<'subscribe'>['versions'];
type Head = Extract<FromControl, { kind: 'head' }>;
export type Ask = Extract<FromControl, { kind: 'ask' }>;

export type StreamParts = {
  readonly controlUrl: string;
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
const retry = { firstMs: 60, longestMs: 1000 };
const refusedRetryMs = 30_000;
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

  constructor(parts: StreamParts) {
    this.#parts = parts;
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
    socket.send(JSON.stringify(message));
    return true;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#socket?.terminate();
  }

  #connect(): void {
    if (this.#stopped) return;
    const url = new URL(streamPath, this.#parts.controlUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, {
      maxPayload: maxMessageBytes,
      handshakeTimeout: 3000,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    this.#listen(socket);
    socket.on('message', (data, isBinary) => {
      this.#listen(socket);
      this.#take(socket, !isBinary && Buffer.isBuffer(data) ? data.toString('utf8') : null);
    });
    socket.on('ping', () => this.#listen(socket));
    socket.on('error', (error) => {
      if (this.#attempt === 0)
        this.#parts.log.warn({ error: error.message }, 'the policy stream failed; what is in force stays in force');
    });
    socket.on('close', () => this.#closed(socket));
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
        return this.#parts.onHead(message);
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
        this.#waitMs = message.reason === 'stopping' ? null : refusedRetryMs;
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
    socket.send(JSON.stringify(message));
    this.#parts.log.info({ revision }, 'subscribed to the policy stream');
    this.#parts.onSubscribed();
  }

  #listen(socket: WebSocket): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => socket.terminate(), silenceMs);
  }

  #closed(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#subscribed = false;
    this.#accepted = false;
    if (this.#silence !== null) clearTimeout(this.#silence);
    if (this.#stopped) return;
    const waitMs = this.#waitMs ?? backoffMs(retry, this.#attempt, this.#parts.chance());
    this.#waitMs = null;
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), waitMs);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
