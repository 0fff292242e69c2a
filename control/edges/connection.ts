/**
 * One edge's stream: greets, checks who it is, brings it to the head, keeps it there, hears what it says.
 *
 * Fails closed: until the edge has proved that it holds the key that was enrolled, it gets nothing and nothing that it says counts. A
 * message that does not fit its schema ends the stream with `bye`. An edge that does not read is cut at 8 MiB of unsent bytes: it
 * comes back and resumes, and costs the others nothing.
 * A NACK: the edge keeps what it has, so it is offered the way from there again, after a pause that doubles to 30 s, at once when
 * something newer is committed; the second time as a snapshot.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { EdgeId, GroupName } from '../../contract/ids.ts';
import { FromEdge, maxMessageBytes, streamProtocol, subscribeText } from '../../contract/stream.ts';
import type { FromControl } from '../../contract/stream.ts';
import { textVerifier } from '../../kit/ed25519.ts';
import type { VerifyText } from '../../kit/ed25519.ts';
import { findDigestAt } from '../../store/change-log.ts';
import { laneOf } from '../../core/shield/lanes.ts';
import { findEdge } from '../../store/edges.ts';
import { findPlan } from '../../store/rollouts.ts';
import { instantOf } from '../../core/instant.ts';
import type { Store } from '../../store/open.ts';
import { Revision } from '../../contract/ids.ts';
import type { EdgeSocket } from './edge-socket.ts';
import type { Feed, Subscriber } from './feed.ts';
import type { Frame } from './frames.ts';

export type Subscribed = {
  readonly edgeId: EdgeId;
  readonly group: GroupName;
  /** Which of the group's policies it gets (core/shield/lanes.ts). */
  readonly lane: number;
  readonly verify: VerifyText;
  readonly versions: Extract<FromEdge, { kind: 'subscribe' }>['versions'];
  readonly revision: number;
  readonly digest: string;
};

export type Said = Exclude<FromEdge, { kind: 'subscribe' | 'resync' }>;

export type ConnectionDeps = {
  readonly store: Store;
  readonly log: Logger;
  readonly now: () => number;
  readonly feedOf: (group: GroupName, lane: number) => Promise<Feed | null>;
  /** What opens the private keys of a group's certificates. */
  readonly certificateKey: (group: GroupName) => string;
  /** The edge has proved who it is. */
  readonly onSubscribed: (edge: Subscribed, connection: Connection) => void;
  /** What a proved edge says, in the order in which it says it. */
  readonly onSaid: (edge: Subscribed, said: Said, connection: Connection) => void;
  readonly onClosed: (edge: Subscribed | null, connection: Connection) => void;
};

export type Connection = {
  send(message: FromControl): void;
  /** Says goodbye and closes. */
  end(reason: Extract<FromControl, { kind: 'bye' }>['reason'], detail: string): void;
  /** Sends the present head, so that the edge can tell lag from silence. */
  beat(): void;
  /** Whether it has answered since the last time this was asked. */
  checkAlive(): boolean;
};

const subscribeWithinMs = 10_000;
/** A stranger's message is not parsed beyond what `subscribe` needs. */
const mostUnprovedBytes = 8 * 1024;
const mostUnsentBytes = 8 * 1024 * 1024;
const comfortableBytes = 1024 * 1024;
const mostDeltaRevisions = 2000;
const firstRetryMs = 250;
const longestRetryMs = 30_000;

/** Takes over a stream that an edge has opened. */
export function serveEdge(socket: EdgeSocket, deps: ConnectionDeps): Connection {
  const nonce = randomBytes(32).toString('base64');
  let edge: Subscribed | null = null;
  let feed: Feed | null = null;
  let position = 0;
  let acked = { revision: 0, digest: '' };
  let nacks = 0;
  let wantsSnapshot = false;
  let catching = false;
  let closed = false;
  let alive = true;
  let retry: NodeJS.Timeout | undefined;

  const subscribing = setTimeout(() => end('bad-message', 'No subscribe message came in 10 s.'), subscribeWithinMs);
  subscribing.unref();

  function send(message: FromControl): void {
    if (!closed) socket.say(JSON.stringify(message));
  }
  function end(reason: Extract<FromControl, { kind: 'bye' }>['reason'], detail: string): void {
    if (closed) return;
    send({ kind: 'bye', reason, detail });
    socket.close(1000, reason);
    // A peer that does not answer the close is cut; `unref`, so that it does not hold up our own end.
    setTimeout(() => socket.cut(), 2000).unref();
  }
  function beat(): void {
    if (edge === null || feed === null) return;
    const head = feed.head();
    send({ kind: 'head', revision: head.revision, digest: head.digest, at: instantOf(deps.now()) });
    socket.ping();
  }

  const subscriber: Subscriber = {
    position: () => (catching ? Number.MAX_SAFE_INTEGER : position),
    deliver(frame) {
      if (socket.unsentBytes() > mostUnsentBytes) {
        deps.log.warn({ edgeId: edge?.edgeId, bytes: socket.unsentBytes() }, 'edge does not read; its stream is cut');
        socket.cut();
        return;
      }
      socket.frame(frame);
      position = frame.to;
    },
    behind: () => catchUp(),
  };

  function catchUp(): void {
    if (catching || closed) return;
    catching = true;
    clearTimeout(retry);
    retry = undefined;
    bringToHead().then(
      () => {
        catching = false;
        // What was committed while the last frames went out.
        if (!closed && feed !== null && position !== feed.head().revision) catchUp();
      },
      (error: unknown) => {
        catching = false;
        deps.log.warn({ edgeId: edge?.edgeId, err: error }, 'catching up was broken off; trying again');
        retryLater();
      },
    );
  }

  async function bringToHead(): Promise<void> {
    const from = feed;
    if (from === null) return;
    let digest = position === acked.revision ? acked.digest : null;
    for (;;) {
      if (closed) return;
      const head = from.head();
      if (!wantsSnapshot && position === head.revision && (digest === null || digest === head.digest)) break;
      const frames = (await deltasFrom(from, digest)) ?? (await from.snapshot());
      wantsSnapshot = false;
      for (const frame of frames) {
        if (closed) return;
        await sendAndWait(frame);
        position = frame.to;
        digest = frame.digest;
      }
      if (frames.length === 0) return;
    }
    beat();
  }

  /** Deltas from where the edge stands, or null when only a snapshot leads it to the head. */
  async function deltasFrom(from: Feed, digest: string | null): Promise<readonly Frame[] | null> {
    const head = from.head();
    if (wantsSnapshot || position >= head.revision || head.revision - position > mostDeltaRevisions) return null;
    if (digest !== null) {
      const then = await findDigestAt(deps.store.db, from.group, from.lane, Revision.parse(position));
      if (then !== digest) return null;
    }
    const frames = await from.deltasAfter(position);
    return frames.length === 0 ? null : frames;
  }

  async function sendAndWait(frame: Frame): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      socket.frame(frame, (error) => (error === null ? resolve() : reject(error)));
      if (socket.unsentBytes() < comfortableBytes) resolve();
    });
  }

  function retryLater(): void {
    if (retry !== undefined || closed) return;
    const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(nacks, 10));
    retry = setTimeout(() => {
      retry = undefined;
      catchUp();
    }, waitMs);
    retry.unref();
  }

  async function subscribe(said: Extract<FromEdge, { kind: 'subscribe' }>): Promise<void> {
    if (said.protocol !== streamProtocol) {
      const reason = said.protocol > streamProtocol ? 'protocol-too-new' : 'protocol-too-old';
      return end(reason, `This control plane speaks protocol ${streamProtocol}, the edge ${said.protocol}.`);
    }
    const known = await findEdge(deps.store.db, said.edgeId);
    if (known === null) return end('not-enrolled', `No edge ${said.edgeId} is enrolled here.`);
    const verify = textVerifier(known.publicKey);
    if (!verify(subscribeText(said.edgeId, nonce), said.signature)) {
      return end('bad-signature', 'The signature does not fit the key that this edge was enrolled with.');
    }
    if (known.revokedAt !== null) return end('revoked', `This edge was revoked at ${known.revokedAt}.`);
    const plan = await findPlan(deps.store.db, known.group);
    const lane = plan === null || plan.lanes === 1 ? 0 : laneOf(known, plan.waves);
    const found = await deps.feedOf(known.group, lane);
    if (found === null) return end('not-enrolled', `There is no edge group ${known.group}.`);
    if (closed) return;
    clearTimeout(subscribing);
    const { edgeId, versions, revision, digest } = said;
    clearTimeout(subscribing);
    edge = { edgeId, group: known.group, lane, verify, versions, revision, digest };
    feed = found;
    position = revision;
    acked = { revision, digest };
    deps.onSubscribed(edge, connection);
    send({ kind: 'certificate-key', key: deps.certificateKey(known.group) });
    found.join(subscriber);
    catchUp();
    // A revocation that came while we looked found no stream to end.
    const now = await findEdge(deps.store.db, edgeId);
    if (now?.revokedAt !== null) end('revoked', 'An operator has revoked this edge.');
  }

  function hear(said: FromEdge): void {
    if (said.kind === 'subscribe') {
      if (edge !== null) return end('bad-message', 'A second subscribe on one stream.');
      subscribe(said).catch((error: unknown) => {
        deps.log.warn({ err: error }, 'an edge could not be subscribed');
        socket.close(1013, 'try again');
      });
      return;
    }
    if (edge === null) return end('bad-message', 'The first message must be subscribe.');
    switch (said.kind) {
      case 'resync':
        deps.log.info({ edgeId: edge.edgeId, reason: said.reason }, 'edge asks for a snapshot');
        wantsSnapshot = true;
        return catchUp();
      case 'ack':
        acked = { revision: said.revision, digest: said.digest };
        nacks = 0;
        break;
      case 'nack':
        nacks += 1;
        position = acked.revision;
        // Only what a snapshot can mend; a policy that an edge cannot enforce is not sent whole again and again.
        wantsSnapshot = nacks > 1 && (said.reason === 'gap' || said.reason === 'digest-mismatch');
        retryLater();
        break;
      default:
    }
    deps.onSaid(edge, said, connection);
  }

  socket.listen({
    said(bytes) {
      alive = true;
      if (closed) return;
      const said = bytes === null || (edge === null && bytes.length > mostUnprovedBytes) ? null : parse(bytes);
      if (said === null) end('bad-message', 'A message that this control plane does not understand.');
      else hear(said);
    },
    answered() {
      alive = true;
    },
    broke: (error) => deps.log.info({ edgeId: edge?.edgeId, err: error }, 'stream broke'),
    closed() {
      closed = true;
      clearTimeout(subscribing);
      clearTimeout(retry);
      feed?.leave(subscriber);
      deps.onClosed(edge, connection);
    },
  });

  const connection: Connection = {
    send,
    end,
    beat,
    checkAlive() {
      const answered = alive;
      alive = false;
      if (!answered) socket.cut();
      return answered;
    },
  };
  send({ kind: 'hello', protocol: streamProtocol, nonce, at: instantOf(deps.now()) });
  return connection;
}

function parse(bytes: Buffer): FromEdge | null {
  if (bytes.length > maxMessageBytes) return null;
  try {
    const parsed = FromEdge.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
