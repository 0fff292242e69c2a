/**
 * Reads a form that a browser sent, URL-encoded or multipart, within limits and without holding more than it keeps.
 *
 * A file that is too large, or one too many, is passed over byte by byte and named in the answer, so that the words around it are not
 * lost. Text is read leniently (broken UTF-8 becomes U+FFFD): a form is filled in by people, and their words are taken. The whole body has a
 * limit too; over it Failure `too-large`. Not here: what the fields mean, what kind of file it is.
 * After: RFC 7578 and the WHATWG's multipart/form-data encoding (quotes and line breaks in names are percent-encoded).
 */
import { readBytes } from './body.ts';
import { Failure } from './failure.ts';

export type FormFile = { readonly field: string; readonly name: string; readonly mediaType: string; readonly bytes: Buffer };

export type FormLimits = {
  /** All fields together, in bytes. */
  readonly fieldsBytes: number;
  readonly fileBytes: number;
  readonly filesBytes: number;
  readonly files: number;
};

export type Form = {
  /** The first value of each name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly FormFile[];
  /** Files that were passed over because of a limit. */
  readonly leftOut: number;
};

const longestHead = 16 * 1024;
const mostParts = 200;
/** What parts' heads and boundaries may add. */
const slack = 256 * 1024;

/** Throws Failure `bad-request` for what is no form, `too-large` over the whole limit. */
export async function readForm(request: Request, limits: FormLimits): Promise<Form> {
  const type = request.headers.get('content-type') ?? '';
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    const text = (await readBytes(request, limits.fieldsBytes)).toString('utf8');
    const fields = new Map<string, string>();
    for (const [name, value] of new URLSearchParams(text)) if (!fields.has(name)) fields.set(name, value);
    return { fields, files: [], leftOut: 0 };
  }
  const boundary = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))/i.exec(type);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw new Failure('bad-request', 'This is no form that a browser sends. Nothing was changed.');
  return readParts(request, name, limits);
}

type Part = { readonly field: string; readonly file: string | null; readonly mediaType: string };

async function readParts(request: Request, boundary: string, limits: FormLimits): Promise<Form> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // Room for twice the files: one that is too large is passed over, not refused, up to here.
  const mostBytes = limits.fieldsBytes + 2 * limits.filesBytes + slack;
  const fields = new Map<string, string>();
  const files: FormFile[] = [];
  let leftOut = 0;
  let fieldsBytes = 0;
  let filesBytes = 0;
  let parts = 0;
  let part: Part | null = null;
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let over = false;
  let state: 'before' | 'after-delimiter' | 'head' | 'data' | 'end' = 'before';
  // The first delimiter has no line break of its own before it.
  let waiting: Buffer = Buffer.from('\r\n');

  const takeIn = (piece: Buffer): void => {
    if (part === null || piece.byteLength === 0) return;
    if (part.file === null) {
      fieldsBytes += piece.byteLength;
      if (fieldsBytes > limits.fieldsBytes) throw tooLarge(limits.fieldsBytes);
    } else if (over || keptBytes + piece.byteLength > limits.fileBytes || filesBytes + piece.byteLength > limits.filesBytes) {
      over = true;
      filesBytes -= keptBytes;
      kept = [];
      keptBytes = 0;
      return;
    } else filesBytes += piece.byteLength;
    kept.push(piece);
    keptBytes += piece.byteLength;
  };
  const endPart = (): void => {
    if (part === null) return;
    const bytes = Buffer.concat(kept);
    if (part.file === null) {
      if (!fields.has(part.field)) fields.set(part.field, bytes.toString('utf8'));
    } else if (over || (files.length >= limits.files && bytes.byteLength > 0)) leftOut += 1;
    // A file input that was left empty sends a part without a name and without bytes.
    else if (part.file !== '' || bytes.byteLength > 0) {
      files.push({ field: part.field, name: part.file, mediaType: part.mediaType, bytes });
    }
    part = null;
    kept = [];
    keptBytes = 0;
    over = false;
  };
  /** Does one step with what is waiting. `more`: it needs more bytes. */
  const step = (): 'again' | 'more' | 'end' => {
    switch (state) {
      case 'before':
      case 'data': {
        const at = waiting.indexOf(delimiter);
        if (at === -1) {
          const sure = Math.max(0, waiting.byteLength - delimiter.byteLength + 1);
          if (state === 'data') takeIn(waiting.subarray(0, sure));
          waiting = waiting.subarray(sure);
          return 'more';
        }
        if (state === 'data') takeIn(waiting.subarray(0, at));
        endPart();
        waiting = waiting.subarray(at + delimiter.byteLength);
        state = 'after-delimiter';
        return 'again';
      }
      case 'after-delimiter': {
        if (waiting.byteLength < 2) return 'more';
        const mark = waiting.toString('latin1', 0, 2);
        if (mark !== '--' && mark !== '\r\n') throw broken();
        state = mark === '--' ? 'end' : 'head';
        // A part without headers begins at once with its empty line, which needs the line break that was just read.
        waiting = waiting.subarray(mark === '--' ? 2 : 0);
        return 'again';
      }
      case 'head': {
        const at = waiting.indexOf('\r\n\r\n');
        if (at === -1 || at > longestHead) {
          if (waiting.byteLength > longestHead) throw broken();
          return 'more';
        }
        parts += 1;
        if (parts > mostParts) throw broken();
        part = partOf(waiting.toString('utf8', 0, at));
        waiting = waiting.subarray(at + 4);
        state = 'data';
        return 'again';
      }
      case 'end':
        waiting = Buffer.alloc(0);
        return 'end';
      default:
        return state satisfies never;
    }
  };

  let read = 0;
  let last: ReturnType<typeof step> = 'more';
  const announced = Number(request.headers.get('content-length') ?? '0');
  if (announced > mostBytes) throw tooLarge(mostBytes);
  const body: AsyncIterable<Uint8Array> = request.body ?? emptyBody();
  for await (const chunk of body) {
    read += chunk.byteLength;
    if (read > mostBytes) throw tooLarge(mostBytes);
    waiting = Buffer.concat([waiting, chunk]);
    do last = step();
    while (last === 'again');
  }
  if (last !== 'end') throw broken();
  return { fields, files, leftOut };
}

async function* emptyBody(): AsyncIterable<Uint8Array> {
  yield* [];
}

function partOf(head: string): Part {
  const line = (wanted: string) =>
    head
      .split('\r\n')
      .find((one) => one.toLowerCase().startsWith(`${wanted}:`))
      ?.slice(wanted.length + 1)
      .trim() ?? '';
  const disposition = line('content-disposition');
  const value = (name: string) => new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1] ?? null;
  const field = value('name');
  if (field === null) throw broken();
  return { field: unescaped(field), file: mapped(value('filename')), mediaType: line('content-type').slice(0, 100) };
}

function mapped(name: string | null): string | null {
  return name === null ? null : unescaped(name);
}

function unescaped(text: string): string {
  return text.replaceAll(/%(22|0D|0A)/gi, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function broken(): Failure {
  return new Failure('bad-request', 'The form arrived broken or cut off. Nothing was changed: send it again.');
}

function tooLarge(bytes: number): Failure {
  return new Failure('too-large', `A form here has at most ${Math.floor(bytes / 2 ** 20)} MiB. Nothing was changed.`);
}
