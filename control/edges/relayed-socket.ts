/**
 * An edge's stream through a relay: the control plane's end of a sealed channel, as connection.ts wants a socket.
 *
 * The control plane signs its half of the exchange with the policy key; the edge shows who it is inside, as on a stream of its own. Closed: a
 * message that does not open ends the channel. `read` of the relay says how much has gone on to the edge; a relay that lies about it
 * makes us send too much or too little to its own edges, and nothing else.
 */
import { ChannelKey, channelMark, channelText, numberBytes, relayProtocol } from '../../contract/relay.ts';
import type { ChannelHello } from '../../contract/relay.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { newExchangeKey } from '../../kit/sealed-channel.ts';
import type { SealedChannel } from '../../kit/sealed-channel.ts';
import type { EdgeSocket, EdgeSocketEvents } from './edge-socket.ts';
import type { FrameSeals, SealedFrame } from './frame-seals.ts';

/** What a channel needs of the link that it is on. */
export type ChannelLink = {
  readonly send: (bytes: Uint8Array) => void;
  readonly paste: (frame: SealedFrame) => void;
  readonly ping: () => void;
  readonly close: (code: number) => void;
};

/** The link's side of a channel. */
export type RelayedChannel = {
  readonly take: (bytes: Buffer) => void;
  readonly answered: () => void;
  readonly read: (bytes: number) => void;
  /** The relay or the link says that the edge is gone. */
  readonly gone: () => void;
};

const greetWithinMs = 10_000;
const roomyBytes = 512 * 1024;

/** Greets an edge that a relay has taken in; `serve` is called when there is a channel with it. */
export function openChannel(
  link: ChannelLink,
  sign: SignText,
  seals: FrameSeals,
  serve: (socket: EdgeSocket) => void,
): RelayedChannel {
  const exchange = newExchangeKey();
  let channel: SealedChannel | null = null;
  let events: EdgeSocketEvents | null = null;
  let closed = false;
  let unsent = 0;
  let keyNumber = 0;
  let waiting: ((error: Error | null) => void)[] = [];
  const greeting = setTimeout(() => end(1002), greetWithinMs);
  greeting.unref();

  function send(mark: number, bytes: Uint8Array): void {
    if (closed) return;
    unsent += bytes.length + 1;
    link.send(Buffer.concat([Buffer.of(mark), bytes]));
  }

  function over(): void {
    if (closed) return;
    closed = true;
    clearTimeout(greeting);
    const left = waiting;
    waiting = [];
    for (const sent of left) sent(new Error('the channel has ended'));
    events?.closed();
  }

  function end(code: number): void {
    if (closed) return;
    link.close(code);
    over();
  }

  function greeted(bytes: Buffer): void {
    const said = channel === null ? ChannelKey.safeParse(parseJson(bytes)) : null;
    const opened = said?.success === true ? exchange.channelWith(said.data.key, 'answerer') : null;
    if (opened === null) return end(1002);
    clearTimeout(greeting);
    channel = opened;
    serve(socket);
  }

  const socket: EdgeSocket = {
    unsentBytes: () => unsent,
    say: (text) => {
      if (channel !== null && !closed) send(channelMark.said, channel.seal(Buffer.from(text, 'utf8')));
    },
    frame(frame, sent) {
      if (channel === null || closed) return sent?.(new Error('the channel has ended'));
      const sealed = seals.of(frame);
      if (sealed.key.number !== keyNumber) {
        keyNumber = sealed.key.number;
        send(channelMark.frameKey, channel.seal(Buffer.concat([numberBytes([keyNumber]), sealed.key.bytes])));
      }
      unsent += sealed.bytes.length;
      link.paste(sealed);
      if (unsent <= roomyBytes) sent?.(null);
      else if (sent !== undefined) waiting.push(sent);
    },
    // The relay closes the edge's socket when what came before has gone out.
    close: (code) => end(code),
    cut: () => end(1001),
    ping: () => {
      if (!closed) link.ping();
    },
    listen: (to) => void (events = to),
  };

  const publicKey = exchange.publicKey;
  const hello = { protocol: relayProtocol, key: publicKey, signature: sign(channelText(relayProtocol, publicKey)) };
  send(channelMark.greeting, Buffer.from(JSON.stringify(hello satisfies { [K in keyof ChannelHello]: unknown })));

  return {
    take(bytes) {
      if (closed) return;
      const [mark] = bytes;
      const body = bytes.subarray(1);
      if (mark === channelMark.greeting) return greeted(body);
      if (mark !== channelMark.said) return;
      const opened = channel?.open(body) ?? null;
      if (opened === null) end(1002);
      else events?.said(opened);
    },
    answered: () => events?.answered(),
    read(bytes) {
      unsent = Math.max(0, unsent - bytes);
      if (unsent > roomyBytes) return;
      const left = waiting;
      waiting = [];
      for (const sent of left) sent(null);
    },
    gone: over,
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
