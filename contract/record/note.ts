/**
 * Signed notes (c2sp.org/signed-note) and checkpoints (c2sp.org/tlog-checkpoint): what the record says of itself, in lines that people can read.
 *
 * A note is text, an empty line, and signature lines. Lines by keys that are not known are passed over, as the format wants; whoever
 * reads a note must name the keys that they trust. A log signs its checkpoint; a witness signs that it saw it, and when, and that every earlier one it
 * saw is its beginning. Hashing and Ed25519 are handed in. Not here: where keys are kept.
 * Formats: C2SP signed-note, tlog-checkpoint and tlog-cosignature; after Go's golang.org/x/mod/sumdb/note, whose example is a test here.
 */
import { fromBase64, toBase64 } from './base64.ts';
import { hashBytes, sameBytes } from './tree.ts';
import type { Sha256 } from './tree.ts';

/** Whether an Ed25519 signature over a text holds; key and signature as base64 of their raw bytes. Never throws. */
export type VerifyText = (publicKey: string, text: string, signature: string) => boolean;

/** What a key signs: a log's checkpoints, or that a witness saw them. */
export type KeyUse = 'log' | 'witness';

/** A key as it is published: `NAME+KEYID+KEY`. */
export type NoteKey = {
  readonly use: KeyUse;
  readonly name: string;
  /** Four bytes. */
  readonly id: Uint8Array;
  /** Base64 of 32 raw bytes. */
  readonly publicKey: string;
};

/** The first byte of a published key. */
const useBytes = { log: 1, witness: 4 } as const satisfies Record<KeyUse, number>;
/** Before a witness's signature: when it signed, in seconds, big-endian. */
const timeBytes = 8;
const idBytes = 4;
const signatureBytes = 64;
const mostSignatures = 100;
const longestNote = 1_000_000;

/** Spaces would end the name in a signature line, a plus in a key. */
function isName(text: string): boolean {
  return text.length > 0 && text.length <= 255 && !/[\s+\p{Cc}]/u.test(text);
}

/** The key under which signatures of this name are made. Throws a RangeError on a name or a key that no note can carry. */
export function noteKey(sha256: Sha256, name: string, publicKey: string, use: KeyUse = 'log'): NoteKey {
  const raw = fromBase64(publicKey);
  if (!isName(name) || raw?.length !== hashBytes) throw new RangeError('not a name and a key of a signed note');
  const start = new TextEncoder().encode(`${name}\n`);
  const hashed = new Uint8Array(start.length + 1 + raw.length);
  hashed.set(start);
  hashed[start.length] = useBytes[use];
  hashed.set(raw, start.length + 1);
  return { use, name, id: sha256(hashed).slice(0, idBytes), publicKey };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The text to publish for a key. */
export function noteKeyText({ use, name, id, publicKey }: NoteKey): string {
  const raw = fromBase64(publicKey) ?? new Uint8Array(0);
  return `${name}+${hex(id)}+${toBase64(new Uint8Array([useBytes[use], ...raw]))}`;
}

/** Reads a published key; null when it is of another kind, or its id does not fit its name and bytes. */
export function readNoteKey(sha256: Sha256, text: string): NoteKey | null {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const [, name = '', id = '', key = ''] = match ?? [];
  const raw = fromBase64(key);
  const use = raw?.[0] === useBytes.log ? 'log' : raw?.[0] === useBytes.witness ? 'witness' : null;
  if (!isName(name) || raw === null || use === null || raw.length !== 1 + hashBytes) return null;
  const made = noteKey(sha256, name, toBase64(raw.slice(1)), use);
  return hex(made.id) === id ? made : null;
}

export type NoteSignature = { readonly name: string; readonly id: Uint8Array; readonly signature: Uint8Array };
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** Takes a note apart; null when it is none. Nothing is verified. */
export function readNote(note: string): Note | null {
  if (note.length > longestNote || !note.endsWith('\n')) return null;
  const cut = note.lastIndexOf('\n\n');
  if (cut < 1) return null;
  const text = note.slice(0, cut + 1);
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) return null;
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > mostSignatures) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const match = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line);
    const [, name = '', base64 = ''] = match ?? [];
    const bytes = fromBase64(base64);
    if (!isName(name) || bytes === null || bytes.length <= idBytes) return null;
    signatures.push({ name, id: bytes.slice(0, idBytes), signature: bytes.slice(idBytes) });
  }
  return { text, signatures };
}

/** Whether the note carries a signature of this log's key that holds. A second, broken line of the same key makes it false. */
export function noteHolds(note: Note, key: NoteKey, verify: VerifyText): boolean {
  const own = ownSignatures(note, key);
  return (
    key.use === 'log' &&
    own.length > 0 &&
    own.every(({ signature }) => signature.length === signatureBytes && verify(key.publicKey, note.text, toBase64(signature)))
  );
}

function ownSignatures(note: Note, key: NoteKey): NoteSignature[] {
  return note.signatures.filter(({ name, id }) => name === key.name && sameBytes(id, key.id));
}

/** The text that a witness signs for a checkpoint's text. `seconds`: when, since 1970. */
export function cosignedText(text: string, seconds: number): string {
  return `cosignature/v1\ntime ${seconds}\n${text}`;
}

/** When a witness signed a note, in seconds since 1970, by the newest of its lines that holds; null when none does. */
export function witnessedAt(note: Note, key: NoteKey, verify: VerifyText): number | null {
  if (key.use !== 'witness') return null;
  const times = ownSignatures(note, key).flatMap(({ signature }) => {
    if (signature.length !== timeBytes + signatureBytes) return [];
    const view = new DataView(signature.buffer, signature.byteOffset, timeBytes);
    const seconds = Number(view.getBigUint64(0));
    const rest = toBase64(signature.slice(timeBytes));
    return Number.isSafeInteger(seconds) && verify(key.publicKey, cosignedText(note.text, seconds), rest) ? [seconds] : [];
  });
  return times.length === 0 ? null : Math.max(...times);
}

/** A witness's line, with its end. `signature`: base64 of the raw bytes over `cosignedText`. */
export function cosignatureLine({ name, id }: NoteKey, seconds: number, signature: string): string {
  const time = new Uint8Array(timeBytes);
  new DataView(time.buffer).setBigUint64(0, BigInt(seconds));
  return `— ${name} ${toBase64(new Uint8Array([...id, ...time, ...(fromBase64(signature) ?? [])]))}\n`;
}

/** One signature line, with its end. `signature`: base64 of the raw bytes over the note's text. */
export function signatureLine({ name, id }: NoteKey, signature: string): string {
  return `— ${name} ${toBase64(new Uint8Array([...id, ...(fromBase64(signature) ?? [])]))}\n`;
}

/** What a checkpoint says: of which log, how many leaves, and the root over them. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array };

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads a checkpoint's text; null when it is none. Lines after the third are allowed and not read. */
export function readCheckpoint(text: string): Checkpoint | null {
  const [origin = '', sizeText = '', rootText = ''] = text.split('\n');
  const root = fromBase64(rootText);
  const size = Number(sizeText);
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(sizeText) || !Number.isSafeInteger(size)) return null;
  return root?.length === hashBytes ? { origin, size, root } : null;
}

/** A note that one of these keys signed for its own log (the key's name is the origin), as a checkpoint; null when it is not. */
export function openCheckpoint(text: string, keys: readonly NoteKey[], verify: VerifyText): Checkpoint | null {
  const note = readNote(text);
  const checkpoint = note && readCheckpoint(note.text);
  if (note === null || checkpoint === null) return null;
  return keys.some((key) => key.name === checkpoint.origin && noteHolds(note, key, verify)) ? checkpoint : null;
}
