/**
 * What may happen to a decision of the desk, and by whom: two people, and what time does.
 *
 * `proposed` → `confirmed` | `withdrawn` | `lapsed`; break-glass: `alone` → `confirmed` | `lapsed`. Nobody confirms what they proposed; a decision that
 * makes a provisional one lasting is made by a second panel: neither of its two people was one of the first two.
 * Times are milliseconds since 1970, UTC. Fails closed. Not here: whether the draft is complete (limbs.ts, ladder.ts), the order at the edges
 * (core/shield/orders.ts), who holds which role (contract/access.ts).
 */
import type { DeskDecisionState } from '../../contract/desk/words.ts';
import type { Instant, PersonId } from '../../contract/ids.ts';

export const decisionActs = ['confirm', 'withdraw', 'lapse'] as const;
export type DecisionStep = (typeof decisionActs)[number];

type Row = Readonly<Record<DecisionStep, DeskDecisionState | null>>;

/** From each state, where each act leads; null where it is not possible. `lapse` is what time does at `lapsesAt`. */
export const decisionTable = {
  proposed: { confirm: 'confirmed', withdraw: 'withdrawn', lapse: 'lapsed' },
  // In force already: it is not taken back but lifted, by its order.
  alone: { confirm: 'confirmed', withdraw: null, lapse: 'lapsed' },
  confirmed: { confirm: null, withdraw: null, lapse: null },
  withdrawn: { confirm: null, withdraw: null, lapse: null },
  lapsed: { confirm: null, withdraw: null, lapse: null },
} as const satisfies Record<DeskDecisionState, Row>;

export type DecisionFacts = {
  readonly state: DeskDecisionState;
  readonly proposerId: PersonId;
  /** When a proposal or a decision taken alone lapses by itself; null when it does not. */
  readonly lapsesAt: Instant | null;
  /** Proposer and confirmer of the provisional decision that this one makes lasting; empty when it makes none lasting. */
  readonly firstPanel: readonly PersonId[];
};

export type DecisionAct =
  | { readonly kind: 'confirm'; readonly by: PersonId }
  | { readonly kind: 'withdraw' }
  /** What the clock alone does. */
  | { readonly kind: 'time' };

export type DecisionStepped =
  | { readonly ok: true; readonly change: DecisionStep | 'none'; readonly state: DeskDecisionState }
  | { readonly ok: false; readonly code: 'same-person' | 'wrong-state'; readonly why: string };

/** What an act does to a decision at an instant, or why not. */
export function stepDecision(decision: DecisionFacts, act: DecisionAct, atMs: number): DecisionStepped {
  const row: Row = decisionTable[decision.state];
  const over = decision.lapsesAt !== null && atMs >= Date.parse(decision.lapsesAt);
  if (act.kind === 'time') {
    const lapsed = over ? row.lapse : null;
    return lapsed === null ? { ok: true, change: 'none', state: decision.state } : { ok: true, change: 'lapse', state: lapsed };
  }
  const next = row[act.kind];
  if (next === null) return { ok: false, code: 'wrong-state', why: `The decision is ${said[decision.state]}.` };
  if (act.kind === 'withdraw') return { ok: true, change: 'withdraw', state: next };
  if (decision.proposerId === act.by) {
    return { ok: false, code: 'same-person', why: 'You proposed it: somebody else must confirm it.' };
  }
  if (decision.firstPanel.includes(act.by) || decision.firstPanel.includes(decision.proposerId)) {
    return { ok: false, code: 'same-person', why: 'It makes a provisional decision lasting: two other people must decide it.' };
  }
  if (over) return { ok: false, code: 'wrong-state', why: 'Its time has passed, so it can no longer be confirmed.' };
  return { ok: true, change: 'confirm', state: next };
}

const said = {
  proposed: 'only proposed',
  alone: 'in force by one person: lift its order',
  confirmed: 'confirmed already',
  withdrawn: 'withdrawn',
  lapsed: 'lapsed',
} as const satisfies Record<DeskDecisionState, string>;
