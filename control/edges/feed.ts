/**
 * A group's feed, one for each of its lanes: reads the change log forward, and hands each new frame to every edge that stands right before it.
 *
 * One per lane and process. `look` is called when the doorbell rings and every few seconds besides, so a lost ring costs at most that. What is
 * handed out is in order and without gaps; a subscriber that stands elsewhere is told that it is behind and catches up by itself.
 */
import { Revision } from '../../contract/ids.ts';
import type { GroupName } from '../../contract/ids.ts';
import { msOf } from '../../core/instant.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { Serial } from '../../kit/serial.ts';
import { findHead, readLog, readSnapshot } from '../../store/change-log.ts';
import type { Head } from '../../store/change-log.ts';
import type { Store } from '../../store/open.ts';
import { deltaFrames, snapshotFrames } from './frames.ts';
import type { Frame } from './frames.ts';

export type Subscriber = {
  /** Revision that it was sent up to. */
  position(): number;
  deliver(frame: Frame): void;
  /** There is something new and it does not stand right before it. */
  behind(): void;
};

export type Feed = {
  readonly group: GroupName;
  readonly lane: number;
  /** Newest revision that this process has read. */
  head(): Head;
  /** Reads what is new and hands it out. Rejects when the database is away. */
  look(): Promise<void>;
  join(subscriber: Subscriber): void;
  leave(subscriber: Subscriber): void;
  /** All frames of a snapshot of now; kept for a moment, because edges come back together. */
  snapshot(): Promise<readonly Frame[]>;
  /** Deltas after a revision; empty when there are none. */
  deltasAfter(revision: number): Promise<readonly Frame[]>;
  /** When a revision was committed (ms), if it was handed out by this process lately. */
  committedMs(revision: number): number | null;
  subscribers(): number;
};

const revisionsAtOnce = 1000;
const snapshotKeptMs = 5000;
const commitsRemembered = 5000;

/** Opens the feed of a lane of a group, or null when there is no such group. */
export async function openFeed(store: Store, group: GroupName, lane: number, sign: SignText): Promise<Feed | null> {
  const first = await findHead(store.db, group, lane);
  if (first === null) return null;
  let head: Head = first;
  const subscribers = new Set<Subscriber>();
  const committed = new Map<number, number>();
  const reading = new Serial();
  let kept: { revision: number; frames: Promise<readonly Frame[]>; until: number } | null = null;

  function handOut(frame: Frame): void {
    committed.set(frame.to, msOf(frame.committedAt));
    if (committed.size > commitsRemembered) committed.delete(committed.keys().next().value ?? 0);
    for (const subscriber of subscribers) {
      const position = subscriber.position();
      if (position === frame.from) subscriber.deliver(frame);
      else if (position < frame.from) subscriber.behind();
    }
  }

  /** The log does not lead from where we stand to the head (it was cut, or the database was put back): everybody catches up anew. */
  function jump(to: Head): void {
    head = to;
    for (const subscriber of subscribers) if (subscriber.position() !== to.revision) subscriber.behind();
  }

  async function readOn(): Promise<void> {
    for (;;) {
      let changes = await readLog(store.db, group, lane, head.revision, revisionsAtOnce);
      if (changes.length === 0) {
        const now = await findHead(store.db, group, lane);
        if (now === null || now.revision === head.revision) return;
        // Somebody may have committed between the two looks; if there is still nothing, the log has a gap.
        changes = await readLog(store.db, group, lane, head.revision, revisionsAtOnce);
        if (changes.length === 0) return jump(now);
      }
      const before = head.revision;
      for (const frame of deltaFrames(group, before, changes, sign)) {
        head = { revision: Revision.parse(frame.to), digest: frame.digest, committedAt: frame.committedAt };
        handOut(frame);
      }
      // What was committed meanwhile rings for itself; only a full page means that there is more.
      if (head.revision < before + revisionsAtOnce) return;
    }
  }

  return {
    group,
    lane,
    head: () => head,
    look: () => reading.run(readOn),
    join: (subscriber) => void subscribers.add(subscriber),
    leave: (subscriber) => void subscribers.delete(subscriber),
    snapshot() {
      if (kept === null || kept.revision !== head.revision || Date.now() > kept.until) {
        const frames = readSnapshot(store.db, group, lane).then((found) =>
          found === null ? [] : snapshotFrames(group, found.head, found.items, sign),
        );
        kept = { revision: head.revision, frames, until: Date.now() + snapshotKeptMs };
        setTimeout(() => (kept = null), snapshotKeptMs).unref();
        frames.catch(() => (kept = null));
      }
      return kept.frames;
    },
    async deltasAfter(revision) {
      return deltaFrames(group, revision, await readLog(store.db, group, lane, revision, revisionsAtOnce), sign);
    },
    committedMs: (revision) => committed.get(revision) ?? null,
    subscribers: () => subscribers.size,
  };
}
