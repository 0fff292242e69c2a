/** Requests of authorities: every state with every act, and what makes one complete. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PersonId } from '../../contract/ids.ts';
import { AuthorityState } from '../../contract/desk/words.ts';
import { actsIn, mayAct, missingOf, stateOf } from './authority.ts';
import type { AuthorityAct, AuthorityFacts } from './authority.ts';

const ada = PersonId.parse('person_aaaaaaaaaaaa');
const bea = PersonId.parse('person_bbbbbbbbbbbb');
const acts: readonly AuthorityAct[] = ['complete', 'call-back', 'second', 'link', 'preserve', 'answer', 'refuse'];
const facts = (over: Partial<AuthorityFacts> = {}): AuthorityFacts => ({
  kind: 'order',
  state: 'incomplete',
  agency: 'Police of Example',
  law: null,
  reference: null,
  urls: [],
  hasCase: true,
  callBackBy: null,
  secondBy: null,
  ...over,
});

describe('an order', () => {
  it('is complete only with agency, law, reference and addresses', () => {
    const whole = facts({ law: 'Art. 9', reference: '12/34', urls: ['https://forum.example/x'] });
    expect(stateOf(whole)).toBe('complete');
    for (const without of [{ law: null }, { law: ' ' }, { reference: null }, { urls: [] }, { agency: '' }]) {
      expect(stateOf({ ...whole, ...without }), JSON.stringify(without)).toBe('incomplete');
    }
  });
});

describe('an emergency request', () => {
  const request = facts({ kind: 'emergency-request', state: 'call-back-due' });
  it('waits for the call back and for a second person, whatever else it says', () => {
    expect(stateOf({ ...request, law: 'Art. 18', reference: 'x', urls: ['https://forum.example/x'] })).toBe('call-back-due');
    expect(stateOf({ ...request, callBackBy: ada })).toBe('call-back-due');
    expect(stateOf({ ...request, callBackBy: ada, secondBy: bea })).toBe('complete');
    expect(missingOf(request)).toHaveLength(2);
  });

  it('whoever called back is not the second person, and nobody is second before the call', () => {
    expect(mayAct({ ...request, callBackBy: ada }, 'second', ada)).toMatchObject({ ok: false, code: 'same-person' });
    expect(mayAct({ ...request, callBackBy: ada }, 'second', bea)).toEqual({ ok: true });
    expect(mayAct(request, 'second', bea)).toMatchObject({ ok: false, code: 'wrong-state' });
  });

  it('a call back that somebody confirmed is not replaced', () => {
    expect(mayAct({ ...request, state: 'complete', callBackBy: ada, secondBy: bea }, 'call-back', ada)).toMatchObject({
      ok: false,
    });
  });
});

it('every state allows what the table says, and nothing else', () => {
  for (const state of AuthorityState.options) {
    for (const act of acts) {
      const verdict = mayAct(facts({ state, callBackBy: act === 'second' ? bea : null }), act, ada);
      expect(verdict.ok, `${act} while ${state}`).toBe(actsIn[state].includes(act));
    }
  }
});

it('nothing is answered that is not complete', () => {
  const some = fc.record({
    kind: fc.constantFrom('order' as const, 'emergency-request' as const, 'preservation' as const),
    agency: fc.constantFrom('', 'Police of Example'),
    law: fc.constantFrom(null, 'Art. 9'),
    reference: fc.constantFrom(null, '12/34'),
    urls: fc.constantFrom<string[]>([], ['https://forum.example/x']),
    hasCase: fc.boolean(),
    callBackBy: fc.constantFrom(null, ada),
    secondBy: fc.constantFrom(null, bea),
  });
  fc.assert(
    fc.property(some, (made) => {
      const state = stateOf({ ...made, state: 'incomplete' });
      expect(mayAct({ ...made, state }, 'answer', ada).ok).toBe(missingOf(made).length === 0);
    }),
  );
});

it('a hold needs a case', () => {
  expect(mayAct(facts({ hasCase: false }), 'preserve', ada)).toMatchObject({ ok: false, code: 'wrong-state' });
});
