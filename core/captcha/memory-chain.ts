/**
 * Work that needs memory: searches with Argon2id, each of which hangs on what the one before found.
 *
 * A search is won by the number whose hash, over the last find and that number, begins below a bound. Who searches hashes several times for each
 * find, who checks once. A find that is wrong anywhere ends the check, and one at random is looked at first: who sends rubbish costs us one
 * hash, and cannot know which. Memory makes a native program some three to thirteen times faster than a browser, not a million times.
 * Hash: `hash(message, salt, kib)` is Argon2id with one pass, one lane and sixteen bytes out.
 */
import type { MemoryPuzzle } from './puzzle.ts';

export type MemoryHash = (message: Uint8Array, salt: Uint8Array, kib: number) => Uint8Array;

/** A number that won a search, and the sixteen bytes that it was won with. */
export type Find = { readonly counter: number; readonly digest: Uint8Array };

/** What a first hash must stay under, of its first 32 bits. */
export function searchBound({ tries }: Pick<MemoryPuzzle, 'tries'>): number {
  return Math.floor(2 ** 32 / Math.max(1, tries));
}

const answerPattern = /^(?:[0-9]{1,9}:[0-9a-f]{32})(?:,[0-9]{1,9}:[0-9a-f]{32}){0,31}$/;

/** Reads `counter:digest,counter:digest…`; null for anything else. At most 32 finds. */
export function readFinds(text: string): Find[] | null {
  if (!answerPattern.test(text)) return null;
  return text.split(',').map((find) => {
    const [counter = '', digest = ''] = find.split(':');
    return { counter: Number(counter), digest: bytesOf(digest) };
  });
}

export function writeFinds(finds: readonly Find[]): string {
  return finds.map(({ counter, digest }) => `${counter}:${hexOf(digest)}`).join(',');
}

/** Whether the finds are a whole chain of the puzzle's. `first`: which of them is looked at before the others, chosen by chance. */
export function isChain(puzzle: MemoryPuzzle, finds: readonly Find[], first: number, hash: MemoryHash): boolean {
  if (puzzle.searches < 1 || finds.length !== puzzle.searches) return false;
  const salt = bytesOf(puzzle.seed);
  const bound = searchBound(puzzle);
  const rest = finds.map((_, index) => index).filter((index) => index !== first);
  for (const index of first in finds ? [first, ...rest] : rest) {
    const find = finds[index];
    if (find === undefined || startOf(find.digest) >= bound) return false;
    const before = index === 0 ? salt : finds[index - 1]?.digest;
    if (before === undefined || !same(hash(messageOf(before, find.counter), salt, puzzle.kib), find.digest)) return false;
  }
  return true;
}

/** What a browser does: the whole chain. */
export function searchChain(puzzle: MemoryPuzzle, hash: MemoryHash): Find[] {
  const salt = bytesOf(puzzle.seed);
  const bound = searchBound(puzzle);
  const finds: Find[] = [];
  for (let before = salt; finds.length < puzzle.searches;) {
    for (let counter = 0; ; counter += 1) {
      const digest = hash(messageOf(before, counter), salt, puzzle.kib);
      if (startOf(digest) >= bound) continue;
      finds.push({ counter, digest });
      before = digest;
      break;
    }
  }
  return finds;
}

function messageOf(before: Uint8Array, counter: number): Uint8Array {
  const message = new Uint8Array(before.length + 4);
  message.set(before);
  new DataView(message.buffer).setUint32(before.length, counter);
  return message;
}

function startOf(digest: Uint8Array): number {
  return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getUint32(0);
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
