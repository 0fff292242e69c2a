/**
 * The policy stream's server: all edges of this process, the feeds of their groups, and what is done with what edges say.
 *
 * From a commit to the bytes on the wire: the doorbell rings in the committing call, the feed reads the log, prints and signs the frame once,
 * and every waiting socket gets the same bytes. A poll every two seconds catches a ring that was lost between processes.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { OwnAttack } from '../../contract/attack-signals.ts';
import { EdgeId, GroupName } from '../../contract/ids.ts';
import type { RelayId } from '../../contract/ids.ts';
import { IpAddress } from '../../contract/network.ts';
import { relayLinkPath } from '../../contract/relay.ts';
import type { Answer, EdgeNetworkData, Question } from '../../contract/stream.ts';
import { maxMessageBytes } from '../../contract/stream.ts';
import { instantOf } from '../../core/instant.ts';
import { Serial } from '../../kit/serial.ts';
import { findEdge, markAway, markConnected, setNack, setNetworkData } from '../../store/edges.ts';
import { raiseAlarm } from '../../store/house.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { LiveHub } from '../events.ts';
import { openAsks } from './asks.ts';
import { serveEdge } from './connection.ts';
import type { Connection, Said, Subscribed } from './connection.ts';
import { openCrossEdge } from './cross-edge.ts';
import { directSocket } from './edge-socket.ts';
import type { EdgeSocket } from './edge-socket.ts';
import { openFeed } from './feed.ts';
import type { Feed } from './feed.ts';
import { openInsightIntake } from '../insight/intake.ts';
import type { InsightHub } from '../insight/live.ts';
import { openNotebook } from './notebook.ts';
import type { PolicyKey } from './policy-key.ts';
import { takeReceipt } from './receipts.ts';
import { openRelayLinks } from './relays.ts';
import { openPulses } from './rollouts.ts';

export type EdgeStream = {
  /** For the HTTP server's `upgrade` event, when the path is the stream's or that of relays' links. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Edges with a stream to this process. */
  connected(): number;
  /** Asks an edge: its answer, `no-answer` when none comes in time, `not-here` when its stream is not with this process. */
  ask(edgeId: EdgeId, about: Question, timeoutMs: number): Promise<Answer | 'no-answer' | 'not-here'>;
  /** What edges told of attack mode that they turned on while they were alone, since the last call. */
  takeOwnAttacks(): ToldAttack[];
  /** Ends every stream with `bye` and writes down what is in memory. */
  close(): Promise<void>;
};

export type ToldAttack = { readonly edgeId: EdgeId; readonly group: GroupName; readonly own: OwnAttack };
/** Told and not yet taken; what is more is dropped: such an edge's attack mode ends by itself. */
const mostToldAttacks = 10_000;

/** Whence an edge's stream comes. */
type Way = { readonly address: string; readonly relayId: RelayId | null };

const beatMs = 5000;
const aliveCheckMs = 15_000;
const pollMs = 2000;
const mostUnansweredReceipts = 10_000;

export function openEdgeStream(
  deps: ControlDeps,
  live: LiveHub,
  key: PolicyKey,
  certificateKey: (group: GroupName) => string,
  hub: InsightHub,
): EdgeStream {
  const { store, log } = deps;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  const feeds = new Map<string, Promise<Feed | null>>();
  const connections = new Set<Connection>();
  const byEdge = new Map<EdgeId, { connection: Connection; nacked: boolean }>();
  const keep = deps.insight.keepOfAddresses;
  const notebook = openNotebook({ store, log, now: deps.now, live, keep });
  const insight = openInsightIntake({ store, log, now: deps.now, keep, hub });
  const pulses = openPulses(deps);
  const writing = new Serial();
  const asks = openAsks();
  let toldAttacks: ToldAttack[] = [];
  const crossEdge = openCrossEdge({ sign: key.sign, log, now: deps.now });

  function feedOf(group: GroupName, lane: number): Promise<Feed | null> {
    const name = `${group} ${lane}`;
    const open = feeds.get(name) ?? openFeed(store, group, lane, key.sign);
    feeds.set(name, open);
    open.then(
      (feed) => feed === null && feeds.delete(name),
      () => feeds.delete(name),
    );
    return open;
  }

  /** The feeds of a group; of all groups for null. */
  function look(group: GroupName | null): void {
    for (const [name, open] of feeds) if (group === null || name.startsWith(`${group} `)) lookAt(open);
  }

  function lookAt(open: Promise<Feed | null>): void {
    open.then(
      (feed) =>
        feed?.look().catch((error: unknown) => log.warn({ err: error, group: feed.group }, 'the change log could not be read')),
      () => undefined,
    );
  }

  /** Bookkeeping in order, one after another; a failure is logged and the next goes on. */
  function note(what: string, work: () => Promise<void>): void {
    writing.run(work).catch((error: unknown) => log.warn({ err: error }, `${what} could not be written down`));
  }

  function onSubscribed(edge: Subscribed, connection: Connection, { address, relayId }: Way): void {
    byEdge.get(edge.edgeId)?.connection.end('replaced', 'A newer stream of the same edge was opened.');
    byEdge.set(edge.edgeId, { connection, nacked: true });
    crossEdge.joined(edge.edgeId, edge.group, connection.send);
    // Answered now, and again whenever it changes.
    connection.send({ kind: 'ask', askId: 'networkdata', about: { what: 'network-data' } });
    connection.send({ kind: 'insight-wanted', keep: deps.insight.keepOfAddresses });
    connection.send({ kind: 'ask', askId: 'ownattacks', about: { what: 'own-attacks' } });
    log.info({ edgeId: edge.edgeId, group: edge.group, revision: edge.revision }, 'edge connected');
    note('a connection', async () => {
      const { edgeId, versions, revision, digest } = edge;
      await markConnected(store.db, {
        edgeId,
        process: deps.processName,
        at: nowOf(deps),
        address,
        relayId,
        revision,
        digest,
        versions,
      });
      live.tellHere({ kind: 'edge', edgeId });
    });
  }

  function onClosed(edge: Subscribed | null, connection: Connection): void {
    connections.delete(connection);
    if (edge === null || byEdge.get(edge.edgeId)?.connection !== connection) return;
    byEdge.delete(edge.edgeId);
    crossEdge.left(edge.edgeId, connection.send);
    notebook.forget(edge.edgeId);
    asks.forget(edge.edgeId);
    log.info({ edgeId: edge.edgeId }, 'edge went away');
    note('a disconnection', async () => {
      await markAway(store.db, edge.edgeId, deps.processName, nowOf(deps));
      live.tellHere({ kind: 'edge', edgeId: edge.edgeId });
    });
  }

  const receipts = new Serial();
  let waitingReceipts = 0;

  function onSaid(edge: Subscribed, said: Said, connection: Connection): void {
    switch (said.kind) {
      case 'ack': {
        const nowMs = deps.now();
        feedOf(edge.group, edge.lane).then(
          (feed) => {
            const committedMs = feed?.committedMs(said.revision) ?? null;
            const tookMs = committedMs === null ? null : Math.max(0, nowMs - committedMs);
            const { revision, digest } = said;
            notebook.ack(edge.group, { edgeId: edge.edgeId, revision, digest, at: instantOf(nowMs), tookMs });
          },
          () => undefined,
        );
        const held = byEdge.get(edge.edgeId);
        if (held?.nacked === true) {
          held.nacked = false;
          note('a NACK that is over', () => setNack(store.db, edge.edgeId, null));
        }
        return;
      }
      case 'nack':
        log.warn(
          { edgeId: edge.edgeId, revision: said.revision, reason: said.reason, detail: said.detail },
          'edge refuses a revision',
        );
        noteNack(edge, said);
        return;
      case 'receipt':
        if (waitingReceipts >= mostUnansweredReceipts) return;
        waitingReceipts += 1;
        receipts
          .run(async () => {
            const verdict = await takeReceipt(deps, edge, said.receipt);
            if (verdict === 'kept') connection.send({ kind: 'receipt-kept', signature: said.receipt.signature });
            else connection.end('bad-signature', 'A receipt that is not signed by this edge, or speaks for another.');
          })
          .catch((error: unknown) =>
            log.warn({ err: error, edgeId: edge.edgeId }, 'a receipt could not be kept; the edge sends it again'),
          )
          .finally(() => (waitingReceipts -= 1));
        return;
      case 'answer':
        if (said.answer.what === 'network-data') noteNetworkData(edge, said.answer);
        else if (said.answer.what === 'own-attacks') noteOwnAttacks(edge, said.answer.attacks);
        else asks.take(edge.edgeId, said.askId, said.answer);
        return;
      case 'telemetry':
        notebook.telemetry(edge.group, edge.edgeId, said);
        pulses.take(edge.edgeId, edge.group, said);
        insight.counts(edge.group, edge.edgeId, said);
        return;
      case 'insight':
        insight.sums(edge.group, edge.edgeId, said);
        return;
      case 'busiest':
        crossEdge.heard(edge.edgeId, said);
        return;
      default:
        said satisfies never;
    }
  }

  function noteNack(edge: Subscribed, said: Extract<Said, { kind: 'nack' }>): void {
    const held = byEdge.get(edge.edgeId);
    if (held !== undefined) held.nacked = true;
    note('a NACK', async () => {
      const at = nowOf(deps);
      const { revision, reason, detail } = said;
      await transact(store, async (unit) => {
        await setNack(unit.tx, edge.edgeId, { revision, reason, detail, at });
        const known = await findEdge(unit.tx, edge.edgeId);
        await raiseAlarm(unit, {
          kind: 'edge-nack',
          at,
          sentence: `The edge ${known?.name ?? edge.edgeId} refuses revision ${revision} (${reason}) and keeps what it has: ${detail}`,
          edgeId: edge.edgeId,
        });
      });
      live.tellHere({ kind: 'edge', edgeId: edge.edgeId });
    });
  }

  function noteOwnAttacks({ edgeId, group }: Subscribed, attacks: readonly OwnAttack[]): void {
    const room = Math.max(0, mostToldAttacks - toldAttacks.length);
    toldAttacks.push(...attacks.slice(0, room).map((own) => ({ edgeId, group, own })));
  }

  function noteNetworkData({ edgeId }: Subscribed, { countries, asns }: EdgeNetworkData): void {
    note('which network data an edge has', async () => {
      await setNetworkData(store.db, edgeId, { countries, asns });
      live.tellHere({ kind: 'edge', edgeId });
    });
  }

  /** An edge's stream, straight or through a relay: from here on there is no difference. */
  function serve(socket: EdgeSocket, way: Way): void {
    const onSubscribedHere = (edge: Subscribed, own: Connection) => onSubscribed(edge, own, way);
    const parts = { store, log, now: deps.now, feedOf, certificateKey, onSubscribed: onSubscribedHere, onSaid, onClosed };
    connections.add(serveEdge(socket, parts));
  }

  const links = openRelayLinks(deps, key.sign, serve);
  const stops = [
    store.doorbell.onRing('policy', (text) => {
      const group = GroupName.safeParse(text);
      if (group.success) look(group.data);
    }),
    store.doorbell.onRing('edge-changed', (text) => {
      const edgeId = EdgeId.safeParse(text);
      // It comes back at once, and gets what its new group or lane has.
      if (edgeId.success) byEdge.get(edgeId.data)?.connection.end('stopping', 'This edge has another place now.');
    }),
    store.doorbell.onRing('edge-revoked', (text) => {
      const edgeId = EdgeId.safeParse(text);
      if (edgeId.success) byEdge.get(edgeId.data)?.connection.end('revoked', 'An operator has revoked this edge.');
    }),
  ];
  const timers = [
    setInterval(() => note('what edges counted', pulses.write), 1000),
    setInterval(() => look(null), pollMs),
    setInterval(() => {
      for (const { connection } of byEdge.values()) connection.beat();
    }, beatMs),
    setInterval(() => {
      for (const connection of connections) connection.checkAlive();
    }, aliveCheckMs),
    setInterval(() => {
      for (const edgeId of byEdge.keys()) notebook.seen(edgeId);
    }, beatMs),
  ];

  return {
    upgrade(request, socket, head) {
      const address = canonicalAddress(request.socket.remoteAddress);
      if (request.url?.split('?')[0] === relayLinkPath) return links.upgrade(request, socket, head);
      sockets.handleUpgrade(request, socket, head, (opened) => serve(directSocket(opened), { address, relayId: null }));
    },
    connected: () => byEdge.size,
    takeOwnAttacks() {
      const taken = toldAttacks;
      toldAttacks = [];
      return taken;
    },
    async ask(edgeId, about, timeoutMs) {
      const held = byEdge.get(edgeId);
      if (held === undefined) return 'not-here';
      return (await asks.ask(edgeId, held.connection, about, timeoutMs)) ?? 'no-answer';
    },
    async close() {
      for (const stop of stops) stop();
      for (const timer of timers) clearInterval(timer);
      crossEdge.close();
      for (const connection of connections)
        connection.end('stopping', 'This control plane stops. Keep what you have; try again.');
      await links.close();
      await receipts.idle();
      await writing.idle();
      await notebook.close();
      await insight.close();
      sockets.close();
    },
  };
}

function canonicalAddress(address: string | undefined): string {
  const parsed = IpAddress.safeParse(address?.replace(/%.*$/, ''));
  return parsed.success ? parsed.data : 'unknown';
}
