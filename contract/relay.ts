/**
 * Relays: what a relay, the control plane and edges behind it say to each other.
 *
 * A relay is a post office. It holds one WebSocket to the control plane (a link) and one to each edge (a channel), and copies bytes between
 * them. Edge and control plane agree on a key through it (the control plane signs its half with the policy key) and then speak the policy
 * stream (contract/stream.ts) inside sealed boxes: the relay can read nothing, forge nothing, repeat nothing. What goes to many edges is sealed
 * once with a key that only edges of that group are given, is sent to the relay once (`copy`), and handed out by it (`paste`).
 * Down a channel: a byte that says what it is (`channelMark`), then the bytes. Up: the same. On the link: a byte that says what it is, a number
 * of four bytes (big-endian), the bytes; before that, three messages of JSON by which the relay proves who it is.
 * Messages of a channel keep their order. Additive only: an end that meets a byte it does not know passes the message over.
 */
import { z } from 'zod';
import { RelayId } from './ids.ts';
import { PublicKey, Signature } from './stream.ts';

/** Version of what is said on links and in greetings. */
export const relayProtocol = 1;
/** Below the control plane's address: where a relay opens its link, and where it enrols. */
export const relayLinkPath = '/edge/v1/relay';
export const enrolRelayPath = '/edge/v1/enrol-relay';
/** Below a relay's address: where an edge opens its channel, and where it asks whether that makes sense. */
export const relayedPath = '/edge/v1/relayed';
export const relayHealthPath = '/healthz';

/** First bytes of messages on a channel. */
export const channelMark = {
  /** JSON, open: `ChannelHello` down, `ChannelKey` up. */
  greeting: 0,
  /** A box of the sealed channel: one message of the policy stream, UTF-8. */
  said: 1,
  /** A box of the sealed channel: number (4 bytes) and key (32 bytes) of the frames that follow. */
  frameKey: 2,
  /** The number of a key (4 bytes) and a box under that key: one frame's message, the same bytes for every edge of the group. */
  frame: 3,
} as const;

/** What binds a frame's box to its purpose. */
export const frameContext = 'portcullis-frame';

export const ChannelHello = z.strictObject({ protocol: z.int(), key: PublicKey, signature: Signature });
export type ChannelHello = z.infer<typeof ChannelHello>;
export const ChannelKey = z.strictObject({ protocol: z.int(), key: PublicKey });
export type ChannelKey = z.infer<typeof ChannelKey>;

/** What the control plane signs with the policy key, so that an edge behind a relay knows whom it is talking to. */
export function channelText(protocol: number, key: string): string {
  return `portcullis-channel\n${protocol}\n${key}`;
}

export const LinkFromControl = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('link-hello'), protocol: z.int(), nonce: z.base64().length(44) }),
  z.strictObject({ kind: z.literal('link-open') }),
  z.strictObject({
    kind: z.literal('link-bye'),
    reason: z.enum(['not-enrolled', 'revoked', 'bad-signature', 'wrong-protocol', 'bad-message', 'replaced', 'stopping']),
    detail: z.string().max(500),
  }),
]);
export type LinkFromControl = z.infer<typeof LinkFromControl>;

export const LinkProof = z.strictObject({
  kind: z.literal('link-proof'),
  protocol: z.int(),
  relayId: RelayId,
  /** Signature by the relay's key over `linkText`. */
  signature: Signature,
  version: z.string().max(40),
});
export type LinkProof = z.infer<typeof LinkProof>;

export function linkText(relayId: RelayId, nonce: string): string {
  return `portcullis-relay-link\n${relayId}\n${nonce}`;
}

/** First bytes of messages on a link, control plane to relay. The number is a channel's, or a copy's for the last three. */
export const toRelay = { bytes: 1, close: 2, ping: 3, copy: 4, paste: 5, forget: 6 } as const;
/** Relay to control plane; the number is a channel's. `read`: so many bytes (4 bytes) more have gone to the edge. */
export const fromRelay = { opened: 1, bytes: 2, closed: 3, pong: 4, read: 5 } as const;

/** Most bytes of a message on a link: a frame, its seal and its marks. */
export const maxLinkBytes = 5 * 1024 * 1024;
/** Most channels of one link. */
export const mostChannels = 10_000;
/** Bytes of copies that a relay keeps; the control plane counts and says what to forget. */
export const mostCopyBytes = 64 * 1024 * 1024;

export type LinkMessage = { readonly mark: number; readonly number: number; readonly body: Uint8Array };

/** A message of a link as bytes. */
export function linkBytes(mark: number, number: number, ...bodies: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(5 + bodies.reduce((sum, body) => sum + body.length, 0));
  bytes[0] = mark;
  new DataView(bytes.buffer).setUint32(1, number);
  let at = 5;
  for (const body of bodies) {
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

/** What a message of a link says; null when it is too short to be one. */
export function readLink(bytes: Uint8Array): LinkMessage | null {
  const mark = bytes[0];
  if (mark === undefined || bytes.length < 5) return null;
  return { mark, number: new DataView(bytes.buffer, bytes.byteOffset).getUint32(1), body: bytes.subarray(5) };
}

/** Numbers as bytes, four each: the channels of a `paste`, the bytes of a `read`. */
export function numberBytes(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, index) => view.setUint32(index * 4, number));
  return bytes;
}

export function readNumbers(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_none, index) => view.getUint32(index * 4));
}
