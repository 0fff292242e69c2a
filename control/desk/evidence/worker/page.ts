/**
 * From an answer's body to the words of the page: decompression with a cap, the right letters, no markup.
 *
 * A bomb (a little that unpacks to a lot) is not unpacked beyond the cap: its bytes stay as evidence, its words are left out and that is said.
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { textOfHtml } from '../../../../kit/html-text.ts';

export type PageWords = {
  readonly title: string;
  readonly text: string | null;
  readonly truncated: boolean;
  readonly notes: string[];
};

const mostUnpackedBytes = 20 * 1024 * 1024;

export function wordsOf(body: Buffer, headers: Readonly<Record<string, string>>, mostCharacters: number): PageWords {
  const nothing = (note?: string): PageWords => ({
    title: '',
    text: null,
    truncated: false,
    notes: note === undefined ? [] : [note],
  });
  const type = (headers['content-type'] ?? '').toLowerCase();
  const mime = type.split(';')[0]?.trim() ?? '';
  if (!/^(text\/|application\/(xhtml\+xml|xml|json|ld\+json)$)/.test(mime) && mime !== '') return nothing();
  const coding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  let bytes = body;
  if (coding !== '' && coding !== 'identity') {
    try {
      bytes = unpack(body, coding);
    } catch (error) {
      const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return nothing(
        tooLarge
          ? 'The page would unpack to more than 20 MB; its bytes are kept packed, its words were not read.'
          : 'The page could not be unpacked; its bytes are kept as they came.',
      );
    }
  }
  const html = /html/.test(mime) || (mime === '' && /<html|<!doctype/i.test(bytes.subarray(0, 2000).toString('latin1')));
  const letters = decode(bytes, type, html);
  const title = html ? textOfHtml(/<title[^>]{0,200}>([^<]{0,2000})/i.exec(letters)?.[1] ?? '', 300) : '';
  const whole = html ? textOfHtml(letters, mostCharacters + 1) : letters.slice(0, mostCharacters + 1);
  return { title, text: printable(whole.slice(0, mostCharacters)), truncated: whole.length > mostCharacters, notes: [] };
}

function unpack(body: Buffer, coding: string): Buffer {
  const cap = { maxOutputLength: mostUnpackedBytes };
  // Z_SYNC_FLUSH: a body that was cut off gives what there is.
  if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync(body, { ...cap, finishFlush: 2 });
  if (coding === 'deflate') return inflateSync(body, { ...cap, finishFlush: 2 });
  if (coding === 'br') return brotliDecompressSync(body, { ...cap, finishFlush: 1 });
  throw new Error('an unknown coding');
}

function decode(bytes: Buffer, type: string, html: boolean): string {
  const head = bytes.subarray(0, 2048).toString('latin1');
  const told =
    /charset\s*=\s*"?([a-z0-9_:.-]{1,40})/i.exec(type)?.[1] ??
    (html ? /<meta[^>]{0,300}charset\s*=\s*["']?([a-z0-9_:.-]{1,40})/i.exec(head)?.[1] : undefined) ??
    'utf-8';
  try {
    return new TextDecoder(told).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Without control characters, which a terminal or a database would obey or refuse. */
function printable(text: string): string {
  return text.replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\p{Surrogate}/gu, ' ');
}
