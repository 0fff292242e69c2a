import { expect, it } from 'vitest';
import { eachAlone } from './each-alone.ts';

it('one that fails is named and holds up none behind it', async () => {
  const done: string[] = [];
  const named: unknown[] = [];
  const log = { warn: (fields: object) => void named.push(fields) };
  await eachAlone(log, 'a job', ['one', 'two', 'three'], async (id) => {
    if (id === 'two') throw new Error('it broke');
    done.push(id);
  });
  expect(done).toEqual(['one', 'three']);
  expect(named).toEqual([expect.objectContaining({ job: 'a job', id: 'two' })]);
});
