import { pino } from 'pino';
import { expect, it } from 'vitest';
import { errorForLog } from './log-error.ts';

function logged(error: unknown): string {
  const lines: string[] = [];
  const log = pino(
    { serializers: { err: (given: unknown) => errorForLog(given) } },
    { write: (line: string) => void lines.push(line) },
  );
  log.warn({ err: error }, 'broke');
  return lines.join('');
}

/** As node-postgres and PGlite throw it. */
const ofDatabase = (words: string) =>
  Object.assign(new Error(`invalid input: "${words}"`), {
    code: '23502',
    severity: 'ERROR',
    table: 'report',
    column: 'receipt_number',
    detail: `Failing row contains (${words})`,
    where: `unnamed portal parameter $1 = '${words}'`,
    query: 'insert into report',
    params: [words],
  });

it('a database’s error says which place broke and nothing of what was stored', () => {
  const line = logged(ofDatabase('CANARY'));
  expect(line).not.toContain('CANARY');
  expect(line).toContain('"table":"report"');
  expect(line).toContain('"code":"23502"');
  expect(line).toContain('log-error.test');
});

it('the same behind another error, and among several', () => {
  const line = logged(new AggregateError([new Error('outer', { cause: ofDatabase('CANARY') })], 'several'));
  expect(line).not.toContain('CANARY');
  expect(line).toContain('outer');
});

it('any other error keeps its words, its place and its code', () => {
  const line = logged(Object.assign(new TypeError('no such thing'), { code: 'EWORSE', body: 'CANARY' }));
  expect(line).toContain('no such thing');
  expect(line).toContain('EWORSE');
  expect(line).not.toContain('CANARY');
  expect(logged('words')).toContain('words');
});
