/** Relays over the API: which there are, what hangs on them, enrolment tokens, revocation. */
import { z } from 'zod';
import { Instant, RelayId } from '../ids.ts';
import { enrolRelayPath } from '../relay.ts';
import { PublicKey } from '../stream.ts';
import { Nothing } from './common.ts';
import { route } from './route.ts';

/** `never-seen`: enrolled, not yet linked. */
export const RelayState = z.enum(['linked', 'away', 'never-seen', 'revoked']);

export const Relay = z.strictObject({
  relayId: RelayId,
  name: z.string(),
  state: RelayState,
  version: z.string(),
  enrolledAt: Instant,
  lastSeenAt: Instant.nullable(),
  /** Edges whose stream comes through it now. */
  edges: z.int().min(0),
});
export type Relay = z.infer<typeof Relay>;

export const listRelays = route({
  method: 'GET',
  path: '/api/v1/relays',
  summary: 'All relays.',
  needs: 'edges:read',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(Relay) }),
  status: 200,
  errors: [],
});

export const createRelayToken = route({
  method: 'POST',
  path: '/api/v1/relays/enrolment-tokens',
  summary: 'Makes a token with which one relay enrols once; shown only now. No edge can use it.',
  needs: 'edges:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ validMinutes: z.int().min(1).max(10_080).default(60) }),
  answer: z.strictObject({ token: z.string(), expiresAt: Instant }),
  status: 201,
  errors: [],
});

export const revokeRelay = route({
  method: 'DELETE',
  path: '/api/v1/relays/{relayId}',
  summary: 'Revokes a relay: its link is closed and its key is no longer accepted. Edges behind it take another way.',
  needs: 'edges:write',
  params: z.strictObject({ relayId: RelayId }),
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found'],
});

export const EnrolRelay = z.strictObject({
  token: z.string().min(20).max(200),
  publicKey: PublicKey,
  name: z.string().trim().min(1).max(80),
  version: z.string().max(40),
});
export type EnrolRelay = z.infer<typeof EnrolRelay>;

export const RelayEnrolled = z.strictObject({ relayId: RelayId });

export const enrolRelay = route({
  method: 'POST',
  path: enrolRelayPath,
  summary: 'A relay enrols with its one-time token and its public key. Asked again with both the same, the answer is the same.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: EnrolRelay,
  answer: RelayEnrolled,
  status: 201,
  errors: ['token-refused'],
});
