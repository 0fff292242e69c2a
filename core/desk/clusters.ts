/**
 * Which reports say the same: a report's keys. Two reports that share a key are in one cluster, and so is who shares one with either of them.
 *
 * The keys of a report depend on that report alone, so the clusters are the connected components of "shares a key": the order of arrival, and
 * how often a report comes, change nothing, and a report costs the same whatever is there already.
 * Kinds of keys, from what campaigns do: bands of a MinHash over runs of five letters (copies with small changes); the same over the
 * skeleton of function words (synonyms in the slots of a template); for short texts wider bands among reports that name the same address or
 * hashtag; and for texts too short to compare, the very text with its addresses. A shared address or hashtag alone is no key: many people may
 * write of one post. Time of arrival is no key either: then the order of arrival would matter.
 * Not here: who keeps the keys (store/desk/clusters.ts). What belongs to a cluster is shown as one claim and nothing of it is lost.
 * Hazard: who writes a text half of one claim and half of another can join the two; the keys are hashed with the installation's secret, so that
 * nobody can compute which texts meet. Two accounts of which half is the same advice meet once in some 200 times. A template of many
 * sentences with many versions each falls into several clusters.
 * After: Broder 1997 (MinHash), Leskovec, Rajaraman, Ullman "Mining of Massive Datasets" 3.4 (bands); RagtagOpen/fccforensics (desk.md 2.4).
 */
import { functionWords } from './clusters-words.ts';
import { plainText } from './text.ts';

/** Stored with each cluster; another method makes other clusters. */
export const clusterMethod = 'clusters-1';

export type Claim = {
  /** Only reports of one scope can meet: a site, or what is criminal to hold. */
  readonly scope: string;
  readonly text: string;
  /** Canonical addresses, in any order. */
  readonly urls: readonly string[];
};

const hashes = 128;
/** 16 bands of eight: half of the pairs at a similarity of 0.67 meet, one in 300 at 0.33. */
const bands = 16;
const rows = 8;
/**
 * 16 bands of seven: seven of ten pairs at 0.69 meet, one in 200 at 0.32. Measured on skeletons: pairs of a template 0.48 to 1, with a median
 * of 0.69 to 0.87; pairs of accounts below 0.08, and at most 0.33 when half of each is the same advice of a helpline.
 */
const skeletonBands = 16;
const skeletonRows = 7;
/** 5 bands of six, for texts that also share an address or a hashtag. */
const wideBands = 5;
const wideRows = 6;
const mostContexts = 2;
const mostRuns = 4096;
const readAtMost = 50_000;
const fewestLetterRuns = 30;
const fewestSkeletonRuns = 24;
const fewestSkeletonWords = 12;
const fewestFunctionWords = 7;
const content = '·';
/** 78 bits of base64: two of fifty million keys are the same by chance once in 200 million times. Each character costs the index. */
const keyLength = 13;

/** A maker of keys. `hash`: a keyed hash of the installation as text of at least 20 characters; the same for all its processes, for ever. */
export function clusterKeys(hash: (text: string) => string): (claim: Claim) => string[] {
  const seeds = new Uint32Array(hashes);
  for (let index = 0; index < hashes; index += 1) seeds[index] = fnv(hash(`${clusterMethod} seed ${index}`));
  return (claim) => {
    const keys = new Set<string>();
    const add = (...parts: readonly (string | number)[]) => {
      keys.add(hash([clusterMethod, claim.scope, ...parts].join('\u0000')).slice(0, keyLength));
    };
    const addBands = (name: string, signature: Uint32Array, count: number, width: number) => {
      for (let band = 0; band < count; band += 1) {
        add(name, band, signature.subarray(band * width, (band + 1) * width).join(','));
      }
    };
    const plain = plainText(claim.text.slice(0, readAtMost));
    const words = wordsOf(plain);
    const urls = [...new Set(claim.urls)].sort();
    const letters = minHash(letterRuns(words.join(' ')), seeds, fewestLetterRuns);
    const skeleton = skeletonOf(words);
    const frame = minHash(wordRuns(skeleton), seeds, fewestSkeletonRuns);

    if (letters !== null) addBands('letters', letters, bands, rows);
    else if (plain !== '' || urls.length > 0) add('short', plain, ...urls);
    if (frame !== null) addBands('frame', frame, skeletonBands, skeletonRows);
    else {
      // Too short for bands over its skeleton: the whole of it, and wider bands among those who name the same.
      if (isTelling(skeleton)) add('skeleton', skeleton.join(' '));
      if (letters !== null) {
        const contexts = [...urls, ...tagsOf(plain)].map((context) => hash(`context\u0000${context}`)).sort();
        // The smallest by hash: reports that name many of the same choose the same.
        for (const context of contexts.slice(0, mostContexts)) addBands(`near ${context}`, letters, wideBands, wideRows);
      }
    }
    return [...keys].sort();
  };
}

const addresses = /\b(?:https?|hxxps?|ftp):\/\/\S+|(?<![\p{L}\p{N}])[\p{L}\p{N}.-]{1,100}\.\p{L}{2,24}\/\S*|\S{0,64}@\S{1,200}/gu;

/** Words without addresses, mentions, hashtags, digits and marks. */
function wordsOf(plain: string): string[] {
  return (
    plain
      .replaceAll(addresses, ' ')
      .replaceAll(/#[\p{L}\p{N}_]+/gu, ' ')
      .match(/\p{L}+/gu) ?? []
  );
}

function tagsOf(plain: string): string[] {
  return [...new Set(plain.match(/#[\p{L}\p{N}_]{3,50}/gu) ?? [])];
}

/** Function words as they are, everything between two of them as one mark: a synonym of two words is one of one word. */
function skeletonOf(words: readonly string[]): string[] {
  const skeleton: string[] = [];
  for (const word of words) {
    if (functionWords.has(word)) skeleton.push(word);
    else if (skeleton.at(-1) !== content) skeleton.push(content);
  }
  return skeleton;
}

/** Whether a whole skeleton says enough that nobody else has the same by chance. */
function isTelling(skeleton: readonly string[]): boolean {
  return skeleton.length >= fewestSkeletonWords && skeleton.filter((word) => word !== content).length >= fewestFunctionWords;
}

const lettersInRun = 5;
const wordsInRun = 4;

function letterRuns(text: string): Uint32Array {
  const found = new Set<number>();
  for (let at = 0; at + lettersInRun <= text.length; at += 1) found.add(fnv(text, at, at + lettersInRun));
  return sample(found);
}

function wordRuns(words: readonly string[]): Uint32Array {
  const found = new Set<number>();
  for (let at = 0; at + wordsInRun <= words.length; at += 1) found.add(fnv(words.slice(at, at + wordsInRun).join(' ')));
  return sample(found);
}

/** The smallest when there are too many: two texts choose the same ones. */
function sample(found: ReadonlySet<number>): Uint32Array {
  const list = Uint32Array.from(found);
  return list.length <= mostRuns ? list : list.sort().subarray(0, mostRuns);
}

/** Null when there are fewer runs than it takes to compare. */
function minHash(runs: Uint32Array, seeds: Uint32Array, fewest: number): Uint32Array | null {
  if (runs.length < fewest) return null;
  const signature = new Uint32Array(hashes).fill(0xffffffff);
  for (const run of runs) {
    for (let index = 0; index < hashes; index += 1) {
      const mixed = mix(run ^ (seeds[index] ?? 0));
      if (mixed < (signature[index] ?? 0)) signature[index] = mixed;
    }
  }
  return signature;
}

/** FNV-1a over UTF-16 units. */
function fnv(text: string, from = 0, to = text.length): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The finish of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The connected components of "shares a key", as lists of positions, each in order: what the store keeps, computed from scratch. */
export function componentsOf(keysOfEach: readonly (readonly string[])[]): number[][] {
  const parent = keysOfEach.map((_keys, index) => index);
  const rootOf = (start: number): number => {
    let at = start;
    for (;;) {
      const up = parent[at] ?? at;
      if (up === at) return at;
      parent[at] = parent[up] ?? up;
      at = up;
    }
  };
  const firstWith = new Map<string, number>();
  for (const [index, keys] of keysOfEach.entries()) {
    for (const key of keys) {
      const first = firstWith.get(key);
      if (first === undefined) {
        firstWith.set(key, index);
        continue;
      }
      const [one, other] = [rootOf(first), rootOf(index)];
      parent[Math.max(one, other)] = Math.min(one, other);
    }
  }
  const groups = new Map<number, number[]>();
  for (const index of parent.keys()) {
    const root = rootOf(index);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}
