/**
 * HAProxy and what it is meant to hold, kept the same: bring up, apply, reload, compare, go back.
 *
 * Everything here that changes HAProxy is called from the agent's one queue, never at the same time. When HAProxy dies the engine is
 * `down`: changes then go into the image only, and `bringUp` renders all of it before the first request is served.
 * During a reload the old worker still answers on connections that it has; it is told of every change too until it ends (at most
 * hard-stop-after, 30 s), so that an order is not half in force.
 * Not here: what the policy is (agent.ts) and how it becomes entries (edge/render).
 */
import { mapFile } from '../render/index.ts';
import type { CertificateKeeper } from '../certificates/keeper.ts';
import type { MapName } from '../render/types.ts';
import type { Logger } from 'pino';
import { HaproxyFiles } from './files.ts';
import type { Skeleton } from './files.ts';
import type { MapChange, MapImage } from './map-image.ts';
import { MapRefused, parseMap, replaceMap, writeChanges } from './map-writer.ts';
import type { MapTarget } from './map-writer.ts';
import { HaproxyProcess, StartFailed } from './process.ts';
import { askOnce, parseInfo, RuntimeSocket } from './runtime-socket.ts';

export type EngineState = 'up' | 'reloading' | 'down';

/** Map entries read back before other work gets its turn. */
const entriesPerTurn = 5000;

type Worker = { readonly pid: number; readonly socket: RuntimeSocket };

export type EngineParts = {
  readonly files: HaproxyFiles;
  readonly process: HaproxyProcess;
  readonly adminSocket: string;
  readonly image: MapImage;
  /** Null when no listener speaks TLS. */
  readonly certificates: CertificateKeeper | null;
  readonly log: Logger;
  /** Called when HAProxy stops answering, once per time that it was up. */
  readonly onDown: () => void;
};

export class Engine {
  readonly image: MapImage;
  readonly #parts: EngineParts;
  #worker: Worker | null = null;
  #retired: Worker[] = [];
  #skeleton: Skeleton | null = null;
  /** The name of a skeleton that HAProxy refused when it was started. */
  #refused: string | null = null;
  #watch: NodeJS.Timeout | null = null;
  #driftRepairs = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.image = parts.image;
  }

  get state(): EngineState {
    if (this.#worker === null || this.#worker.socket.isDown) return 'down';
    return this.#retired.length > 0 ? 'reloading' : 'up';
  }

  get workerPid(): number | null {
    return this.#worker?.pid ?? null;
  }

  /** Maps whose content differed from what was meant and was repaired, since the agent started. */
  get driftRepairs(): number {
    return this.#driftRepairs;
  }

  /** Whether another worker answers than the one that the agent talks to: someone else has reloaded HAProxy. */
  async isStrange(): Promise<boolean> {
    const pid = await this.#parts.process.workerPid();
    return pid !== null && this.#worker !== null && pid !== this.#worker.pid;
  }

  /** Whether a HAProxy of this edge answers now, started by whomever. */
  async isServing(): Promise<boolean> {
    return (await this.#parts.process.workerPid()) !== null;
  }

  /**
   * Makes HAProxy serve the image with this skeleton: adopts one that runs, else starts one. Orders are in the maps before the first
   * request is served. Rejects with StartFailed; with a refused skeleton it falls back to the last good one when there is one.
   */
  async bringUp(skeleton: Skeleton): Promise<'adopted' | 'started'> {
    this.#drop();
    await this.#parts.files.prepare();
    if (await this.#adopt()) {
      try {
        await this.#connect();
        await this.#reconcile();
        if ((await this.#parts.files.linked('current')) !== skeleton.name) await this.reskin(skeleton);
        this.#skeleton = skeleton;
        return 'adopted';
      } catch (error) {
        this.#parts.log.warn({ error: messageOf(error) }, 'a running HAProxy could not be adopted and is replaced');
        this.#drop();
      }
    }
    await this.#parts.process.stop();
    await this.#startWith(skeleton);
    return 'started';
  }

  /** Makes the running HAProxy hold what the image says for the changed keys. Rejects with MapRefused or SocketDown. */
  async apply(changes: readonly MapChange[]): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    if (changes.length > 0) await this.#applyMaps(worker, changes);
    const { certificates } = this.#parts;
    if (certificates === null || certificates.isSettled) return;
    if (certificates.wantsReload && this.#skeleton !== null) return this.#reload(worker, this.#skeleton.name);
    await certificates.settle(this.#certificateTarget(worker));
  }

  async #applyMaps(worker: Worker, changes: readonly MapChange[]): Promise<void> {
    for (const retired of this.#retired) {
      try {
        await writeChanges(this.#target(retired, true), changes);
      } catch (error) {
        if (!retired.socket.isDown)
          this.#parts.log.warn({ error: messageOf(error), pid: retired.pid }, 'an ending worker did not take a change');
      }
    }
    await writeChanges(this.#target(worker, false), changes);
  }

  /** Loads another skeleton without losing a connection. Rejects with StartFailed and leaves the one before in use. */
  async reskin(skeleton: Skeleton): Promise<void> {
    const { files, process } = this.#parts;
    const old = this.#worker;
    if (old === null) throw new StartFailed('HAProxy is not running.');
    const before = await files.linked('current');
    if (before === skeleton.name && this.#skeleton?.name === skeleton.name) return;
    if (skeleton.name === this.#refused) return;
    await this.#writeFiles();
    const complaint = await process.check(await files.store(skeleton));
    if (complaint !== null) {
      if (this.#refused === null)
        throw new StartFailed(`HAProxy refused the new configuration and keeps the old one. ${complaint}`);
      // Since its start HAProxy runs with the last good configuration; policy goes on coming into force with that one.
      this.#parts.log.error(
        { complaint },
        'HAProxy refuses its configuration as it did at its start; the last good one stays in use',
      );
      this.#refused = skeleton.name;
      return;
    }
    await files.link('current', skeleton.name);
    try {
      await process.reload(old.pid);
    } catch (error) {
      if (before !== null) await files.link('current', before);
      throw error;
    }
    await this.#succeed(old);
    await files.link('good', skeleton.name);
    await files.sweep();
    this.#refused = null;
    this.#skeleton = skeleton;
  }

  /** Has a new worker read everything from files, with the skeleton in use. Rejects with StartFailed; the old worker then goes on. */
  async #reload(old: Worker, skeleton: string): Promise<void> {
    await this.#writeFiles();
    this.#parts.log.info({ skeleton }, 'HAProxy is reloaded to take many certificates at once');
    await this.#parts.process.reload(old.pid);
    await this.#succeed(old);
  }

  async #succeed(old: Worker): Promise<void> {
    this.#retire(old);
    await this.#connect();
    await this.#takeFiles();
  }

  /** Maps and certificates for a worker that is about to start. */
  async #writeFiles(): Promise<void> {
    await this.#parts.files.writeMaps(this.image);
    await this.#parts.certificates?.writeFiles();
  }

  /** A new worker holds what the files hold; what they could not hold is tried once more and told. */
  async #takeFiles(): Promise<void> {
    const { certificates } = this.#parts;
    const worker = this.#worker;
    if (certificates === null || worker === null) return;
    certificates.assumeFiles();
    await certificates.settle(this.#certificateTarget(worker));
  }

  #certificateTarget({ socket }: Worker) {
    return { socket, ask: (command: string) => this.ask(command) };
  }

  /** Compares certificates with what is meant and repairs them; returns how many names differed. Rejects with SocketDown. */
  async repairCertificates(): Promise<number> {
    const { certificates } = this.#parts;
    const worker = this.#worker;
    if (certificates === null || worker === null) return 0;
    const differing = await certificates.drift(this.#certificateTarget(worker));
    if (differing > 0) this.#driftRepairs += 1;
    return differing;
  }

  /** Reads all maps back, repairs what differs, and returns the names of the maps that did. Rejects with SocketDown or MapRefused. */
  async repairDrift(maps: readonly MapName[]): Promise<MapName[]> {
    const worker = this.#worker;
    if (worker === null) return [];
    const repaired: MapName[] = [];
    for (const map of maps) {
      const difference = await this.#difference(map);
      if (difference.changes.length === 0 && !difference.repeats) continue;
      if (difference.repeats) await replaceMap(this.#target(worker, false), map);
      else await writeChanges(this.#target(worker, false), difference.changes);
      this.#driftRepairs += 1;
      repaired.push(map);
    }
    return repaired;
  }

  /** Whether a map, read back outside of the queue, seems to differ: a cheap look that `repairDrift` then makes sure of. */
  async seemsDrifted(map: MapName): Promise<boolean> {
    const { changes, repeats } = await this.#difference(map);
    return repeats || changes.length > 0;
  }

  /** Asks the running worker one command on a connection of its own. */
  async ask(command: string): Promise<string> {
    return askOnce(this.#parts.adminSocket, command);
  }

  /** Ends the streams that `choose` picks out of the answer to `show sess all`, in every worker. Rejects with SocketDown. */
  async endStreams(choose: (sessions: string) => readonly string[]): Promise<number> {
    const worker = this.#worker;
    if (worker === null) return 0;
    let ended = 0;
    for (const { socket } of [...this.#retired, worker]) {
      const sessions = socket === worker.socket ? await this.ask('show sess all') : await socket.command('show sess all');
      for (const pointer of choose(sessions)) {
        await socket.command(`shutdown session ${pointer}`);
        ended += 1;
      }
    }
    return ended;
  }

  /** Replaces HAProxy by a fresh one that holds the image: the last resort when it cannot be brought to it at run time. */
  async restart(skeleton: Skeleton): Promise<void> {
    this.#drop();
    await this.#parts.process.stop();
    await this.#startWith(skeleton);
  }

  async stop(how: 'with-haproxy' | 'leave-haproxy'): Promise<void> {
    this.#drop();
    if (how === 'with-haproxy') await this.#parts.process.stop();
  }

  /** A HAProxy that is alive and slow (a flood, a machine out of breath) is asked again: replacing it would cut every connection. */
  async #adopt(): Promise<boolean> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (await this.#parts.process.adopt()) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (!(await this.#parts.process.isAnyLeft())) return false;
    }
    return false;
  }

  async #startWith(skeleton: Skeleton): Promise<void> {
    const { files, process, log } = this.#parts;
    await this.#writeFiles();
    const good = await files.linked('good');
    const file = await files.store(skeleton);
    const complaint = good === skeleton.name ? null : await process.check(file);
    if (complaint === null) {
      await files.link('current', skeleton.name);
      await process.start();
      await files.link('good', skeleton.name);
      this.#refused = null;
    } else {
      if (good === null || !files.isOurs(good)) throw new StartFailed(`HAProxy refused its configuration. ${complaint}`);
      this.#refused = skeleton.name;
      log.error({ complaint, good }, 'HAProxy refused its configuration; the last good one is used');
      await files.link('current', good);
      await process.start();
    }
    await files.sweep();
    await this.#connect();
    await this.#takeFiles();
    this.#skeleton = skeleton;
  }

  async #connect(): Promise<void> {
    const socket = await RuntimeSocket.open(this.#parts.adminSocket);
    const pid = Number(parseInfo(await socket.command('show info')).get('Pid'));
    this.#worker = { pid, socket };
    const lost = () => {
      if (this.#worker?.socket !== socket) return;
      this.#drop();
      this.#parts.onDown();
    };
    socket.onDown(lost);
    this.#watch ??= setInterval(() => {
      if (!this.#parts.process.isAlive) this.#worker?.socket.close();
    }, 200);
  }

  #retire(old: Worker): void {
    this.#retired.push(old);
    const forget = () => {
      clearInterval(timer);
      this.#retired = this.#retired.filter((worker) => worker !== old);
      old.socket.close();
    };
    // Its only job left (beside the master's listener, which does not count) is our own connection: closing that lets it end.
    const timer = setInterval(() => {
      old.socket
        .command('show info')
        .then((answer) => {
          const info = parseInfo(answer);
          if (Number(info.get('Jobs')) - Number(info.get('Unstoppable Jobs')) <= 1) forget();
        })
        .catch(forget);
    }, 500);
    old.socket.onDown(forget);
  }

  async #reconcile(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const changes: MapChange[] = [];
    for (const map of this.image.mapNames) {
      const difference = await this.#difference(map);
      if (difference.repeats) await replaceMap(this.#target(worker, false), map);
      else changes.push(...difference.changes);
    }
    await writeChanges(this.#target(worker, false), changes);
    await this.#parts.certificates?.compare(this.#certificateTarget(worker), 'all');
  }

  async #difference(map: MapName): Promise<{ readonly changes: MapChange[]; readonly repeats: boolean }> {
    const answer = await this.ask(`show map ${this.#fileOf(map)}`);
    if (answer.startsWith('Unknown map')) throw new MapRefused(`HAProxy does not know the map ${map}.`);
    const stored = new Map<string, string>();
    let repeats = false;
    let read = 0;
    for (const [key, value] of parseMap(answer)) {
      if (stored.has(key)) repeats = true;
      else stored.set(key, value);
      read += 1;
      if (read % entriesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const changes: MapChange[] = [];
    for (const { key, value } of this.image.entries(map)) {
      const before = stored.get(key) ?? null;
      if (before !== value) changes.push({ map, key, before, after: value });
    }
    for (const [key, before] of stored) if (this.image.value(map, key) === null) changes.push({ map, key, before, after: null });
    return { changes, repeats };
  }

  #target({ socket }: Worker, retired: boolean): MapTarget {
    const ask = retired ? (command: string) => socket.command(command) : (command: string) => this.ask(command);
    return { socket, ask, fileOf: (map) => this.#fileOf(map), image: this.image };
  }

  #fileOf(map: MapName): string {
    return mapFile({ maps: this.#parts.files.maps }, map);
  }

  #drop(): void {
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#watch = null;
    const worker = this.#worker;
    this.#worker = null;
    worker?.socket.close();
    for (const retired of this.#retired.splice(0)) retired.socket.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
