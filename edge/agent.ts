/**
 * The edge agent: policy in, acknowledgements and receipts out, and a HAProxy in between that holds what the policy says.
 *
 * Frames that arrive while a change is being applied are applied together afterwards, so coalescing costs an idle edge no waiting.
 * Nothing is lifted or dropped because the control plane is away. A refused frame is answered with a NACK, a gap with a request for
 * everything. A start first hears what changed meanwhile, for a short time, and serves then.
 * Not here: what a frame is worth (stream/frames.ts), how it comes into force (enforcer.ts). After: Envoy's ADS client.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { Instant } from '../contract/ids.ts';
import type { Revision } from '../contract/ids.ts';
import type { FromControl, NackReason, SignedFrame } from '../contract/stream.ts';
import { textVerifier } from '../kit/ed25519.ts';
import { Answers } from './answers.ts';
import { CertificateKey } from './certificates/key.ts';
import { CrossEdge } from './cross-edge.ts';
import { Enforcer } from './enforcer.ts';
import type { TimedDelta } from './enforcer-parts.ts';
import type { EngineState } from './haproxy/engine.ts';
import type { Identity } from './identity.ts';
import type { CrawlerDns } from './crawlers/confirm.ts';
import { CrawlerKeeper } from './crawlers/keeper.ts';
import type { NetworkFiles } from './network-data/keeper.ts';
import { OwnAttacks } from './own-attacks.ts';
import { probe } from './probe.ts';
import { Receipts } from './receipts.ts';
import { messageOf } from './refusals.ts';
import { clientTables, mapNames } from './render/index.ts';
import { requestSocket } from './render/skeleton/log.ts';
import type { EdgePlan, MapEntry } from './render/types.ts';
import { StreamClient } from './stream/client.ts';
import type { EdgeVersions } from './stream/client.ts';
import { DiskCopy } from './stream/disk-copy.ts';
import type { OpenGrowing } from './stream/disk-copy.ts';
import { readFrame, SnapshotParts } from './stream/frames.ts';
import { FrameRefused } from './stream/policy-state.ts';
import type { PolicyState } from './stream/policy-state.ts';
import type { EdgeMetrics } from './telemetry/metrics.ts';
import { Reporter } from './telemetry/reporter.ts';
import { Measures } from './telemetry/measures.ts';
import { RequestLog } from './telemetry/requests.ts';
import { SecurityLog } from './telemetry/security-log.ts';

export type AgentParts = {
  /** The edge's own folder: policy, receipts, HAProxy's files. */
  readonly folder: string;
  readonly identity: Identity;
  readonly controlUrl: string;
  /** Relays that the policy is taken from, while one of them does; left out: there are none. */
  readonly relays?: readonly string[];
  readonly versions: EdgeVersions;
  /** The plan of this machine, given where a skeleton's pages are. */
  readonly plan: (pagesFolder: string) => EdgePlan;
  readonly haproxyBinary: string;
  readonly networkFiles: NetworkFiles;
  /** Files of crawlers' networks, and DNS to ask about who says to be one. */
  readonly crawlerFolder: string | null;
  readonly crawlerDns: CrawlerDns;
  /** Where refusals are written down for programs of the operator: `stdout` or a file. Null or left out: nowhere. */
  readonly securityLog?: string | null;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** Ends a start that waits for the control plane. */
  readonly signal?: AbortSignal;
  /** For tests: a disk that can be full. */
  readonly openGrowing?: OpenGrowing;
};

type Head = Extract<FromControl, { kind: 'head' }>;
type Incoming = { readonly frame: SignedFrame; readonly receivedMs: number };

const resyncFirstMs = 500;
const resyncLongestMs = 60_000;
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
  readonly #enforcer: Enforcer;
  readonly #stream: StreamClient;
  readonly #reporter: Reporter;
  readonly #requests: RequestLog;
  readonly #measures: Measures;
  readonly #securityLog: SecurityLog | null;
  #insightWanted = false;
  readonly #answers: Answers;
  readonly #ownAttacks: OwnAttacks;
  readonly #crawlers: CrawlerKeeper;
  readonly #receipts: Receipts;
  readonly #crossEdge: CrossEdge;
  readonly #snapshot = new SnapshotParts();
  readonly #verify;
  #incoming: Incoming[] = [];
  #draining = false;
  #resend = false;
  #resyncAtMs = 0;
  #resyncWaitMs = resyncFirstMs;
  #caughtUp = false;
  #stopping = false;

  private constructor(parts: AgentParts, disk: DiskCopy, policy: PolicyState) {
    this.#parts = parts;
    this.#verify = textVerifier(parts.identity.policyKey);
    const certificateKey = new CertificateKey(parts.folder);
    this.#ownAttacks = new OwnAttacks({
      file: join(parts.folder, 'usual.json'),
      log: parts.log,
      nowMs: parts.nowMs,
      connected: () => this.#stream.isConnected,
      site: (siteId) => this.#enforcer.policy.site(siteId),
      onChange: (sites) => this.#enforcer.renderAgain(sites),
    });
    this.#enforcer = new Enforcer(
      {
        folder: parts.folder,
        plan: parts.plan,
        haproxyBinary: parts.haproxyBinary,
        networkFiles: parts.networkFiles,
        version: parts.versions.agent,
        certificateKey,
        publicUrl: new URL(parts.controlUrl).origin,
        metrics: parts.metrics,
        log: parts.log,
        nowMs: parts.nowMs,
        chance: parts.chance,
        ownAttacks: this.#ownAttacks,
        onInForce: (receivedMs) => this.#ack(receivedMs),
        onRefused: (revision, reason, detail) => this.#nack(revision, reason, detail),
        onOrders: (sinceMs) => this.#receipts.wake(sinceMs),
      },
      disk,
      policy,
    );
    this.#receipts = new Receipts({
      folder: join(parts.folder, 'receipts'),
      edgeId: parts.identity.edgeId,
      group: parts.identity.group,
      sign: parts.identity.sign,
      log: parts.log,
      nowMs: parts.nowMs,
      probe: (target) => {
        const { listeners, probeSource } = parts.plan('/');
        return probe(listeners, probeSource, target);
      },
      truth: () => this.#enforcer.truth(),
      send: (receipt) => void this.#stream.send({ kind: 'receipt', receipt }),
      onSigned: (state) => parts.metrics.receipts.inc({ state }),
    });
    this.#stream = new StreamClient({
      controlUrl: parts.controlUrl,
      relays: { urls: parts.relays ?? [], verify: this.#verify },
      edgeId: parts.identity.edgeId,
      sign: parts.identity.sign,
      versions: parts.versions,
      held: () => ({ revision: this.revision, digest: this.digest }),
      chance: parts.chance,
      log: parts.log,
      onSubscribed: () => {
        // What the last connection brought and was not applied will be sent again, from the revision that was just told.
        this.#incoming = [];
        this.#resend = true;
        this.#answers.forget();
        this.#crossEdge.forget();
        this.#insightWanted = false;
      },
      onFrame: (frame) => this.#onFrame(frame),
      onHead: (head) => this.#onHead(head),
      onCertificateKey: (key) => {
        try {
          if (certificateKey.keep(key)) this.#enforcer.certificateKeyChanged();
        } catch (error) {
          this.#logError(error);
        }
      },
      onAsk: (ask) => this.#answers.take(ask),
      onOverLimit: (payload, signature) =>
        void this.#crossEdge.hear(payload, signature).catch((error: unknown) => this.#logError(error)),
      onInsightWanted: (keep) => {
        this.#insightWanted = true;
        this.#requests.keepOfAddresses(keep);
      },
      onReceiptKept: (signature) => void this.#receipts.kept(signature).catch((error: unknown) => this.#logError(error)),
    });
    this.#crawlers = new CrawlerKeeper({
      folder: parts.crawlerFolder,
      dns: parts.crawlerDns,
      ask: (command) => this.#enforcer.engine.ask(command),
      log: parts.log,
      nowMs: parts.nowMs,
      onKnown: (entries) => this.hold('crawlers', entries),
    });
    this.#crossEdge = new CrossEdge({
      group: parts.identity.group,
      tables: clientTables(parts.plan('/')),
      ask: (command) => this.#enforcer.engine.ask(command),
      limitOf: (siteId) => this.#enforcer.clientLimit(siteId),
      verify: this.#verify,
      send: (message) => this.#stream.send(message),
      onHeld: (clients) => parts.metrics.overLimit.set(clients),
      log: parts.log,
      nowMs: parts.nowMs,
    });
    this.#measures = new Measures(parts.nowMs);
    const securityLog = parts.securityLog ?? null;
    this.#securityLog = securityLog === null ? null : new SecurityLog(securityLog, parts.log);
    this.#requests = new RequestLog({
      socket: requestSocket(parts.plan('/').paths),
      log: parts.log,
      nowMs: parts.nowMs,
      onRequest: (request, guard) => {
        this.#measures.take(request, guard !== null);
        if (guard !== null && guard !== 'origin-error') this.#securityLog?.write(request, guard);
      },
    });
    this.#answers = new Answers({
      sample: (siteId) => this.#requests.sample(siteId),
      tellOwnAttacks: (send) => this.#ownAttacks.tell(send),
      networkData: () => this.#enforcer.networkData(),
      send: (message) => this.#stream.send(message),
      log: parts.log,
    });
    this.#reporter = new Reporter({
      engine: this.#enforcer.engine,
      metrics: parts.metrics,
      log: parts.log,
      haproxyLog: join(this.#enforcer.files.folder, 'haproxy.log'),
      nowMs: parts.nowMs,
      send: (message) => this.#stream.send(message),
      policy: () => ({ revision: this.revision, sites: this.#enforcer.policy.siteCount }),
      connected: () => this.#stream.isConnected,
      receiptsWaiting: () => this.#receipts.undelivered,
      takeRefused: () => this.#requests.takeRefused(),
      onTraffic: (sites, seconds) => this.#ownAttacks.take(sites, seconds),
      measures: this.#measures,
      insightWanted: () => this.#insightWanted,
      onStrangeWorker: () => this.#enforcer.readopt(),
      repairDrift: (maps) => this.#enforcer.repairDrift(maps),
      repairCertificates: () => this.#enforcer.repairCertificates(),
    });
  }

  /**
   * Starts an edge: policy from disk, what changed meanwhile from the stream, then HAProxy with its orders in force. Rejects with
   * StartFailed when HAProxy does not start at all. The caller holds the lock of the folder.
   */
  static async start(parts: AgentParts): Promise<EdgeAgent> {
    const { folder, log, nowMs } = parts;
    const beganMs = nowMs();
    const { copy, loaded } = await DiskCopy.open(join(folder, 'policy'), parts.openGrowing);
    if (loaded.mended !== null) log.warn({ revision: loaded.state.revision }, loaded.mended);
    const agent = new EdgeAgent(parts, copy, loaded.state);
    try {
      await agent.#receipts.load();
      await agent.#requests.start();
      await agent.#ownAttacks.load();
      await agent.#enforcer.render();
      // A HAProxy that an agent before left serving is adopted at once: it serves anyway, and what changed follows.
      if (!(await agent.#enforcer.engine.isServing())) {
        agent.#stream.start();
        await agent.#catchUp();
      }
      const haproxy = await agent.#enforcer.serve();
      const { revision, siteCount } = agent.#enforcer.policy;
      log.info({ revision, sites: siteCount, haproxy, bootMs: nowMs() - beganMs }, 'the edge serves');
      agent.#receipts.resend();
      agent.#stream.start();
      agent.#reporter.start();
      agent.#crawlers.start();
    } catch (error) {
      await agent.stop('leave-haproxy');
      throw error;
    }
    return agent;
  }

  get revision(): Revision {
    return this.#enforcer.policy.revision;
  }

  get digest(): string {
    return this.#enforcer.policy.digest;
  }

  get isConnected(): boolean {
    return this.#stream.isConnected;
  }

  get haproxy(): EngineState {
    return this.#enforcer.engine.state;
  }

  get workerPid(): number | null {
    return this.#enforcer.engine.workerPid;
  }

  /** Reads every map back now and repairs what differs; returns the names of the maps that did. */
  repairDrift(): Promise<readonly string[]> {
    return this.#enforcer.repairDrift(mapNames);
  }

  /** Makes a map that no policy fills hold these entries. */
  hold(map: 'crawlers' | 'bot-keys', entries: readonly MapEntry[]): void {
    const { engine, queue } = this.#enforcer;
    const apply = async () => {
      const changes = engine.image.replace(map, entries);
      // A HAProxy that is down gets them from the image when it is brought up.
      if (engine.state !== 'down') await engine.apply(changes);
    };
    queue.run(apply).catch((error: unknown) => this.#logError(error));
  }

  /** Stops the agent; HAProxy goes with it, or is left serving for the next agent to adopt. */
  async stop(how: 'with-haproxy' | 'leave-haproxy'): Promise<void> {
    this.#stopping = true;
    this.#stream.stop();
    this.#reporter.stop();
    this.#requests.stop();
    this.#securityLog?.stop();
    this.#answers.stop();
    this.#crawlers.stop();
    this.#crossEdge.stop();
    await this.#enforcer.queue.idle();
    await this.#receipts.stop();
    await this.#ownAttacks.stop();
    await this.#enforcer.stop(how);
  }

  /**
   * Waits until this edge holds what the control plane holds; gives up when that is silent. An edge that was away while an order was
   * confirmed would else serve the blocked site from its disk copy until the stream has caught up.
   */
  async #catchUp(): Promise<void> {
    const { nowMs, log, signal } = this.#parts;
    const beganMs = nowMs();
    while (!this.#caughtUp) {
      signal?.throwIfAborted();
      const silentMs = nowMs() - Math.max(beganMs, this.#stream.lastHeardMs ?? 0);
      const patienceMs = this.#stream.isConnected ? nextWordMs : firstWordMs;
      if (silentMs > patienceMs || nowMs() - beganMs > longestCatchUpMs) {
        log.warn({ revision: this.revision, silentMs }, 'the edge could not catch up and serves what it holds');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #onFrame(frame: SignedFrame): void {
    this.#incoming.push({ frame, receivedMs: this.#parts.nowMs() });
    if (this.#draining || this.#stopping) return;
    this.#draining = true;
    this.#enforcer.queue.run(() => this.#drain()).catch((error: unknown) => this.#logError(error));
  }

  async #drain(): Promise<void> {
    this.#draining = false;
    let deltas: TimedDelta[] = [];
    const applyDeltas = async () => {
      const together = deltas;
      deltas = [];
      if (together.length > 0) await this.#enforcer.applyDeltas(together);
    };
    for (const { frame, receivedMs } of this.#incoming.splice(0)) {
      try {
        const payload = readFrame(frame, this.#verify, this.#parts.identity.group);
        if (payload.kind === 'delta') {
          deltas.push({ delta: payload, receivedMs });
          continue;
        }
        await applyDeltas();
        const whole = this.#snapshot.add(payload, this.revision);
        // Parsing a part takes some ten milliseconds: let other work have its turn.
        await new Promise((resolve) => setImmediate(resolve));
        if (whole !== null) await this.#enforcer.applySnapshot(whole, receivedMs);
      } catch (error) {
        if (!(error instanceof FrameRefused)) throw error;
        await applyDeltas();
        this.#nack(this.revision, error.reason, error.message);
      }
    }
    await applyDeltas();
  }

  #ack(receivedMs: number): void {
    const nowMs = this.#parts.nowMs();
    const applyMs = Math.max(0, nowMs - receivedMs);
    const { revision, digest } = this.#enforcer.policy;
    this.#resyncWaitMs = resyncFirstMs;
    this.#parts.metrics.applySeconds.observe(applyMs / 1000);
    const appliedAt = Instant.parse(new Date(nowMs).toISOString());
    this.#stream.send({ kind: 'ack', revision, digest, appliedAt, applyMs });
    this.#parts.log.debug({ revision, applyMs }, 'in force');
  }

  #nack(revision: Revision, reason: NackReason, detail: string): void {
    this.#parts.metrics.nacks.inc({ reason });
    this.#parts.log.warn(
      { revision, reason, detail, held: this.revision },
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
      this.#receipts.resend();
    }
    this.#enforcer.queue
      .run(async () => {
        if (this.#incoming.length > 0) return;
        const { revision, digest } = this.#enforcer.policy;
        if (head.revision > revision) return this.#resync(`This edge holds ${revision}, the control plane ${head.revision}.`);
        if (head.revision === revision && head.digest !== digest)
          return this.#resync(`Revision ${revision} has another digest here.`);
        this.#caughtUp = true;
        if (head.revision < revision) {
          const at = { held: revision, head: head.revision };
          this.#parts.log.warn(at, 'the control plane is at an older revision than this edge, which keeps what it has');
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

  #logError(error: unknown): void {
    this.#parts.log.error({ error: messageOf(error) }, 'something in the agent failed; what is in force stays in force');
  }
}
