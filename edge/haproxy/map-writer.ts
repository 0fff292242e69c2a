/**
 * Writes map changes to a running HAProxy and believes only what it reads back.
 *
 * Additions and replacements first, map by map in the order of `mapNames`; removals last, in the reverse order. Per map the cheaper of
 * two ways is taken: entry by entry, or the whole map as a new version that is read back before it is committed in one step.
 * Entry by entry: look up, then `set map` what exists (a change without a gap) and `add map` what does not, since adding a key twice
 * keeps both; `del map` until the key is gone, since 3.4 removes one copy at a time (edge-measured.md, pitfalls 2, 3, 5). `set map`
 * with a value that does not parse answers success in 2.6: the look-up afterwards is what finds it.
 * Fails closed: a difference in what is read back is `MapRefused`, and the caller goes back to what was.
 */
import { wholeMaps } from '../render/types.ts';
import type { MapEntry, MapName } from '../render/types.ts';
import type { MapChange, MapImage } from './map-image.ts';
import { argument, maxPayloadBytes } from './runtime-socket.ts';
import type { RuntimeSocket } from './runtime-socket.ts';

/** HAProxy did not take an entry. The message names the map and the key, never the value, for values may be secrets. */
export class MapRefused extends Error {
  override readonly name = 'MapRefused';
}

export type MapTarget = {
  readonly socket: RuntimeSocket;
  /** For answers that are long: the same worker, on a connection of its own where there is one. */
  readonly ask: (command: string) => Promise<string>;
  readonly fileOf: (map: MapName) => string;
  /** What the maps are meant to hold after the changes. */
  readonly image: MapImage;
};

/** Copies of one key that are removed before the writer gives up. */
const mostCopies = 32;
const commandsPerWrite = 64;
/** A longer one resets the connection or is dropped in silence: 15,000 bytes were stored, 16,300 not (2.6). */
const longestEntryBytes = 14_500;
/** Longest command line; HAProxy reads one into a buffer of 16 KB. */
const longestLine = 8000;

/** Makes HAProxy hold what the image says for the changed keys. Rejects with MapRefused or SocketDown, possibly half-way. */
export async function writeChanges(target: MapTarget, changes: readonly MapChange[]): Promise<void> {
  const byMap = new Map<MapName, MapChange[]>();
  for (const change of changes) {
    const list = byMap.get(change.map);
    if (list === undefined) byMap.set(change.map, [change]);
    else list.push(change);
  }
  const whole = new Set(
    [...byMap].filter(([map, list]) => wholeMaps.has(map) || isCheaperWhole(list, target.image.size(map))).map(([map]) => map),
  );
  const order = target.image.mapNames;
  const puts = order
    .filter((map) => !whole.has(map))
    .flatMap((map) => (byMap.get(map) ?? []).flatMap(({ key, after }) => (after === null ? [] : [{ map, key, value: after }])));
  const held = await lookUp(target, puts);
  const written = puts.filter((entry) => held.get(idOf(entry)) !== entry.value);
  for (const map of order) {
    if (whole.has(map)) {
      if (byMap.get(map)?.some(({ after }) => after !== null)) await replaceMap(target, map);
      continue;
    }
    const entries = written.filter((entry) => entry.map === map);
    await setEntries(
      target,
      map,
      entries.filter((entry) => held.has(idOf(entry))),
    );
    const missing = entries.filter((entry) => !held.has(idOf(entry)));
    await addEntries(target.socket, `add map ${target.fileOf(map)}`, map, missing);
  }
  const now = await lookUp(target, written);
  for (const entry of written) {
    if (now.get(idOf(entry)) !== entry.value)
      throw new MapRefused(`HAProxy does not hold what was written for “${entry.key}” in the map ${entry.map}.`);
  }
  const gone = order.toReversed().flatMap((map) => (byMap.get(map) ?? []).filter(({ after }) => after === null));
  await removeKeys(
    target,
    gone.filter(({ map }) => !whole.has(map)),
  );
  // A map that had something put was replaced as a whole above, its removals with it.
  for (const map of order.toReversed()) {
    if (whole.has(map) && byMap.get(map)?.every(({ after }) => after === null)) await replaceMap(target, map);
  }
}

/**
 * Whether replacing a map of `size` entries costs less than changing some of them, from measured costs in ms: 4 per 1,000 entries
 * replaced; 0.05 per entry changed, and 15 per million entries for `set` and `del`, which walk the map before 3.0.
 */
export function isCheaperWhole(changes: readonly MapChange[], size: number): boolean {
  const walks = changes.filter(({ before, after }) => before !== null || after === null).length;
  const longest = changes.reduce((most, { after, before }) => Math.max(most, before === null ? 0 : (after?.length ?? 0)), 0);
  if (longest > longestLine / 2) return true;
  const byEntry = changes.length * 0.05 + walks * size * 15e-6;
  return byEntry > 3 + size * 4e-3;
}

/** Replaces one map by what the image says, atomically. Rejects with MapRefused and leaves the old version in place. */
export async function replaceMap({ socket, ask, fileOf, image }: MapTarget, map: MapName): Promise<void> {
  const file = fileOf(map);
  const answer = await socket.command(`prepare map ${file}`);
  const version = /New version created: (\d+)/.exec(answer)?.[1];
  if (version === undefined)
    throw new MapRefused(`HAProxy did not prepare a new version of the map ${map}: ${answer.slice(0, 200)}`);
  try {
    await addEntries(socket, `add map @${version} ${file}`, map, image.entries(map));
    const stored = parseMap(await ask(`show map @${version} ${file}`));
    const differing = firstDifference(stored, image, map);
    if (differing !== null)
      throw new MapRefused(`HAProxy holds something else for “${differing}” in a new version of the map ${map}.`);
  } catch (error) {
    if (error instanceof MapRefused) await socket.command(`clear map @${version} ${file}`);
    throw error;
  }
  const committed = await socket.command(`commit map @${version} ${file}`);
  if (committed !== '')
    throw new MapRefused(`HAProxy did not commit a new version of the map ${map}: ${committed.slice(0, 200)}`);
}

async function setEntries({ socket, fileOf }: MapTarget, map: MapName, entries: readonly MapEntry[]): Promise<void> {
  const file = fileOf(map);
  const lines = entries.map(({ key, value }) => `set map ${file} ${argument(key)} ${argument(value)}`);
  refuseAnswers(await pipeline(socket, lines), map, entries);
}

/** Removes keys in the order given, every copy of each. */
async function removeKeys(target: MapTarget, places: readonly Place[]): Promise<void> {
  let left = places;
  for (let round = 0; ; round += 1) {
    const held = await lookUp(target, left);
    left = left.filter((place) => held.has(idOf(place)));
    const first = left[0];
    if (first === undefined) return;
    if (round === mostCopies) throw new MapRefused(`HAProxy does not let go of “${first.key}” in the map ${first.map}.`);
    const lines = left.map(({ map, key }) => `del map ${target.fileOf(map)} ${argument(key)}`);
    await pipeline(target.socket, lines);
  }
}

type Place = { readonly map: MapName; readonly key: string };

/**
 * What HAProxy holds under exactly these keys, all asked in one go, by `idOf`. `get map` on a prefix map answers with the longest
 * prefix, which may be another key.
 */
async function lookUp({ socket, fileOf }: MapTarget, places: readonly Place[]): Promise<Map<string, string>> {
  const lines = places.map(({ map, key }) => `get map ${fileOf(map)} ${argument(key)}`);
  const answers = await pipeline(socket, lines);
  const held = new Map<string, string>();
  for (const [index, place] of places.entries()) {
    const answer = answers[index] ?? '';
    const found = /, found=yes, .*?key="([^ ]*)", value="(.*)", type="[a-z]*"$/s.exec(answer);
    if (found !== null && found[1] === place.key) held.set(idOf(place), found[2] ?? '');
    else if (found === null && !answer.includes('found=no'))
      throw new MapRefused(`HAProxy cannot look up “${place.key}” in the map ${place.map}: ${answer.slice(0, 200)}`);
  }
  return held;
}

function idOf({ map, key }: Place): string {
  return `${map} ${key}`;
}

async function addEntries(socket: RuntimeSocket, command: string, map: MapName, entries: Iterable<MapEntry>): Promise<void> {
  let lines: string[] = [];
  let bytes = 0;
  const flush = async () => {
    if (lines.length === 0) return;
    const answer = await socket.payload(command, lines);
    if (answer !== '') throw new MapRefused(`HAProxy refused an entry of the map ${map}: ${answer.slice(0, 200)}`);
    lines = [];
    bytes = 0;
  };
  for (const { key, value } of entries) {
    const line = `${key} ${value}`;
    const size = Buffer.byteLength(line) + 1;
    if (size > longestEntryBytes)
      throw new MapRefused(`The entry “${key.slice(0, 200)}” of the map ${map} is too long for HAProxy's admin socket.`);
    if (bytes + size > maxPayloadBytes) await flush();
    lines.push(line);
    bytes += size;
  }
  await flush();
}

function refuseAnswers(answers: readonly string[], map: MapName, entries: readonly MapEntry[]): void {
  for (const [index, answer] of answers.entries()) {
    if (answer !== '')
      throw new MapRefused(`HAProxy refused “${entries[index]?.key}” in the map ${map}: ${answer.slice(0, 200)}`);
  }
}

async function pipeline(socket: RuntimeSocket, lines: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  let batch: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    if (batch.length === commandsPerWrite || bytes + line.length > longestLine) {
      answers.push(...(await socket.commands(batch)));
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += line.length;
  }
  answers.push(...(await socket.commands(batch)));
  return answers;
}

/** The answer to `show map`: keys and values in order, a key as often as it is held. */
export function* parseMap(answer: string): Iterable<readonly [string, string]> {
  let start = 0;
  while (start < answer.length) {
    const found = answer.indexOf('\n', start);
    const end = found === -1 ? answer.length : found;
    const keyStart = answer.indexOf(' ', start) + 1;
    if (keyStart > start && keyStart < end) {
      const keyEnd = answer.indexOf(' ', keyStart);
      if (keyEnd !== -1 && keyEnd < end) yield [answer.slice(keyStart, keyEnd), answer.slice(keyEnd + 1, end)];
    }
    start = end + 1;
  }
}

/** The first key that differs between what HAProxy stores and what the image means, in either direction, or `null`. */
function firstDifference(stored: Iterable<readonly [string, string]>, image: MapImage, map: MapName): string | null {
  const seen = new Set<string>();
  for (const [key, value] of stored) {
    if (seen.has(key) || image.value(map, key) !== value) return key;
    seen.add(key);
  }
  if (seen.size === image.size(map)) return null;
  for (const { key } of image.entries(map)) if (!seen.has(key)) return key;
  return null;
}
