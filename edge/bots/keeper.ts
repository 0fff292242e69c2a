/**
 * Which bots an edge knows by their keys: files of the operator's, each with keys or with the address of a directory of keys.
 *
 * `NAME.json` holds `{"keys": […]}` (JSON Web Keys) or `{"directory": "https://…"}`; NAME is what owners of sites choose by. Files are read again when they
 * change; a directory is asked each hour. Only what the operator wrote down is ever asked, never what a request names.
 * Closed: a file that cannot be read, and a directory that does not answer, leave what they said before, a directory for a day at most; then its keys are gone.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { MapEntry } from '../render/types.ts';
import type { FetchDirectory } from './directory.ts';
import type { BotKey } from './keys.ts';
import { readDirectory } from './keys.ts';

const everyMs = 5000;
const askEveryMs = 3_600_000;
/** After a failure. */
const askAgainMs = 60_000;
const trustedMs = 24 * 3_600_000;
export const mostBots = 200;

export type BotKeeperParts = {
  readonly folder: string;
  readonly fetchDirectory: FetchDirectory;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** All keys, when they are others than before; with what HAProxy is told of them. */
  readonly onKnown: (keys: readonly BotKey[], entries: readonly MapEntry[]) => void;
};

const File = z.union([
  z.strictObject({ directory: z.url({ protocol: /^https$/, hostname: z.regexes.domain }).max(500) }),
  z.looseObject({ keys: z.array(z.unknown()) }),
]);

type Held = {
  readonly version: string;
  readonly directory: string | null;
  readonly keys: readonly BotKey[];
  readonly saidMs: number;
  readonly askAtMs: number;
};

export class BotKeeper {
  readonly #parts: BotKeeperParts;
  readonly #files = new Map<string, Held>();
  #told = '';
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(parts: BotKeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#next(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #next(waitMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.turn()
        .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'keys of bots were not read this time'))
        .finally(() => this.#next(everyMs));
    }, waitMs).unref();
  }

  /** Reads files that changed, asks directories whose time has come, and tells the keys when they are others. */
  async turn(): Promise<void> {
    await this.#readFiles();
    await Promise.all([...this.#files].map(([name, held]) => this.#ask(name, held)));
    if (this.#stopped) return;
    const keys = this.#keys();
    const told = JSON.stringify(keys);
    if (told === this.#told) return;
    this.#told = told;
    this.#parts.onKnown(
      keys,
      keys.map(({ keyId, name }) => ({ map: 'bot-keys', key: keyId, value: name })),
    );
  }

  /** A key that two claim is the first one's by name. */
  #keys(): BotKey[] {
    const keys = new Map<string, BotKey>();
    for (const [, held] of [...this.#files].sort(([one], [other]) => (one < other ? -1 : 1)))
      for (const key of held.keys) if (!keys.has(key.keyId)) keys.set(key.keyId, key);
    return [...keys.values()];
  }

  async #readFiles(): Promise<void> {
    const { folder, log, nowMs } = this.#parts;
    const names = await readdir(folder).catch(() => null);
    if (names === null) return;
    const wanted = names.filter((name) => /^[a-z0-9][a-z0-9_-]{0,39}\.json$/.test(name)).slice(0, mostBots);
    for (const name of this.#files.keys()) if (!wanted.includes(name)) this.#files.delete(name);
    for (const name of wanted) {
      const path = join(folder, name);
      try {
        const { mtimeMs, size } = await stat(path);
        const version = `${mtimeMs} ${size}`;
        const before = this.#files.get(name);
        if (before?.version === version) continue;
        const read = File.parse(JSON.parse(await readFile(path, 'utf8')));
        const [saidMs, askAtMs] = [nowMs(), 0];
        if ('directory' in read && typeof read.directory === 'string') {
          const keys = before?.directory === read.directory ? before.keys : [];
          this.#files.set(name, { version, directory: read.directory, keys, saidMs: before?.saidMs ?? saidMs, askAtMs });
        } else {
          const keys = readDirectory(nameOf(name), read);
          this.#files.set(name, { version, directory: null, keys, saidMs, askAtMs });
          log.info({ file: path, keys: keys.length }, 'keys of a bot were loaded');
        }
      } catch (error) {
        log.warn({ file: path, error: String(error) }, 'keys of a bot could not be read; what was read before stays');
      }
    }
  }

  async #ask(file: string, held: Held): Promise<void> {
    const { fetchDirectory, log, nowMs } = this.#parts;
    const { directory } = held;
    if (directory === null || held.askAtMs > nowMs()) return;
    try {
      const keys = readDirectory(nameOf(file), await fetchDirectory(directory));
      log.info({ directory, keys: keys.length }, 'a directory told the keys of a bot');
      this.#files.set(file, { ...held, keys, saidMs: nowMs(), askAtMs: nowMs() + askEveryMs });
    } catch (error) {
      const keys = nowMs() - held.saidMs > trustedMs ? [] : held.keys;
      log.warn({ directory, keys: keys.length, error: String(error) }, 'a directory of keys did not answer as it should');
      this.#files.set(file, { ...held, keys, askAtMs: nowMs() + askAgainMs });
    }
  }
}

function nameOf(file: string): string {
  return file.replace(/\.json$/, '');
}
