/**
 * The control plane as one thing that starts and stops: opens the store, listens, wires the rooms together by hand, runs the jobs.
 *
 * Order of start: database, migrations, port, house, routes, jobs. Order of stop: no new requests, event streams, edges (told that we
 * stop), jobs, database. Until everything is wired, requests get 503. Nothing here reads the environment.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import { relayLinkPath } from '../contract/relay.ts';
import { streamPath } from '../contract/stream.ts';
import { writeDurable } from '../kit/durable.ts';
import { hasEdges } from '../store/edges.ts';
import { migrate } from '../store/migrate.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { registerAttacks } from './attacks/register.ts';
import { settleHouse } from './bootstrap.ts';
import type { ControlConfig } from './config.ts';
import { registerCaptchaKeys } from './captcha/register.ts';
import { settleCaptchaKey } from './captcha/guest.ts';
import type { StartCaptcha } from './captcha/guest.ts';
import { certificateKeys } from './certificates/keys.ts';
import { openCertificates } from './certificates/register.ts';
import type { ControlDeps } from './deps.ts';
import { openDesk } from './desk/register.ts';
import { loadSealKey } from './desk/seal.ts';
import { createToken } from './edges/enrolment.ts';
import { registerGroupRoutes } from './edges/group-routes.ts';
import { loadPolicyKey } from './edges/policy-key.ts';
import { defaultGroup, registerEdgeRoutes } from './edges/routes.ts';
import { registerRelayRoutes } from './edges/relay-routes.ts';
import { rolloutJobs } from './edges/rollouts.ts';
import { openEdgeStream } from './edges/stream.ts';
import { liveHub, registerEvents } from './events.ts';
import { registerHouseRoutes } from './house/routes.ts';
import { registerConsole } from './http/console.ts';
import { Failure } from './http/failure.ts';
import { openApiDocument } from './http/openapi.ts';
import { problemResponse } from './http/problem.ts';
import { routesOf } from './http/register.ts';
import type { App } from './http/register.ts';
import { createAuthenticate } from './identity/authenticate.ts';
import { ensureLocalOperator, renewSetupLink } from './identity/first-start.ts';
import { registerIdentityRoutes } from './identity/register.ts';
import { houseJobs } from './jobs/jobs.ts';
import { runJobs } from './jobs/runner.ts';
import type { Job } from './jobs/runner.ts';
import { openMetrics, registerMetrics } from './metrics.ts';
import { openOrderChanges } from './orders/changes.ts';
import { registerOrderRoutes } from './orders/routes.ts';
import { publicFacts } from './pages/facts.ts';
import { registerPages } from './pages/register.ts';
import { openRecord } from './record/register.ts';
import { registerSiteRoutes } from './sites/routes.ts';
import { insightHub, registerInsightLive } from './insight/live.ts';
import { insightJobs } from './insight/jobs.ts';
import { registerInsightRoutes } from './insight/routes.ts';
import { registerRulesRoutes } from './sites/rules-routes.ts';
import { dnsResolver } from './sites/resolver.ts';
import type { Resolver } from './sites/resolver.ts';

export type Surroundings = {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly version: string;
  /** Folder of the built console. */
  readonly consoleFolder: string;
  /** Replaces DNS; for whoever brings names of their own. */
  readonly resolver?: Resolver;
  /** Starts a captcha provider in this process, on our store. */
  readonly startCaptcha?: StartCaptcha;
};

export type Control = {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  readonly publicUrl: string;
  /** Where mail is taken in; null when nowhere. */
  readonly mailPort: number | null;
  /** The link for the first account; null when there is one. A secret. */
  readonly setupUrl: string | null;
  /** Where the captcha provider in this process listens; null when there is none. */
  readonly captchaUrl: string | null;
  /** Resolves when the embedded database is beyond help in this process; whoever supervises us starts a new one, which recovers it. */
  readonly broken: Promise<void>;
  stop(): Promise<void>;
};

const localTokenMinutes = 7 * 24 * 60;

/** Starts the control plane. Throws an Error with a sentence for people; whatever was opened is closed again. */
export async function startControl(config: ControlConfig, surroundings: Surroundings): Promise<Control> {
  const { log, now } = surroundings;
  mkdirSync(join(config.state, 'control'), { recursive: true, mode: 0o700 });
  const store = await openStore(config.database);
  const closing: (() => Promise<void>)[] = [() => store.close()];
  const stop = once(async () => {
    for (const close of closing.toReversed()) await close().catch((error: unknown) => log.warn({ err: error }, 'stopping'));
  });
  try {
    const ran = await migrate(store);
    if (ran.length > 0) log.info({ migrations: ran }, 'the database was brought up to date');

    let listener: RequestListener | null = null;
    const server = createServer(
      // Two minutes: 25 MB of a reporter's pictures over two megabits. Heads have fifteen seconds all the same.
      { requestTimeout: 120_000, headersTimeout: 15_000, keepAliveTimeout: 65_000 },
      (request, response) => {
        if (listener !== null) listener(request, response);
        else
          response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('Starting. Try again in a moment.\n');
      },
    );
    const port = await listen(server, config.host, config.port);
    closing.push(() => closeServer(server));
    const host = config.host.includes(':') ? `[${config.host}]` : config.host;
    const url = `http://${host}:${port}`;
    const publicUrl = config.publicUrl ?? `http://localhost:${port}`;

    const key = await loadPolicyKey(store, join(config.state, 'control', 'policy.key'), config.policyKey);
    const houseAccount = await settleHouse({ store, now, provider: config.provider, publicUrl });
    const deps: ControlDeps = {
      store,
      now,
      log,
      publicUrl,
      provider: config.provider,
      version: surroundings.version,
      allowOrigins: config.allowOrigins,
      breakGlassSeconds: config.breakGlassSeconds,
      houseAccount,
      orderChanges: openOrderChanges(),
      insight: config.insight,
      resolver: surroundings.resolver ?? dnsResolver(config.dnsServers),
      processName: `${process.pid}-${randomBytes(4).toString('hex')}`,
      authenticate: createAuthenticate({ store, publicUrl, now }),
    };
    const live = liveHub(store.doorbell);
    const sealKey = await loadSealKey(store, join(config.state, 'control', 'seal.key'), config.sealKey);
    const keys = certificateKeys(sealKey);
    const captchaKey = await settleCaptchaKey(join(config.state, 'control'), sealKey);
    const hub = insightHub();
    const stream = openEdgeStream(deps, live, key, keys.forEdges, hub);
    closing.push(() => stream.close());
    const stopping = new AbortController();
    closing.push(async () => stopping.abort());

    const app: App = new Hono<{ Bindings: HttpBindings }>();
    const metrics = openMetrics(deps, live, () => stream.connected());
    app.use(async (context, next) => {
      const began = performance.now();
      await next();
      metrics.answered(context.req.method, context.res.status, (performance.now() - began) / 1000);
    });
    registerSiteRoutes(app, deps);
    registerRulesRoutes(app, deps, stream);
    registerInsightRoutes(app, deps);
    const certificates = await openCertificates(app, deps, config.certificates, keys);
    registerOrderRoutes(app, deps);
    registerCaptchaKeys(app, deps);
    registerEdgeRoutes(app, deps, key);
    registerRelayRoutes(app, deps);
    registerGroupRoutes(app, deps);
    registerHouseRoutes(app, deps);
    registerIdentityRoutes(app, deps);
    const desk = await openDesk(app, deps, {
      config: config.desk,
      state: join(config.state, 'control'),
      sealKey: config.sealKey,
      dnsServers: config.dnsServers,
    });
    closing.push(() => desk.close());
    const attacks = registerAttacks(app, { ...desk.deps, stream });
    const record = await openRecord(
      app,
      { ...deps, recordWitnesses: config.recordWitnesses },
      join(config.state, 'control'),
      publicFacts(deps).decision,
    );
    registerEvents(app, deps, live, stopping.signal);
    registerInsightLive(app, deps, hub, stopping.signal);
    registerMetrics(app, deps, metrics);
    registerConsole(app, surroundings.consoleFolder, publicUrl);
    const document = openApiDocument(routesOf(app), { version: surroundings.version, server: publicUrl });
    app.get('/api/v1/openapi.json', (context) => context.json(document));
    app.get('/healthz', async (context) => {
      // Open to everybody, so it says that we are up and the database answers (else `store-down`), and nothing more.
      await store.ping();
      return context.json({ ok: true }, 200, { 'cache-control': 'no-store' });
    });
    app.all('/api/*', () => {
      throw new Failure('not-found', 'The API has no such address. /api/v1/openapi.json lists what it has.');
    });
    app.onError((error, context) => problemResponse(error, { method: context.req.method, path: context.req.path }, deps));
    app.notFound(registerPages(app, { ...deps, contact: config.contact }));

    await ensureLocalOperator(deps, join(config.state, 'operator.token'));
    if (config.localEdge) await leaveLocalEdgeToken(deps, join(config.state, 'control', 'local-edge.token'));
    const setupUrl = (await renewSetupLink(deps))?.url ?? null;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // From here on node leaves the socket to us: without a listener, a stranger who resets the connection would end the process.
      socket.on('error', () => socket.destroy());
      const path = request.url?.split('?')[0];
      if (path === streamPath || path === relayLinkPath) stream.upgrade(request, socket, head);
      else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
    const answer = getRequestListener(app.fetch);
    listener = (request, response) => void answer(request, response);
    const watch = watchStore(store, log);
    const jobs = runJobs(
      [
        ...houseJobs(deps),
        ...rolloutJobs(deps),
        ...insightJobs(deps),
        ...certificates.jobs,
        ...desk.jobs,
        ...attacks,
        ...record,
        ...watch.jobs,
      ],
      log,
    );
    closing.push(() => jobs.stop());
    const { captchaListen, captchaProxies } = config;
    let captchaUrl: string | null = null;
    if (captchaListen !== null && surroundings.startCaptcha !== undefined) {
      const parts = { store, sealKey: captchaKey, log, listen: captchaListen, threads: 1 };
      const trusted = captchaProxies.length === 0 ? {} : { trustedProxies: captchaProxies };
      const guest = await surroundings.startCaptcha({ ...parts, ...trusted });
      closing.push(() => guest.stop());
      captchaUrl = guest.url;
    }
    return { url, publicUrl, mailPort: desk.mailPort, setupUrl, captchaUrl, broken: watch.broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const pingEveryMs = 5000;
const pingsUntilBroken = 6;

/**
 * The embedded database lives in this process: when it does not answer for half a minute it has died (a panic in it ends its WebAssembly
 * machine, not us). A server is somebody else's to restart, so it is not watched.
 */
function watchStore(store: Store, log: Logger): { jobs: Job[]; broken: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let failures = 0;
  const run = async () => {
    try {
      await store.ping();
      failures = 0;
    } catch (error) {
      failures += 1;
      log.warn({ err: error, failures }, 'the database does not answer');
      if (failures >= pingsUntilBroken) resolve();
    }
  };
  const job = { name: 'embedded database', everyMs: pingEveryMs, afterMs: pingEveryMs, run };
  return { jobs: store.kind === 'embedded' ? [job] : [], broken: promise };
}

/** A token for the edge beside us, as long as there is no edge yet. */
async function leaveLocalEdgeToken(deps: ControlDeps, path: string): Promise<void> {
  if (await hasEdges(deps.store.db)) return;
  const { token } = await createToken(deps, { group: defaultGroup, validMinutes: localTokenMinutes, who: null });
  await writeDurable(path, `${token}\n`, 0o600);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const code = 'code' in cause ? String(cause.code) : '';
      const why =
        code === 'EADDRINUSE' ? 'is taken by another program' : code === 'EACCES' ? 'needs root' : `cannot be had (${code})`;
      reject(new Error(`Port ${port} on ${host} ${why}. Choose another with --listen ${host}:PORT.`, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port.'));
      else resolve(address.port);
    });
  });
}

const graceMs = 3000;

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= work());
}
