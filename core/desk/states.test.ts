/** Every state × every act of the desk's five state tables, and what no path through them can do. */
import { describe, expect, it } from 'vitest';
import { AppealState, CaseState, DeskDecisionState, ReportState, TaskState } from '../../contract/desk/words.ts';
import { Instant, PersonId } from '../../contract/ids.ts';
import { appealActs, appealTable, stepAppeal } from './appeal-states.ts';
import type { AppealFacts } from './appeal-states.ts';
import { caseActs, caseTable, stepCase } from './case-states.ts';
import { decisionActs, decisionTable, stepDecision } from './decision-states.ts';
import type { DecisionFacts } from './decision-states.ts';
import { reportActs, reportTable, stepReport } from './report-states.ts';
import { stepTask, taskActs, taskTable } from './task-states.ts';

type Table = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** A table as text: one line for each state, each act that is possible with where it leads. */
function drawn(table: Table): string[] {
  return Object.entries(table).map(
    ([state, row]) =>
      `${state}: ${Object.entries(row)
        .flatMap(([act, next]) => (next === null ? [] : [next === state ? `${act} (stays)` : `${act} → ${next}`]))
        .join(', ')}`,
  );
}

/** States that can be reached from one without ever doing one of these acts. */
function reachable(table: Table, from: string, without: readonly string[]): Set<string> {
  const found = new Set([from]);
  for (const state of found) {
    for (const [act, next] of Object.entries(table[state] ?? {})) if (next !== null && !without.includes(act)) found.add(next);
  }
  return found;
}

const one = PersonId.parse('person_000000000001');
const two = PersonId.parse('person_000000000002');
const three = PersonId.parse('person_000000000003');
const four = PersonId.parse('person_000000000004');
const noon = Instant.parse('2026-03-01T12:00:00.000Z');
const noonMs = Date.parse(noon);

describe('a case', () => {
  it('moves as the table says and in no other way', () => {
    expect(drawn(caseTable)).toMatchInlineSnapshot(`
      [
        "open: assess → assessing, propose-measure → measure-proposed, confirm-no-action → no-action, begin-provisional → provisional",
        "assessing: assess (stays), propose-measure → measure-proposed, confirm-no-action → no-action, begin-provisional → provisional, confirm-measure → confirmed",
        "no-action: assess → assessing, propose-measure → measure-proposed, confirm-no-action (stays), begin-provisional → provisional, appeal → appealed, close (stays), reopen → assessing",
        "measure-proposed: assess (stays), propose-measure (stays), proposal-gone → assessing, begin-provisional → provisional, confirm-measure → confirmed",
        "provisional: assess (stays), propose-measure (stays), proposal-gone (stays), begin-provisional (stays), provisional-lapsed → assessing, confirm-measure → confirmed, all-edges-enforce (stays), appeal → appealed, measure-over → ended",
        "confirmed: assess (stays), propose-measure (stays), proposal-gone (stays), begin-provisional (stays), provisional-lapsed (stays), confirm-measure (stays), all-edges-enforce → enforced, appeal → appealed, measure-over → ended",
        "enforced: assess (stays), propose-measure (stays), proposal-gone (stays), begin-provisional (stays), provisional-lapsed (stays), confirm-measure → confirmed, all-edges-enforce (stays), appeal → appealed, measure-over → ended",
        "appealed: assess (stays), propose-measure (stays), proposal-gone (stays), begin-provisional (stays), provisional-lapsed (stays), confirm-measure (stays), all-edges-enforce (stays), appeal (stays), appeal-answered-in-force → confirmed, appeal-answered-no-action → no-action, appeal-answered-over → ended, appeal-answered-again → assessing, measure-over (stays)",
        "ended: assess → assessing, propose-measure → measure-proposed, confirm-no-action → no-action, begin-provisional → provisional, appeal → appealed, reviews-done → reviewed, close (stays), reopen → assessing",
        "reviewed: assess → assessing, begin-provisional → provisional, appeal → appealed, reviews-done (stays), close (stays), reopen → assessing",
      ]
    `);
    for (const state of CaseState.options) {
      for (const act of caseActs) {
        const next: string | null = caseTable[state][act];
        const stepped = stepCase(state, act);
        expect(stepped.ok ? stepped.state : null).toBe(next);
        if (!stepped.ok) expect(stepped.why).toMatch(/^[A-Z].*\.$/);
      }
    }
  });

  it('comes to be in force only by a confirmation, and provisionally by an act that ends by itself', () => {
    const unconfirmed = reachable(caseTable, 'open', ['confirm-measure', 'begin-provisional', 'appeal']);
    expect(unconfirmed).not.toContain('confirmed');
    expect(unconfirmed).not.toContain('enforced');
    expect(reachable(caseTable, 'open', ['begin-provisional', 'confirm-measure'])).not.toContain('provisional');
    expect(caseTable.provisional['provisional-lapsed']).toBe('assessing');
  });

  it('is closed only once it is decided and nothing stands or waits', () => {
    expect(CaseState.options.filter((state) => stepCase(state, 'close').ok)).toEqual(['no-action', 'ended', 'reviewed']);
  });

  it('can be taken up again from every state, so that new danger is never turned away', () => {
    for (const state of CaseState.options) expect(stepCase(state, 'assess').ok).toBe(true);
  });
});

describe('a report', () => {
  it('moves as the table says and in no other way', () => {
    expect(drawn(reportTable)).toMatchInlineSnapshot(`
      [
        "received: acknowledge → acknowledged, link → linked, reporter-adds (stays), withdraw → withdrawn",
        "acknowledged: link → linked, ask-more → more-asked, reporter-adds (stays), decide → decided, answer → answered, withdraw → withdrawn",
        "more-asked: link → linked, ask-more (stays), reporter-adds → linked, decide → decided, answer → answered, withdraw → withdrawn",
        "linked: link (stays), ask-more → more-asked, reporter-adds (stays), decide → decided, answer → answered, withdraw → withdrawn",
        "decided: link (stays), ask-more (stays), reporter-adds (stays), decide (stays), answer → answered, withdraw → withdrawn, take-up-again → linked",
        "answered: link → linked, ask-more → more-asked, reporter-adds (stays), decide (stays), answer (stays), close → closed, take-up-again → linked",
        "closed: link → linked, reporter-adds → answered, answer (stays), close (stays), take-up-again → linked",
        "withdrawn: withdraw (stays)",
      ]
    `);
    for (const state of ReportState.options) {
      for (const act of reportActs) {
        const next: string | null = reportTable[state][act];
        const stepped = stepReport(state, act);
        expect(stepped.ok ? stepped.state : null).toBe(next);
      }
    }
  });

  it('is never closed without an answer to its own reporter', () => {
    expect(reachable(reportTable, 'received', ['answer'])).not.toContain('closed');
  });

  it('stays withdrawn', () => {
    expect(reachable(reportTable, 'withdrawn', [])).toEqual(new Set(['withdrawn']));
  });
});

describe('a decision', () => {
  const facts = (more: Partial<DecisionFacts> = {}): DecisionFacts => ({
    state: 'proposed',
    proposerId: one,
    lapsesAt: null,
    firstPanel: [],
    ...more,
  });

  it('moves as the table says and in no other way', () => {
    expect(drawn(decisionTable)).toMatchInlineSnapshot(`
      [
        "proposed: confirm → confirmed, withdraw → withdrawn, lapse → lapsed",
        "alone: confirm → confirmed, lapse → lapsed",
        "confirmed: ",
        "withdrawn: ",
        "lapsed: ",
      ]
    `);
    for (const state of DeskDecisionState.options) {
      for (const act of decisionActs) {
        const next: string | null = decisionTable[state][act];
        const stepped =
          act === 'lapse'
            ? stepDecision(facts({ state, lapsesAt: noon }), { kind: 'time' }, noonMs)
            : stepDecision(facts({ state }), { kind: act, by: two }, noonMs);
        if (act === 'lapse') expect(stepped).toMatchObject({ ok: true, state: next ?? state });
        else expect(stepped.ok ? stepped.state : null).toBe(next);
      }
    }
  });

  it('is never confirmed by whoever proposed it, whether it is only proposed or in force alone', () => {
    for (const state of ['proposed', 'alone'] as const) {
      expect(stepDecision(facts({ state }), { kind: 'confirm', by: one }, noonMs)).toMatchObject({
        ok: false,
        code: 'same-person',
      });
    }
  });

  it('makes a provisional one lasting only by two people who had no hand in the first', () => {
    const lasting = facts({ proposerId: three, firstPanel: [one, two] });
    expect(stepDecision(lasting, { kind: 'confirm', by: two }, noonMs)).toMatchObject({ ok: false, code: 'same-person' });
    expect(stepDecision(lasting, { kind: 'confirm', by: four }, noonMs)).toMatchObject({ ok: true, state: 'confirmed' });
    const byTheFirst = facts({ proposerId: one, firstPanel: [one, two] });
    expect(stepDecision(byTheFirst, { kind: 'confirm', by: four }, noonMs)).toMatchObject({ ok: false, code: 'same-person' });
  });

  it('lapses at its instant and not a millisecond before, and cannot be confirmed from then on', () => {
    for (const state of ['proposed', 'alone'] as const) {
      const decision = facts({ state, lapsesAt: noon });
      expect(stepDecision(decision, { kind: 'time' }, noonMs - 1)).toMatchObject({ change: 'none', state });
      expect(stepDecision(decision, { kind: 'time' }, noonMs)).toMatchObject({ change: 'lapse', state: 'lapsed' });
      expect(stepDecision(decision, { kind: 'confirm', by: two }, noonMs)).toMatchObject({ ok: false, code: 'wrong-state' });
      expect(stepDecision(decision, { kind: 'confirm', by: two }, noonMs - 1)).toMatchObject({ ok: true });
    }
  });
});

describe('an appeal', () => {
  const facts = (more: Partial<AppealFacts> = {}): AppealFacts => ({
    state: 'taken',
    involved: [one, two],
    takenBy: three,
    ...more,
  });

  it('moves as the table says and in no other way', () => {
    expect(drawn(appealTable)).toMatchInlineSnapshot(`
      [
        "open: take → taken, withdraw → withdrawn",
        "taken: take (stays), give-back → open, uphold → upheld, modify → modified, reverse → reversed, withdraw → withdrawn",
        "upheld: ",
        "modified: ",
        "reversed: ",
        "withdrawn: ",
      ]
    `);
    for (const state of AppealState.options) {
      for (const act of appealActs) {
        const next: string | null = appealTable[state][act];
        const stepped = stepAppeal(facts({ state }), act === 'withdraw' ? { kind: act } : { kind: act, by: three });
        expect(stepped.ok ? stepped.state : null).toBe(next);
      }
    }
  });

  it('is neither taken nor decided by anybody who had a hand in what it is about', () => {
    for (const act of ['uphold', 'modify', 'reverse', 'give-back'] as const) {
      expect(stepAppeal(facts({ takenBy: two }), { kind: act, by: two })).toMatchObject({ ok: false, code: 'same-person' });
    }
    expect(stepAppeal(facts({ state: 'open' }), { kind: 'take', by: one })).toMatchObject({ ok: false, code: 'same-person' });
  });

  it('is decided only by whoever took it', () => {
    expect(stepAppeal(facts(), { kind: 'reverse', by: four })).toMatchObject({ ok: false, code: 'wrong-state' });
    expect(stepAppeal(facts(), { kind: 'take', by: four })).toMatchObject({ ok: true, state: 'taken' });
  });
});

describe('a task', () => {
  const record = 'The officer on duty wrote it down at 14:02.';

  it('moves as the table says and in no other way', () => {
    expect(drawn(taskTable)).toMatchInlineSnapshot(`
      [
        "open: finish → done, give-up → not-possible",
        "done: ",
        "not-possible: ",
      ]
    `);
    for (const state of TaskState.options) {
      for (const act of taskActs) {
        const next: string | null = taskTable[state][act];
        const stepped = stepTask(state, { kind: act, record, byLead: true });
        expect(stepped.ok ? stepped.state : null).toBe(next);
      }
    }
  });

  it('is not settled without a record, and is given up by a lead only', () => {
    expect(stepTask('open', { kind: 'finish', record: '  done   ', byLead: true }).ok).toBe(false);
    expect(stepTask('open', { kind: 'give-up', record, byLead: false })).toMatchObject({ ok: false, code: 'not-allowed' });
    expect(stepTask('open', { kind: 'finish', record, byLead: false })).toMatchObject({ ok: true, state: 'done' });
  });
});
