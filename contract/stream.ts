/**
 * The policy stream: what control plane and edge say to each other, over one WebSocket that the edge opens.
 *
 * 1. control → `hello` with a nonce. 2. edge → `subscribe`: who it is, proved by its Ed25519 signature over the nonce, and the
 * revision and digest that it holds. 3. control → signed frames: deltas from that revision if it still has them and the digest is
 * the one that it had then, else a snapshot; then `head`. 4. edge → `ack` or `nack` for each revision, receipts for orders, telemetry:
 * none of it before the first frame or `head`, for until then the control plane does not know who is talking.
 *
 * A frame's payload travels as text and is signed as those bytes, so that nobody has to agree on how JSON is printed. An edge
 * refuses a frame of another group, of an older revision, or whose signature does not verify, answers `nack` and keeps what it has.
 * Order: frames of one group come in order of revision; `ack(r)` means everything up to r is in force and on disk.
 * After: Envoy's delta xDS (ACK/NACK by version), Fastly's and Cloudflare's published propagation designs.
 */
import { z } from 'zod';
import { OwnAttack } from './attack-signals.ts';
import { Busiest } from './cross-edge.ts';
import { EdgeId, GroupName, Instant, Revision, SiteId } from './ids.ts';
import { mostRefusedPerMessage, RefusedRequest } from './insight.ts';
import { ItemKey, PolicyItem } from './policy.ts';
import { SignedReceipt } from './receipt.ts';
import { SampledRequest } from './rules.ts';
import { InsightMessage, InsightWanted } from './traffic.ts';

/** Version of this protocol; a control plane answers `bye` with `protocol-too-new` or `-too-old` to what it does not speak. */
export const streamProtocol = 1;

/** Where the stream is found below the control plane's address. */
export const streamPath = '/edge/v1/stream';
export const enrolPath = '/edge/v1/enrol';

/** Most bytes of one WebSocket message in either direction; a snapshot is cut into frames well below it. */
export const maxMessageBytes = 4 * 1024 * 1024;
export const snapshotItemsPerFrame = 500;

/** Lower-case hex SHA-256. */
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
/** Ed25519 public key: the raw 32 bytes, base64. */
export const PublicKey = z.base64().length(44).brand<'PublicKey'>();
export type PublicKey = z.infer<typeof PublicKey>;
/** Ed25519 signature: the raw 64 bytes, base64. */
export const Signature = z.base64().length(88);

/**
 * The digest of a policy: the sum modulo 2^256 of SHA-256 over `key "\n" canonical JSON` of every item, in hex
 * (core/shield/digest.ts). Order does not matter and one item can be changed without reading the others.
 */
export const PolicyDigest = Sha256Hex;

export const FramePayload = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('delta'),
    group: GroupName,
    from: Revision,
    to: Revision,
    upserts: z.array(PolicyItem).max(5000),
    removals: z.array(ItemKey).max(5000),
    digest: PolicyDigest,
    committedAt: Instant,
  }),
  z.strictObject({
    kind: z.literal('snapshot'),
    group: GroupName,
    revision: Revision,
    part: z.int().min(0),
    parts: z.int().min(1).max(100_000),
    items: z.array(PolicyItem).max(5000),
    /** Digest of the whole snapshot, the same in each part. */
    digest: PolicyDigest,
    committedAt: Instant,
  }),
]);
export type FramePayload = z.infer<typeof FramePayload>;

export const SignedFrame = z.strictObject({ payload: z.string(), signature: Signature });
export type SignedFrame = z.infer<typeof SignedFrame>;

/** Most requests of one outcome in one telemetry message: more than any edge serves in an hour, and sums of it never overflow. */
const mostCounted = 1_000_000_000;

/** What happened to requests of a site. Each request is counted under exactly one of these. */
export const Outcome = z.enum(['passed', 'challenged', 'solved', 'limited', 'denied', 'noticed', 'origin-error']);
export type Outcome = z.infer<typeof Outcome>;

/** Requests by outcome in one interval. */
export const OutcomeCounts = z.record(Outcome, z.int().min(0));
export type OutcomeCounts = z.infer<typeof OutcomeCounts>;

/** Names a question, so that its answer finds back to whoever asked. */
export const AskId = z.string().regex(/^[a-z0-9]{1,40}$/, 'must be 1 to 40 lower-case letters and digits');
export type AskId = z.infer<typeof AskId>;

/** Most sampled requests of one answer; an edge leaves out the oldest, also to stay below `mostAnswerBytes`. */
export const mostSamplesPerAnswer = 500;
export const mostAnswerBytes = 1024 * 1024;

/** What the control plane may ask an edge. */
export const Question = z.discriminatedUnion('what', [
  /** A site's sampled requests of the last hour. */
  z.strictObject({ what: z.literal('samples'), siteId: SiteId, most: z.int().min(1).max(mostSamplesPerAnswer) }),
  /** Which network data the edge has. Answered at once, and again with the same id when that has changed. */
  z.strictObject({ what: z.literal('network-data') }),
  /** Attack mode that the edge turned on by itself while it was alone. Asked once, when its stream begins. */
  z.strictObject({ what: z.literal('own-attacks') }),
]);
export type Question = z.infer<typeof Question>;

/** `none`: the operator gave no file. `unreadable`: there is one, and nothing could be read from it. */
export const NetworkDataState = z.enum(['there', 'none', 'unreadable']);
export const EdgeNetworkData = z.strictObject({ countries: NetworkDataState, asns: NetworkDataState });
export type EdgeNetworkData = z.infer<typeof EdgeNetworkData>;

/** Most attacks of its own that an edge tells of at once; it keeps the newest. */
export const mostOwnAttacks = 200;

export const Answer = z.discriminatedUnion('what', [
  z.strictObject({
    what: z.literal('samples'),
    siteId: SiteId,
    /** From when on the edge kept all that fell into its sample: later than an hour ago where it began, or ran full. */
    since: Instant,
    /** Oldest first. Each says how many it stands for (`oneIn`): an edge keeps fewer of many. */
    requests: z.array(SampledRequest).max(mostSamplesPerAnswer),
  }),
  z.strictObject({ what: z.literal('network-data'), ...EdgeNetworkData.shape }),
  z.strictObject({ what: z.literal('own-attacks'), attacks: z.array(OwnAttack).max(mostOwnAttacks) }),
]);
export type Answer = z.infer<typeof Answer>;

export const FromControl = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), protocol: z.int(), nonce: z.base64().length(44), at: Instant }),
  z.strictObject({ kind: z.literal('frame'), frame: SignedFrame }),
  /** Sent after the last frame of a catch-up and then every few seconds: the edge can tell lag from silence. */
  z.strictObject({ kind: z.literal('head'), revision: Revision, digest: PolicyDigest, at: Instant }),
  /**
   * Opens the keys of the group's certificates: 32 bytes, base64. Sent to an edge that has proved who it is, before its first frame; kept
   * apart from the policy, so that neither a database nor a policy file alone holds a private key that can be used.
   */
  z.strictObject({ kind: z.literal('certificate-key'), key: z.base64().length(44) }),
  /** The receipt with this signature is stored for good: the edge may forget it. Until then it sends it again after each reconnect. */
  z.strictObject({ kind: z.literal('receipt-kept'), signature: Signature }),
  /** A question. An edge of an older version passes it over, so nobody waits long; one that answers has understood it. */
  z.strictObject({ kind: z.literal('ask'), askId: AskId, about: Question }),
  /** Clients over a limit in sum over edges: an `OverLimit` as text, signed as frames are. An edge of an older version passes it over. */
  z.strictObject({ kind: z.literal('over-limit'), payload: z.string(), signature: Signature }),
  InsightWanted,
  z.strictObject({
    kind: z.literal('bye'),
    reason: z.enum([
      'not-enrolled',
      'revoked',
      'bad-signature',
      'protocol-too-new',
      'protocol-too-old',
      'bad-message',
      'replaced',
      'stopping',
    ]),
    detail: z.string().max(500),
  }),
]);
export type FromControl = z.infer<typeof FromControl>;

export const NackReason = z.enum([
  'bad-signature',
  'wrong-group',
  'older-revision',
  'gap',
  'digest-mismatch',
  'bad-policy',
  'refused-by-haproxy',
  'disk',
]);
export type NackReason = z.infer<typeof NackReason>;

export const EdgeVersions = z.strictObject({ agent: z.string().max(40), haproxy: z.string().max(80) });

export const EdgeHealth = z.strictObject({
  /** `reloading` while old workers finish; `down` when HAProxy does not answer. */
  haproxy: z.enum(['up', 'reloading', 'down']),
  /** Maps whose read-back hash differed from what was meant, since the agent started; each was repaired. */
  driftRepairs: z.int().min(0),
  sites: z.int().min(0),
  connections: z.int().min(0),
  requestsPerSecond: z.number().min(0),
});
export type EdgeHealth = z.infer<typeof EdgeHealth>;

export const FromEdge = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('subscribe'),
    protocol: z.int(),
    edgeId: EdgeId,
    /** Signature by the edge's key over `portcullis-subscribe "\n" edgeId "\n" nonce`. */
    signature: Signature,
    revision: Revision,
    digest: PolicyDigest,
    versions: EdgeVersions,
  }),
  z.strictObject({
    kind: z.literal('ack'),
    revision: Revision,
    digest: PolicyDigest,
    appliedAt: Instant,
    applyMs: z.number().min(0),
  }),
  z.strictObject({ kind: z.literal('nack'), revision: Revision, reason: NackReason, detail: z.string().max(2000) }),
  /** The edge holds a state that no delta can mend: send everything. */
  z.strictObject({ kind: z.literal('resync'), reason: z.string().max(500) }),
  z.strictObject({ kind: z.literal('receipt'), receipt: SignedReceipt }),
  /** Only ever sent to who asked: a control plane of an older version never meets one. */
  z.strictObject({ kind: z.literal('answer'), askId: AskId, answer: Answer }),
  /** Only after an `over-limit` has come, for the same reason. */
  Busiest,
  InsightMessage,
  z.strictObject({
    kind: z.literal('telemetry'),
    /** Start and length of the interval that the counts cover; a lost message loses its interval and no more. */
    from: Instant,
    seconds: z.number().min(0).max(3600),
    sites: z.array(z.strictObject({ siteId: SiteId, counts: z.record(Outcome, z.int().min(0).max(mostCounted)) })).max(20_000),
    health: EdgeHealth,
    /** Requests that were refused, as many as are told one by one; an edge of an older version tells none. */
    refused: z.array(RefusedRequest).max(mostRefusedPerMessage).optional(),
  }),
]);
export type FromEdge = z.infer<typeof FromEdge>;

/** What the edge signs to prove that it is the one that was enrolled. */
export function subscribeText(edgeId: EdgeId, nonce: string): string {
  return `portcullis-subscribe\n${edgeId}\n${nonce}`;
}

export const EnrolRequest = z.strictObject({
  token: z.string().min(20).max(200),
  publicKey: PublicKey,
  name: z.string().trim().min(1).max(80),
  versions: EdgeVersions,
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const EnrolAnswer = z.strictObject({
  edgeId: EdgeId,
  group: GroupName,
  /** Verifies every frame of this group. */
  policyKey: PublicKey,
});
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;
