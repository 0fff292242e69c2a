/**
 * The edge's own numbers for Prometheus, and the small HTTP listener that shows them.
 *
 * Totals, and of the busiest sites only requests by outcome: an edge may hold a hundred thousand, and a series for each would be too many. `/healthz` says 200 while HAProxy answers, else 503; it does
 * not ask for the control plane, without which an edge is healthy. The listener is meant for loopback or a private network: it shows
 * counts, never policy.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SiteId } from '../../contract/ids.ts';
import { latencyBoundsMs, latencyBuckets, StatusClass } from '../../contract/traffic.ts';
import type { SiteMeasures } from '../../contract/traffic.ts';
import { outcomes } from './traffic.ts';
import type { SiteTraffic } from './traffic.ts';

export type EdgeMetrics = ReturnType<typeof createMetrics>;

/** What `/healthz` tells. */
export type HealthAnswer = {
  readonly haproxy: 'up' | 'reloading' | 'down';
  readonly revision: number;
  readonly connected: boolean;
};

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'portcullis_edge_' });
  const registers = [registry];
  const requests = new Counter({
    name: 'portcullis_edge_requests_total',
    help: 'Requests of all sites by what happened to them.',
    labelNames: ['outcome'] as const,
    registers,
  });
  for (const outcome of outcomes) requests.inc({ outcome }, 0);
  const bytes = new Counter({
    name: 'portcullis_edge_bytes_total',
    help: 'Bytes of requests (in) and answers (out) of all sites.',
    labelNames: ['direction'] as const,
    registers,
  });
  const answers = new Counter({
    name: 'portcullis_edge_answers_total',
    help: 'Answers by class of their status, estimated: what passed from a sample, what was refused as much as was told.',
    labelNames: ['class'] as const,
    registers,
  });
  for (const answered of StatusClass.options) answers.inc({ class: answered }, 0);
  // A histogram whose observations have weights; prom-client's own counts each once.
  const originSeconds = new Counter({
    name: 'portcullis_edge_origin_seconds_bucket',
    help: 'Time from a request to the first byte of its origin’s answer, from a sample: requests of at most `le` seconds.',
    labelNames: ['le'] as const,
    registers,
  });
  const les = [...latencyBoundsMs.map((ms) => String(ms / 1000)), '+Inf'];
  for (const le of les) originSeconds.inc({ le }, 0);
  return {
    registry,
    requests,
    busiestSites: new BusiestSites(registry),
    /** Counts what was summed up of a few seconds. */
    measured(sites: readonly SiteMeasures[]): void {
      for (const { bytesIn, bytesOut, statuses, latency } of sites) {
        bytes.inc({ direction: 'in' }, bytesIn);
        bytes.inc({ direction: 'out' }, bytesOut);
        for (const answered of StatusClass.options) answers.inc({ class: answered }, statuses[answered] ?? 0);
        let sum = 0;
        for (let bucket = 0; bucket < latencyBuckets; bucket += 1) {
          sum += latency[bucket] ?? 0;
          originSeconds.inc({ le: les[bucket] ?? '+Inf' }, sum);
        }
      }
    },
    captcha: new Counter({
      name: 'portcullis_edge_captcha_total',
      help: 'Stronger work: begun, passed, refused, sent away because the service was full, given up.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    forms: new Counter({
      name: 'portcullis_edge_forms_total',
      help: 'Forms of visitors who had to pass the check: kept, not kept, sent on, to be tried again, asked for twice, no longer there.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    bots: new Counter({
      name: 'portcullis_edge_bots_total',
      help: 'Requests of bots that signed them: signatures that held, and refused.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    revision: new Gauge({ name: 'portcullis_edge_revision', help: 'Revision of the policy in force.', registers }),
    sites: new Gauge({ name: 'portcullis_edge_sites', help: 'Sites in the policy in force.', registers }),
    connected: new Gauge({
      name: 'portcullis_edge_stream_connected',
      help: '1 while subscribed to the control plane.',
      registers,
    }),
    haproxyUp: new Gauge({ name: 'portcullis_edge_haproxy_up', help: '1 while HAProxy answers on its admin socket.', registers }),
    haproxyStarts: new Counter({
      name: 'portcullis_edge_haproxy_starts_total',
      help: 'Times HAProxy was started or adopted.',
      labelNames: ['how'] as const,
      registers,
    }),
    overLimit: new Gauge({
      name: 'portcullis_edge_over_limit_clients',
      help: 'Clients refused because they are over a limit in sum over edges.',
      registers,
    }),
    reloads: new Counter({ name: 'portcullis_edge_haproxy_reloads_total', help: 'Times HAProxy was reloaded.', registers }),
    nacks: new Counter({
      name: 'portcullis_edge_nacks_total',
      help: 'Frames refused, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    driftRepairs: new Counter({
      name: 'portcullis_edge_drift_repairs_total',
      help: 'Maps that differed from the policy and were repaired.',
      registers,
    }),
    receipts: new Counter({
      name: 'portcullis_edge_receipts_total',
      help: 'Receipts signed, by state.',
      labelNames: ['state'] as const,
      registers,
    }),
    receiptsWaiting: new Gauge({
      name: 'portcullis_edge_receipts_waiting',
      help: 'Receipts that the control plane has not confirmed.',
      registers,
    }),
    connections: new Gauge({ name: 'portcullis_edge_connections', help: 'Client connections open in HAProxy.', registers }),
    requestLinesDropped: new Gauge({
      name: 'portcullis_edge_request_lines_dropped',
      help: 'Lines about single requests that HAProxy says it dropped since it started; counts of requests do not depend on them.',
      registers,
    }),
    applySeconds: new Histogram({
      name: 'portcullis_edge_apply_seconds',
      help: 'From the arrival of a frame to its policy in force and on disk.',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
  };
}

/** How many sites have a series of their own. */
export const mostNamedSites = 20;
/** Every ten seconds what was counted weighs so much less. */
const fading = 0.8;
const mostRemembered = 10_000;

/** Requests of the busiest sites by outcome. A site that is no longer one of them loses its series; one that comes back starts at zero. */
class BusiestSites {
  readonly #counter: Counter<'site' | 'outcome'>;
  #weights = new Map<SiteId, number>();
  #named = new Set<SiteId>();

  constructor(registry: Registry) {
    this.#counter = new Counter({
      name: 'portcullis_edge_site_requests_total',
      help: 'Requests by what happened to them, of the busiest sites only.',
      labelNames: ['site', 'outcome'] as const,
      registers: [registry],
    });
  }

  add(sites: readonly SiteTraffic[]): void {
    for (const { siteId, counts } of sites) {
      const all = outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
      const weight = this.#weights.get(siteId);
      if (weight !== undefined || this.#weights.size < mostRemembered) this.#weights.set(siteId, (weight ?? 0) + all);
      if (!this.#named.has(siteId)) continue;
      for (const outcome of outcomes) this.#counter.inc({ site: siteId, outcome }, counts[outcome]);
    }
  }

  /** Chooses anew which sites are named. */
  choose(): void {
    const faded = [...this.#weights].map(([siteId, weight]) => [siteId, weight * fading] as const);
    this.#weights = new Map(faded.filter(([, weight]) => weight >= 1));
    const named = new Set(
      [...this.#weights]
        .sort(([, one], [, other]) => other - one)
        .slice(0, mostNamedSites)
        .map(([siteId]) => siteId),
    );
    for (const siteId of this.#named)
      if (!named.has(siteId)) for (const outcome of outcomes) this.#counter.remove({ site: siteId, outcome });
    for (const siteId of named)
      if (!this.#named.has(siteId)) for (const outcome of outcomes) this.#counter.inc({ site: siteId, outcome }, 0);
    this.#named = named;
  }
}

/** Starts the listener; resolves with the port that it got. */
export async function listenForMetrics(
  at: { readonly address: string; readonly port: number },
  metrics: EdgeMetrics,
  health: () => HealthAnswer,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    if (path === '/healthz') {
      const answer = health();
      return void response
        .writeHead(answer.haproxy === 'down' ? 503 : 200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(JSON.stringify(answer));
    }
    if (path !== '/metrics') return void response.writeHead(404).end();
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.address, resolve);
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : at.port };
}
