/** Who grades, when a grade is locked, and that the second assessor cannot tell what the first one found. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PersonId } from '../../contract/ids.ts';
import type { Grade } from '../../contract/desk/words.ts';
import type { Seat } from '../../contract/desk/shapes.ts';
import { grades } from './assessment.ts';
import { assessmentsSeenBy, gradingOf, stateSeenBy, takeSeat } from './grading.ts';
import type { Given } from './grading.ts';

const person = (number: number) => PersonId.parse(`person_00000000000${number}`);
const [one, two, three] = [person(1), person(2), person(3)];
const given = (seat: Seat, assigned: Grade, assessorId: PersonId, suggested = assigned): Given => ({
  seat,
  assigned,
  suggested,
  assessorId,
});

describe('grading an incident', () => {
  it('is one person’s work below G3, and needs a second from G3 on, whether suggested or assigned', () => {
    expect(gradingOf([])).toEqual({ state: 'none' });
    for (const assigned of grades) {
      for (const suggested of grades) {
        const grave = [assigned, suggested].some((grade) => grade === 'G3' || grade === 'G4');
        expect(gradingOf([given('first', assigned, one, suggested)])).toEqual(
          grave ? { state: 'second-needed' } : { state: 'locked', grade: assigned },
        );
      }
    }
  });

  it('is locked when two agree, and goes to a lead at one step of difference', () => {
    for (const first of grades) {
      for (const second of grades) {
        const both = [given('first', first, one, 'G4'), given('second', second, two)];
        expect(gradingOf(both)).toEqual(first === second ? { state: 'locked', grade: first } : { state: 'lead-needed' });
        expect(gradingOf([...both, given('lead', 'G1', three)])).toEqual({ state: 'locked', grade: 'G1' });
      }
    }
  });

  it('never seats one person twice, a lead who graded, or anybody after the lock', () => {
    const first = [given('first', 'G4', one)];
    const both = [...first, given('second', 'G3', two)];
    for (const seat of ['first', 'second', 'lead'] as const) {
      expect(takeSeat(first, { by: one, seat, isLead: true })).toMatchObject({ ok: false, code: 'same-person' });
      expect(takeSeat(both, { by: two, seat, isLead: true })).toMatchObject({ ok: false, code: 'same-person' });
      const locked = [...both, given('lead', 'G4', three)];
      expect(takeSeat(locked, { by: person(4), seat, isLead: true })).toMatchObject({ ok: false, code: 'wrong-state' });
    }
    expect(takeSeat(both, { by: three, seat: 'lead', isLead: false })).toMatchObject({ ok: false, code: 'not-allowed' });
    expect(takeSeat(both, { by: three, seat: 'lead', isLead: true })).toEqual({ ok: true, seat: 'lead' });
    expect(takeSeat(both, { by: three, seat: 'second', isLead: true })).toMatchObject({ ok: false, code: 'wrong-state' });
  });

  it('looks the same to whoever may be second, whatever the first found, and whether or not there was a first', () => {
    const fresh = {
      state: stateSeenBy([], two),
      seen: assessmentsSeenBy([], two),
      settles: takeSeat([], { by: two, seat: 'lead', isLead: true }),
      sits: takeSeat([], { by: two, seat: 'first', isLead: true }).ok,
    };
    fc.assert(
      fc.property(fc.constantFrom(...grades), fc.constantFrom('G3' as const, 'G4' as const), (assigned, suggested) => {
        const first = [given('first', assigned, one, suggested)];
        expect({
          state: stateSeenBy(first, two),
          seen: assessmentsSeenBy(first, two),
          settles: takeSeat(first, { by: two, seat: 'lead', isLead: true }),
          sits: takeSeat(first, { by: two, seat: 'first', isLead: true }).ok,
        }).toEqual(fresh);
        expect(stateSeenBy(first, one)).toBe('second-needed');
        expect(assessmentsSeenBy(first, one)).toEqual(first);
      }),
    );
  });

  it('is open to all once nobody grades blind any more', () => {
    const both = [given('first', 'G4', one), given('second', 'G3', two)];
    expect(stateSeenBy(both, three)).toBe('lead-needed');
    expect(assessmentsSeenBy(both, three)).toEqual(both);
  });
});
