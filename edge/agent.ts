/**
 * The edge agent: policy in, HAProxy made to hold it, acknowledgements and receipts out.
 *
 * One queue orders everything that changes what is in force: frames, the passing of time, HAProxy's death. A batch of frames that
 * arrived while the one before was being applied is applied together, so coalescing costs an idle edge no waiting. Per batch: policy
 * in memory → journal on disk → maps over the admin socket, read back → ACK. What the disk or HAProxy refuses is taken back from all
 * three and answered with a NACK; the last good state stays in force. Nothing is ever lifted or dropped because the control plane is
 * away: orders start and end by this machine's clock.
 * Not here: how each of these is done. After: Envoy's ADS client, graphile/worker's one-queue runner.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ProviderPolicy } from '../contract/policy.ts';
import { ProviderPolicy as ProviderSchema } from '../contract/policy.ts';
import { Instant } from '../contract/ids.ts';
import type { Revision } from '../contract/ids.ts';
import type { FromControl, NackReason, SignedFrame } from '../contract/stream.ts';
import { backoffMs } from '../kit/backoff.ts';
import { textVerifier } from '../kit/ed25519.ts';
import { Serial } from '../kit/serial.ts';
import { Engine } from './haproxy/engine.ts';
import { HaproxyFiles } from './haproxy/files.ts';
import type { Skeleton } from './haproxy/files.ts';
import { MapImage } from './haproxy/map-image.ts';
import { HaproxyProcess } from './haproxy/process.ts';
import { SocketDown } from './haproxy/runtime-socket.ts';
import type { Identity } from './identity.ts';
import { probe } from './probe.ts';
import { Receipts } from './receipts.ts';
import { RenderedPolicy, nextOrderChangeMs, touchedBy } from './rendered-policy.ts';
import type { Touched } from './rendered-policy.ts';
import { mapNames, renderConfig, renderPages } from './render/index.ts';
import type { EdgePlan } from './render/types.ts';
import { StreamClient } from './stream/client.ts';
import type { EdgeVersions } from './stream/client.ts';
import { DiskCopy } from './stream/disk-copy.ts';
import type { OpenGrowing } from './stream/disk-copy.ts';
import { SnapshotParts, readFrame } from './stream/frames.ts';
import { FrameRefused, sha256Hex } from './stream/policy-state.ts';
import type { Delta, ItemChange, PolicyState } from './stream/policy-state.ts';
import { itemHash } from '../core/shield/digest.ts';
import type { EdgeMetrics } from './telemetry/metrics.ts';
import { Reporter } from './telemetry/reporter.ts';

export type AgentParts = {
  /** The edge's own folder: policy, receipts, HAProxy's files. */
  readonly folder: string;
  readonly identity: Identity;
  readonly controlUrl: string;
  readonly versions: EdgeVersions;
  /** The plan of this machine, given where a skeleton's pages are. */
  readonly plan: (pagesFolder: string) => EdgePlan;
  readonly haproxyBinary: string;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** For tests: a disk that can be full. */
  readonly openGrowing?: OpenGrowing;
};

type Head = Extract<FromControl, { kind: 'head' }>;
type Incoming = { readonly frame: SignedFrame; readonly receivedMs: number };
type TimedDelta = { readonly delta: Delta; readonly receivedMs: number };

const resyncFirstMs = 500;
const resyncLongestMs = 60_000;
/** An order's start or end is never awaited longer than this in one go: clocks get set. */
const longestTimerMs = 10_000;
const refusedTimerMs = 5000;
/**
 * How long a start waits to hear what changed while this edge was away, before it serves what it holds: for the first word of the control
 * plane, and for the next one once it speaks (a large policy is compiled meanwhile). Open: visitors of all sites wait no longer than
 * this for a control plane that is dead. tests/stories/offline-edge has the case for waiting at all.
 */
const firstWordMs = 2000;
const nextWordMs = 10_000;
const longestCatchUpMs = 60_000;

export class EdgeAgent {
  readonly #parts: AgentParts;
  readonly #queue = new Serial();
  readonly #image = new MapImage(mapNames);
  readonly #rendered = new RenderedPolicy(this.#image);
  readonly #files: HaproxyFiles;
  readonly #engine: Engine;
  readonly #disk: DiskCopy;
  readonly #stream: StreamClient;
  readonly #reporter: Reporter;
  readonly #snapshot = new SnapshotParts();
  readonly #verify;
  #receipts: Receipts | null = null;
  #policy: PolicyState;
  #incoming: Incoming[] = [];
  #draining = false;
  /** True while HAProxy may hold something else than policy and image say. */
  #unsettled = true;
  #ackDue = false;
  #resend = false;
  #resyncAtMs = 0;
  #resyncWaitMs = resyncFirstMs;
  #orderTimer: NodeJS.Timeout | null = null;
  #renderedAtMs = 0;
  #restarts = 0;
  #bootedMs = 0;
  #caughtUp = false;
  #upSinceMs = 0;
  #stopping = false;

  private constructor(parts: AgentParts, disk: DiskCopy, policy: PolicyState) {
    this.#parts = parts;
    this.#disk = disk;
    this.#policy = policy;
    this.#verify = textVerifier(parts.identity.policyKey);
    this.#files = new HaproxyFiles(join(parts.folder, 'haproxy'));
    const { adminSocket } = parts.plan('/').paths;
    this.#engine = new Engine({
      files: this.#files,
      process: new HaproxyProcess({
        binary: parts.haproxyBinary,
        config: this.#files.config,
        adminSocket,
        masterSocket: join(this.#files.folder, 'master.sock'),
        log: join(this.#files.folder, 'haproxy.log'),
      }),
      adminSocket,
      image: this.#image,
      log: parts.log,
      onDown: () => this.#onHaproxyDown(),
    });
    this.#stream = new StreamClient({
      controlUrl: parts.controlUrl,
      edgeId: parts.identity.edgeId,
      sign: parts.identity.sign,
      versions: parts.versions,
      held: () => ({ revision: this.#policy.revision, digest: this.#policy.digest }),
      chance: parts.chance,
      log: parts.log,
      onSubscribed: () => {
        // What the last connection brought and was not applied will be sent again, from the revision that was just told.
        this.#incoming = [];
        this.#resend = true;
      },
      onFrame: (frame) => this.#onFrame(frame),
      onHead: (head) => this.#onHead(head),
      onReceiptKept: (signature) => void this.#receipts?.kept(signature).catch((error: unknown) => this.#logError(error)),
    });
    this.#reporter = new Reporter({
      engine: this.#engine,
      metrics: parts.metrics,
      log: parts.log,
      haproxyLog: join(this.#files.folder, 'haproxy.log'),
      nowMs: parts.nowMs,
      send: (message) => this.#stream.send(message),
      policy: () => ({ revision: this.#policy.revision, sites: this.#policy.siteCount }),
      connected: () => this.#stream.isConnected,
      receiptsWaiting: () => this.#receipts?.undelivered ?? 0,
      onStrangeWorker: () => this.#readopt(),
      repairDrift: (maps) => this.#queue.run(() => this.#engine.repairDrift(maps)),
    });
  }

  /**
   * Starts an edge: policy from disk, HAProxy with its orders in force, then the stream. Rejects with StartFailed when HAProxy does not
   * start at all. The caller holds the lock of the folder.
   */
  static async start(parts: AgentParts): Promise<EdgeAgent> {
    const { copy, loaded } = await DiskCopy.open(join(parts.folder, 'policy'), parts.openGrowing);
    if (loaded.mended !== null) parts.log.warn({ revision: loaded.state.revision }, loaded.mended);
    const agent = new EdgeAgent(parts, copy, loaded.state);
    try {
      await agent.#queue.run(() => agent.#render());
      // A HAProxy that an agent before left serving is adopted at once: it serves anyway, and what changed follows.
      if (!(await agent.#engine.isServing())) {
        agent.#stream.start();
        await agent.#catchUp();
      }
      await agent.#queue.run(() => agent.#boot());
    } catch (error) {
      await agent.stop('leave-haproxy');
      throw error;
    }
    return agent;
  }

  get revision(): Revision {
    return this.#policy.revision;
  }

  get digest(): string {
    return this.#policy.digest;
  }

  get isConnected(): boolean {
    return this.#stream.isConnected;
  }

  get haproxy(): 'up' | 'reloading' | 'down' {
    return this.#engine.state;
  }

  get workerPid(): number | null {
    return this.#engine.workerPid;
  }

  /** Reads every map back now and repairs what differs; returns the names of the maps that did. */
  repairDrift(): Promise<readonly string[]> {
    return this.#queue.run(() => this.#engine.repairDrift(mapNames));
  }

  /** Stops the agent; HAProxy goes with it, or is left serving for the next agent to adopt. */
  async stop(how: 'with-haproxy' | 'leave-haproxy'): Promise<void> {
    this.#stopping = true;
    this.#stream.stop();
    this.#reporter.stop();
    if (this.#orderTimer !== null) clearTimeout(this.#orderTimer);
    await this.#queue.idle();
    await this.#receipts?.stop();
    await this.#engine.stop(how);
    await this.#disk.close();
  }

  async #render(): Promise<void> {
    this.#bootedMs = this.#parts.nowMs();
    this.#renderedAtMs = this.#bootedMs;
    await this.#rendered.renderAll(this.#policy, this.#provider(), this.#bootedMs);
  }

  /**
   * Waits until this edge holds what the control plane holds; gives up when that is silent. An edge that was away while an order was
   * confirmed would else serve the blocked site from its disk copy until the stream has caught up.
   */
  async #catchUp(): Promise<void> {
    const { nowMs, log } = this.#parts;
    while (!this.#caughtUp && !this.#stopping) {
      const heardMs = Math.max(this.#bootedMs, this.#stream.lastHeardMs ?? 0);
      const silentMs = nowMs() - heardMs;
      const patienceMs = this.#stream.isConnected ? nextWordMs : firstWordMs;
      if (silentMs > patienceMs || nowMs() - this.#bootedMs > longestCatchUpMs) {
        log.warn({ revision: this.#policy.revision, silentMs }, 'the edge could not catch up and serves what it holds');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #boot(): Promise<void> {
    const { identity, log } = this.#parts;
    const startedMs = this.#bootedMs;
    const sites = this.#rendered.overdue(this.#policy, this.#parts.nowMs());
    this.#rendered.renderTouched(this.#policy, { sites, keys: false, provider: false }, this.#provider(), this.#parts.nowMs());
    const how = await this.#engine.bringUp(this.#skeleton());
    this.#nowUp(how);
    this.#receipts = await Receipts.open({
      folder: join(this.#parts.folder, 'receipts'),
      edgeId: identity.edgeId,
      group: identity.group,
      sign: identity.sign,
      log,
      nowMs: this.#parts.nowMs,
      probe: (target) => {
        const plan = this.#parts.plan('/');
        return probe(plan.listeners, plan.probeSource, target);
      },
      truth: () =>
        this.#unsettled || this.#engine.state === 'down'
          ? null
          : {
              revision: this.#policy.revision,
              digest: this.#policy.digest,
              inForce: this.#rendered.inForce,
              site: (siteId) => this.#policy.site(siteId),
            },
      send: (receipt) => void this.#stream.send({ kind: 'receipt', receipt }),
      onSigned: (state) => this.#parts.metrics.receipts.inc({ state }),
    });
    log.info(
      { revision: this.#policy.revision, sites: this.#policy.siteCount, haproxy: how, bootMs: this.#parts.nowMs() - startedMs },
      'the edge serves',
    );
    if (this.#ackDue) this.#ack(this.#parts.nowMs());
    this.#receipts.wake(this.#parts.nowMs());
    this.#receipts.resend();
    this.#armOrderTimer();
    this.#stream.start();
    this.#reporter.start();
  }

  #onFrame(frame: SignedFrame): void {
    this.#incoming.push({ frame, receivedMs: this.#parts.nowMs() });
    if (this.#draining || this.#stopping) return;
    this.#draining = true;
    this.#queue.run(() => this.#drain()).catch((error: unknown) => this.#logError(error));
  }

  async #drain(): Promise<void> {
    this.#draining = false;
    let deltas: TimedDelta[] = [];
    for (const { frame, receivedMs } of this.#incoming.splice(0)) {
      try {
        const payload = readFrame(frame, this.#verify, this.#parts.identity.group);
        if (payload.kind === 'delta') {
          deltas.push({ delta: payload, receivedMs });
          continue;
        }
        await this.#applyDeltas(deltas);
        deltas = [];
        await this.#takeSnapshotPart(payload, receivedMs);
      } catch (error) {
        if (!(error instanceof FrameRefused)) throw error;
        await this.#applyDeltas(deltas);
        deltas = [];
        this.#nack(this.#policy.revision, error.reason, error.message);
      }
    }
    await this.#applyDeltas(deltas);
  }

  async #applyDeltas(deltas: readonly TimedDelta[]): Promise<void> {
    const done: (TimedDelta & { readonly changes: readonly ItemChange[]; readonly undo: () => void })[] = [];
    this.#unsettled = true;
    for (const { delta, receivedMs } of deltas) {
      try {
        done.push({ delta, receivedMs, ...this.#policy.apply(delta) });
      } catch (error) {
        if (!(error instanceof FrameRefused)) throw error;
        this.#nack(delta.to, error.reason, error.message);
      }
    }
    const last = done.at(-1);
    if (last === undefined) {
      this.#unsettled = false;
      return;
    }
    const undo = () => {
      for (const one of done.toReversed()) one.undo();
    };
    try {
      await this.#disk.append(done.map(({ delta }) => recordOf(delta)));
    } catch (error) {
      undo();
      this.#unsettled = false;
      this.#nack(last.delta.to, 'disk', `The policy could not be written to this edge’s disk: ${messageOf(error)}`);
      return;
    }
    const touched = touchedBy(done.flatMap(({ changes }) => changes));
    try {
      await this.#enforce(touched);
    } catch (error) {
      undo();
      await this.#disk.undoAppend();
      await this.#goBack(touched);
      this.#unsettled = false;
      if (done.length === 1)
        return this.#nack(last.delta.to, error instanceof RangeError ? 'bad-policy' : 'refused-by-haproxy', messageOf(error));
      for (const { delta, receivedMs } of done) await this.#applyDeltas([{ delta, receivedMs }]);
      return;
    }
    this.#settled(
      done[0]?.receivedMs ?? last.receivedMs,
      done.some(({ changes }) => changes.some(concernsOrders)),
    );
    if (this.#disk.wantsCompaction) {
      this.#disk
        .compact(this.#policy)
        .catch((error: unknown) =>
          this.#parts.log.warn({ error: messageOf(error) }, 'the disk copy was not compacted; it is still whole'),
        );
    }
  }

  async #takeSnapshotPart(part: Parameters<SnapshotParts['add']>[0], receivedMs: number): Promise<void> {
    const next = this.#snapshot.add(part, this.#policy.revision);
    await new Promise((resolve) => setImmediate(resolve));
    if (next === null) return;
    const before = this.#policy;
    this.#unsettled = true;
    this.#policy = next;
    const everything: Touched = { sites: new Set(), keys: true, provider: true };
    try {
      await this.#enforce(everything);
      try {
        await this.#disk.replace(next);
      } catch (error) {
        throw new FrameRefused('disk', `The policy could not be written to this edge’s disk: ${messageOf(error)}`);
      }
    } catch (error) {
      this.#policy = before;
      await this.#goBack(everything);
      this.#unsettled = false;
      const reason =
        error instanceof FrameRefused ? error.reason : error instanceof RangeError ? 'bad-policy' : 'refused-by-haproxy';
      this.#nack(next.revision, reason, messageOf(error));
      return;
    }
    this.#settled(receivedMs, true);
  }

  /** Renders what was touched and has HAProxy hold it. Rejects with MapRefused, StartFailed or the renderer's RangeError. */
  async #enforce(touched: Touched): Promise<void> {
    const atMs = this.#parts.nowMs();
    const changes = touched.provider
      ? await this.#rendered.renderAll(this.#policy, this.#provider(), atMs)
      : this.#rendered.renderTouched(this.#policy, touched, this.#provider(), atMs);
    try {
      await this.#engine.apply(changes);
      if (touched.provider && this.#engine.state !== 'down') await this.#reskin();
    } catch (error) {
      // A HAProxy that went away is brought up again from the image, which holds the change already.
      if (!(error instanceof SocketDown)) throw error;
      this.#parts.log.warn({ error: error.message }, 'HAProxy went away during a change');
    }
  }

  async #reskin(): Promise<void> {
    const before = this.#engine.workerPid;
    await this.#engine.reskin(this.#skeleton());
    if (this.#engine.workerPid !== before) this.#parts.metrics.reloads.inc();
  }

  /** After a refusal: the policy is what it was; make image and HAProxy so too. */
  async #goBack(touched: Touched): Promise<void> {
    try {
      await this.#enforce(touched);
    } catch (error) {
      this.#parts.log.error(
        { error: messageOf(error) },
        'HAProxy did not go back to the last good state at run time; it is restarted with it',
      );
      await this.#engine.restart(this.#skeleton()).catch((cause: unknown) => {
        this.#logError(cause);
        this.#bringUpIn(backoffMs({ firstMs: 100, longestMs: 5000 }, 0, this.#parts.chance()));
      });
    }
  }

  #settled(receivedMs: number, ordersChanged: boolean): void {
    this.#unsettled = false;
    this.#resyncWaitMs = resyncFirstMs;
    if (this.#engine.state === 'down') this.#ackDue = true;
    else this.#ack(receivedMs);
    if (!ordersChanged) return;
    this.#armOrderTimer();
    this.#receipts?.wake(receivedMs);
  }

  #ack(receivedMs: number): void {
    const nowMs = this.#parts.nowMs();
    this.#ackDue = false;
    const applyMs = Math.max(0, nowMs - receivedMs);
    this.#parts.metrics.applySeconds.observe(applyMs / 1000);
    this.#parts.metrics.revision.set(this.#policy.revision);
    this.#parts.metrics.sites.set(this.#policy.siteCount);
    const { revision, digest } = this.#policy;
    this.#stream.send({ kind: 'ack', revision, digest, appliedAt: instant(nowMs), applyMs });
    this.#parts.log.debug({ revision, applyMs }, 'in force');
  }

  #nack(revision: Revision, reason: NackReason, detail: string): void {
    this.#parts.metrics.nacks.inc({ reason });
    this.#parts.log.warn(
      { revision, reason, detail, held: this.#policy.revision },
      'a frame was refused; the last good policy stays in force',
    );
    this.#stream.send({ kind: 'nack', revision, reason, detail: detail.slice(0, 2000) });
    if (reason === 'gap' || reason === 'digest-mismatch') this.#resync(detail);
    // What is refused for good will not come by waiting: a start then serves the last good policy.
    else this.#caughtUp = true;
  }

  #onHead(head: Head): void {
    if (this.#resend) {
      this.#resend = false;
      this.#receipts?.resend();
    }
    this.#queue
      .run(async () => {
        if (this.#incoming.length > 0) return;
        const { revision, digest } = this.#policy;
        if (head.revision > revision) this.#resync(`This edge holds ${revision}, the control plane ${head.revision}.`);
        else if (head.revision === revision && head.digest !== digest)
          this.#resync(`Revision ${revision} has another digest here.`);
        else this.#caughtUp = true;
        if (head.revision < revision) {
          this.#parts.log.warn(
            { held: revision, head: head.revision },
            'the control plane is at an older revision than this edge, which keeps what it has',
          );
        }
      })
      .catch((error: unknown) => this.#logError(error));
  }

  /** Asks for everything anew, ever more rarely while it does not help. */
  #resync(reason: string): void {
    const nowMs = this.#parts.nowMs();
    if (nowMs < this.#resyncAtMs) return;
    this.#resyncAtMs = nowMs + this.#resyncWaitMs;
    this.#resyncWaitMs = Math.min(resyncLongestMs, this.#resyncWaitMs * 2);
    this.#stream.send({ kind: 'resync', reason: reason.slice(0, 500) });
  }

  #armOrderTimer(waitMs?: number): void {
    if (this.#orderTimer !== null) clearTimeout(this.#orderTimer);
    if (this.#stopping) return;
    const nowMs = this.#parts.nowMs();
    const next = nextOrderChangeMs(this.#policy, nowMs);
    const untilNextMs = next === null ? longestTimerMs : Math.min(longestTimerMs, next - nowMs);
    this.#orderTimer = setTimeout(() => {
      this.#queue.run(() => this.#passTime()).catch((error: unknown) => this.#logError(error));
    }, waitMs ?? untilNextMs);
  }

  /** Puts orders in force and lifts them by this machine's clock. */
  async #passTime(): Promise<void> {
    const nowMs = this.#parts.nowMs();
    const sites = this.#rendered.overdue(this.#policy, nowMs);
    if (sites.size > 0) {
      this.#unsettled = true;
      const touched: Touched = { sites, keys: false, provider: false };
      try {
        await this.#enforce(touched);
      } catch (error) {
        this.#parts.log.error(
          { error: messageOf(error), sites: [...sites] },
          'orders could not start or end at their time; this is tried again',
        );
        const back = this.#rendered.renderTouched(this.#policy, touched, this.#provider(), this.#renderedAtMs);
        await this.#engine.apply(back).catch((cause: unknown) => this.#logError(cause));
        this.#unsettled = false;
        return this.#armOrderTimer(refusedTimerMs);
      }
      this.#unsettled = false;
      this.#receipts?.wake(nowMs);
    }
    this.#renderedAtMs = nowMs;
    this.#armOrderTimer();
  }

  #onHaproxyDown(): void {
    if (this.#stopping) return;
    this.#parts.log.error('HAProxy does not answer any more; it is brought up again');
    const livedMs = this.#parts.nowMs() - this.#upSinceMs;
    this.#restarts = livedMs > 10_000 ? 0 : this.#restarts + 1;
    this.#bringUpIn(
      this.#restarts <= 1 ? 0 : backoffMs({ firstMs: 50, longestMs: 5000 }, this.#restarts - 2, this.#parts.chance()),
    );
  }

  /** Someone else has reloaded HAProxy: its maps are from files that may be old. */
  #readopt(): void {
    this.#parts.log.warn('HAProxy was reloaded by someone else; its maps are compared with the policy');
    this.#queue.run(() => this.#bringUp()).catch((error: unknown) => this.#logError(error));
  }

  #bringUpIn(waitMs: number): void {
    setTimeout(() => {
      if (this.#stopping) return;
      this.#queue
        .run(async () => {
          if (!this.#stopping && this.#engine.state === 'down') await this.#bringUp();
        })
        .catch((error: unknown) => {
          this.#parts.log.error({ error: messageOf(error) }, 'HAProxy could not be brought up; this is tried again');
          this.#restarts += 1;
          this.#bringUpIn(backoffMs({ firstMs: 100, longestMs: 5000 }, this.#restarts, this.#parts.chance()));
        });
    }, waitMs);
  }

  async #bringUp(): Promise<void> {
    const sites = this.#rendered.overdue(this.#policy, this.#parts.nowMs());
    this.#rendered.renderTouched(this.#policy, { sites, keys: false, provider: false }, this.#provider(), this.#parts.nowMs());
    this.#nowUp(await this.#engine.bringUp(this.#skeleton()));
    this.#parts.log.info({ revision: this.#policy.revision }, 'HAProxy serves again');
    if (this.#ackDue) this.#ack(this.#parts.nowMs());
    this.#receipts?.wake(this.#parts.nowMs());
  }

  #nowUp(how: 'adopted' | 'started'): void {
    this.#unsettled = false;
    this.#upSinceMs = this.#parts.nowMs();
    this.#parts.metrics.haproxyStarts.inc({ how });
    this.#parts.metrics.revision.set(this.#policy.revision);
    this.#parts.metrics.sites.set(this.#policy.siteCount);
  }

  #provider(): ProviderPolicy {
    return (
      this.#policy.provider() ??
      ProviderSchema.parse({ kind: 'provider', name: 'Portcullis', publicUrl: new URL(this.#parts.controlUrl).origin })
    );
  }

  #skeleton(): Skeleton {
    return this.#files.skeleton((pagesFolder) => renderConfig(this.#parts.plan(pagesFolder)), renderPages(this.#provider()));
  }

  #logError(error: unknown): void {
    this.#parts.log.error({ error: messageOf(error) }, 'something in the agent failed; what is in force stays in force');
  }
}

function recordOf(delta: Delta) {
  const { from, to, digest, upserts, removals } = delta;
  return { from, to, digest, removals, upserts: upserts.map((item) => ({ item, hash: itemHash(item, sha256Hex) })) };
}

function concernsOrders({ before, after }: ItemChange): boolean {
  // A site that comes, goes or changes its hostnames changes what its orders' receipts say.
  return [before, after].some((item) => item?.kind === 'order' || item?.kind === 'site');
}

function instant(ms: number): Instant {
  return Instant.parse(new Date(ms).toISOString());
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
