import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmThreshold, certificateFor, nameCovers, renewAtMs, retryInMs } from './certificates.ts';

const one = (certificateId: string, names: string[], notAfter: string) => ({ certificateId, names, notAfter });
const day = 86_400_000;

describe('which certificate serves a name', () => {
  it('a wildcard covers one label and not its parent, and a wildcard hostname needs the same wildcard', () => {
    expect(nameCovers('*.forum.example', 'a.forum.example')).toBe(true);
    expect(nameCovers('*.forum.example', 'a.b.forum.example')).toBe(false);
    expect(nameCovers('*.forum.example', 'forum.example')).toBe(false);
    expect(nameCovers('*.forum.example', '*.forum.example')).toBe(true);
    expect(nameCovers('*.example', '*.forum.example')).toBe(false);
    expect(nameCovers('a.forum.example', '*.forum.example')).toBe(false);
  });

  it('the one that is valid longest serves; then the exact name; then the smaller id; none covers: none', () => {
    const old = one('cert_1', ['forum.example'], '2026-12-01T00:00:00.000Z');
    const next = one('cert_2', ['*.example'], '2027-02-01T00:00:00.000Z');
    const exact = one('cert_3', ['forum.example'], '2027-02-01T00:00:00.000Z');
    const twin = one('cert_4', ['forum.example'], '2027-02-01T00:00:00.000Z');
    expect(certificateFor('forum.example', [old, next])).toBe(next);
    expect(certificateFor('forum.example', [old, next, twin, exact])).toBe(exact);
    expect(certificateFor('other.forum.example', [old, next])).toBe(null);
  });

  it('the choice does not depend on the order in which certificates came', () => {
    const some = fc.record({
      certificateId: fc.stringMatching(/^cert_[0-9]{4}$/),
      names: fc.subarray(['a.example', 'b.example', '*.example'], { minLength: 1 }),
      notAfter: fc.constantFrom('2027-01-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z'),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(some, { selector: ({ certificateId }) => certificateId, maxLength: 6 }),
        fc.constantFrom('a.example', 'b.example', 'c.example', '*.example'),
        (all, hostname) => certificateFor(hostname, all) === certificateFor(hostname, all.toReversed()),
      ),
    );
  });
});

describe('when a certificate is renewed', () => {
  it('inside the authority’s window when it names one, else when a third of its life is left or a little before', () => {
    const life = { notBeforeMs: 0, notAfterMs: 90 * day };
    expect(renewAtMs(life, { startMs: 10 * day, endMs: 12 * day }, 0.5)).toBe(11 * day);
    expect(renewAtMs(life, null, 0)).toBe(60 * day);
    expect(renewAtMs(life, null, 1)).toBe(60 * day - 1.8 * day);
    expect(renewAtMs(life, { startMs: 12 * day, endMs: 10 * day }, 0)).toBe(60 * day);
  });

  it('after failures ever more rarely, at most four times in the first hour and never sooner than the authority asks', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => retryInMs(failures, 0));
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0] ?? 0).toBeGreaterThanOrEqual(300_000);
    expect(waits.at(-1)).toBe(day);
    expect(retryInMs(1, 0.9, 7_200_000)).toBe(7_200_000);
  });
});

describe('when somebody is told that a certificate ends', () => {
  const own = { notBeforeMs: 0, notAfterMs: 365 * day, renewsItself: false };
  const left = (days: number) => (365 - days) * day;
  it.each([
    [31, null],
    [30, 30],
    [14, 14],
    [8, 14],
    [2, 2],
    [0, 2],
  ])('an owner’s own with %i days left: %s', (days, threshold) => expect(alarmThreshold(own, left(days))).toBe(threshold));

  it('one that renews itself is given the time to do so', () => {
    const acme = { notBeforeMs: 0, notAfterMs: 90 * day, renewsItself: true };
    expect(alarmThreshold(acme, 61 * day)).toBe(null);
    expect(alarmThreshold(acme, 76 * day)).toBe(14);
  });

  it('one that lives for six days is late in its last hours', () => {
    const short = { notBeforeMs: 0, notAfterMs: 6 * day, renewsItself: true };
    expect(alarmThreshold(short, 4 * day)).toBe(null);
    expect(alarmThreshold(short, 5.5 * day)).toBe(0);
  });
});
