/**
 * Which crawlers an edge knows: networks from files of the operator's, and addresses that DNS confirmed.
 *
 * HAProxy notes who says to be a crawler and is not known as one (table `claimants`); here a few of them at a time are looked up, and what is
 * confirmed goes into the map `crawlers` until it is a day old. Nothing is opened before: until then such a visitor is asked like any.
 * A flood of claims costs at most `mostLookups` questions to DNS each time. Files: `NAME.txt`, a network a line, `#` comments; or
 * `NAME.json` as Google and Bing publish theirs. A file that cannot be read leaves what it said before in force.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Cidr } from '../../contract/network.ts';
import type { MapEntry } from '../render/types.ts';
import { claimTable } from '../render/index.ts';
import { confirmCrawler } from './confirm.ts';
import type { CrawlerDns } from './confirm.ts';

const everyMs = 5000;
const mostLookups = 10;
const confirmedMs = 24 * 3_600_000;
const refusedMs = 3_600_000;
const mostRemembered = 20_000;
const mostNetworks = 20_000;

export type CrawlerParts = {
  /** The operator's files; null: none. */
  readonly folder: string | null;
  readonly dns: CrawlerDns;
  /** One command on HAProxy's admin socket. */
  readonly ask: (command: string) => Promise<string>;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** What is known has changed. */
  readonly onKnown: (entries: readonly MapEntry[]) => void;
};

type Answer = { readonly operator: string | null; readonly untilMs: number };

export class CrawlerKeeper {
  readonly #parts: CrawlerParts;
  readonly #answers = new Map<string, Answer>();
  readonly #files = new Map<string, { readonly version: string; readonly networks: readonly string[] }>();
  #told = '';
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(parts: CrawlerParts) {
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
        .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'crawlers were not looked up this time'))
        .finally(() => this.#next(everyMs));
    }, waitMs).unref();
  }

  /** Reads files that changed, looks up who is new, and tells what is known when that is something else. */
  async turn(): Promise<void> {
    const { nowMs, dns, ask, onKnown } = this.#parts;
    await this.#readFiles();
    const atMs = nowMs();
    for (const [address, { untilMs }] of this.#answers) if (untilMs <= atMs) this.#answers.delete(address);
    const open = parseClaims(await ask(`show table ${claimTable}`)).filter((address) => !this.#answers.has(address));
    await Promise.all(
      open.slice(0, mostLookups).map(async (address) => {
        const operator = await confirmCrawler(address, dns);
        if (this.#answers.size < mostRemembered)
          this.#answers.set(address, { operator, untilMs: atMs + (operator === null ? refusedMs : confirmedMs) });
      }),
    );
    const entries = this.#entries();
    const told = entries.map(({ key, value }) => `${key} ${value}`).join('\n');
    if (told === this.#told) return;
    this.#told = told;
    onKnown(entries);
  }

  #entries(): MapEntry[] {
    const known = new Map<string, string>();
    for (const [file, { networks }] of this.#files) for (const network of networks) known.set(network, nameOf(file));
    for (const [address, { operator }] of this.#answers) if (operator !== null) known.set(address, operator);
    return [...known]
      .slice(0, mostNetworks)
      .map(([key, value]): MapEntry => ({ map: 'crawlers', key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async #readFiles(): Promise<void> {
    const { folder, log } = this.#parts;
    if (folder === null) return;
    const names = await readdir(folder).catch(() => null);
    if (names === null) return;
    const wanted = names.filter((name) => /^[A-Za-z0-9_-]{1,40}\.(txt|json)$/.test(name));
    for (const name of this.#files.keys()) if (!wanted.includes(name)) this.#files.delete(name);
    for (const name of wanted) {
      const path = join(folder, name);
      try {
        const { mtimeMs, size } = await stat(path);
        const version = `${mtimeMs} ${size}`;
        if (this.#files.get(name)?.version === version) continue;
        const networks = readCrawlerFile(await readFile(path, 'utf8'));
        this.#files.set(name, { version, networks });
        log.info({ file: path, networks: networks.length }, 'networks of a crawler were loaded');
      } catch (error) {
        log.warn({ file: path, error: String(error) }, 'networks of a crawler could not be read; what was read before stays');
      }
    }
  }
}

function nameOf(file: string): string {
  return file.replace(/\.[a-z]+$/, '').toLowerCase();
}

/** Addresses in HAProxy's answer to `show table`. */
export function parseClaims(answer: string): string[] {
  return [...answer.matchAll(/ key=(\S+) /g)].flatMap(([, key]) =>
    key !== undefined && ipaddr.isValid(key) ? [ipaddr.process(key).toString()] : [],
  );
}

const Published = z.object({
  prefixes: z.array(z.object({ ipv4Prefix: z.string().optional(), ipv6Prefix: z.string().optional() })).max(mostNetworks),
});

/** The networks in a file: lines, or JSON with `prefixes`. Throws a RangeError or ZodError that names what is wrong. */
export function readCrawlerFile(text: string): string[] {
  const listed = text.trimStart().startsWith('{')
    ? Published.parse(JSON.parse(text)).prefixes.flatMap(({ ipv4Prefix, ipv6Prefix }) =>
        [ipv4Prefix, ipv6Prefix].filter((one) => one !== undefined),
      )
    : text
        .split('\n')
        .map((line) => line.replace(/#.*/, '').trim())
        .filter((line) => line !== '');
  return listed.map((network) => {
    const parsed = Cidr.safeParse(network);
    if (!parsed.success) throw new RangeError(`“${network.slice(0, 60)}” is no network such as 192.0.2.0/24.`);
    // A file that frees everybody is a mistake, whoever made it.
    if (ipaddr.parseCIDR(parsed.data)[1] < 8) throw new RangeError(`${network} is too wide for one crawler.`);
    return parsed.data;
  });
}
