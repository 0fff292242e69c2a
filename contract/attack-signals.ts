/**
 * Why an attack was seen, and what an edge tells of one that it answered alone. Not here: the record that people see (attacks.ts).
 */
import { z } from 'zod';
import { Instant, SiteId } from './ids.ts';
import { Sensitivity } from './policy.ts';

/** Why an attack was seen: whoever has the counts of the windows and these numbers comes to the same answer. */
export const AttackSignals = z.strictObject({
  /** Version of the rules (core/shield/attack-signals.ts). */
  version: z.literal(1),
  sensitivity: Sensitivity,
  /** Start of the newest window of ten seconds that was judged. */
  window: Instant,
  /** Requests in it, except those that a notice or a solved challenge answered. */
  demand: z.int().min(0),
  originErrors: z.int().min(0),
  /** What 99 of 100 windows of the day before stayed below; null when the site is too new to say. */
  baseline: z.int().min(0).nullable(),
  /** Demand from which a window is hot. */
  threshold: z.int().min(1),
  /** Demand below which a window is calm; below every threshold that can be. */
  calmBelow: z.int().min(1),
  cause: z.enum(['demand', 'demand-with-origin-errors']),
});
export type AttackSignals = z.infer<typeof AttackSignals>;

/** What an edge says of attack mode that it turned on by itself while it could not reach the control plane. */
export const OwnAttack = z.strictObject({
  siteId: SiteId,
  beganAt: Instant,
  /** Null: it still is on. */
  endedAt: Instant.nullable(),
  peak: z.int().min(0),
  signals: AttackSignals,
});
export type OwnAttack = z.infer<typeof OwnAttack>;
