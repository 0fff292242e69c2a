import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaseState, Lane } from '../../contract/desk/words.ts';
import { compareForClaim } from './claim-case.ts';
import type { CaseOfClaim } from './claim-case.ts';
import { isMoreUrgent } from './lane.ts';

const cases: fc.Arbitrary<CaseOfClaim[]> = fc
  .array(
    fc.record({ isClosed: fc.boolean(), lane: fc.constantFrom(...Lane.options), state: fc.constantFrom(...CaseState.options) }),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => list.map((one, order) => ({ ...one, order })));
const chosen = (list: readonly CaseOfClaim[]) => list.toSorted(compareForClaim)[0];

describe('the case in which a claim goes on', () => {
  it('is the same in whatever order the cases are met', () => {
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.nat()), (list, stream) => {
        const places = list.map((one) => ({ one, place: stream.next().value ?? 0 }));
        const mixed = places.toSorted((a, b) => a.place - b.place).map(({ one }) => one);
        expect(chosen(mixed)).toEqual(chosen(list));
        expect(chosen(list.toReversed())).toEqual(chosen(list));
      }),
    );
  });

  it('is open when any is, and no open one is in a more urgent lane', () => {
    fc.assert(
      fc.property(cases, (list) => {
        const found = chosen(list);
        const open = list.filter(({ isClosed }) => !isClosed);
        if (found === undefined || open.length === 0) return;
        expect(found.isClosed).toBe(false);
        expect(open.filter(({ lane }) => isMoreUrgent(lane, found.lane))).toEqual([]);
      }),
    );
  });

  it('is the later one of two when that one is about a threat to life, and the older one of two that are alike', () => {
    const early: CaseOfClaim = { isClosed: false, lane: 'routine', state: 'open', order: 1 };
    const grave: CaseOfClaim = { ...early, lane: 'life-threat', order: 2 };
    expect(chosen([early, grave])).toBe(grave);
    expect(chosen([{ ...early, order: 2 }, early])).toBe(early);
    expect(
      chosen([
        { ...early, state: 'no-action' },
        { ...early, order: 2 },
      ])?.state,
    ).toBe('open');
  });
});
