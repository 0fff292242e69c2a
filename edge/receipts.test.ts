import { describe, expect, it } from 'vitest';
import { order, site } from '../tests/harness/haproxy.ts';
import type { ProbeAnswer } from './probe.ts';
import { judge, targetOf } from './receipts.ts';

const forum = site(1, ['*.forum.example', 'forum.example'], 80);
const answer = (status: number, action: string | null, decision: string | null = null): ProbeAnswer => ({
  connected: true,
  url: 'http://forum.example/',
  status,
  action,
  decision,
});

describe('what a receipt says', () => {
  it('asks for a URL in the scope: a hostname of the order, else an exact one of the site, else one below its wildcard', () => {
    const scoped = order(1, forum, {
      scope: { siteId: forum.siteId, hostnames: ['a.forum.example'], path: '/x' },
      measure: 'notice-on-path',
    });
    expect(targetOf(scoped, forum, 'enforced')).toEqual({ method: 'GET', host: 'a.forum.example', path: '/x' });
    expect(targetOf(order(1, forum), forum, 'enforced')?.host).toBe('forum.example');
    expect(targetOf(order(1, forum), site(1, ['*.forum.example'], 80), 'lifted')).toEqual({
      method: 'HEAD',
      host: 'portcullis-probe.forum.example',
      path: '/',
    });
    expect(targetOf(order(1, forum), null, 'enforced')).toBeNull();
  });

  it('calls a notice enforced only when the listener answered with this order’s decision', () => {
    const notice = order(1, forum);
    expect(judge(notice, 'enforced', answer(403, 'notice', 'D-2026-0001'), forum)).toEqual({ state: 'enforced', detail: null });
    expect(judge(notice, 'enforced', answer(403, 'notice', 'D-2026-0002, D-2026-0001'), forum).state).toBe('enforced');
    expect(judge(notice, 'enforced', answer(403, 'notice', 'D-2026-0010'), forum).state).toBe('failed');
    expect(judge(notice, 'enforced', answer(200, null), forum).state).toBe('failed');
    expect(judge(notice, 'enforced', answer(403, 'challenge'), forum).state).toBe('failed');
  });

  it('does not call lifted what still answers with the notice, and is not held up by a slow origin', () => {
    const notice = order(1, forum);
    expect(judge(notice, 'lifted', answer(403, 'notice', 'D-2026-0001'), forum).state).toBe('failed');
    expect(judge(notice, 'lifted', answer(403, 'notice', 'D-2026-0002'), forum).state).toBe('lifted');
    expect(judge(notice, 'lifted', answer(502, 'origin-error'), forum).state).toBe('lifted');
    expect(judge(notice, 'lifted', answer(0, null), forum)).toMatchObject({ state: 'lifted' });
    expect(judge(notice, 'lifted', { ...answer(0, null), connected: false }, forum).state).toBe('failed');
    expect(judge(notice, 'enforced', answer(0, null), forum).state).toBe('failed');
  });

  it('says what a probe does not show', () => {
    const limit = order(1, forum, { measure: 'rate-limit', requestsPer10s: 7 });
    expect(judge(limit, 'enforced', answer(200, null), forum).detail).toContain('Limit of 7 requests in 10 s');
    const challenge = order(2, forum, { measure: 'challenge' });
    expect(judge(challenge, 'enforced', answer(403, 'challenge'), forum)).toEqual({ state: 'enforced', detail: null });
    expect(judge(challenge, 'enforced', answer(200, null), forum).state).toBe('failed');
    expect(judge(challenge, 'enforced', answer(403, 'notice', 'D-2026-0001'), forum).detail).toContain(
      'a notice of another order',
    );
    expect(judge(challenge, 'enforced', answer(421, 'unknown'), null).detail).toContain('nothing of it is served');
  });
});
