/** Series as charts show them: whole steps, counts per second, and nothing made up where nothing was told. */
import { expect, it } from 'vitest';
import { EdgeId, SiteId } from '../../../../contract/ids.ts';
import { Series } from '../../../../contract/routes/insight.ts';
import { readLive, withEvent } from '../../api/insight-live.ts';
import { measures, stepsOf, valueIn } from './measures.ts';
import { rangeOf, windowOf } from './traffic-window.ts';

const base = Date.parse('2026-01-02T03:00:00.000Z');
const at = (seconds: number) => new Date(base + seconds * 1000).toISOString();
const sum = (passed: number) => ({
  counts: { passed, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 },
  bytesIn: 100,
  bytesOut: 1000,
  statuses: { '1xx': 0, '2xx': passed, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 },
  latency: { p50Ms: 10, p95Ms: 20, p99Ms: 30 },
  seen: { passed, refused: 0 },
  sampled: 1,
});
const series = Series.parse({
  from: at(0),
  until: at(45),
  stepSeconds: 10,
  points: [{ at: at(10), ...sum(50) }],
  total: sum(50),
});

it('a series is whole steps without gaps, and the step that is under way is left out', () => {
  const steps = stepsOf(series, base + 44_000);
  expect(steps.map(({ atMs, point }) => [atMs - base, point === null])).toEqual([
    [0, true],
    [10_000, false],
    [20_000, true],
    [30_000, true],
  ]);
  const values = (name: keyof typeof measures, line: number) => {
    const measure = measures[name];
    const found = measure.lines[line];
    return found === undefined ? [] : steps.map((step) => valueIn(measure, found, step, series.stepSeconds));
  };
  expect(values('outcomes', 0)).toEqual([0, 5, 0, 0]);
  expect(values('bytes', 0)).toEqual([0, 100, 0, 0]);
  // Nothing told is no latency of nought.
  expect(values('latency', 2)).toEqual([null, 30, null, null]);
});

it('a window begins at a whole step, and words that mean nothing are the usual ones', () => {
  const siteId = SiteId.parse('site_0123456789ab');
  const usual = windowOf(siteId, { minutes: '7', edge: 'none' }, base + 4321);
  expect(usual).toMatchObject({ range: '15', stepSeconds: 10, edgeId: undefined, from: at(-900), zone: undefined });
  const edgeId = EdgeId.parse('edge_0123456789ab');
  const week = windowOf(siteId, { minutes: '10080', edge: edgeId, zone: 'utc' }, base + 4321);
  expect(week).toMatchObject({ stepSeconds: 7200, edgeId, zone: 'UTC' });
  expect(Date.parse(week.from) % 7_200_000).toBe(0);
  expect(rangeOf({})).toBe('15');
});

it('live messages that do not fit are passed over, and an event stands once', () => {
  expect(readLive('{')).toBeNull();
  expect(readLive('{"kind":"else"}')).toBeNull();
  const message = readLive(
    JSON.stringify({
      kind: 'event',
      event: {
        ...{ reference: '3023456789-1', at: at(0), siteId: 'site_0123456789ab', siteName: 'Forum', edgeId: 'edge_0123456789ab' },
        ...{ guard: 'limit', ruleId: null, orderId: null, status: 429, network: '192.0.2.0/24', method: 'GET', path: '/' },
        sentence: 'Over the limit.',
      },
    }),
  );
  expect(message?.kind).toBe('event');
  if (message?.kind === 'event') expect(withEvent(withEvent([], message.event), message.event)).toHaveLength(1);
});
