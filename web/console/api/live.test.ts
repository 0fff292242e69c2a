/** The live feed: which queries an event makes stale, and that a storm of events is one round of calls. */
import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getTraffic } from '../../../contract/routes/sites.ts';
import { getCase, listCases } from '../../../contract/routes/desk/cases.ts';
import { listDecisions } from '../../../contract/routes/desk/decisions.ts';
import { listOwnerNotices } from '../../../contract/routes/desk/owners.ts';
import { getOrder } from '../../../contract/routes/orders.ts';
import { deskPaths, LiveFeed, staleAfter } from './live.ts';
import type { Traffic } from './traffic.ts';
import { totalOf } from './traffic.ts';

const siteId = 'site_0123456789ab';
const orderId = 'order_0123456789ab';
const at = '2026-11-22T12:00:00.000Z';
const counts = { passed: 3, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('the live feed', () => {
  it('loads again what an event names, once for many events', () => {
    const client = new QueryClient();
    const invalidated = vi.spyOn(client, 'invalidateQueries');
    const feed = new LiveFeed(client);
    for (let i = 0; i < 50; i += 1) feed.take(JSON.stringify({ kind: 'order', orderId, siteId }));
    expect(invalidated).not.toHaveBeenCalled();
    vi.runAllTimers();
    const keys = invalidated.mock.calls.map(([filters]) => filters?.queryKey);
    expect(keys).toHaveLength(7);
    expect(keys).toContainEqual([getOrder.path, { orderId }]);
  });

  it('goes on after it was closed with events waiting, as signing out does', () => {
    const client = new QueryClient();
    const invalidated = vi.spyOn(client, 'invalidateQueries');
    const feed = new LiveFeed(client);
    feed.take(JSON.stringify({ kind: 'order', orderId, siteId }));
    feed.close();
    vi.runAllTimers();
    expect(invalidated).not.toHaveBeenCalled();
    feed.take(JSON.stringify({ kind: 'order', orderId, siteId }));
    vi.runAllTimers();
    expect(invalidated).toHaveBeenCalledTimes(7);
  });

  it('adds traffic that arrives to the series on screen', () => {
    const client = new QueryClient();
    const key = [getTraffic.path, { siteId }, { minutes: 10, stepSeconds: 10 }];
    const held: Traffic = getTraffic.answer.parse({ from: at, stepSeconds: 10, points: [{ at, counts }] });
    client.setQueryData(key, held);
    new LiveFeed(client).take(JSON.stringify({ kind: 'traffic', siteId, at, seconds: 1, counts }));
    expect(client.getQueryData<Traffic>(key)?.points.map((point) => totalOf(point.counts))).toEqual([3, 3]);
  });

  it('loads a case again wherever it is shown, and no other case', () => {
    const client = new QueryClient();
    const caseId = 'case_0123456789ab';
    const held = [
      [[listCases.path, {}, {}, 'pages'], true],
      [[getCase.path, { caseId }, {}], true],
      [[listDecisions.path, { caseId }, {}], true],
      [[getCase.path, { caseId: 'case_000000000000' }, {}], false],
      [[getOrder.path, { orderId }], false],
    ] as const;
    for (const [key] of held) client.setQueryData(key, {});
    new LiveFeed(client).take(JSON.stringify({ kind: 'case', caseId }));
    vi.runAllTimers();
    expect(held.map(([key]) => client.getQueryState(key)?.isInvalidated)).toEqual(held.map(([, stale]) => stale));
  });

  it('knows the paths of the desk as the contract says them', () => {
    expect(listCases.path.startsWith(deskPaths.below)).toBe(true);
    expect([deskPaths.decisions, deskPaths.notices]).toEqual([listDecisions.path, listOwnerNotices.path]);
  });

  it('passes over what does not fit the contract', () => {
    const client = new QueryClient();
    const invalidated = vi.spyOn(client, 'invalidateQueries');
    const feed = new LiveFeed(client);
    for (const text of ['', 'not json', '{"kind":"unknown"}', '{"kind":"site","siteId":"x","change":"added"}']) feed.take(text);
    vi.runAllTimers();
    expect(invalidated).not.toHaveBeenCalled();
  });

  it('names nothing for a greeting', () => {
    expect(staleAfter({ kind: 'hello', at: getTraffic.answer.shape.from.parse(at) })).toEqual([]);
  });
});
