/**
 * What the policy stream runs over: a WebSocket of the edge's own, or a sealed channel through a relay (relayed-socket.ts).
 *
 * Only carries. A frame goes apart from what else is said, because it is the same for every edge of a group: a relay is sent it once.
 */
import type { RawData, WebSocket } from 'ws';
import type { Frame } from './frames.ts';

export type EdgeSocketEvents = {
  /** A message; null when it is none of text. */
  readonly said: (bytes: Buffer | null) => void;
  /** A ping was answered. */
  readonly answered: () => void;
  readonly broke: (error: Error) => void;
  /** Comes once, and nothing after it. */
  readonly closed: () => void;
};

export type EdgeSocket = {
  readonly unsentBytes: () => number;
  readonly say: (text: string) => void;
  /** `sent` is called when it has gone out, or there is room for more; with an error when the socket ends before. */
  readonly frame: (frame: Frame, sent?: (error: Error | null) => void) => void;
  /** Ends it in order. */
  readonly close: (code: number, reason: string) => void;
  /** Ends it at once. */
  readonly cut: () => void;
  readonly ping: () => void;
  readonly listen: (events: EdgeSocketEvents) => void;
};

/** A WebSocket that an edge has opened itself. */
export function directSocket(socket: WebSocket): EdgeSocket {
  return {
    unsentBytes: () => socket.bufferedAmount,
    say: (text) => socket.send(text),
    frame: (frame, sent) => socket.send(frame.message, { binary: false }, (error) => sent?.(error ?? null)),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
    ping: () => socket.ping(),
    listen(events) {
      socket.on('message', (data: RawData, isBinary: boolean) => events.said(isBinary ? null : bytesOf(data)));
      socket.on('pong', events.answered);
      socket.on('error', events.broke);
      socket.on('close', events.closed);
    },
  };
}

/** The bytes of a message, however the library hands them over. */
export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(new Uint8Array(data));
}
