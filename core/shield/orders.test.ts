import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Instant, PersonId } from '../../contract/ids.ts';
import { OrderState } from '../../contract/routes/orders.ts';
import { draftMistakes, effectiveEnd, isOrderInForce, publicState, step } from './orders.ts';
import type { OrderAct, OrderFacts } from './orders.ts';

const ann = PersonId.parse('person_000000000001');
const ben = PersonId.parse('person_000000000002');
const instant = (ms: number) => Instant.parse(new Date(ms).toISOString());
const base: OrderFacts = {
  state: 'proposed',
  startsAt: null,
  endsAt: instant(1_000_000),
  proposerId: ann,
  confirmerId: null,
  breakGlassExpiresAt: null,
};
const now = 500_000;
const outcome = (order: OrderFacts, act: OrderAct, at = now) => {
  const result = step(order, act, at);
  return result.ok ? `${result.change} → ${result.state}` : result.code;
};

describe('orders', () => {
  it('follow the table, in every state, for every act, before and after their end', () => {
    const confirmed: OrderFacts = { ...base, state: 'confirmed', confirmerId: ben, startsAt: instant(1) };
    const glass: OrderFacts = { ...base, state: 'confirmed', startsAt: instant(1), breakGlassExpiresAt: instant(600_000) };
    const acts: OrderAct[] = [
      { kind: 'confirm', by: ann },
      { kind: 'confirm', by: ben },
      { kind: 'withdraw', by: ann },
      { kind: 'lift', by: ann },
      { kind: 'time' },
    ];
    const row = (order: OrderFacts, at?: number) => acts.map((act) => outcome(order, act, at));
    const dead = ['wrong-state', 'wrong-state', 'wrong-state', 'wrong-state'];
    expect({
      proposed: row(base),
      proposedLate: row(base, 1_000_000),
      confirmed: row(confirmed),
      confirmedLate: row(confirmed, 1_000_000),
      glass: row(glass),
      glassLate: row(glass, 600_000),
      lifted: row({ ...confirmed, state: 'lifted' }),
      expired: row({ ...confirmed, state: 'expired' }),
      withdrawn: row({ ...base, state: 'withdrawn' }),
      lapsed: row({ ...base, state: 'lapsed' }),
    }).toEqual({
      proposed: ['same-person', 'confirm → confirmed', 'withdraw → withdrawn', 'wrong-state', 'none → proposed'],
      proposedLate: ['same-person', 'wrong-state', 'withdraw → withdrawn', 'wrong-state', 'lapse → lapsed'],
      confirmed: ['wrong-state', 'wrong-state', 'wrong-state', 'lift → lifted', 'none → confirmed'],
      confirmedLate: ['wrong-state', 'wrong-state', 'wrong-state', 'wrong-state', 'expire → expired'],
      glass: ['same-person', 'endorse → confirmed', 'wrong-state', 'lift → lifted', 'none → confirmed'],
      glassLate: ['wrong-state', 'wrong-state', 'wrong-state', 'wrong-state', 'expire → expired'],
      lifted: [...dead, 'none → lifted'],
      expired: [...dead, 'none → expired'],
      withdrawn: [...dead, 'none → withdrawn'],
      lapsed: [...dead, 'none → lapsed'],
    });
  });

  it('are never confirmed by who proposed them, whatever else is true of them', () => {
    const anyInstant = fc.integer({ min: 0, max: 2_000_000 }).map(instant);
    const anyOrder = fc.record({
      state: fc.constantFrom(...OrderState.options),
      startsAt: fc.option(anyInstant),
      endsAt: anyInstant,
      proposerId: fc.constantFrom(ann, ben),
      confirmerId: fc.option(fc.constantFrom(ann, ben)),
      breakGlassExpiresAt: fc.option(anyInstant),
    });
    fc.assert(
      fc.property(anyOrder, fc.integer({ min: 0, max: 2_000_000 }), (order, at) => {
        return !step(order, { kind: 'confirm', by: order.proposerId }, at).ok;
      }),
    );
  });

  it('end by break-glass time until a second person confirms, and at their own end from then on', () => {
    const glass: OrderFacts = { ...base, state: 'confirmed', startsAt: instant(1), breakGlassExpiresAt: instant(600_000) };
    expect(effectiveEnd(glass)).toBe(instant(600_000));
    expect(effectiveEnd({ ...glass, confirmerId: ben })).toBe(instant(1_000_000));
    expect(effectiveEnd({ ...glass, endsAt: instant(550_000) })).toBe(instant(550_000));
    expect([isOrderInForce(glass, 599_999), isOrderInForce(glass, 600_000)]).toEqual([true, false]);
  });

  it('are unknown to the public until they are confirmed', () => {
    const scheduled: OrderFacts = { ...base, state: 'confirmed', confirmerId: ben, startsAt: instant(700_000) };
    expect([publicState(base, now), publicState(scheduled, now), publicState(scheduled, 700_000)]).toEqual([
      null,
      'scheduled',
      'in-force',
    ]);
    expect(publicState(scheduled, 1_000_000)).toBe('expired');
  });

  it('tell every mistake of a draft at once', () => {
    const bad = draftMistakes(
      {
        measure: 'challenge',
        path: '/a',
        requestsPer10s: 5,
        startsAt: instant(600_000),
        endsAt: instant(550_000),
        breakGlass: true,
      },
      now,
    );
    expect(bad.map((mistake) => mistake.path)).toEqual(['path', 'requestsPer10s', 'endsAt', 'startsAt']);
    const none = { path: null, requestsPer10s: null, startsAt: null, endsAt: instant(600_000), breakGlass: false };
    expect(draftMistakes({ measure: 'notice-on-path', ...none }, now).map((m) => m.path)).toEqual(['path']);
    expect(draftMistakes({ measure: 'rate-limit', ...none }, now).map((m) => m.path)).toEqual(['requestsPer10s']);
    expect(draftMistakes({ measure: 'notice-on-host', ...none }, now)).toEqual([]);
    expect(draftMistakes({ measure: 'notice-on-host', ...none, endsAt: instant(now) }, now)).toHaveLength(1);
    expect(draftMistakes({ measure: 'notice-on-host', ...none, endsAt: instant(now + 401 * 86_400_000) }, now)).toHaveLength(1);
  });
});
