/**
 * Attacks on a site as they are seen and answered: what the owner allows us to do by ourselves, and the record of each attack.
 *
 * An attack is on the whole site, or on one path of it that carries nearly all that is above the usual.
 *
 * Not the desk's incidents (contract/desk): those happen to people. An attack here is too many requests.
 */
import { z } from 'zod';
import { AttackSignals } from './attack-signals.ts';
import { AccountId, AttackId, EdgeId, Instant, SiteId } from './ids.ts';
import { PathPrefix, Sensitivity } from './policy.ts';
import { PersonRef } from './routes/common.ts';
import { OutcomeCounts } from './stream.ts';

/** `off`: nobody looks. `suggest`: a record, an alarm and a notice; people switch. `on`: attack mode is switched on and off again. */
export const AutomaticMode = z.enum(['off', 'suggest', 'on']);
export { AttackSignals, Sensitivity };

export const AutomaticAttack = z.strictObject({ attackMode: AutomaticMode, sensitivity: Sensitivity });
export type AutomaticAttack = z.infer<typeof AutomaticAttack>;
/** How a site begins. */
export const usualAutomatic: AutomaticAttack = { attackMode: 'suggest', sensitivity: 'normal' };

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
  /** The path that attack mode is for; null: the whole site. */
  path: PathPrefix.nullable(),
  /** The edge that turned attack mode on by itself while it could not reach the control plane; null: the control plane saw it. */
  edgeId: EdgeId.nullable(),
  signals: AttackSignals,
});
export type Attack = z.infer<typeof Attack>;

/**
 * What happened in an attack. `began`: as suggested or on; `edge-began`: an edge that was alone turned attack mode on, told afterwards; `widened`: from a path
 * to the whole site; `kept-on`: for longer than the attack, by hand.
 */
export const AttackEntryKind = z.enum(['began', 'edge-began', 'switched-on', 'widened', 'ended', 'kept-on', 'note']);
export const AttackEntry = z.strictObject({
  at: Instant,
  kind: AttackEntryKind,
  /** Null: by itself. */
  who: PersonRef.nullable(),
  words: z.string().nullable(),
});
export type AttackEntry = z.infer<typeof AttackEntry>;

export const AttackNote = z.string().trim().min(1).max(2000);
export const mostAttackNotes = 200;

/** One attack with all that is kept about it. */
export const AttackRecord = z.strictObject({
  attack: Attack,
  entries: z.array(AttackEntry),
  /** Requests by outcome from five minutes before it to five minutes after, in steps: longer ones as time goes by; a step without any is left out. */
  timeline: z.strictObject({
    from: Instant,
    until: Instant,
    stepSeconds: z.int().min(10),
    points: z.array(z.strictObject({ at: Instant, counts: OutcomeCounts })),
  }),
  /** Requests at each edge from the step in which it began to its end, most first, where roll-ups still say so. */
  edges: z.array(z.strictObject({ edgeId: EdgeId, name: z.string().nullable(), requests: z.int().min(0) })),
});
export type AttackRecord = z.infer<typeof AttackRecord>;

/** Where the owner's programs are told of attacks. The secret signs each message (handbook, attack-mode.md) and is shown once. */
export const AttackHook = z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(1000) });
/** Of the address only the host is shown: the rest may be a secret. */
export const AttackHookShown = z.strictObject({ host: z.string().nullable() });
