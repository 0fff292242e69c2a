import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from 'node:http';
import { createMetrics, listenForMetrics } from './metrics.ts';
import type { HealthAnswer } from './metrics.ts';
import { TrafficCounters } from './traffic.ts';

const row = (site: number, passed: number, noticed: number) =>
  `0x5581: key=site_${String(site).padStart(12, '0')} use=0 exp=3599 shard=0 gpc0=${passed} gpc1=0 gpc2=0 gpc3=0 gpc4=0 gpc5=${noticed} gpc6=0 conn_cur=0`;
const table = (...rows: string[]) => `# table: sites, type: string, size:1048576, used:${rows.length}\n${rows.join('\n')}\n\n`;

describe('traffic counters', () => {
  it('tell what was added since the last reading, and nothing of sites without requests', () => {
    const counters = new TrafficCounters();
    expect(counters.take(table(row(1, 5, 0), row(2, 0, 0))).sites).toEqual([
      { siteId: 'site_000000000001', counts: expect.objectContaining({ passed: 5, noticed: 0 }) },
    ]);
    expect(counters.take(table(row(1, 5, 0), row(2, 0, 0))).sites).toEqual([]);
    expect(counters.take(table(row(1, 7, 1))).sites[0]?.counts).toMatchObject({ passed: 2, noticed: 1 });
  });

  it('take a smaller number, and a row that was gone, for a fresh start', () => {
    const counters = new TrafficCounters();
    counters.take(table(row(1, 100, 0)));
    expect(counters.take(table(row(1, 3, 0))).sites[0]?.counts.passed).toBe(3);
    counters.take(table());
    expect(counters.take(table(row(1, 4, 0))).sites[0]?.counts.passed).toBe(4);
  });
});

describe('the metrics listener', () => {
  let server: Server | null = null;
  afterEach(() => server?.close());

  it('shows metrics, and says 503 while HAProxy does not answer', async () => {
    let health: HealthAnswer = { haproxy: 'up', revision: 3, connected: false };
    const metrics = createMetrics();
    metrics.nacks.inc({ reason: 'gap' });
    const listener = await listenForMetrics({ address: '127.0.0.1', port: 0 }, metrics, () => health);
    server = listener.server;
    const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${listener.port}${path}`, { method });
    const text = await (await get('/metrics')).text();
    expect(text).toContain('portcullis_edge_nacks_total{reason="gap"} 1');
    expect(text).toContain('portcullis_edge_requests_total{outcome="noticed"} 0');
    expect((await get('/healthz')).status).toBe(200);
    health = { ...health, haproxy: 'down' };
    const down = await get('/healthz');
    expect([down.status, await down.json()]).toEqual([503, health]);
    expect([(await get('/')).status, (await get('/metrics', 'POST')).status]).toEqual([404, 405]);
  });
});
