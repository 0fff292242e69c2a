/**
 * Reads a JSON body with a limit: content type, size, UTF-8 and syntax are checked before any schema sees a value.
 *
 * Reading stops at the first byte over the limit: a 10 MB body costs one mebibyte, and `Connection: close` (set where the answer
 * is made) keeps the rest from being read. Fails closed: what cannot be read exactly is refused, never repaired.
 */
import { Failure } from './failure.ts';

const maxBodyBytes = 1024 * 1024;

/** The parsed body; `undefined` when there is none. Throws Failure `bad-request` or `too-large`. */
export async function readJsonBody(request: Request, maxBytes = maxBodyBytes): Promise<unknown> {
  const bytes = await readBytes(request, maxBytes);
  if (bytes.byteLength === 0) return undefined;
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)) {
    throw new Failure('bad-request', 'Send the body as application/json in UTF-8. Nothing was changed.');
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new Failure('bad-request', 'The body is not valid UTF-8. Nothing was changed.', { cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Failure('bad-request', 'The body is not valid JSON. Nothing was changed.', { cause });
  }
  // A text without such bytes and without escapes that could make them holds none, and most have neither: looking at every value costs five times
  // what parsing does. (JSON has no raw control characters below a space within its strings.)
  if (mayHoldControls.test(text) && !isPlain(parsed)) {
    const sentence = 'The body holds control characters or half characters, which no text here needs. Nothing was changed.';
    throw new Failure('bad-request', sentence);
  }
  return parsed;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const mayHoldControls = /\\[ubf]|[\x7f-\x9f]/;

/** Whether every text among the values is plain. In a loop: a body may be nested deeper than calls can be. */
function isPlain(body: unknown): boolean {
  const open: unknown[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && !isPlainText(value)) return false;
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) open.push(inner);
  }
  return true;
}

/** The whole body, at most so many bytes. Throws Failure `too-large` at the first byte over the limit. */
export async function readBytes(request: Request, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const length = request.headers.get('content-length');
  const announced = Number(length ?? '0');
  if (announced > maxBytes) throw tooLarge(maxBytes);
  if (length !== null && /^\d+$/.test(length) && !request.headers.has('transfer-encoding')) {
    // The parser of requests ends a body where its length said, so this one fits. Read in one piece it costs a tenth of a stream.
    const bytes = Buffer.from(await request.arrayBuffer());
    if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  if (request.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> = request.body;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Whether a text has neither control characters (tab and line breaks aside) nor halves of surrogate pairs: a database refuses some of them,
 * and a terminal that prints a name obeys others.
 */
export function isPlainText(text: string): boolean {
  return !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\p{Surrogate}/u.test(text);
}

function tooLarge(maxBytes: number): Failure {
  return new Failure('too-large', `A request here has at most ${Math.floor(maxBytes / 2 ** 20)} MiB. Nothing was changed.`);
}
