import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../contract/record/base64.ts';
import {
  checkpointText,
  noteHolds,
  noteKey,
  noteKeyText,
  openCheckpoint,
  readCheckpoint,
  readNote,
  readNoteKey,
  signatureLine,
} from '../../contract/record/note.ts';
import { checkProofFile, proofFileText, readProofFile } from '../../contract/record/proof-file.ts';
import { consistencyHolds, inclusionHolds, leafHash } from '../../contract/record/tree.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { proveConsistency, proveInclusion } from '../../core/record/prove.ts';
import {
  appendHashes,
  emptyEdge,
  entryBytes,
  leafHashes,
  readEntries,
  readTile,
  rootOfEdge,
  tileBytes,
  tilePath,
} from '../../core/record/tiles.ts';
import type { Edge } from '../../core/record/tiles.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const verify = (key: string, text: string, signature: string): boolean => textVerifier(key)(text, signature);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A record in memory, appended to in batches. */
function grow(batches: readonly (readonly Uint8Array[])[]) {
  const files = new Map<string, Uint8Array>();
  const roots = new Map<number, Uint8Array>([[0, rootOfEdge(sha256, emptyEdge)]]);
  let edge: Edge = emptyEdge;
  for (const batch of batches) {
    const added = appendHashes(sha256, edge, leafHashes(sha256, batch));
    edge = added.edge;
    for (const { at, hashes } of added.tiles) files.set(tilePath(at), tileBytes(hashes));
    roots.set(edge.size, rootOfEdge(sha256, edge));
  }
  const read = async (level: number, index: number, width: number): Promise<Uint8Array[]> => {
    const hashes = readTile(files.get(tilePath({ level, index, width })) ?? new Uint8Array(0), width);
    if (hashes === null) throw new Error(`no tile ${tilePath({ level, index, width })}`);
    return hashes;
  };
  return { files, roots, edge, tree: { sha256, size: edge.size, read } };
}

const numbered = (count: number, from = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => bytesOf(`leaf ${from + at}`));

describe('the record’s tree', () => {
  it('has the roots that are published for RFC 6962', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const { roots } = grow(leaves.map((leaf) => [new Uint8Array(Buffer.from(leaf, 'hex'))]));
    expect([...roots.values()].map(hex)).toEqual([
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });

  it('proves every leaf and every earlier tree, across the edges of tiles, and nothing else', async () => {
    const sizes = [1, 2, 7, 255, 256, 257, 511, 513, 700];
    const { tree, roots } = grow(sizes.map((size, at) => numbered(size - (sizes[at - 1] ?? 0), sizes[at - 1] ?? 0)));
    const root = roots.get(700) ?? new Uint8Array(0);
    for (const index of [0, 1, 6, 254, 255, 256, 257, 511, 512, 698, 699]) {
      const path = await proveInclusion(tree, index);
      const leaf = leafHash(sha256, bytesOf(`leaf ${index}`));
      expect(inclusionHolds(sha256, { index, size: 700, leaf, root }, path)).toBe(true);
      expect(inclusionHolds(sha256, { index: index === 0 ? 1 : index - 1, size: 700, leaf, root }, path)).toBe(false);
      expect(inclusionHolds(sha256, { index, size: 700, leaf: root, root }, path)).toBe(false);
      expect(inclusionHolds(sha256, { index, size: 700, leaf, root }, path.slice(1))).toBe(false);
      expect(inclusionHolds(sha256, { index, size: 700, leaf, root }, [...path, leaf])).toBe(false);
    }
    for (const oldSize of [0, ...sizes]) {
      const proof = await proveConsistency(tree, oldSize);
      const oldRoot = roots.get(oldSize) ?? new Uint8Array(0);
      expect(consistencyHolds(sha256, { oldSize, oldRoot, newSize: 700, newRoot: root }, proof)).toBe(true);
      expect(consistencyHolds(sha256, { oldSize, oldRoot: sha256(root), newSize: 700, newRoot: root }, proof)).toBe(false);
      // Every tree begins with the empty one, also one of which nothing is known.
      const other = { oldSize, oldRoot, newSize: 700, newRoot: sha256(root) };
      expect(consistencyHolds(sha256, other, proof)).toBe(oldSize === 0);
    }
    await expect(proveInclusion(tree, 700)).rejects.toThrow(RangeError);
    await expect(proveConsistency(tree, 701)).rejects.toThrow(RangeError);
  });

  it('is the same tree however its leaves were batched, and reaches a third level of tiles', async () => {
    const all = numbered(66_000);
    const often = grow(Array.from({ length: 66 }, (_, at) => all.slice(at * 1000, (at + 1) * 1000)));
    expect(hex(rootOfEdge(sha256, grow([all.slice(0, 2000)]).edge))).toBe(hex(often.roots.get(2000) ?? new Uint8Array(0)));
    expect([...often.files.keys()].some((path) => path.startsWith('tile/2/'))).toBe(true);
    const claim = {
      index: 65_999,
      size: 66_000,
      leaf: leafHash(sha256, bytesOf('leaf 65999')),
      root: rootOfEdge(sha256, often.edge),
    };
    expect(inclusionHolds(sha256, claim, await proveInclusion(often.tree, 65_999))).toBe(true);
    const oldRoot = often.roots.get(9000) ?? new Uint8Array(0);
    const proof = await proveConsistency(often.tree, 9000);
    expect(consistencyHolds(sha256, { oldSize: 9000, oldRoot, newSize: 66_000, newRoot: claim.root }, proof)).toBe(true);
  });

  it('holds for any two sizes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 600 }), async (oldSize, more) => {
        const { tree, roots } = grow([numbered(oldSize), numbered(more, oldSize)]);
        const [oldRoot, newRoot] = [roots.get(oldSize), roots.get(oldSize + more)];
        if (oldRoot === undefined || newRoot === undefined) throw new Error('a root is missing');
        expect(
          consistencyHolds(sha256, { oldSize, oldRoot, newSize: oldSize + more, newRoot }, await proveConsistency(tree, oldSize)),
        ).toBe(true);
        const index = oldSize + more - 1;
        const leaf = leafHash(sha256, bytesOf(`leaf ${index}`));
        expect(inclusionHolds(sha256, { index, size: tree.size, leaf, root: newRoot }, await proveInclusion(tree, index))).toBe(
          true,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('names its tiles as tlog-tiles does, and its entries come back', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 'entries', index: 5, width: 12 })).toBe('tile/entries/005.p/12');
    expect(
      readEntries(entryBytes([bytesOf('one'), new Uint8Array(0), bytesOf('three')]))?.map((one) => Buffer.from(one).toString()),
    ).toEqual(['one', '', 'three']);
    expect(readEntries(new Uint8Array([0, 5, 1]))).toBe(null);
    expect(readEntries(new Uint8Array([0]))).toBe(null);
    expect(() => entryBytes([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});

describe('signed notes', () => {
  const known = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const note =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

  it('verify as the published example of sumdb/note does, and not when a letter is another', () => {
    const key = readNoteKey(sha256, known);
    if (key === null) throw new Error('the key does not read');
    expect(noteKeyText(key)).toBe(known);
    const read = readNote(note);
    if (read === null) throw new Error('the note does not read');
    expect(noteHolds(read, key, verify)).toBe(true);
    const other = readNote(note.replace('cryptography', 'cryptographY'));
    expect(other !== null && noteHolds(other, key, verify)).toBe(false);
    expect(readNoteKey(sha256, known.replace('c74f20a3', 'c74f20a4'))).toBe(null);
    expect(readNoteKey(sha256, known.replace('Peter', 'Paul'))).toBe(null);
  });

  it('are read as the specification’s example checkpoint, and never throw on what is none', () => {
    expect(readCheckpoint('example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n')).toMatchObject(
      { size: 20_852_163 },
    );
    expect(readCheckpoint('log.example\n007\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n')).toBe(null);
    fc.assert(
      fc.property(fc.string(), fc.nat(note.length), (noise, at) => {
        const spoilt = note.slice(0, at) + noise + note.slice(at);
        readNote(spoilt);
        readProofFile(`c2sp.org/tlog-proof@v1\n${noise}\n\n${spoilt}`);
        readNoteKey(sha256, noise);
        const bytes = fromBase64(noise);
        expect(bytes === null || toBase64(bytes) === noise).toBe(true);
      }),
    );
  });
});

describe('a proof file', () => {
  it('holds for its leaf under its log’s key, and says what is wrong otherwise', async () => {
    const { tree, edge } = grow([numbered(300)]);
    const pair = generateSigningKeyPair();
    const key = noteKey(sha256, 'shield.example/record', pair.publicKey);
    const text = checkpointText({ origin: key.name, size: 300, root: rootOfEdge(sha256, edge) });
    const checkpoint = `${text}\n${signatureLine(key, textSigner(pair.privateKey)(text))}`;
    expect(openCheckpoint(checkpoint, [key], verify)?.size).toBe(300);
    const file = proofFileText({ index: 271, path: await proveInclusion(tree, 271), checkpoint });
    const trust = { keys: [key], sha256, verify };
    expect(checkProofFile(file, bytesOf('leaf 271'), trust)).toMatchObject({ kind: 'holds', index: 271 });
    expect(checkProofFile(file.replace('\nindex', '\nextra AAAA\nindex'), bytesOf('leaf 271'), trust).kind).toBe('holds');
    expect(checkProofFile(file, bytesOf('leaf 270'), trust)).toEqual({ kind: 'broken', why: 'path' });
    expect(checkProofFile(file.replace('index 271', 'index 270'), bytesOf('leaf 271'), trust)).toEqual({
      kind: 'broken',
      why: 'path',
    });
    expect(checkProofFile(file.replace('\n300\n', '\n301\n'), bytesOf('leaf 271'), trust)).toEqual({
      kind: 'broken',
      why: 'signature',
    });
    const stranger = noteKey(sha256, key.name, generateSigningKeyPair().publicKey);
    expect(checkProofFile(file, bytesOf('leaf 271'), { ...trust, keys: [stranger] })).toEqual({
      kind: 'broken',
      why: 'signature',
    });
    expect(checkProofFile('index 1', bytesOf(''), trust)).toEqual({ kind: 'broken', why: 'unreadable' });
  });
});
