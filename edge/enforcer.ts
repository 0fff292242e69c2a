/**
 * Makes HAProxy hold the policy, and takes back what the disk or HAProxy refuses.
 *
 * One queue orders everything that changes what is in force: deltas, snapshots, the passing of time, HAProxy's death. Per change: policy
 * in memory → journal on disk → maps over the admin socket, read back → `onInForce`. What is refused on the way is undone in all
 * three, and `onRefused` says why: the last good state stays in force. While HAProxy is down a change waits in the image; it is in
 * force, and told so, when HAProxy serves again.
 * Not here: the stream, receipts (agent.ts), how maps are written (haproxy/).
 */
import { join } from 'node:path';
import type { SiteId } from '../contract/ids.ts';
import { ProviderPolicy } from '../contract/policy.ts';
import type { EdgeNetworkData } from '../contract/stream.ts';
import { Serial } from '../kit/serial.ts';
import { OriginCertificates } from './certificates/origins.ts';
import { CertificateSlots } from './certificates/slots.ts';
import { openEngine } from './enforcer-parts.ts';
import type { EnforcerParts, TimedDelta } from './enforcer-parts.ts';
import type { Engine } from './haproxy/engine.ts';
import { HaproxyFiles } from './haproxy/files.ts';
import type { Skeleton } from './haproxy/files.ts';
import { MapImage } from './haproxy/map-image.ts';
import { checkConfig } from './haproxy/process.ts';
import { SocketDown } from './haproxy/runtime-socket.ts';
import { OldStreams, streamsToEnd } from './old-streams.ts';
import type { Truth } from './receipts.ts';
import { mapNames, renderConfig, renderPages } from './render/index.ts';
import type { MapName } from './render/types.ts';
import { diskSentence, messageOf, reasonOf } from './refusals.ts';
import { concernsOrders, nextOrderChangeMs, RenderedPolicy, sitesChanged, touchedBy } from './rendered-policy.ts';
import type { Touched } from './rendered-policy.ts';
import { Revival } from './revival.ts';
import { NetworkDataKeeper } from './network-data/keeper.ts';
import type { Loaded } from './network-data/keeper.ts';
import { recordOf } from './stream/disk-copy.ts';
import type { DiskCopy } from './stream/disk-copy.ts';
import { FrameRefused } from './stream/policy-state.ts';
import type { ItemChange, PolicyState } from './stream/policy-state.ts';

/** An order's start or end is never awaited longer than this in one go: clocks get set. */
const longestTimerMs = 10_000;
const refusedTimerMs = 5000;

export class Enforcer {
  readonly queue = new Serial();
  readonly files: HaproxyFiles;
  readonly engine: Engine;
  readonly #parts: EnforcerParts;
  readonly #image = new MapImage(mapNames);
  readonly #slots = new CertificateSlots();
  readonly #origins: OriginCertificates;
  readonly #rendered: RenderedPolicy;
  readonly #oldStreams = new OldStreams();
  readonly #networkData: NetworkDataKeeper;
  readonly #disk: DiskCopy;
  readonly #revival: Revival;
  #policy: PolicyState;
  /** True while HAProxy may hold something else than policy and image say. */
  #unsettled = true;
  #serving = false;
  #ackDue = false;
  #orderTimer: NodeJS.Timeout | null = null;
  #renderedAtMs = 0;
  #stopping = false;

  constructor(parts: EnforcerParts, disk: DiskCopy, policy: PolicyState) {
    this.#parts = parts;
    this.#disk = disk;
    const { certificates } = parts.plan('/').paths;
    this.#origins = new OriginCertificates({
      folder: certificates,
      key: parts.certificateKey,
      check: (config) => checkConfig(parts.haproxyBinary, config),
      log: parts.log,
    });
    const isHeld = (siteId: SiteId) => parts.ownAttacks?.has(siteId) ?? false;
    this.#rendered = new RenderedPolicy(this.#image, this.#slots, isHeld, this.#origins);
    this.#networkData = new NetworkDataKeeper(parts.networkFiles, parts.log, (loaded) => this.#onNetworkData(loaded));
    this.#policy = policy;
    const { log, nowMs, chance } = parts;
    this.#revival = new Revival({ attempt: () => this.queue.run(() => this.#revive()), log, nowMs, chance });
    this.files = new HaproxyFiles(join(parts.folder, 'haproxy'), parts.version);
    this.engine = openEngine(parts, this.files, { image: this.#image, slots: this.#slots, onDown: () => this.#onHaproxyDown() });
  }

  get policy(): PolicyState {
    return this.#policy;
  }

  /** Which network data this edge has. */
  networkData(): Promise<EdgeNetworkData> {
    return this.#networkData.state();
  }

  /** What is in force, or `null` while HAProxy may hold something else. */
  truth(): Truth | null {
    if (this.#unsettled || this.engine.state === 'down') return null;
    const policy = this.#policy;
    const { revision, digest } = policy;
    return { revision, digest, inForce: this.#rendered.inForce, site: (siteId) => policy.site(siteId) };
  }

  /** Requests in ten seconds that a client of a site may send, by its owner or the strictest order; `null`: any number, or no such site. */
  clientLimit(siteId: SiteId): number | null {
    return this.#rendered.clientLimit(this.#policy, siteId);
  }

  /** Renders the whole policy. The first thing to do; nothing is served yet. */
  async render(): Promise<void> {
    this.#renderedAtMs = this.#parts.nowMs();
    await this.queue.run(() => this.#rendered.renderAll(this.#policy, this.#provider(), this.#renderedAtMs));
    // Rules that name a country are in force before anything is served, where there is data.
    await this.#networkData.want(this.#rendered.wanted());
    await this.queue.idle();
  }

  /** Adopts or starts HAProxy with every order in force, and from then on keeps it so. Rejects with StartFailed. */
  async serve(): Promise<'adopted' | 'started'> {
    const how = await this.queue.run(() => this.#bringUp());
    this.#serving = true;
    this.#armOrderTimer();
    return how;
  }

  /** Applies deltas that follow each other, as one change; refusals are told one by one. Call it from the queue. */
  async applyDeltas(deltas: readonly TimedDelta[]): Promise<void> {
    const done: (TimedDelta & { readonly changes: readonly ItemChange[]; readonly undo: () => void })[] = [];
    for (const { delta, receivedMs } of deltas) {
      try {
        done.push({ delta, receivedMs, ...this.#policy.apply(delta) });
      } catch (error) {
        if (!(error instanceof FrameRefused)) throw error;
        this.#parts.onRefused(delta.to, error.reason, error.message);
      }
    }
    const first = done[0];
    const last = done.at(-1);
    if (first === undefined || last === undefined) return;
    this.#unsettled = true;
    const undo = () => {
      for (const one of done.toReversed()) one.undo();
    };
    try {
      await this.#disk.append(done.map(({ delta }) => recordOf(delta)));
    } catch (error) {
      undo();
      this.#unsettled = false;
      return this.#parts.onRefused(last.delta.to, 'disk', diskSentence(error));
    }
    const touched = touchedBy(done.flatMap(({ changes }) => changes));
    for (const { siteId, before, after } of sitesChanged(done.flatMap(({ changes }) => changes)))
      this.#parts.ownAttacks?.siteChanged(siteId, before, after);
    try {
      await this.#enforce(touched);
    } catch (error) {
      undo();
      await this.#disk.undoAppend().catch((cause: unknown) => this.#logError(cause));
      await this.#goBack(touched);
      if (done.length === 1) return this.#parts.onRefused(last.delta.to, reasonOf(error), messageOf(error));
      for (const { delta, receivedMs } of done) await this.applyDeltas([{ delta, receivedMs }]);
      return;
    }
    this.#settled(first.receivedMs);
    if (done.some(({ changes }) => changes.some(concernsOrders))) this.#ordersChanged(first.receivedMs);
    if (this.#disk.wantsCompaction) {
      this.#disk.compact(this.#policy).catch((error: unknown) => {
        this.#parts.log.warn({ error: messageOf(error) }, 'the disk copy was not compacted; it is still whole');
      });
    }
  }

  /** Replaces the whole policy. Call it from the queue. */
  async applySnapshot(next: PolicyState, receivedMs: number): Promise<void> {
    const before = this.#policy;
    const everything: Touched = { sites: new Set(), keys: true, answers: true, provider: true };
    this.#unsettled = true;
    this.#policy = next;
    for (const site of before.sites()) {
      const after = next.site(site.siteId);
      if (JSON.stringify(after) !== JSON.stringify(site)) this.#parts.ownAttacks?.siteChanged(site.siteId, site, after);
    }
    try {
      await this.#enforce(everything);
      await this.#disk.replace(next).catch((error: unknown) => {
        throw new FrameRefused('disk', diskSentence(error));
      });
    } catch (error) {
      this.#policy = before;
      await this.#goBack(everything);
      return this.#parts.onRefused(next.revision, reasonOf(error), messageOf(error));
    }
    this.#settled(receivedMs);
    this.#ordersChanged(receivedMs);
  }

  /** Reads maps back inside the queue and repairs what differs; returns the names of those that did. */
  repairDrift(maps: readonly MapName[]): Promise<MapName[]> {
    return this.queue.run(() => this.engine.repairDrift(maps));
  }

  /** Other private keys can be opened now than before: every certificate is tried again. */
  certificateKeyChanged(): void {
    const again = async () => {
      this.#slots.touchAll();
      this.#origins.touch();
      await this.#enforce({ sites: new Set(), keys: false, answers: false, provider: false });
    };
    this.queue.run(again).catch((error: unknown) => this.#logError(error));
  }

  /** Looks whether HAProxy holds the certificates that it should, and repairs it; returns how many slots differed. */
  repairCertificates(): Promise<number> {
    return this.queue.run(() => this.engine.repairCertificates());
  }

  /** Renders sites again of which the policy says the same as before. */
  renderAgain(sites: ReadonlySet<SiteId>): void {
    const again = () => this.#enforce({ sites, keys: false, answers: false, provider: false });
    this.queue.run(again).catch((error: unknown) => this.#logError(error));
  }

  /** Someone else seems to have reloaded HAProxy: its maps then are from files that may be old. */
  readopt(): void {
    const compare = async () => {
      if (!(await this.engine.isStrange())) return;
      this.#parts.log.warn('HAProxy was reloaded by someone else; its maps are compared with the policy');
      await this.#bringUp();
    };
    this.queue.run(compare).catch((error: unknown) => this.#logError(error));
  }

  async stop(how: 'with-haproxy' | 'leave-haproxy'): Promise<void> {
    this.#stopping = true;
    this.#networkData.stop();
    if (this.#orderTimer !== null) clearTimeout(this.#orderTimer);
    this.#revival.stop();
    await this.queue.idle();
    await this.engine.stop(how);
    await this.#disk.close();
  }

  /** Renders what was touched and has HAProxy hold it. Rejects with MapRefused, StartFailed or the renderer's RangeError. */
  async #enforce(touched: Touched): Promise<void> {
    const atMs = this.#parts.nowMs();
    const changes = touched.provider
      ? await this.#rendered.renderAll(this.#policy, this.#provider(), atMs)
      : this.#rendered.renderTouched(this.#policy, touched, this.#provider(), atMs);
    // A line for a client certificate comes into force by a reload, and the maps that speak of it with it.
    const other = await this.#origins.settle();
    try {
      if (other && this.engine.state !== 'down') await this.#reskin();
      await this.engine.apply(changes);
      if (touched.provider && this.engine.state !== 'down') await this.#reskin();
    } catch (error) {
      // A HAProxy that went away is brought up again from the image, which holds the change already.
      if (!(error instanceof SocketDown)) throw error;
      this.#parts.log.warn({ error: error.message }, 'HAProxy went away during a change');
    }
  }

  async #reskin(): Promise<void> {
    const before = this.engine.workerPid;
    await this.engine.reskin(this.#skeleton());
    if (this.engine.workerPid !== before) this.#parts.metrics.reloads.inc();
  }

  /** After a refusal: the policy is what it was; make image and HAProxy so too. */
  async #goBack(touched: Touched): Promise<void> {
    try {
      await this.#enforce(touched);
    } catch (error) {
      this.#parts.log.error(
        { error: messageOf(error) },
        'HAProxy did not go back at run time; it is restarted with the last good state',
      );
      await this.engine.restart(this.#skeleton()).catch((cause: unknown) => {
        this.#logError(cause);
        this.#revival.soon();
      });
    }
    this.#unsettled = false;
  }

  #settled(receivedMs: number): void {
    this.#unsettled = false;
    this.#parts.metrics.revision.set(this.#policy.revision);
    this.#parts.metrics.sites.set(this.#policy.siteCount);
    this.#networkData.want(this.#rendered.wanted()).catch((error: unknown) => this.#logError(error));
    if (this.engine.state === 'down') this.#ackDue = true;
    else this.#parts.onInForce(receivedMs);
  }

  /** What the edge knows of networks has changed: the sites whose rules ask for it are rendered again. */
  #onNetworkData(loaded: Loaded): void {
    const apply = async () => {
      const nowMs = this.#parts.nowMs();
      const changes = this.#rendered.renderNetworkData(loaded, this.#policy, this.#provider(), nowMs);
      if (this.engine.state === 'down') return;
      await this.engine.apply(changes).catch((error: unknown) => {
        this.#parts.log.error(
          { error: messageOf(error) },
          'network data could not be brought to HAProxy; it is compared again later',
        );
      });
      if (this.#serving) this.#ordersTurned(nowMs);
    };
    this.queue.run(apply).catch((error: unknown) => this.#logError(error));
  }

  #ordersChanged(sinceMs: number): void {
    if (this.#serving) this.#armOrderTimer();
    this.#ordersTurned(sinceMs);
  }

  /** What orders that came into force interrupt is ended before anybody is told, so that a receipt speaks of that too. */
  #ordersTurned(sinceMs: number): void {
    const cuts = this.#oldStreams.due(this.#rendered.inForce.values(), ({ scope }) => this.#policy.site(scope.siteId));
    if (cuts.size === 0) return this.#parts.onOrders(sinceMs);
    this.engine
      .endStreams((sessions) => streamsToEnd(sessions, cuts))
      .then(
        (ended) => this.#parts.log.info({ ended }, 'streams that an order found under way were ended'),
        (error: unknown) => this.#parts.log.error({ error: messageOf(error) }, 'streams under way could not be ended'),
      )
      .finally(() => this.#parts.onOrders(sinceMs));
  }

  #armOrderTimer(waitMs?: number): void {
    if (this.#orderTimer !== null) clearTimeout(this.#orderTimer);
    if (this.#stopping) return;
    const nowMs = this.#parts.nowMs();
    const next = nextOrderChangeMs(this.#policy, nowMs);
    const untilNextMs = next === null ? longestTimerMs : Math.min(longestTimerMs, next - nowMs);
    this.#orderTimer = setTimeout(() => {
      this.queue.run(() => this.#passTime()).catch((error: unknown) => this.#logError(error));
    }, waitMs ?? untilNextMs);
  }

  /** Puts orders in force and lifts them by this machine's clock. */
  async #passTime(): Promise<void> {
    const nowMs = this.#parts.nowMs();
    const sites = this.#rendered.overdue(this.#policy, nowMs);
    if (sites.size > 0) {
      this.#unsettled = true;
      const touched: Touched = { sites, keys: false, answers: false, provider: false };
      try {
        await this.#enforce(touched);
      } catch (error) {
        this.#parts.log.error(
          { error: messageOf(error), sites: [...sites] },
          'orders could not start or end at their time; this is tried again',
        );
        const back = this.#rendered.renderTouched(this.#policy, touched, this.#provider(), this.#renderedAtMs);
        await this.engine.apply(back).catch((cause: unknown) => this.#logError(cause));
        this.#unsettled = false;
        return this.#armOrderTimer(refusedTimerMs);
      }
      this.#unsettled = false;
      this.#ordersTurned(nowMs);
    }
    this.#renderedAtMs = nowMs;
    this.#armOrderTimer();
  }

  #onHaproxyDown(): void {
    if (this.#stopping) return;
    this.#parts.log.error('HAProxy does not answer any more; it is brought up again');
    this.#revival.onDown();
  }

  async #bringUp(): Promise<'adopted' | 'started'> {
    const nowMs = this.#parts.nowMs();
    const sites = this.#rendered.overdue(this.#policy, nowMs);
    this.#rendered.renderTouched(this.#policy, { sites, keys: false, answers: false, provider: false }, this.#provider(), nowMs);
    await this.#origins.settle();
    const how = await this.engine.bringUp(this.#skeleton());
    if (how === 'started') await this.#origins.sweep();
    this.#unsettled = false;
    this.#revival.onUp();
    const { metrics } = this.#parts;
    metrics.haproxyStarts.inc({ how });
    metrics.revision.set(this.#policy.revision);
    metrics.sites.set(this.#policy.siteCount);
    if (this.#ackDue) this.#parts.onInForce(this.#parts.nowMs());
    this.#ackDue = false;
    this.#ordersTurned(this.#parts.nowMs());
    return how;
  }

  async #revive(): Promise<void> {
    if (this.#stopping || this.engine.state !== 'down') return;
    await this.#bringUp();
    this.#parts.log.info({ revision: this.#policy.revision }, 'HAProxy serves again');
  }

  #provider(): ProviderPolicy {
    return (
      this.#policy.provider() ?? ProviderPolicy.parse({ kind: 'provider', name: 'Portcullis', publicUrl: this.#parts.publicUrl })
    );
  }

  #skeleton(): Skeleton {
    const ownServers = this.#origins.servers;
    const config = (pagesFolder: string) => renderConfig({ ...this.#parts.plan(pagesFolder), ownServers });
    return this.files.skeleton(config, renderPages(this.#provider()));
  }

  #logError(error: unknown): void {
    this.#parts.log.error({ error: messageOf(error) }, 'something in the agent failed; what is in force stays in force');
  }
}
