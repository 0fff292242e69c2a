/**
 * One relay's link: checks who it is, and carries the channels of the edges behind it.
 *
 * Fails closed: until the relay has proved that it holds the key that was enrolled, nothing that it says counts. What it says of channels is
 * believed for its own channels only. A frame is sent once and handed out by number; as many bytes of frames as a relay keeps are counted
 * here, the oldest is forgotten first. Hazard: a link that stalls holds up all edges behind it; beyond 64 MiB unsent it is cut, and they take another way.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { RelayId } from '../../contract/ids.ts';
import * as wire from '../../contract/relay.ts';
import type { LinkFromControl } from '../../contract/relay.ts';
import { textVerifier } from '../../kit/ed25519.ts';
import type { SignText } from '../../kit/ed25519.ts';
import type { Store } from '../../store/open.ts';
import { findRelay } from '../../store/relays.ts';
import { bytesOf } from './edge-socket.ts';
import type { EdgeSocket } from './edge-socket.ts';
import type { FrameSeals, SealedFrame } from './frame-seals.ts';
import { openChannel } from './relayed-socket.ts';
import type { RelayedChannel } from './relayed-socket.ts';

export type Linked = { readonly relayId: RelayId; readonly version: string };

export type LinkDeps = {
  readonly store: Store;
  readonly log: Logger;
  readonly sign: SignText;
  readonly seals: FrameSeals;
  /** The relay has proved who it is. */
  readonly onLinked: (relay: Linked, link: Link) => void;
  /** There is a channel with an edge; who it is, it will say itself. */
  readonly onEdge: (socket: EdgeSocket, relay: Linked, address: string) => void;
  readonly onClosed: (relay: Linked | null, link: Link) => void;
};

export type Link = {
  end(reason: Extract<LinkFromControl, { kind: 'link-bye' }>['reason'], detail: string): void;
  /** Pings it, and cuts it if it has said nothing since the last time. */
  checkAlive(): void;
};

const proveWithinMs = 10_000;
const mostUnprovedBytes = 8 * 1024;
const mostUnsentBytes = 64 * 1024 * 1024;

/** Takes over a WebSocket that a relay has opened. */
export function serveLink(socket: WebSocket, deps: LinkDeps): Link {
  const nonce = randomBytes(32).toString('base64');
  const channels = new Map<number, RelayedChannel>();
  const copies = new Map<SealedFrame, number>();
  let copiedBytes = 0;
  let lastCopy = 0;
  let paste: { readonly number: number; readonly channels: number[] } | null = null;
  let relay: Linked | null = null;
  let closed = false;
  let alive = true;
  const proving = setTimeout(() => end('bad-message', 'No proof came in 10 s.'), proveWithinMs);
  proving.unref();

  function tell(message: LinkFromControl): void {
    if (!closed) socket.send(JSON.stringify(message));
  }
  const end: Link['end'] = (reason, detail) => {
    if (closed) return;
    tell({ kind: 'link-bye', reason, detail });
    socket.close(1000, reason);
    setTimeout(() => socket.terminate(), 2000).unref();
  };

  function post(mark: number, number: number, ...bodies: readonly Uint8Array[]): void {
    handOut();
    if (closed) return;
    if (socket.bufferedAmount > mostUnsentBytes) {
      deps.log.warn({ relayId: relay?.relayId, bytes: socket.bufferedAmount }, 'relay does not read; its link is cut');
      socket.terminate();
      return;
    }
    socket.send(wire.linkBytes(mark, number, ...bodies));
  }

  /** What many channels are sent in one go is one message; it goes before anything that is said after it. */
  function handOut(): void {
    if (paste === null) return;
    const { number, channels: to } = paste;
    paste = null;
    post(wire.toRelay.paste, number, wire.numberBytes(to));
  }

  function pasteTo(channel: number, frame: SealedFrame): void {
    let number = copies.get(frame);
    if (number === undefined) {
      lastCopy += 1;
      number = lastCopy;
      makeRoom(frame.bytes.length);
      post(wire.toRelay.copy, number, frame.bytes);
      copiedBytes += frame.bytes.length;
    } else copies.delete(frame);
    copies.set(frame, number);
    if (paste?.number !== number) {
      handOut();
      paste = { number, channels: [] };
      queueMicrotask(handOut);
    }
    paste.channels.push(channel);
  }

  function makeRoom(bytes: number): void {
    for (const [frame, number] of copies) {
      if (copiedBytes + bytes <= wire.mostCopyBytes) return;
      copies.delete(frame);
      copiedBytes -= frame.bytes.length;
      post(wire.toRelay.forget, number);
    }
  }

  function opened(from: Linked, number: number, body: Buffer): void {
    if (channels.has(number) || channels.size >= wire.mostChannels) return end('bad-message', 'A channel too many.');
    const address = body.toString('utf8').slice(0, 60);
    const parts = {
      send: (bytes: Uint8Array) => post(wire.toRelay.bytes, number, bytes),
      paste: (frame: SealedFrame) => pasteTo(number, frame),
      ping: () => post(wire.toRelay.ping, number),
      close: (code: number) => {
        channels.delete(number);
        post(wire.toRelay.close, number, wire.numberBytes([code]));
      },
    };
    const channel = openChannel(parts, deps.sign, deps.seals, (edge) => deps.onEdge(edge, from, address));
    channels.set(number, channel);
  }

  function hear(from: Linked, bytes: Buffer): void {
    const said = wire.readLink(bytes);
    if (said === null) return end('bad-message', 'A message too short to be one.');
    const { mark, number } = said;
    const body = Buffer.from(said.body.buffer, said.body.byteOffset, said.body.byteLength);
    if (mark === wire.fromRelay.opened) return opened(from, number, body);
    // Of a channel that was closed here something may still be on its way.
    const channel = channels.get(number);
    if (channel === undefined) return;
    if (mark === wire.fromRelay.bytes) channel.take(body);
    if (mark === wire.fromRelay.pong) channel.answered();
    if (mark === wire.fromRelay.read) channel.read(wire.readNumbers(body)[0] ?? 0);
    if (mark === wire.fromRelay.closed) {
      channels.delete(number);
      channel.gone();
    }
  }

  async function prove(bytes: Buffer): Promise<void> {
    const proof = wire.LinkProof.safeParse(parseJson(bytes));
    if (!proof.success) return end('bad-message', 'The first message must be a proof.');
    const { relayId, protocol, signature, version } = proof.data;
    if (protocol !== wire.relayProtocol)
      return end('wrong-protocol', `This control plane speaks protocol ${wire.relayProtocol} with relays, not ${protocol}.`);
    const known = await findRelay(deps.store.db, relayId);
    if (known === null) return end('not-enrolled', `No relay ${relayId} is enrolled here.`);
    if (!textVerifier(known.publicKey)(wire.linkText(relayId, nonce), signature))
      return end('bad-signature', 'The signature does not fit the key that this relay was enrolled with.');
    if (known.revokedAt !== null) return end('revoked', `This relay was revoked at ${known.revokedAt}.`);
    if (closed || relay !== null) return;
    clearTimeout(proving);
    relay = { relayId, version };
    deps.onLinked(relay, link);
    tell({ kind: 'link-open' });
    // A revocation that came while we looked found no link to end.
    if ((await findRelay(deps.store.db, relayId))?.revokedAt !== null) end('revoked', 'An operator has revoked this relay.');
  }

  socket.on('message', (data, isBinary) => {
    alive = true;
    if (closed) return;
    const bytes = bytesOf(data);
    if (relay !== null && isBinary) return hear(relay, bytes);
    if (relay !== null || isBinary || bytes.length > mostUnprovedBytes)
      return end('bad-message', 'A message that this control plane does not understand.');
    prove(bytes).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'a relay could not be linked');
      socket.close(1013, 'try again');
    });
  });
  socket.on('pong', () => (alive = true));
  socket.on('error', (error) => deps.log.info({ relayId: relay?.relayId, err: error }, 'link broke'));
  socket.on('close', () => {
    closed = true;
    clearTimeout(proving);
    const left = [...channels.values()];
    channels.clear();
    for (const channel of left) channel.gone();
    deps.onClosed(relay, link);
  });

  const link: Link = {
    end,
    checkAlive() {
      if (!alive) socket.terminate();
      alive = false;
      socket.ping();
    },
  };
  tell({ kind: 'link-hello', protocol: wire.relayProtocol, nonce });
  return link;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
