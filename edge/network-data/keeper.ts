/**
 * Keeps what the edge knows of networks in step with what rules ask and with the operator's files.
 *
 * Read at the edge and not sent in policy: the files are large, are updated by the operator's own tools, and their licences often forbid handing
 * them on. A value counts as known once its networks are loaded; until then, and without a file, rules that name it are inert, and the log
 * says so. A file that cannot be read leaves what was loaded before in force (open for rules that were never loaded).
 */
import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { EdgeNetworkData } from '../../contract/stream.ts';
import { networkDataEntries } from '../render/network-data.ts';
import type { MapEntry } from '../render/types.ts';
import type { DataKind } from './read.ts';
import { readNetworks } from './read.ts';
import { selectNetworks } from './select.ts';

export type Wanted = Readonly<Record<DataKind, ReadonlySet<string>>>;
export type NetworkFiles = Readonly<Record<DataKind, string | null>>;
export type Loaded = { readonly known: Wanted; readonly entries: readonly MapEntry[] };

export const nothingKnown: Wanted = { countries: new Set(), asns: new Set() };

/** How often files are looked at for a newer version. */
const lookMs = 60_000;

type Part = { readonly wanted: ReadonlySet<string>; readonly version: string; readonly networks: readonly [string, string][] };

export class NetworkDataKeeper {
  readonly #files: NetworkFiles;
  readonly #log: Logger;
  readonly #onLoaded: (loaded: Loaded) => void;
  readonly #parts: Record<DataKind, Part | null> = { countries: null, asns: null };
  readonly #failed = new Set<DataKind>();
  #wanted: Wanted = nothingKnown;
  #missing = '';
  #running: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;

  /** `onLoaded` is called whenever what is known has changed. */
  constructor(files: NetworkFiles, log: Logger, onLoaded: (loaded: Loaded) => void) {
    this.#files = files;
    this.#log = log;
    this.#onLoaded = onLoaded;
  }

  /** Tells what rules name now. Loading goes on in the background; resolves when it is done. */
  want(wanted: Wanted): Promise<void> {
    this.#wanted = wanted;
    this.#sayMissing();
    if (this.#timer === null && (this.#files.countries !== null || this.#files.asns !== null)) {
      this.#timer = setInterval(() => void this.#refresh(), lookMs).unref();
    }
    return this.#refresh();
  }

  /** Which data there is. A file that no rule has asked for yet counts as there when it can be found. */
  async state(): Promise<EdgeNetworkData> {
    const [countries, asns] = await Promise.all([this.#stateOf('countries'), this.#stateOf('asns')]);
    return { countries, asns };
  }

  async #stateOf(kind: DataKind): Promise<EdgeNetworkData[DataKind]> {
    const file = this.#files[kind];
    if (file === null) return 'none';
    // What was loaded before stays in force, whatever became of the file.
    if (this.#parts[kind] !== null) return 'there';
    if (this.#failed.has(kind)) return 'unreadable';
    return stat(file).then(
      () => 'there' as const,
      () => 'unreadable' as const,
    );
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #refresh(): Promise<void> {
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#load().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #load(): Promise<void> {
    do {
      this.#again = false;
      const changed = [await this.#loadKind('countries'), await this.#loadKind('asns')];
      if (changed.includes(true)) {
        const { countries, asns } = this.#parts;
        this.#onLoaded({
          known: { countries: countries?.wanted ?? new Set(), asns: asns?.wanted ?? new Set() },
          entries: networkDataEntries(countries?.networks ?? [], asns?.networks ?? []),
        });
      }
    } while (this.#again);
  }

  async #loadKind(kind: DataKind): Promise<boolean> {
    const file = this.#files[kind];
    const wanted = this.#wanted[kind];
    const held = this.#parts[kind];
    if (file === null || (wanted.size === 0 && held === null)) return false;
    try {
      const { mtimeMs, size } = await stat(file);
      const version = `${mtimeMs} ${size}`;
      if (held !== null && held.version === version && isSame(held.wanted, wanted)) return false;
      const networks = wanted.size === 0 ? [] : selectNetworks(await readNetworks(file, kind), wanted);
      this.#parts[kind] = { wanted, version, networks };
      this.#failed.delete(kind);
      this.#log.info({ file, values: wanted.size, networks: networks.length }, 'network data was loaded');
      return true;
    } catch (error) {
      this.#failed.add(kind);
      this.#log.warn(
        { file, error: error instanceof Error ? error.message : String(error) },
        'network data could not be loaded; what was loaded before stays',
      );
      return false;
    }
  }

  #sayMissing(): void {
    const missing = (['countries', 'asns'] as const).filter((kind) => this.#files[kind] === null && this.#wanted[kind].size > 0);
    if (missing.join() === this.#missing) return;
    this.#missing = missing.join();
    if (missing.length > 0)
      this.#log.warn(
        { missing },
        'rules name countries or AS numbers, but this edge has no such data: those rules do nothing here (--country-data, --asn-data)',
      );
  }
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((value) => b.has(value));
}
