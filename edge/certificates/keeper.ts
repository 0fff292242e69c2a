/**
 * Makes HAProxy hold the certificates that the slots say, at run time and by files for its next start.
 *
 * Each slot is a file below `certificates/sites/`, mode 600, and a line of `crt-list.txt` that binds it to its hostname. A change writes the
 * file, then tells the running worker: `new`, `set`, `commit ssl cert`, `add ssl crt-list`; a replacement is `set` and `commit` alone, so no
 * handshake meets a gap. Files are not flushed: the policy is the durable copy, and all of them are written anew before each start
 * and reload. What one tenant's certificate does wrong holds up nobody else: it is logged, that name is served without it (closed for
 * its visitors), and every order goes on. Not here: which certificate a name has (slots.ts), opening keys (key.ts).
 * Hazards, from 2.6: the same line can be added twice and then must be removed by its number; a payload ends at 15 KB.
 */
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { CertificatePolicy } from '../../contract/certificates.ts';
import { Hostname } from '../../contract/hostname.ts';
import type { RuntimeSocket } from '../haproxy/runtime-socket.ts';
import { certificateList } from '../render/index.ts';
import type { CertificateKey } from './key.ts';
import { fingerprintOf } from './key.ts';
import { sameCertificate } from './slots.ts';
import type { CertificateSlots } from './slots.ts';

export type KeeperParts = {
  /** The plan's folder of certificates. */
  readonly folder: string;
  readonly slots: CertificateSlots;
  readonly key: Pick<CertificateKey, 'open'>;
  readonly log: Logger;
};

type Ask = (command: string) => Promise<string>;
type Worker = { readonly socket: Pick<RuntimeSocket, 'command' | 'payload'>; readonly ask: Ask };

/** Above so many changes a reload is quicker than telling the worker one by one, and holds up the queue for less long. */
const mostAtRunTime = 1000;
/** Slots opened and written before other work gets its turn. */
const slotsPerTurn = 50;
/** Certificates whose bytes are compared in one look for drift. */
const comparedAtOnce = 200;

export class CertificateKeeper {
  readonly #parts: KeeperParts;
  readonly #sites: string;
  readonly #list: string;
  /** What the files hold, and what the running worker does. */
  readonly #onDisk = new Map<Hostname, CertificatePolicy>();
  #held = new Map<Hostname, CertificatePolicy>();
  readonly #told = new Set<string>();
  #nextCompared = 0;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#sites = join(parts.folder, 'sites');
    this.#list = certificateList({ certificates: parts.folder });
  }

  /** Whether there is so much to do that HAProxy should be reloaded from files instead. */
  get wantsReload(): boolean {
    const { size } = this.#parts.slots.changed;
    return size > mostAtRunTime && size > this.#held.size / 20;
  }

  get isSettled(): boolean {
    return this.#parts.slots.changed.size === 0;
  }

  /** Writes every file that a start or reload reads. */
  async writeFiles(): Promise<void> {
    const { slots } = this.#parts;
    await mkdir(this.#sites, { recursive: true, mode: 0o700 });
    await chmod(this.#sites, 0o700);
    let done = 0;
    for (const hostname of slots.hostnames()) {
      const certificate = slots.get(hostname);
      if (certificate === null || sameCertificate(certificate, this.#onDisk.get(hostname) ?? null)) continue;
      await this.#writeFile(hostname, certificate);
      done += 1;
      if (done % slotsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const hostname of this.#onDisk.keys()) if (slots.get(hostname) === null) this.#onDisk.delete(hostname);
    const wanted = new Set([...this.#onDisk.keys()].map(fileName));
    for (const name of await readdir(this.#sites)) if (!wanted.has(name)) await rm(join(this.#sites, name), { force: true });
    const lines = (await machineFiles(this.#parts.folder)).map((file) => `${file}\n`);
    for (const hostname of [...this.#onDisk.keys()].sort()) lines.push(`${this.#fileOf(hostname)} ${hostname}\n`);
    await writeFile(`${this.#list}.next`, lines.join(''), { mode: 0o600 });
    await rename(`${this.#list}.next`, this.#list);
  }

  /** A worker was started on the files as they are. */
  assumeFiles(): void {
    this.#held = new Map(this.#onDisk);
    for (const hostname of this.#parts.slots.changed) {
      if (sameCertificate(this.#parts.slots.get(hostname), this.#held.get(hostname) ?? null))
        this.#parts.slots.changed.delete(hostname);
    }
  }

  /** Tells the running worker what changed. Rejects with SocketDown. */
  async settle(worker: Worker): Promise<void> {
    const { slots, log } = this.#parts;
    for (const hostname of [...slots.changed]) {
      const wanted = slots.get(hostname);
      const held = this.#held.get(hostname) ?? null;
      const refused =
        wanted === null
          ? await this.#remove(worker, hostname)
          : sameCertificate(wanted, held)
            ? null
            : await this.#put(worker, hostname, wanted, held !== null);
      slots.changed.delete(hostname);
      if (refused !== null) this.#tell(hostname, wanted, refused);
      else if (wanted !== null) log.debug({ hostname, certificateId: wanted.certificateId }, 'a certificate is in force');
    }
  }

  /**
   * Compares what the worker lists with what it should hold and repairs it; `bytes`: of how many certificates the bytes are compared too.
   * Returns how many slots differed. Rejects with SocketDown.
   */
  async compare(worker: Worker, bytes: number | 'all'): Promise<number> {
    const { slots } = this.#parts;
    const listed = parseList(await worker.ask(`show ssl crt-list -n ${this.#list}`), `${this.#sites}/`);
    let differing = 0;
    for (const [file, lines] of listed) {
      const hostname = hostnameOf(file);
      const wanted = hostname === null ? null : slots.get(hostname);
      // A second line for one file would stay when its hostname goes.
      const surplus = wanted === null ? lines : lines.slice(1);
      if (surplus.length > 0) differing += 1;
      for (const line of surplus.toReversed())
        await worker.socket.command(`del ssl crt-list ${this.#list} ${this.#sites}/${file}:${line}`);
      if (wanted === null) await worker.socket.command(`del ssl cert ${this.#sites}/${file}`);
    }
    this.#held = new Map();
    const all = [...slots.hostnames()];
    const most = bytes === 'all' ? all.length : bytes;
    const compared = new Set(all.length <= most ? all : this.#turn(all, most));
    for (const hostname of all) {
      const certificate = slots.get(hostname);
      if (certificate === null || this.#told.has(toldKey(hostname, certificate))) continue;
      if (!listed.has(fileName(hostname))) {
        slots.changed.add(hostname);
        differing += 1;
      } else if (compared.has(hostname) && !(await this.#hasBytes(worker, hostname, certificate))) {
        slots.changed.add(hostname);
        differing += 1;
        // There is something under that name: replaced, not added.
        this.#held.set(hostname, { ...certificate, chain: '' });
      } else {
        this.#held.set(hostname, certificate);
      }
    }
    await this.settle(worker);
    return differing;
  }

  /** A look for drift of bounded cost. */
  drift(worker: Worker): Promise<number> {
    return this.compare(worker, comparedAtOnce);
  }

  async #hasBytes({ socket }: Worker, hostname: Hostname, { chain }: CertificatePolicy): Promise<boolean> {
    const answer = await socket.command(`show ssl cert ${this.#fileOf(hostname)}`);
    return /^SHA1 FingerPrint: (\S+)$/m.exec(answer)?.[1] === fingerprintOf(chain);
  }

  async #put({ socket }: Worker, hostname: Hostname, certificate: CertificatePolicy, replaces: boolean): Promise<string | null> {
    const opened = this.#parts.key.open(certificate);
    if (opened.kind === 'closed') return opened.why;
    await this.#writeFile(hostname, certificate, opened.pem);
    const file = this.#fileOf(hostname);
    if (!replaces) await socket.command(`new ssl cert ${file}`);
    const set = await socket.payload(`set ssl cert ${file}`, opened.pem.trimEnd().split('\n'));
    if (!set.includes('ransaction')) return this.#giveUp(socket, file, replaces, set);
    const committed = await socket.command(`commit ssl cert ${file}`);
    if (!committed.includes('Success')) return this.#giveUp(socket, file, replaces, committed);
    if (!replaces) {
      const added = await socket.payload(`add ssl crt-list ${this.#list}`, [`${file} ${hostname}`]);
      if (!added.includes('Success')) return this.#giveUp(socket, file, replaces, added);
    }
    this.#held.set(hostname, certificate);
    this.#told.delete(toldKey(hostname, certificate));
    return null;
  }

  async #giveUp(socket: Worker['socket'], file: string, replaces: boolean, said: string): Promise<string> {
    await socket.command(`abort ssl cert ${file}`);
    if (!replaces) await socket.command(`del ssl cert ${file}`);
    return `HAProxy did not take it: ${said.trim().slice(0, 300)}`;
  }

  async #remove({ socket }: Worker, hostname: Hostname): Promise<string | null> {
    const file = this.#fileOf(hostname);
    if (this.#held.has(hostname)) {
      const said = await socket.command(`del ssl crt-list ${this.#list} ${file}`);
      if (said.includes("Can't") && !/not exist|not found/.test(said))
        return `HAProxy does not let go of it: ${said.trim().slice(0, 300)}`;
      await socket.command(`del ssl cert ${file}`);
      this.#held.delete(hostname);
    }
    await rm(file, { force: true });
    this.#onDisk.delete(hostname);
    return null;
  }

  async #writeFile(hostname: Hostname, certificate: CertificatePolicy, pem?: string): Promise<void> {
    const opened = pem === undefined ? this.#parts.key.open(certificate) : { kind: 'pem' as const, pem };
    if (opened.kind === 'closed') {
      this.#onDisk.delete(hostname);
      return this.#tell(hostname, certificate, opened.why);
    }
    const file = this.#fileOf(hostname);
    // A name of its own that no hostname has: the longest hostname leaves no room for a suffix.
    const next = join(this.#sites, '~next');
    await writeFile(next, opened.pem, { mode: 0o600 });
    await rename(next, file);
    this.#onDisk.set(hostname, certificate);
  }

  /** Says once per certificate why a name is served without it. */
  #tell(hostname: Hostname, certificate: CertificatePolicy | null, why: string): void {
    if (certificate !== null) {
      const key = toldKey(hostname, certificate);
      if (this.#told.has(key)) return;
      this.#told.add(key);
    }
    const at = { hostname, certificateId: certificate?.certificateId, why };
    this.#parts.log.error(at, 'a certificate is not in force on this edge');
  }

  #turn(all: readonly Hostname[], most: number): readonly Hostname[] {
    const from = this.#nextCompared >= all.length ? 0 : this.#nextCompared;
    this.#nextCompared = from + most;
    return all.slice(from, from + most);
  }

  #fileOf(hostname: Hostname): string {
    return `${this.#sites}/${fileName(hostname)}`;
  }
}

function toldKey(hostname: Hostname, { certificateId, notAfter }: CertificatePolicy): string {
  return `${hostname} ${certificateId} ${notAfter}`;
}

function fileName(hostname: Hostname): string {
  return hostname.replace('*', '_');
}

function hostnameOf(file: string): Hostname | null {
  const parsed = Hostname.safeParse(file.replace(/^_/, '*'));
  return parsed.success ? parsed.data : null;
}

/** Files of the machine itself, by full path: the first one answers names that have no certificate. */
export async function machineFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.pem') && !/\s/.test(name));
  names.sort((a, b) => Number(b === 'default.pem') - Number(a === 'default.pem') || (a < b ? -1 : 1));
  return names.map((name) => join(folder, name));
}

/** Line numbers by file name, of those below a folder: lines are `path:number hostname`. */
export function parseList(answer: string, below: string): Map<string, number[]> {
  const listed = new Map<string, number[]>();
  for (const line of answer.split('\n')) {
    const found = /^(\S+):(\d+)(?:\s|$)/.exec(line);
    const file = found?.[1];
    if (file === undefined || !file.startsWith(below)) continue;
    const name = file.slice(below.length);
    listed.set(name, [...(listed.get(name) ?? []), Number(found?.[2])]);
  }
  return listed;
}
