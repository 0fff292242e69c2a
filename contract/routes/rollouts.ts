/**
 * Rollouts over the API: slow changes on their way from the canaries to everybody, and the stop switch; and groups of edges with their plans.
 * Not here: which change is slow (core/shield/lanes.ts), what makes one go back (core/shield/rollout.ts).
 */
import { z } from 'zod';
import { EdgeId, GroupName, Instant, Revision, RolloutId } from '../ids.ts';
import { ItemKey } from '../policy.ts';
import { Nothing, PageQuery, pageOf } from './common.ts';
import { route } from './route.ts';

/** `superseded`: a newer change of the same things took its place. */
export const RolloutState = z.enum(['running', 'done', 'rolled-back', 'superseded']);
export type RolloutState = z.infer<typeof RolloutState>;

export const Rollout = z.strictObject({
  rolloutId: RolloutId,
  group: GroupName,
  state: RolloutState,
  /** What it changes: `site:…`, `provider`. */
  items: z.array(ItemKey),
  /** Steps that it takes: canaries, then waves. */
  lanes: z.int().min(1),
  /** Steps that it has taken. */
  reached: z.int().min(0),
  /** Revision of its newest step. */
  revision: Revision,
  createdAt: Instant,
  reachedAt: Instant,
  endedAt: Instant.nullable(),
  /** What it waits for, or why it was taken back. */
  note: z.string().nullable(),
});
export type Rollout = z.infer<typeof Rollout>;

const Waves = z
  .array(z.int().min(1).max(100))
  .min(1)
  .max(5)
  .refine((waves) => waves.at(-1) === 100 && waves.every((share, index) => index === 0 || share > (waves[index - 1] ?? 0)), {
    error: 'must rise and end with 100',
  });
const BakeSeconds = z.int().min(0).max(86_400);

export const EdgeGroup = z.strictObject({
  group: GroupName,
  title: z.string().nullable(),
  head: Revision,
  edges: z.int().min(0),
  canaries: z.int().min(0),
  /** Shares in percent, rising to 100, of the edges that are no canaries. */
  waves: Waves,
  canaryBakeSeconds: BakeSeconds,
  waveBakeSeconds: BakeSeconds,
  rolloutsRunning: z.int().min(0),
  /** Set while the stop switch is on. */
  stopped: z.strictObject({ at: Instant, by: z.string(), reason: z.string() }).nullable(),
});
export type EdgeGroup = z.infer<typeof EdgeGroup>;

const Title = z.string().trim().min(1).max(80);
const Reason = z.string().trim().min(3).max(500);

export const listGroups = route({
  method: 'GET',
  path: '/api/v1/edge-groups',
  summary: 'All groups of edges with their plans for rollouts.',
  needs: 'edges:read',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(EdgeGroup) }),
  status: 200,
  errors: [],
});

export const createGroup = route({
  method: 'POST',
  path: '/api/v1/edge-groups',
  summary: 'Makes a group of edges. Its name stays; its title can be changed.',
  needs: 'edges:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ group: GroupName, title: Title.optional() }),
  answer: EdgeGroup,
  status: 201,
  errors: ['conflict'],
});

export const changeGroup = route({
  method: 'PATCH',
  path: '/api/v1/edge-groups/{group}',
  summary: 'Changes the title or the plan of a group. The waves of a group change only when no rollout is under way in it.',
  needs: 'edges:write',
  params: z.strictObject({ group: GroupName }),
  query: Nothing,
  body: z.strictObject({
    title: Title.nullable().optional(),
    waves: Waves.optional(),
    canaryBakeSeconds: BakeSeconds.optional(),
    waveBakeSeconds: BakeSeconds.optional(),
  }),
  answer: EdgeGroup,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const changeEdge = route({
  method: 'PATCH',
  path: '/api/v1/edges/{edgeId}',
  summary: 'Renames an edge, moves it to another group, or makes it a canary. The last two need that no rollout is under way.',
  needs: 'edges:write',
  params: z.strictObject({ edgeId: EdgeId }),
  query: Nothing,
  body: z.strictObject({
    name: z.string().trim().min(1).max(80).optional(),
    group: GroupName.optional(),
    canary: z.boolean().optional(),
  }),
  answer: Nothing,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const listRollouts = route({
  method: 'GET',
  path: '/api/v1/rollouts',
  summary: 'Rollouts, newest first.',
  needs: 'edges:read',
  params: Nothing,
  query: PageQuery.extend({ group: GroupName.optional(), state: RolloutState.optional() }),
  body: Nothing,
  answer: pageOf(Rollout),
  status: 200,
  errors: [],
});

const one = z.strictObject({ rolloutId: RolloutId });

export const getRollout = route({
  method: 'GET',
  path: '/api/v1/rollouts/{rolloutId}',
  summary: 'One rollout.',
  needs: 'edges:read',
  params: one,
  query: Nothing,
  body: Nothing,
  answer: Rollout,
  status: 200,
  errors: ['not-found'],
});

export const hurryRollout = route({
  method: 'POST',
  path: '/api/v1/rollouts/{rolloutId}/hurry',
  summary: 'Sends a rollout to every edge without watching it any longer.',
  needs: 'edges:write',
  params: one,
  query: Nothing,
  body: Nothing,
  answer: Rollout,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const rollBackRollout = route({
  method: 'POST',
  path: '/api/v1/rollouts/{rolloutId}/roll-back',
  summary: 'Takes a rollout back wherever it went.',
  needs: 'edges:write',
  params: one,
  query: Nothing,
  body: z.strictObject({ reason: Reason }),
  answer: Rollout,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const stopRollouts = route({
  method: 'POST',
  path: '/api/v1/edge-groups/{group}/stop',
  summary: 'The stop switch: no slow change of this group goes one step further. Orders and all that is fast go on.',
  needs: 'edges:write',
  params: z.strictObject({ group: GroupName }),
  query: Nothing,
  body: z.strictObject({ reason: Reason }),
  answer: EdgeGroup,
  status: 200,
  errors: ['not-found'],
});

export const resumeRollouts = route({
  method: 'POST',
  path: '/api/v1/edge-groups/{group}/resume',
  summary: 'Turns the stop switch off.',
  needs: 'edges:write',
  params: z.strictObject({ group: GroupName }),
  query: Nothing,
  body: Nothing,
  answer: EdgeGroup,
  status: 200,
  errors: ['not-found'],
});
