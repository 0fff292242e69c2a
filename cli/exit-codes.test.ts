import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { exitCodes } from './exit-codes.ts';

it('the handbook has every exit code with its meaning', () => {
  const handbook = readFileSync(new URL('../docs/handbook/commands.md', import.meta.url), 'utf8');
  const rows = [...handbook.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm)].map(([, code = '', means = '']) => ({
    code: Number(code),
    means,
  }));
  expect(rows).toEqual(Object.values(exitCodes));
});
