/** When a promise of a drill counts as kept. */
import { expect, it } from 'vitest';
import { makePromises } from './promises.ts';

const never = new AbortController().signal;

it('what comes in time is kept, what does not come or comes too late is broken with a sentence', async () => {
  const told: string[] = [];
  const promises = makePromises(({ name, kept }) => void told.push(`${name} ${kept}`), never);
  let asked = 0;
  expect(await promises.within('third look', 2000, () => Promise.resolve((asked += 1) === 3 && 'there'))).toBe('there');
  expect(await promises.within('never', 30, () => Promise.resolve(null))).toBeNull();
  expect(await promises.within('refused', 30, () => Promise.reject(new Error('It is closed.')))).toBeNull();
  const late = () => new Promise<string>((resolve) => setTimeout(() => resolve('late'), 60));
  expect(await promises.within('late', 30, late)).toBe('late');
  expect(told).toEqual(['third look true', 'never false', 'refused false', 'late false']);
  expect(promises.all().map(({ why }) => why)).toEqual([
    null,
    'What was waited for did not come.',
    'It is closed.',
    expect.stringMatching(/^It took \d+ ms; 30 are promised\.$/),
  ]);
});

it('an interruption ends the wait', async () => {
  const over = new AbortController();
  const promises = makePromises(() => undefined, over.signal);
  setTimeout(() => over.abort(), 20);
  await expect(promises.within('long', 60_000, () => Promise.resolve(false))).rejects.toThrow();
});
