/**
 * Prometheus metrics of the control plane.
 *
 * `/metrics` answers on loopback, or to a caller with `status:read`. A request that came through a proxy (it carries a forwarding header, or names
 * another host than this machine) is not loopback, although its connection is: our own edge may stand in front. Fails closed.
 * What can still go wrong: a proxy here that hides both (nginx without any `proxy_set_header`) looks like this machine; the handbook says to keep
 * the path `/metrics` out of it.
 */
import { isIP } from 'node:net';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { listHeads } from '../store/change-log.ts';
import { countOpenAlarms } from '../store/house.ts';
import type { ControlDeps } from './deps.ts';
import { nowOf } from './deps.ts';
import type { LiveHub } from './events.ts';
import type { RequestFacts } from './http/caller.ts';
import { Failure } from './http/failure.ts';
import { requestFacts } from './http/register.ts';
import type { App } from './http/register.ts';
import { countOrders } from '../store/orders.ts';
import { countSites } from '../store/sites.ts';

export type Metrics = {
  readonly registry: Registry;
  /** Counts one answered request. */
  answered(method: string, status: number, seconds: number): void;
};

export function openMetrics(deps: ControlDeps, live: LiveHub, connected: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'portcullis_control_' });
  const requests = new Histogram({
    name: 'portcullis_control_http_request_seconds',
    help: 'Time to answer API and page requests',
    labelNames: ['method', 'status'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers,
  });
  const propagation = new Histogram({
    name: 'portcullis_control_propagation_seconds',
    help: 'From the commit of a revision to an edge’s acknowledgement',
    labelNames: ['group'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const receipts = new Counter({
    name: 'portcullis_control_receipts_total',
    help: 'Receipts kept, by what they say',
    labelNames: ['state'],
    registers,
  });
  live.watch((event) => {
    if (event.kind === 'applied' && event.tookMs > 0) propagation.observe({ group: event.group }, event.tookMs / 1000);
    if (event.kind === 'receipt') receipts.inc({ state: event.state });
  });
  const gauge = (name: string, help: string, read: (self: Gauge) => Promise<void> | void) =>
    new Gauge({
      name: `portcullis_control_${name}`,
      help,
      registers,
      async collect() {
        await read(this);
      },
    });
  gauge('edges_connected', 'Edges with a stream to this process', (self) => self.set(connected()));
  gauge('sites', 'Sites of the installation', async (self) => self.set((await countSites(deps.store.db, null)).all));
  gauge('alarms_open', 'Alarms that nobody has acknowledged', async (self) => self.set(await countOpenAlarms(deps.store.db)));
  gauge('orders_in_force', 'Orders that answer visitors now', async (self) =>
    self.set((await countOrders(deps.store.db, null, nowOf(deps))).inForce),
  );
  new Gauge({
    name: 'portcullis_control_revision',
    help: 'Newest revision of each edge group',
    labelNames: ['group'],
    registers,
    async collect() {
      for (const { group, revision } of await listHeads(deps.store.db)) this.set({ group }, revision);
    },
  });
  return {
    registry,
    answered: (method, status, seconds) => requests.observe({ method, status }, seconds),
  };
}

export function registerMetrics(app: App, deps: ControlDeps, metrics: Metrics): void {
  app.get('/metrics', async (context) => {
    const request = requestFacts(context);
    if (!isFromThisMachine(request)) {
      const caller = await deps.authenticate(request);
      if (caller?.scopes.has('status:read') !== true || caller.accountId !== null) {
        throw new Failure('not-allowed', 'Metrics are for this machine, or for a token with “status:read”.');
      }
    }
    return context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType });
  });
}

/** Headers that only a proxy writes, whatever else it is called after `x-forwarded-`. */
const forwarding = /^(forwarded|via|x-forwarded(-.*)?|x-real-ip|true-client-ip|cf-connecting-ip)$/;

/** Whether a request was made on this machine itself, not passed on by a proxy that runs here. */
export function isFromThisMachine({ clientAddress, headers }: RequestFacts): boolean {
  if (!/^(127\.|::1$|::ffff:127\.)/.test(clientAddress)) return false;
  if ([...headers.keys()].some((name) => forwarding.test(name))) return false;
  const host = (headers.get('host') ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || (isIP(host) !== 0 && /^(127\.|::1$)/.test(host));
}
