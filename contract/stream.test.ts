import { expect, it } from 'vitest';
import { FromEdge, Outcome } from './stream.ts';

const telemetry = (passed: number) => ({
  kind: 'telemetry',
  from: '2026-11-22T17:00:00.000Z',
  seconds: 1,
  sites: [
    {
      siteId: 'site_000000000001',
      counts: { ...Object.fromEntries(Outcome.options.map((outcome) => [outcome, 0])), passed },
    },
  ],
  health: { haproxy: 'up', driftRepairs: 0, sites: 1, connections: 0, requestsPerSecond: 0 },
});

it('an edge cannot report counts whose sum no database holds, which would stop the counting of all', () => {
  expect(FromEdge.safeParse(telemetry(1_000_000_000)).success).toBe(true);
  for (const counts of [1_000_000_001, Number.MAX_SAFE_INTEGER, -1, 0.5]) {
    expect(FromEdge.safeParse(telemetry(counts)).success, String(counts)).toBe(false);
  }
});
