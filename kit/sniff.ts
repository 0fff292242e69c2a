/**
 * What kind of file some bytes are, by their first bytes and never by what their sender says.
 *
 * Knows the few kinds that people send as pictures, films, documents and archives; everything else is text (when it is valid UTF-8 without
 * control characters) or `application/octet-stream`. Nothing is opened, unpacked or rendered. Hazard: a file can be two kinds at once (a
 * picture that is also an archive); whoever shows one still shows it as inert as it can.
 * After: the WHATWG MIME sniffing standard, sections 6 and 7, much reduced.
 */
type Signature = { readonly type: string; readonly at: number; readonly bytes: string };

const signatures: readonly Signature[] = [
  { type: 'image/png', at: 0, bytes: '\x89PNG\r\n\x1a\n' },
  { type: 'image/jpeg', at: 0, bytes: '\xff\xd8\xff' },
  { type: 'image/gif', at: 0, bytes: 'GIF87a' },
  { type: 'image/gif', at: 0, bytes: 'GIF89a' },
  { type: 'image/webp', at: 8, bytes: 'WEBP' },
  { type: 'image/avif', at: 4, bytes: 'ftypavif' },
  { type: 'image/heic', at: 4, bytes: 'ftypheic' },
  { type: 'video/quicktime', at: 4, bytes: 'ftypqt' },
  { type: 'video/mp4', at: 4, bytes: 'ftyp' },
  { type: 'video/webm', at: 0, bytes: '\x1aE\xdf\xa3' },
  { type: 'audio/ogg', at: 0, bytes: 'OggS' },
  { type: 'audio/mpeg', at: 0, bytes: 'ID3' },
  { type: 'audio/wav', at: 8, bytes: 'WAVE' },
  { type: 'application/pdf', at: 0, bytes: '%PDF-' },
  { type: 'application/zip', at: 0, bytes: 'PK\x03\x04' },
  { type: 'application/zip', at: 0, bytes: 'PK\x05\x06' },
  { type: 'application/gzip', at: 0, bytes: '\x1f\x8b' },
  { type: 'application/x-7z-compressed', at: 0, bytes: '7z\xbc\xaf\x27\x1c' },
  { type: 'application/vnd.rar', at: 0, bytes: 'Rar!\x1a\x07' },
  { type: 'application/x-xz', at: 0, bytes: '\xfd7zXZ\0' },
  { type: 'application/x-bzip2', at: 0, bytes: 'BZh' },
  { type: 'application/zstd', at: 0, bytes: '\x28\xb5\x2f\xfd' },
];

const readAtMost = 4096;

/** A media type; never throws. */
export function sniffType(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, readAtMost));
  const start = head.toString('latin1');
  const found = signatures.find((one) => start.startsWith(one.bytes, one.at));
  if (found !== undefined) return found.type;
  const text = textOf(head, bytes.byteLength > readAtMost);
  if (text === null) return 'application/octet-stream';
  if (/^\s*(<!doctype html|<html|<head|<body|<script|<iframe)/i.test(text)) return 'text/html';
  if (/^\s*(<\?xml|<svg)/i.test(text)) return 'application/xml';
  if (/^(received|return-path|from|delivered-to|message-id|mime-version): ?\S/i.test(text)) return 'message/rfc822';
  return 'text/plain';
}

/** The head as text, or null when it is none. A cut may split its last character. */
function textOf(head: Buffer, cut: boolean): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: cut });
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}
