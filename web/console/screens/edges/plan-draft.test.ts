import { expect, it } from 'vitest';
import { EdgeGroup } from '../../../../contract/routes/rollouts.ts';
import { planChangeOf, planDraftOf } from './plan-draft.ts';

const group = EdgeGroup.parse({
  ...{ group: 'default', title: null, head: 7, edges: 3, canaries: 1, rolloutsRunning: 0, stopped: null },
  ...{ waves: [25, 100], canaryBakeSeconds: 30, waveBakeSeconds: 15 },
});
const words = { title: 'title', waves: 'waves', canaryBakeSeconds: 'canary', waveBakeSeconds: 'wave' };
const change = (part: Partial<ReturnType<typeof planDraftOf>>) => planChangeOf(group, { ...planDraftOf(group), ...part }, words);

it('a plan that nobody touched sends nothing, and of one that somebody touched only that goes', () => {
  expect(change({})).toEqual({ body: {}, mistakes: [] });
  expect(change({ waves: '25 100 ' }).body).toEqual({});
  expect(change({ waves: '10 %, 50 %, 100 %' })).toEqual({ body: { waves: [10, 50, 100] }, mistakes: [] });
  expect(change({ title: ' Western Europe ', waveBakeSeconds: '0' }).body).toEqual({
    title: 'Western Europe',
    waveBakeSeconds: 0,
  });
});

it.each([
  ['waves', { waves: '' }],
  ['waves', { waves: '50, 25, 100' }],
  ['waves', { waves: '25, 50' }],
  ['waves', { waves: 'half, 100' }],
  ['waves', { waves: '1, 2, 3, 4, 5, 100' }],
  ['canaryBakeSeconds', { canaryBakeSeconds: '' }],
  ['canaryBakeSeconds', { canaryBakeSeconds: '1.5' }],
  ['waveBakeSeconds', { waveBakeSeconds: '86401' }],
  ['title', { title: 'x'.repeat(81) }],
])('what the contract does not take is told at its field: %s %j', (path, part) => {
  expect(change(part).mistakes.map((mistake) => mistake.path)).toEqual([path]);
});
