/** The mock's traffic: a smooth day with a flood in the middle of it; different for each site, the same at each call. */
import {
  ExportFile,
  getSeries,
  getTops,
  insightExportPath,
  insightLivePath,
  listEvents,
} from '../../../contract/routes/insight.ts';
import { Explanation } from '../../../contract/routes/insight.ts';
import type { SeriesSum } from '../../../contract/routes/insight.ts';
import type { OutcomeCounts } from '../../../contract/stream.ts';
import type { TopEntry, TopKind } from '../../../contract/traffic.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

const seedOf = (text: string) => [...text].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 40;

/** Requests by outcome in a step: `share` is how much of the whole range lies after it. */
export function countsAt(atMs: number, stepSeconds: number, share: number, siteId: string): OutcomeCounts {
  const seed = seedOf(siteId);
  const turn = atMs / (stepSeconds * 1000);
  const wave = 1 + 0.3 * Math.sin(turn * 0.7 + seed) + 0.15 * Math.sin(turn * 2.3);
  const flood = share > 0.35 && share < 0.6 ? 1 : 0;
  const per = (perSecond: number) => Math.round(perSecond * stepSeconds * wave);
  return {
    passed: per(10 + seed),
    challenged: per(flood * 34 + 1),
    solved: per(flood * 3 + 0.4),
    limited: per(flood * 12),
    denied: per(flood * 5),
    noticed: per(seed % 2 === 0 ? 0.6 : 0),
    'origin-error': per(share > 0.9 ? 1.2 : 0),
  };
}

export function registerTraffic(on: On, state: MockState): void {
  const quiet = (siteId: string | undefined) => siteId === mockId('site', 'new');
  on(getSeries, ({ query }) => {
    const nowMs = state.nowMs();
    const stepSeconds = query.stepSeconds ?? 10;
    const stepMs = stepSeconds * 1000;
    const fromMs = Math.floor((query.from === undefined ? nowMs - 3_600_000 : Date.parse(query.from)) / stepMs) * stepMs;
    const points = [];
    for (let at = fromMs; at < nowMs && !quiet(query.siteId); at += stepMs) {
      const counts = countsAt(at, stepSeconds, (nowMs - at) / (nowMs - fromMs), query.siteId ?? 'all');
      points.push({ at: new Date(at).toISOString(), ...sumFor(counts) });
    }
    const total = points.reduce<SeriesSum>((sum, { counts }) => sumFor(plus(sum.counts, counts)), sumFor(noCounts));
    return { from: new Date(fromMs).toISOString(), until: new Date(nowMs).toISOString(), stepSeconds, points, total };
  });
  on(getTops, ({ query }) => ({
    of: query.of,
    from: query.from ?? new Date(state.nowMs() - 3_600_000).toISOString(),
    until: new Date(state.nowMs()).toISOString(),
    seen: quiet(query.siteId) ? { passed: 0, refused: 0 } : { passed: 48_320, refused: 611 },
    items: quiet(query.siteId) || query.of === 'asns' ? [] : tops[query.of].slice(0, query.limit),
  }));
  on(listEvents, ({ query }) => {
    const all = quiet(query.siteId) ? [] : events(state);
    const fitting = all.filter(({ guard, path }) => (query.guard ?? guard) === guard && path.startsWith(query.path ?? ''));
    const start = Number(query.cursor ?? 0);
    const end = start + query.limit;
    return { items: fitting.slice(start, end), next: end < fitting.length ? String(end) : null };
  });
}

/** Whether the path is one of insight's that are no routes, and what it answers then. */
export function insightBeside(pathname: string, state: MockState, siteId: string | null): Response | null {
  if (pathname === insightLivePath) return liveStream(state, siteId);
  const file = ExportFile.safeParse(pathname.slice(pathname.lastIndexOf('/') + 1));
  if (!file.success || pathname !== insightExportPath.replace('{file}', file.data)) return null;
  const type = file.data.endsWith('.csv') ? 'text/csv' : 'application/json';
  return new Response(type === 'text/csv' ? 'at,passed\r\n' : '{}', { headers: { 'content-type': type } });
}

/** One hello, then counts and a refusal at once: enough to see that the page is live. */
function liveStream(state: MockState, siteId: string | null): Response {
  const at = new Date(state.nowMs()).toISOString();
  const [event] = events(state);
  const counts = countsAt(state.nowMs(), 2, 0.5, siteId ?? 'all');
  const messages = [
    { kind: 'hello', at },
    { kind: 'counts', siteId: siteId ?? mockId('site', 'forum'), edgeId: mockId('edge', 'one'), at, seconds: 2, counts },
    { kind: 'event', event: { ...event, reference: '3023456789-1', at, path: '/live' } },
  ];
  const text =
    siteId === mockId('site', 'new')
      ? `data: ${JSON.stringify(messages[0])}\n\n`
      : messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join('');
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) });
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
}

function events(state: MockState): Explanation[] {
  const guards = ['limit', 'rule-deny', 'challenge', 'origin-error'] as const;
  return Array.from({ length: 60 }, (_, index) => {
    const guard = guards[index % guards.length] ?? 'limit';
    const status = { limit: 429, 'rule-deny': 403, challenge: 403, 'origin-error': 503 }[guard];
    return Explanation.parse({
      reference: `3023456789-${1000 + index}`,
      at: new Date(state.nowMs() - index * 7000).toISOString(),
      siteId: mockId('site', 'forum'),
      siteName: 'Harbour Forum',
      edgeId: mockId('edge', index % 2 === 0 ? 'one' : 'two'),
      guard,
      ruleId: guard === 'rule-deny' ? 'no-scan' : null,
      orderId: null,
      status,
      network: `198.51.${100 + (index % 9)}.0/24`,
      method: 'GET',
      path: guard === 'rule-deny' ? '/.git/config' : `/topic/${index}`,
      sentence: `As the edge answered it. The answer was ${status}.`,
    });
  });
}

function sumFor(counts: OutcomeCounts): SeriesSum {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const refused = all - counts.passed;
  return {
    counts,
    bytesIn: all * 640,
    bytesOut: counts.passed * 18_400 + refused * 900,
    statuses: {
      '1xx': 0,
      '2xx': Math.round(counts.passed * 0.91),
      '3xx': Math.round(counts.passed * 0.06),
      '4xx': Math.round(counts.passed * 0.03) + refused - counts['origin-error'],
      '5xx': counts['origin-error'],
      none: 0,
    },
    latency: all === 0 ? null : { p50Ms: 24, p95Ms: 190 + (all % 60), p99Ms: 640 + (all % 200) },
    seen: { passed: counts.passed, refused },
    sampled: Math.round(counts.passed / 32),
  };
}

const noCounts: OutcomeCounts = { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };

function plus(one: OutcomeCounts, other: OutcomeCounts): OutcomeCounts {
  return {
    passed: one.passed + other.passed,
    challenged: one.challenged + other.challenged,
    solved: one.solved + other.solved,
    limited: one.limited + other.limited,
    denied: one.denied + other.denied,
    noticed: one.noticed + other.noticed,
    'origin-error': one['origin-error'] + other['origin-error'],
  };
}

const entry = (key: string, passed: number, refused: number, over = 0): TopEntry => ({ key, passed, refused, over });

const tops: Readonly<Record<TopKind, readonly TopEntry[]>> = {
  networks: [entry('198.51.100.0/24', 12_480, 212), entry('192.0.2.0/24', 8320, 14), entry('2001:db8:12::/48', 5120, 0, 32)],
  countries: [entry('DE', 22_016, 40), entry('FR', 9216, 12), entry('unknown', 4096, 501)],
  asns: [],
  paths: [
    entry('/', 14_080, 30),
    entry('/topic/1204-a-rather-long-address-that-somebody-once-chose-for-a-page-and-nobody-dared-to-change', 6144, 2),
    entry('/.git/config', 0, 320, 64),
    entry('/login', 1984, 96),
  ],
  agents: [
    entry('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 19_008, 12),
    entry('curl/8.9.1', 96, 311),
    entry('', 0, 80),
  ],
  hosts: [entry('forum.example', 40_320, 600), entry('www.forum.example', 8000, 11)],
  rules: [entry('no-scan', 0, 320), entry('sign-in', 0, 41)],
};
