/**
 * HAProxy's stream processing offload protocol (SPOP 2.0), as much as it takes to be asked one question: frames in, frames out.
 *
 * Source: doc/SPOE.txt of HAProxy 2.6. Closed: a frame that is not exactly in form throws SpopError, upon which the connection ends and HAProxy goes on
 * without an answer. Texts are latin1, a character for each byte, as headers are.
 */
export class SpopError extends Error {
  override readonly name = 'SpopError';
}

/** HAProxy's frames fit its buffer of 16 KB. */
export const mostFrameBytes = 16_380;

const kinds = { hello: 1, disconnect: 2, notify: 3, agentHello: 101, agentDisconnect: 102, ack: 103 } as const;
/** The whole is in this frame. */
const final = 1;
const transaction = 2;
const setVariable = 1;
const typed = { none: 0, boolean: 1, int32: 2, uint32: 3, int64: 4, uint64: 5, ipv4: 6, ipv6: 7, text: 8, bytes: 9 } as const;

export type Value = string | number | boolean | null;
export type Frame =
  | { readonly kind: 'hello'; readonly fields: ReadonlyMap<string, Value> }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'notify'; readonly stream: number; readonly frame: number; readonly messages: readonly Message[] };
export type Message = { readonly name: string; readonly fields: ReadonlyMap<string, Value> };

/** The first whole frame of what has arrived, and how many bytes it took; null while there is none. */
export function readFrame(bytes: Buffer): { readonly frame: Frame; readonly length: number } | null {
  if (bytes.length < 4) return null;
  const size = bytes.readUInt32BE(0);
  if (size < 7 || size > mostFrameBytes) throw new SpopError('a frame of a wrong length');
  if (bytes.length < 4 + size) return null;
  return { frame: parse(new Cursor(bytes.subarray(4, 4 + size))), length: 4 + size };
}

function parse(cursor: Cursor): Frame {
  const kind = cursor.byte();
  const flags = cursor.uint32();
  const stream = cursor.varint();
  const frame = cursor.varint();
  if (kind === kinds.disconnect) return { kind: 'disconnect' };
  if ((flags & final) === 0) throw new SpopError('a frame in pieces');
  if (kind === kinds.hello) return { kind: 'hello', fields: cursor.fields(Number.POSITIVE_INFINITY) };
  if (kind !== kinds.notify) throw new SpopError('a frame of an unknown kind');
  const messages: Message[] = [];
  while (!cursor.ended) messages.push({ name: cursor.text(), fields: cursor.fields(cursor.byte()) });
  return { kind: 'notify', stream, frame, messages };
}

/** The answer to `hello`. */
export function helloFrame(mostBytes: number): Buffer {
  const field = (name: string, value: Buffer) => Buffer.concat([textBytes(name), value]);
  const text = (value: string) => Buffer.concat([Buffer.of(typed.text), textBytes(value)]);
  return framed(kinds.agentHello, 0, 0, [
    field('version', text('2.0')),
    field('max-frame-size', Buffer.concat([Buffer.of(typed.uint32), varintBytes(mostBytes)])),
    field('capabilities', text('pipelining')),
  ]);
}

/** The answer to `notify`: a variable of the transaction. */
export function ackFrame(stream: number, frame: number, variable: string, value: string): Buffer {
  const action = [Buffer.of(setVariable, 3, transaction), textBytes(variable), Buffer.of(typed.text), textBytes(value)];
  return framed(kinds.ack, stream, frame, action);
}

/** Said before the connection is closed, in order. */
export function disconnectFrame(): Buffer {
  return framed(kinds.agentDisconnect, 0, 0, [
    textBytes('status-code'),
    Buffer.concat([Buffer.of(typed.uint32), varintBytes(0)]),
    textBytes('message'),
    Buffer.concat([Buffer.of(typed.text), textBytes('')]),
  ]);
}

function framed(kind: number, stream: number, frame: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.of(kind, 0, 0, 0, final), varintBytes(stream), varintBytes(frame), ...parts]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([varintBytes(bytes.length), bytes]);
}

/** Four bits in the first byte, seven in each that follows. */
export function varintBytes(value: number): Buffer {
  if (value < 240) return Buffer.of(value);
  const bytes = [(value % 16) + 240];
  let rest = Math.floor((value - 240) / 16);
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor((rest - 128) / 128);
  }
  return Buffer.from([...bytes, rest]);
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new SpopError('a frame that ends early');
    this.#at += 1;
    return byte;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE(0);
  }

  varint(): number {
    const first = this.byte();
    let value = first;
    if (first < 240) return value;
    for (let scale = 16; ; scale *= 128) {
      const byte = this.byte();
      value += byte * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new SpopError('a number beyond bounds');
      if (byte < 128) return value;
    }
  }

  text(): string {
    return this.#take(this.varint()).toString('latin1');
  }

  /** Names with values: so many, or all that are left. */
  fields(most: number): ReadonlyMap<string, Value> {
    const fields = new Map<string, Value>();
    for (let count = 0; count < most && !this.ended; count += 1) fields.set(this.text(), this.#value());
    return fields;
  }

  #value(): Value {
    const kind = this.byte();
    switch (kind & 0x0f) {
      case typed.none:
        return null;
      case typed.boolean:
        return (kind & 0x10) !== 0;
      case typed.int32:
      case typed.uint32:
      case typed.int64:
      case typed.uint64:
        return this.varint();
      case typed.ipv4:
        return this.#take(4).toString('hex');
      case typed.ipv6:
        return this.#take(16).toString('hex');
      case typed.text:
      case typed.bytes:
        return this.text();
      default:
        throw new SpopError('a value of an unknown kind');
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new SpopError('a frame that ends early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
