/**
 * Reads requests: whatever the content type, the same fields. Bodies are forms, JSON objects or multipart, up to 64 KiB.
 *
 * A field that was given twice, as a list or as something that is no text stays so, for the door of a route to refuse; JSON tells a name that
 * stands twice, too. Closed: a body of another kind, too long, or that cannot be read is `unreadable` and has no fields. Names are taken as they are:
 * maps, never objects, so none of them is special.
 */
import type { IncomingMessage } from 'node:http';

export type Fields = ReadonlyMap<string, readonly unknown[]>;

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'fields'; readonly fields: Fields }
  /** `value`: as JSON says it, for schemas; `fields`: its own names at the top. */
  | { readonly kind: 'json'; readonly value: unknown; readonly fields: Fields }
  | { readonly kind: 'unreadable'; readonly why: 'type' | 'syntax' | 'length' };

const mostBodyBytes = 64 * 1024;
/** What is still read, and forgotten, of a body that is too long: who sends it hears the answer instead of a broken connection. */
const mostDrainedBytes = 4 * 1024 * 1024;
const mostFields = 100;

/** The fields of a query or of a form. */
export function formFields(text: string): Fields | null {
  return grouped(new URLSearchParams(text));
}

/** Reads a body to its end. Rejects when the connection breaks, or far more comes than anybody should send. */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const bytes = await bytesOf(request);
  if (bytes === null) return { kind: 'unreadable', why: 'length' };
  if (bytes.length === 0) return { kind: 'none' };
  if (request.headers['content-encoding'] !== undefined) return { kind: 'unreadable', why: 'type' };
  return await parseBody(bytes, request.headers['content-type'] ?? '');
}

/** Null: too long. By events: iterating over a stream costs more than everything else that is done with garbage. */
function bytesOf(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: unknown) => {
      if (!Buffer.isBuffer(chunk)) return;
      length += chunk.length;
      if (length <= mostBodyBytes) chunks.push(chunk);
      else if (length > mostDrainedBytes) {
        request.destroy();
        reject(new Error('a body without an end'));
      }
    });
    request.on('end', () => {
      const [only] = chunks;
      if (length > mostBodyBytes) resolve(null);
      else resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    request.on('error', reject);
    if (request.destroyed) reject(new Error('the connection broke'));
    request.on('close', () => reject(new Error('the connection broke')));
  });
}

/** The body of these bytes by what their sender calls them. Without a name they are a form. */
export async function parseBody(bytes: Buffer, contentType: string): Promise<Body> {
  const [type = ''] = contentType.toLowerCase().split(';');
  switch (type.trim()) {
    case '':
    case 'application/x-www-form-urlencoded':
      return fieldsOr(formFields(bytes.toString('utf8')));
    case 'application/json':
      return jsonBody(bytes.toString('utf8'));
    case 'multipart/form-data':
      return await multipartBody(bytes, contentType);
    default:
      return { kind: 'unreadable', why: 'type' };
  }
}

function fieldsOr(fields: Fields | null): Body {
  return fields === null ? { kind: 'unreadable', why: 'syntax' } : { kind: 'fields', fields };
}

function grouped(pairs: Iterable<readonly [string, unknown]>): Fields | null {
  const fields = new Map<string, unknown[]>();
  let count = 0;
  for (const [name, value] of pairs) {
    count += 1;
    if (count > mostFields) return null;
    const had = fields.get(name);
    if (had === undefined) fields.set(name, [value]);
    else had.push(value);
  }
  return fields;
}

function jsonBody(text: string): Body {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', why: 'syntax' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { kind: 'unreadable', why: 'syntax' };
  const entries = Object.entries(value);
  // Parsing keeps the last of names that stand twice; another reader of the same bytes may keep the first.
  if (topNames(text) !== entries.length) return { kind: 'unreadable', why: 'syntax' };
  const fields = grouped(entries);
  return fields === null ? { kind: 'unreadable', why: 'syntax' } : { kind: 'json', value, fields };
}

/** How many names the outermost object of a JSON text has, as they are written. The text parses. */
function topNames(text: string): number {
  let depth = 0;
  let names = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '"') {
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === '\\') at += 1;
    } else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    else if (sign === ':' && depth === 1) names += 1;
  }
  return names;
}

async function multipartBody(bytes: Buffer, contentType: string): Promise<Body> {
  try {
    const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
    return fieldsOr(grouped(form));
  } catch {
    return { kind: 'unreadable', why: 'syntax' };
  }
}
