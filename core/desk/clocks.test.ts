/** The clocks of a case: what is due when, in each lane. */
import { describe, expect, it } from 'vitest';
import { Lane, TaskKind } from '../../contract/desk/words.ts';
import { Instant } from '../../contract/ids.ts';
import { clocksOf, later, nextDue, taskDueAt } from './clocks.ts';
import type { ClockFacts } from './clocks.ts';

/** A Thursday. */
const opened = Instant.parse('2026-03-05T10:00:00.000Z');
const at = (text: string): Instant => Instant.parse(text);
const facts = (more: Partial<ClockFacts> = {}): ClockFacts => ({
  lane: 'life-threat',
  since: opened,
  captureWaitingSince: null,
  firstEyesAt: null,
  gradeLockedAt: null,
  decidedAt: null,
  measureAt: null,
  ownerToldAt: null,
  ownerNoticeDelayed: false,
  statementAt: null,
  tasks: [],
  provisionalEndsAt: null,
  appeals: [],
  closedAt: null,
  ...more,
});
const dueOf = (more: Partial<ClockFacts>, what: string) => clocksOf(facts(more)).find((clock) => clock.what === what)?.dueAt;

describe('the clocks of a case', () => {
  it('are those of its lane', () => {
    expect(Lane.options.map((lane) => clocksOf(facts({ lane })).map(({ what, dueAt }) => `${what} ${dueAt}`))).toEqual([
      ['eyes 2026-03-05T10:15:00.000Z', 'grade 2026-03-05T10:45:00.000Z', 'decision 2026-03-05T11:00:00.000Z'],
      ['eyes 2026-03-05T14:00:00.000Z', 'grade 2026-03-06T10:00:00.000Z', 'decision 2026-03-07T10:00:00.000Z'],
      ['eyes 2026-03-06T10:00:00.000Z', 'decision 2026-03-12T10:00:00.000Z'],
    ]);
  });

  it('say what is due next, overdue ones too, and nothing for a closed case', () => {
    expect(nextDue(clocksOf(facts()))).toEqual({ at: '2026-03-05T10:15:00.000Z', what: 'eyes' });
    expect(nextDue(clocksOf(facts({ firstEyesAt: opened })))).toEqual({ at: '2026-03-05T10:45:00.000Z', what: 'grade' });
    expect(nextDue(clocksOf(facts({ firstEyesAt: opened, gradeLockedAt: opened, decidedAt: opened })))).toBeNull();
    expect(nextDue(clocksOf(facts()), opened)).toBeNull();
  });

  it('of a capture runs for as long as one waits', () => {
    expect(dueOf({ captureWaitingSince: opened }, 'capture')).toBe('2026-03-05T10:01:00.000Z');
    expect(dueOf({}, 'capture')).toBeUndefined();
  });

  it('of warning and referral run from the moment in which they were found to be needed, each on its own and by its own name', () => {
    const found = clocksOf(
      facts({
        tasks: [
          { kind: 'warn-target', about: 'Target A', at: opened, doneAt: opened },
          { kind: 'warn-police', about: 'Target A', at: at('2026-03-05T10:30:00.000Z'), doneAt: null },
        ],
      }),
    ).filter(({ about }) => about === 'Target A');
    expect(found.map(({ what, dueAt, metAt }) => [what, dueAt, metAt])).toEqual([
      ['warn-target', '2026-03-05T11:00:00.000Z', opened],
      ['warn-police', '2026-03-05T11:30:00.000Z', null],
    ]);
  });

  it('of the owner’s notice is the measure itself, unless a reason to wait is on record', () => {
    expect(dueOf({ measureAt: opened }, 'owner-notice')).toBe(opened);
    expect(dueOf({ measureAt: opened, ownerNoticeDelayed: true }, 'owner-notice')).toBeUndefined();
    expect(dueOf({ measureAt: opened }, 'statement')).toBe('2026-03-06T10:00:00.000Z');
  });

  it('of an appeal are 72 hours, 7 days and 14 days', () => {
    expect(Lane.options.map((lane) => dueOf({ lane, appeals: [{ at: opened, doneAt: null }] }, 'appeal'))).toEqual([
      '2026-03-08T10:00:00.000Z',
      '2026-03-12T10:00:00.000Z',
      '2026-03-19T10:00:00.000Z',
    ]);
  });

  it('of a provisional measure is its end', () => {
    expect(
      nextDue(clocksOf(facts({ decidedAt: opened, firstEyesAt: opened, gradeLockedAt: opened, provisionalEndsAt: opened }))),
    ).toEqual({
      at: opened,
      what: 'provisional-end',
    });
  });
});

describe('a business day', () => {
  it('skips Saturday and Sunday and keeps the time of day', () => {
    expect(later(at('2026-03-06T17:00:00.000Z'), { businessDays: 1 })).toBe('2026-03-09T17:00:00.000Z');
    expect(later(at('2026-03-05T17:00:00.000Z'), { businessDays: 5 })).toBe('2026-03-12T17:00:00.000Z');
  });
  it('that begins on a weekend begins on Monday at midnight', () => {
    expect(later(at('2026-03-07T17:00:00.000Z'), { businessDays: 1 })).toBe('2026-03-10T00:00:00.000Z');
    expect(later(at('2026-03-08T00:00:00.000Z'), { businessDays: 1 })).toBe('2026-03-10T00:00:00.000Z');
  });
  it('does not move with daylight saving', () => {
    // In Europe clocks change on 2026-03-29, in North America on 2026-03-08.
    expect(later(at('2026-03-06T12:00:00.000Z'), { businessDays: 1 })).toBe('2026-03-09T12:00:00.000Z');
    expect(later(at('2026-03-27T12:00:00.000Z'), { businessDays: 1 })).toBe('2026-03-30T12:00:00.000Z');
  });
});

describe('a task', () => {
  it('of every kind has its time, but for a recheck, whose date is given', () => {
    expect(TaskKind.options.filter((kind) => taskDueAt(kind, 'life-threat', opened) === null)).toEqual(['recheck']);
    expect(taskDueAt('warn-police', 'life-threat', opened)).toBe('2026-03-05T11:00:00.000Z');
    expect(taskDueAt('warn-police', 'serious', opened)).toBe('2026-03-06T10:00:00.000Z');
  });
});
