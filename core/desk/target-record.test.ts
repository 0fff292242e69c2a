import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namesOfTarget, readTarget, targetFields } from './target-record.ts';

test('what is sealed of a target is read back as it was', () => {
  const record = fc.record({
    name: fc.string(),
    contact: fc.string(),
    redact: fc.array(fc.string(), { maxLength: 5 }),
    safetyNotes: fc.string(),
  });
  fc.assert(fc.property(record, (target) => void expect(readTarget(targetFields(target))).toEqual(target)));
});

test('a damaged record gives the names that can be read and never throws', () => {
  expect(readTarget({ name: 'Ines Example', redact: '{"not":"a list"' }).redact).toEqual([]);
  expect(namesOfTarget(readTarget({ name: 'Ines Example', redact: '["inex", 7]' }))).toEqual([
    'Ines Example',
    'inex',
    'Ines',
    'Example',
  ]);
});

test('a part of a name that is too short to tell a person is not looked for alone', () => {
  expect(namesOfTarget({ name: 'Jo de Vries', contact: '', redact: [], safetyNotes: '' })).toEqual(['Jo de Vries', 'Vries']);
});
