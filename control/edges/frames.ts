/**
 * Frames: logged changes and snapshots as the signed bytes that edges get. Each frame is printed and signed once, however many edges read it.
 *
 * Payloads in the database are canonical JSON already, so a frame is put together as text. Cut by items and by bytes: a message stays well
 * below `maxMessageBytes`. A delta is never cut inside a revision, because the state between two halves of a revision never existed.
 */
import type { GroupName, Instant } from '../../contract/ids.ts';
import { snapshotItemsPerFrame } from '../../contract/stream.ts';
import type { SignText } from '../../kit/ed25519.ts';
import type { Head, LoggedChange } from '../../store/change-log.ts';
import type { ItemKey } from '../../contract/policy.ts';

export type Frame = {
  readonly group: GroupName;
  readonly from: number;
  readonly to: number;
  readonly digest: string;
  readonly committedAt: Instant;
  /** The whole WebSocket message, UTF-8. */
  readonly message: Buffer;
};

const mostBytes = 1024 * 1024;
const mostItems = 500;

/** Deltas for changes in order of revision, the first of which follows `from`. */
export function deltaFrames(group: GroupName, from: number, changes: readonly LoggedChange[], sign: SignText): Frame[] {
  const frames: Frame[] = [];
  let start = from;
  let held = new Map<ItemKey, string | null>();
  let bytes = 0;
  let last: LoggedChange | null = null;
  const cut = () => {
    if (last === null) return;
    frames.push(deltaFrame(group, start, last, held, sign));
    start = last.revision;
    held = new Map();
    bytes = 0;
    last = null;
  };
  for (const revision of Map.groupBy(changes, (change) => change.revision).values()) {
    const size = revision.reduce((sum, change) => sum + (change.payload?.length ?? 0) + change.key.length, 0);
    if (bytes + size > mostBytes || held.size + revision.length > mostItems) cut();
    for (const change of revision) {
      held.set(change.key, change.payload);
      last = change;
    }
    bytes += size;
  }
  cut();
  return frames;
}

function deltaFrame(
  group: GroupName,
  from: number,
  last: LoggedChange,
  items: ReadonlyMap<ItemKey, string | null>,
  sign: SignText,
): Frame {
  const upserts: string[] = [];
  const removals: string[] = [];
  for (const [key, payload] of items) {
    if (payload === null) removals.push(JSON.stringify(key));
    else upserts.push(payload);
  }
  const { revision: to, digest, committedAt } = last;
  const payload =
    `{"kind":"delta","group":${JSON.stringify(group)},"from":${from},"to":${to},"upserts":[${upserts.join(',')}],` +
    `"removals":[${removals.join(',')}],"digest":"${digest}","committedAt":"${committedAt}"}`;
  return { group, from, to, digest, committedAt, message: signed(payload, sign) };
}

/** The parts of a snapshot, in order; at least one, also for a policy without items. */
export function snapshotFrames(group: GroupName, head: Head, items: readonly { payload: string }[], sign: SignText): Frame[] {
  const parts: string[][] = [[]];
  let bytes = 0;
  for (const { payload } of items) {
    const part = parts.at(-1) ?? [];
    if (part.length > 0 && (part.length >= snapshotItemsPerFrame || bytes + payload.length > mostBytes)) {
      parts.push([payload]);
      bytes = payload.length;
    } else {
      part.push(payload);
      bytes += payload.length;
    }
  }
  const { revision, digest, committedAt } = head;
  return parts.map((part, index) => {
    const payload =
      `{"kind":"snapshot","group":${JSON.stringify(group)},"revision":${revision},"part":${index},"parts":${parts.length},` +
      `"items":[${part.join(',')}],"digest":"${digest}","committedAt":"${committedAt}"}`;
    return { group, from: 0, to: revision, digest, committedAt, message: signed(payload, sign) };
  });
}

function signed(payload: string, sign: SignText): Buffer {
  return Buffer.from(JSON.stringify({ kind: 'frame', frame: { payload, signature: sign(payload) } }), 'utf8');
}
