/**
 * The post office: one link to the control plane, a channel for each edge, and bytes that are copied between them.
 *
 * It opens nothing and keeps nothing but the copies of frames that the control plane counts for it, in memory. Without a link it takes in no
 * edge and lets go those that it has: they take another way within a second. It holds no state that a restart would lose.
 * Hazards: an edge that does not read is cut at 32 MiB; while the link does not take more, edges are not read.
 */
import type { Logger } from 'pino';
import { WebSocket } from 'ws';
import type { RelayId } from '../../contract/ids.ts';
import * as wire from '../../contract/relay.ts';
import { maxMessageBytes } from '../../contract/stream.ts';
import { backoffMs } from '../../kit/backoff.ts';
import type { SignText } from '../../kit/ed25519.ts';

export type OfficeCounts = {
  readonly edges: (count: number) => void;
  readonly linked: (linked: boolean) => void;
  readonly carried: (way: 'to-edges' | 'to-control', bytes: number) => void;
  readonly copies: (count: number) => void;
};

export type OfficeParts = {
  readonly controlUrl: string;
  readonly relayId: RelayId;
  readonly sign: SignText;
  readonly version: string;
  readonly chance: () => number;
  readonly log: Logger;
  readonly counts: OfficeCounts;
};

type Channel = { readonly socket: WebSocket; unread: number };

const retry = { firstMs: 60, longestMs: 1000 };
const refusedRetryMs = 30_000;
const silenceMs = 25_000;
const mostUnreadBytes = 32 * 1024 * 1024;
const mostWaitingBytes = 16 * 1024 * 1024;
/** How much has gone on to an edge is told in such steps; the control plane waits at a mebibyte. */
const toldEveryBytes = 128 * 1024;

export class Office {
  readonly #parts: OfficeParts;
  readonly #channels = new Map<number, Channel>();
  readonly #copies = new Map<number, Uint8Array>();
  #link: WebSocket | null = null;
  #open = false;
  #next = 1;
  #attempt = 0;
  #refused = false;
  #timer: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #stopped = false;
  #heldUp = false;

  constructor(parts: OfficeParts) {
    this.#parts = parts;
  }

  /** Whether edges can be taken in. */
  get isOpen(): boolean {
    return this.#open && this.#channels.size < wire.mostChannels;
  }

  start(): void {
    if (this.#stopped) return;
    const url = new URL(wire.relayLinkPath, this.#parts.controlUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const options = { maxPayload: wire.maxLinkBytes, handshakeTimeout: 3000, perMessageDeflate: false, followRedirects: false };
    const link = new WebSocket(url, options);
    this.#link = link;
    this.#listen(link);
    link.on('ping', () => this.#listen(link));
    link.on('message', (data, isBinary) => {
      this.#listen(link);
      if (!Buffer.isBuffer(data) || this.#link !== link) return;
      if (isBinary) this.#carry(data);
      else this.#greet(link, data.toString('utf8'));
    });
    link.on('error', (error) => {
      if (this.#attempt === 0) this.#parts.log.warn({ error: error.message }, 'the link to the control plane failed');
    });
    link.on('close', () => this.#closed(link));
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#link?.close(1000);
    this.#letGo();
    this.#link?.terminate();
  }

  /** Takes an edge in, that comes from this address. */
  take(socket: WebSocket, address: string): void {
    const number = this.#next;
    this.#next = (this.#next % 0xffff_ffff) + 1;
    this.#channels.set(number, { socket, unread: 0 });
    this.#parts.counts.edges(this.#channels.size);
    this.#post(wire.fromRelay.opened, number, Buffer.from(address, 'utf8'));
    socket.on('message', (data, isBinary) => {
      if (!isBinary || !Buffer.isBuffer(data) || data.length > maxMessageBytes + 64) return socket.terminate();
      this.#parts.counts.carried('to-control', data.length);
      this.#post(wire.fromRelay.bytes, number, data);
    });
    socket.on('pong', () => this.#post(wire.fromRelay.pong, number));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      if (this.#channels.get(number)?.socket !== socket) return;
      this.#channels.delete(number);
      this.#parts.counts.edges(this.#channels.size);
      this.#post(wire.fromRelay.closed, number);
    });
  }

  #greet(link: WebSocket, text: string): void {
    const said = wire.LinkFromControl.safeParse(parseJson(text));
    if (!said.success) return;
    const { relayId, sign, version, log, counts } = this.#parts;
    if (said.data.kind === 'link-hello') {
      const signature = sign(wire.linkText(relayId, said.data.nonce));
      link.send(JSON.stringify({ kind: 'link-proof', protocol: wire.relayProtocol, relayId, signature, version }));
      return;
    }
    if (said.data.kind === 'link-open') {
      log.info('linked to the control plane; edges are taken in');
      this.#attempt = 0;
      this.#open = true;
      counts.linked(true);
      return;
    }
    const { reason, detail } = said.data;
    log.warn({ reason, detail }, 'the control plane closed the link');
    this.#refused = reason !== 'stopping' && reason !== 'replaced';
    link.close();
  }

  #carry(bytes: Buffer): void {
    const said = wire.readLink(bytes);
    if (said === null) return;
    const { mark, number, body } = said;
    if (mark === wire.toRelay.copy) {
      this.#copies.set(number, body);
      this.#parts.counts.copies(this.#copies.size);
    }
    if (mark === wire.toRelay.forget) this.#copies.delete(number);
    if (mark === wire.toRelay.paste) {
      const copy = this.#copies.get(number);
      if (copy !== undefined) for (const to of wire.readNumbers(body)) this.#handOut(to, copy);
    }
    if (mark === wire.toRelay.bytes) this.#handOut(number, body);
    if (mark === wire.toRelay.ping) this.#channels.get(number)?.socket.ping();
    if (mark === wire.toRelay.close) {
      const channel = this.#channels.get(number);
      if (channel === undefined) return;
      this.#channels.delete(number);
      this.#parts.counts.edges(this.#channels.size);
      const code = wire.readNumbers(body)[0] ?? 1000;
      channel.socket.close(code === 1001 || code === 1002 ? code : 1000);
      setTimeout(() => channel.socket.terminate(), 2000).unref();
    }
  }

  #handOut(number: number, bytes: Uint8Array): void {
    const channel = this.#channels.get(number);
    if (channel === undefined) return;
    const { socket } = channel;
    if (socket.bufferedAmount > mostUnreadBytes) return socket.terminate();
    this.#parts.counts.carried('to-edges', bytes.length);
    socket.send(bytes, { binary: true }, () => {
      channel.unread += bytes.length;
      if (channel.unread < toldEveryBytes) return;
      this.#post(wire.fromRelay.read, number, wire.numberBytes([channel.unread]));
      channel.unread = 0;
    });
  }

  #post(mark: number, number: number, body: Uint8Array = new Uint8Array(0)): void {
    const link = this.#link;
    if (link === null || !this.#open || link.readyState !== WebSocket.OPEN) return;
    link.send(wire.linkBytes(mark, number, body), () => {
      if (this.#heldUp && link.bufferedAmount < mostWaitingBytes / 2) this.#holdUp(false);
    });
    if (!this.#heldUp && link.bufferedAmount > mostWaitingBytes) this.#holdUp(true);
  }

  /** While the link does not take more, edges wait with what they say. */
  #holdUp(wait: boolean): void {
    this.#heldUp = wait;
    for (const { socket } of this.#channels.values()) {
      if (wait) socket.pause();
      else socket.resume();
    }
  }

  #listen(link: WebSocket): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => link.terminate(), silenceMs);
  }

  #letGo(): void {
    this.#open = false;
    this.#heldUp = false;
    this.#parts.counts.linked(false);
    const left = [...this.#channels.values()];
    this.#channels.clear();
    this.#copies.clear();
    this.#parts.counts.edges(0);
    for (const { socket } of left) {
      socket.resume();
      socket.terminate();
    }
  }

  #closed(link: WebSocket): void {
    if (this.#link !== link) return;
    this.#link = null;
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#letGo();
    if (this.#stopped) return;
    const waitMs = this.#refused ? refusedRetryMs : backoffMs(retry, this.#attempt, this.#parts.chance());
    this.#refused = false;
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.start(), waitMs);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
