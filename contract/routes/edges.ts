/** Edges over the API: what each holds and how it fares, enrolment tokens, revocation, clearance key rotation. */
import { z } from 'zod';
import { EdgeId, GroupName, Instant, KeyId, RelayId, Revision } from '../ids.ts';
import { EdgeHealth, EdgeNetworkData, EnrolAnswer, EnrolRequest, PublicKey, enrolPath } from '../stream.ts';
import { Nothing } from './common.ts';
import { route } from './route.ts';

/** `behind`: connected but not at the head. `never-seen`: enrolled, not yet connected. */
export const EdgeState = z.enum(['current', 'behind', 'away', 'never-seen', 'revoked']);

export const Edge = z.strictObject({
  edgeId: EdgeId,
  name: z.string(),
  group: GroupName,
  /** Verifies its receipts; who keeps it elsewhere need not trust the control plane for that (`portcullis verify`). */
  publicKey: PublicKey.exactOptional(),
  state: EdgeState,
  revision: Revision,
  /** Head of its group: the revision that it should hold. */
  head: Revision,
  enrolledAt: Instant,
  lastSeenAt: Instant.nullable(),
  agentVersion: z.string().nullable(),
  haproxyVersion: z.string().nullable(),
  health: EdgeHealth.nullable(),
  /** Which network data it has; null for an edge that never said. Without it, rules that ask for a country or AS number do nothing there. */
  networkData: EdgeNetworkData.nullable(),
  /** The relay through which its stream comes; left out for one that comes straight. */
  relayId: RelayId.exactOptional(),
  /** Gets slow changes of its group first (rollouts.ts); left out for one that is no canary. */
  canary: z.literal(true).exactOptional(),
  lastNack: z.strictObject({ revision: Revision, reason: z.string(), detail: z.string(), at: Instant }).nullable(),
  /** Median and slowest time from commit to acknowledgement over its last hundred revisions. */
  applyP50Ms: z.number().nullable(),
  applyP99Ms: z.number().nullable(),
});
export type Edge = z.infer<typeof Edge>;

export const listEdges = route({
  method: 'GET',
  path: '/api/v1/edges',
  summary: 'All edges.',
  needs: 'edges:read',
  params: Nothing,
  query: z.strictObject({ group: GroupName.optional() }),
  body: Nothing,
  answer: z.strictObject({ items: z.array(Edge) }),
  status: 200,
  errors: [],
});

export const createEnrolmentToken = route({
  method: 'POST',
  path: '/api/v1/edges/enrolment-tokens',
  summary: 'Makes a token with which one edge enrols once; shown only now.',
  needs: 'edges:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ group: GroupName.optional(), validMinutes: z.int().min(1).max(10_080).default(60) }),
  answer: z.strictObject({ token: z.string(), group: GroupName, expiresAt: Instant }),
  status: 201,
  errors: ['not-found'],
});

export const revokeEdge = route({
  method: 'DELETE',
  path: '/api/v1/edges/{edgeId}',
  summary: 'Revokes an edge: its stream is closed and its key is no longer accepted.',
  needs: 'edges:write',
  params: z.strictObject({ edgeId: EdgeId }),
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found'],
});

export const rotateClearanceKeys = route({
  method: 'POST',
  path: '/api/v1/clearance-keys/rotate',
  summary: 'Makes a new current key; the one before stays accepted, so nobody meets a new challenge. Older ones are dropped.',
  needs: 'keys:rotate',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ group: GroupName.optional(), dropOlder: z.boolean().default(true) }),
  answer: z.strictObject({ current: KeyId, accepted: z.array(KeyId), revision: Revision }),
  status: 200,
  errors: ['not-found'],
});

export const enrolEdge = route({
  method: 'POST',
  path: enrolPath,
  summary: 'An edge enrols with its one-time token and its public key. Asked again with both the same, the answer is the same.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: EnrolRequest,
  answer: EnrolAnswer,
  status: 201,
  errors: ['token-refused'],
});
