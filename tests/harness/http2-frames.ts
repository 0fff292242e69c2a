/**
 * HTTP/2 by hand: frames and header blocks that no library would send.
 *
 * Header fields are literals without indexing and without Huffman, so that any byte can stand in a name or a value. Answers are read as frames; the
 * fields of an answer are not decoded (that takes the whole of HPACK), only its frames are told.
 */
import tls from 'node:tls';

/** RFC 9113, 6. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const endStream = 1;
export const endHeaders = 4;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** One frame; the payload may be anything. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Text is one byte per character. */
export type Field = readonly [name: string, value: string];

/** A header block of literal fields (RFC 7541, 6.2.2). */
export function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541, 5.1, with the bits before the prefix zero. */
function integer(value: number, prefix: number): Buffer {
  const most = 2 ** prefix - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

export type Frame = { readonly type: number; readonly flags: number; readonly stream: number; readonly payload: Buffer };

export type RawH2 = {
  readonly socket: tls.TLSSocket;
  readonly send: (...frames: readonly Buffer[]) => void;
  readonly frames: () => readonly Frame[];
  readonly closed: Promise<void>;
};

/** A TLS connection that speaks h2, with the preface and empty settings sent. */
export function openH2(port: number, servername: string, from = '127.0.0.1'): Promise<RawH2> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername, localAddress: from, rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    const socket = tls.connect(options, () => {
      socket.write(Buffer.concat([preface, frame(frameType.settings, 0, 0)]));
      resolve({ socket, send: (...frames) => void socket.write(Buffer.concat(frames)), frames: () => frames, closed });
    });
    const frames: Frame[] = [];
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const end = 9 + rest.readUIntBE(0, 3);
        frames.push({ type: rest[3] ?? 0, flags: rest[4] ?? 0, stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) });
        rest = rest.subarray(end);
      }
    });
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    socket.once('error', reject);
    socket.on('error', () => socket.destroy());
  });
}
