/**
 * A real HAProxy on rendered output, without an agent: how tests and the bench see what the data plane itself promises.
 *
 * Everything lives in a folder of its own; stopping it removes the folder. `change` applies a new policy by the admin socket as
 * simply as can be (the agent's ways are edge/haproxy's and tested there). HAProxy has one thread, so that counts are exact;
 * PORTCULLIS_TEST_THREADS=2 shows that the promises hold with more.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { ClearanceKeyPolicy, OrderPolicy, SitePolicy } from '../../contract/policy.ts';
import {
  ClearanceKeyPolicy as ClearanceKey,
  defaultChallengeSettings,
  defaultSiteLimits,
  OrderPolicy as Order,
  ProviderPolicy,
  SitePolicy as Site,
} from '../../contract/policy.ts';
import type { EdgePlan, SiteCounters } from '../../edge/render/index.ts';
import {
  counterTable,
  mapFile,
  mapNames,
  mergeEntries,
  parseCounterLine,
  renderConfig,
  renderGlobal,
  renderPages,
  renderSite,
} from '../../edge/render/index.ts';
import { networkDataEntries } from '../../edge/render/network-data.ts';
import { freePorts, isListening, removeFolder, temporaryFolder, until } from './ports.ts';

export const provider = ProviderPolicy.parse({ kind: 'provider', name: 'Example Shield', publicUrl: 'http://shield.example' });

/** A clearance key of known bytes. */
export function clearanceKey(number: number, state: 'current' | 'accepted' = 'current'): ClearanceKeyPolicy {
  return ClearanceKey.parse({
    kind: 'clearance-key',
    keyId: `k${number}`,
    secret: Buffer.alloc(32, number).toString('base64'),
    state,
  });
}

/** A site with defaults that a test overrides; `number` makes its id. */
export function site(
  number: number,
  hostnames: readonly string[],
  originPort: number,
  changes: Partial<Record<keyof SitePolicy, unknown>> = {},
): SitePolicy {
  return Site.parse({
    kind: 'site',
    siteId: `site_${String(number).padStart(12, '0')}`,
    hostnames,
    origin: { scheme: 'http', host: 'origin.example', port: originPort, hostHeader: null, addresses: ['127.0.0.1'] },
    mode: 'off',
    limits: defaultSiteLimits,
    networks: [],
    challenge: defaultChallengeSettings,
    ...changes,
  });
}

/** An order of ten years on a site; `number` makes its id and decision. */
export function order(number: number, on: SitePolicy, changes: Partial<Record<keyof OrderPolicy, unknown>> = {}): OrderPolicy {
  const decision = `D-2026-${String(number).padStart(4, '0')}`;
  return Order.parse({
    kind: 'order',
    orderId: `order_${String(number).padStart(12, '0')}`,
    decision,
    measure: 'notice-on-host',
    scope: { siteId: on.siteId, hostnames: [], path: null },
    basis: { kind: 'own-decision' },
    publicReason: 'Messages on this site put the life of a person in danger.',
    requestsPer10s: null,
    startsAt: '2026-01-02T03:04:05.000Z',
    endsAt: '2036-01-02T03:04:05.000Z',
    statementUrl: `http://shield.example/decisions/${decision}`,
    appealUrl: `http://shield.example/appeals/${decision}`,
    ...changes,
  });
}

export const legalBasis = {
  kind: 'legal-order',
  authority: 'District Court of Example',
  reference: '12 O 34/26',
  authorityUrl: 'https://court.example/orders/12-O-34-26',
};

/** Sends bytes and returns all that comes until the other side closes or `quietMs` pass without a byte. */
export function raw(port: number, text: string, { from = '127.0.0.1', quietMs = 700 } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: from });
    let answer = '';
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.once('close', () => resolve(answer));
    socket.once('error', () => socket.destroy());
    socket.write(text);
  });
}

export type Policy = {
  readonly sites: readonly SitePolicy[];
  readonly orders?: readonly OrderPolicy[];
  readonly keys?: readonly ClearanceKeyPolicy[];
  /** Network data of the edge; without it, rules that name a country or an AS number are inert. */
  readonly networkData?: {
    readonly countries: readonly (readonly [string, string])[];
    readonly asns: readonly (readonly [string, string])[];
  };
};

export type Edge = {
  readonly port: number;
  readonly httpsPort: number;
  readonly folder: string;
  readonly plan: EdgePlan;
  /** One command on the admin socket; the answer as text. */
  readonly admin: (command: string) => Promise<string>;
  /** Makes the running maps (and their files) those of another policy. */
  readonly change: (policy: Policy) => Promise<void>;
  readonly counters: (siteId: string) => Promise<SiteCounters['counts'] | null>;
  readonly pid: number;
  /** SIGUSR2 to the master: a new worker takes over. Only with `master: true`. */
  readonly reload: () => Promise<void>;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

export type EdgeOptions = {
  readonly plan?: Partial<EdgePlan>;
  readonly https?: boolean;
  readonly master?: boolean;
  /** Called with the folder before HAProxy starts: certificates and the like. */
  readonly prepare?: (folder: string) => Promise<void> | void;
  readonly originTrust?: (folder: string) => string;
  /** Changes the rendered configuration: for measuring what a part of it costs. */
  readonly alter?: (config: string) => string;
};

/** Writes the policy's files and starts HAProxy on them; resolves when it listens. */
export async function startEdge(policy: Policy, options: EdgeOptions = {}): Promise<Edge> {
  const folder = temporaryFolder('edge');
  const [port = 0, httpsPort = 0] = await freePorts(2);
  const plan: EdgePlan = {
    paths: {
      maps: `${folder}/maps`,
      pages: `${folder}/pages`,
      certificates: `${folder}/certificates`,
      adminSocket: `${folder}/admin.sock`,
      pidFile: `${folder}/haproxy.pid`,
      originTrust: options.originTrust?.(folder) ?? '/etc/ssl/certs/ca-certificates.crt',
    },
    listeners: [
      { scheme: 'http', address: '127.0.0.1', port },
      ...(options.https === true ? [{ scheme: 'https' as const, address: '127.0.0.1', port: httpsPort }] : []),
    ],
    probeSource: '127.84.0.1',
    threads: Number(process.env['PORTCULLIS_TEST_THREADS'] ?? 1),
    maxConnections: 4000,
    connectionsPer10s: 10_000,
    connectionsPerClient: 1000,
    ...options.plan,
  };
  for (const name of ['maps', 'pages', 'certificates']) mkdirSync(`${folder}/${name}`);
  await options.prepare?.(folder);
  for (const [name, text] of Object.entries(renderPages(provider))) writeFileSync(`${plan.paths.pages}/${name}`, text);
  const entriesOf = ({ sites, orders = [], keys = [clearanceKey(1)], networkData }: Policy) => {
    const has = { countries: networkData !== undefined, asns: networkData !== undefined };
    return mergeEntries([
      ...renderGlobal(keys, provider),
      ...networkDataEntries(networkData?.countries ?? [], networkData?.asns ?? []),
      ...sites.flatMap((one) => renderSite(one, orders, provider, has)),
    ]);
  };
  const write = (values: ReturnType<typeof entriesOf>) => {
    for (const name of mapNames) {
      writeFileSync(
        mapFile(plan.paths, name),
        [...(values.get(name) ?? [])].map(([key, value]) => `${key} ${value}\n`).join(''),
        { mode: 0o600 },
      );
    }
  };
  let values = entriesOf(policy);
  write(values);
  const config = renderConfig(plan);
  writeFileSync(`${folder}/haproxy.cfg`, options.alter?.(config) ?? config);

  let log = '';
  const child = spawn('haproxy', [options.master === true ? '-W' : '-db', '-f', `${folder}/haproxy.cfg`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill(options.master === true ? 'SIGTERM' : 'SIGKILL');
    await ended;
    removeFolder(folder);
  };
  const admin = (command: string) => ask(plan.paths.adminSocket, command);
  try {
    await until(`HAProxy listens\n${log}`, () => {
      if (child.exitCode !== null) throw new Error(`HAProxy ended: ${log}`);
      return isListening(port);
    });
  } catch (error) {
    await stop();
    throw new Error(log, { cause: error });
  }
  return {
    port,
    httpsPort,
    folder,
    plan,
    admin,
    pid,
    log: () => log,
    change: async (next) => {
      const wanted = entriesOf(next);
      write(wanted);
      for (const name of mapNames) {
        const before = values.get(name) ?? new Map<string, string>();
        const after = wanted.get(name) ?? new Map<string, string>();
        const file = mapFile(plan.paths, name);
        for (const key of before.keys()) if (!after.has(key)) await admin(`del map ${file} ${key}`);
        for (const [key, value] of after) {
          if (before.get(key) === value) continue;
          if (before.has(key)) await admin(`del map ${file} ${key}`);
          await admin(`add map ${file} <<\n${key} ${value}\n`);
        }
      }
      values = wanted;
    },
    counters: async (siteId) => {
      const table = await admin(`show table ${counterTable}`);
      return (
        table
          .split('\n')
          .map(parseCounterLine)
          .find((row) => row?.siteId === siteId)?.counts ?? null
      );
    },
    reload: async () => {
      const before = await admin('show info');
      const worker = /^Pid: (\d+)/m.exec(before)?.[1];
      // A signal that comes before the master is ready after its last load is lost: ask again now and then.
      let askedAt = -Infinity;
      await until('the new worker answers', async () => {
        if (performance.now() - askedAt > 3000) {
          child.kill('SIGUSR2');
          askedAt = performance.now();
        }
        const now = /^Pid: (\d+)/m.exec(await admin('show info'))?.[1];
        return now !== undefined && now !== worker;
      });
    },
    stop,
  };
}

function ask(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    let answer = '';
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer to ${command.slice(0, 60)}`)));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.once('end', () => resolve(answer.trim()));
    socket.once('error', reject);
    socket.write(`${command}\n`);
  });
}
