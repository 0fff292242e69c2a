import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDurationMs, parseWhen, showInstant, showMs } from './when.ts';

const now = Date.parse('2026-11-22T16:00:00.000Z');

describe('times as people type them', () => {
  it('reads durations with units and their sums', () => {
    expect([
      parseDurationMs('72h'),
      parseDurationMs('90s'),
      parseDurationMs('1d12h'),
      parseDurationMs('0.5h'),
      parseDurationMs('250ms'),
    ]).toEqual([259_200_000, 90_000, 129_600_000, 1_800_000, 250]);
  });

  it('refuses what has no unit, is nothing, or is something else', () => {
    for (const text of ['72', '', 'h', '0h', '-3h', 'soon', '1x', '1h ago', '２h'])
      expect([text, parseDurationMs(text)]).toEqual([text, null]);
  });

  it('reads a duration from now and an ISO instant of any zone, as one form', () => {
    expect(parseWhen('72h', now)).toBe('2026-11-25T16:00:00.000Z');
    expect(parseWhen('2026-12-01T12:00:00Z', now)).toBe('2026-12-01T12:00:00.000Z');
    expect(parseWhen('2026-12-01T12:00+02:00', now)).toBe('2026-12-01T10:00:00.000Z');
    for (const text of ['2026-12-01', '2026-13-01T12:00:00Z', '2026-12-01T12:00:00', 'tomorrow'])
      expect(parseWhen(text, now)).toBeNull();
  });

  it('never throws and answers only canonical instants', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,20}[smhdw]$/)), (text) => {
        const instant = parseWhen(text, now);
        if (instant !== null) expect(new Date(instant).toISOString()).toBe(instant);
      }),
    );
  });

  it('shows an instant with its distance', () => {
    expect(showInstant('2026-11-25T16:00:00.000Z', now)).toBe('2026-11-25 16:00:00 UTC (in 3 days)');
    expect(showInstant('2026-11-22T15:59:00.000Z', now)).toBe('2026-11-22 15:59:00 UTC (1 minute ago)');
    expect([showMs(31.4), showMs(1234)]).toEqual(['31 ms', '1.2 s']);
  });
});
