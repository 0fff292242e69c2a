/**
 * Attacks on a site as they are seen and answered: what the owner allows us to do by ourselves, and the record of each attack.
 *
 * Not the desk's incidents (contract/desk): those happen to people. An attack here is too many requests.
 */
import { z } from 'zod';
import { AccountId, AttackId, Instant, SiteId } from './ids.ts';
import { PersonRef } from './routes/common.ts';

/** `off`: nobody looks. `suggest`: a record, an alarm and a notice; people switch. `on`: attack mode is switched on and off again. */
export const AutomaticMode = z.enum(['off', 'suggest', 'on']);
export const Sensitivity = z.enum(['low', 'normal', 'high']);
export type Sensitivity = z.infer<typeof Sensitivity>;

export const AutomaticAttack = z.strictObject({ attackMode: AutomaticMode, sensitivity: Sensitivity });
export type AutomaticAttack = z.infer<typeof AutomaticAttack>;

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

export const Attack = z.strictObject({
  attackId: AttackId,
  siteId: SiteId,
  accountId: AccountId,
  siteName: z.string(),
  /** `suggested`: seen, attack mode is for people to switch. `on`: it holds the site in attack mode. `ended`: over. */
  state: z.enum(['suggested', 'on', 'ended']),
  beganAt: Instant,
  /** When attack mode came on for it, and by whom; `switchedBy` null with a time: by itself. */
  switchedAt: Instant.nullable(),
  switchedBy: PersonRef.nullable(),
  endedAt: Instant.nullable(),
  /** Null with a time: by itself, because it was calm. */
  endedBy: PersonRef.nullable(),
  /** Most requests in ten seconds. */
  peak: z.int().min(0),
  signals: AttackSignals,
});
export type Attack = z.infer<typeof Attack>;
