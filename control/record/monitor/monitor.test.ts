import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { checkpointText, noteKey, signatureLine } from '../../../contract/record/note.ts';
import { appendHashes, emptyEdge, entryBytes, leafHashes, rootOfEdge, tilePath, tileWidth } from '../../../core/record/tiles.ts';
import { generateSigningKeyPair, textSigner } from '../../../kit/ed25519.ts';
import { sha256 } from '../../../kit/sha256.ts';
import { keptText, look, nothingKept, readKept } from './watch.ts';
import type { Fetch, Finding, Kept } from './watch.ts';

const pair = generateSigningKeyPair();
const key = noteKey(sha256, 'shield.example/record', pair.publicKey);
const timeOf = (place: number) => new Date(Date.parse('2026-11-22T16:00:00.000Z') + place * 60_000).toISOString();
const leafOf = (place: number, at = timeOf(place)) => new TextEncoder().encode(`{"at":"${at}","n":${place}}`);
const log = (size: number, change: (place: number) => Uint8Array = (place) => leafOf(place)) =>
  Array.from({ length: size }, (_, at) => change(at));

/** A record's files as a web server holds them; `signed`: the leaves that its checkpoint is over, if others than it serves. */
function served(leaves: readonly Uint8Array[], signed = leaves): Fetch {
  const root = rootOfEdge(sha256, appendHashes(sha256, emptyEdge, leafHashes(sha256, signed)).edge);
  const text = checkpointText({ origin: key.name, size: signed.length, root });
  const files = new Map<string, Uint8Array>([
    ['checkpoint', new TextEncoder().encode(`${text}\n${signatureLine(key, textSigner(pair.privateKey)(text))}`)],
  ]);
  for (let from = 0; from < leaves.length; from += tileWidth) {
    const part = leaves.slice(from, from + tileWidth);
    files.set(tilePath({ level: 'entries', index: from / tileWidth, width: part.length }), entryBytes(part));
  }
  return async (path) => {
    const bytes = files.get(path);
    if (bytes === undefined) throw new Error(`${path} is not there`);
    return bytes;
  };
}

const keptOf = (finding: Finding): Kept => {
  if (finding.kind !== 'goes-on') throw new Error(`it does not go on: ${finding.why}`);
  return finding.kept;
};

describe('a monitor', () => {
  it('reads each leaf once and finds that the record goes on, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(600), { minLength: 1, maxLength: 4 }), async (steps) => {
        let kept: Kept | null = nothingKept;
        let size = 0;
        for (const step of steps) {
          size += step;
          const finding = await look(served(log(size)), [key], kept ?? nothingKept);
          expect(finding).toMatchObject({ kind: 'goes-on', from: size - step, size, backDated: [] });
          kept = readKept(keptText(keptOf(finding)));
          expect(kept).toEqual(keptOf(finding));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('finds a record that is shorter, rewritten, forked, not whole, or not signed', async () => {
    const kept = keptOf(await look(served(log(300)), [key], nothingKept));
    expect((await look(served(log(299)), [key], kept)).kind).toBe('shorter');
    const rewritten = log(310, (place) => leafOf(place === 7 ? 7000 : place));
    expect((await look(served(rewritten), [key], kept)).kind).toBe('rewritten');
    expect((await look(served(log(300, (place) => leafOf(place === 299 ? 0 : place))), [key], kept)).kind).toBe('rewritten');
    expect((await look(served(log(310), rewritten), [key], nothingKept)).kind).toBe('rewritten');
    const short = served(log(305));
    expect((await look(async (path) => (path === 'checkpoint' ? short(path) : new Uint8Array([0])), [key], kept)).kind).toBe(
      'incomplete',
    );
    const stranger = noteKey(sha256, key.name, generateSigningKeyPair().publicKey);
    expect((await look(short, [stranger], kept)).kind).toBe('unsigned');
    const witness = noteKey(sha256, 'witness.example', pair.publicKey, 'witness');
    expect((await look(short, [key, witness], kept)).kind).toBe('unwitnessed');
    await expect(look(served([], log(3)), [key], nothingKept)).rejects.toThrow('is not there');
  });

  it('names leaves that are dated back, and goes on', async () => {
    const late = log(200, (place) => leafOf(place, place === 150 ? timeOf(3) : timeOf(place)));
    expect(await look(served(late), [key], nothingKept)).toMatchObject({ kind: 'goes-on', backDated: [150] });
  });

  it('does not take a file of its own for what it is not', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readKept(text)).toBe(null);
      }),
    );
  });
});
