/**
 * A whole provider as production starts it, on free ports and a temporary state folder.
 *
 * `startProvider` runs `portcullis up`: one process tree. `startParts` runs `portcullis control` and `portcullis edge` apart, for
 * stories in which one of them is away. Both allow origins on loopback (the operator's own choice, by flag), because that is where
 * tests have theirs. Two people act: the operator on this machine and a second one, added through the API.
 * Stopping asserts that nothing is left: no process that names the state folder, no port that still answers.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Instant } from '../../contract/ids.ts';
import type { EdgeId, Revision, SiteId } from '../../contract/ids.ts';
import { createEnrolmentToken, listEdges } from '../../contract/routes/edges.ts';
import { addPersonWithToken } from '../../contract/routes/identity.ts';
import { confirmOrder, placeOrder } from '../../contract/routes/orders.ts';
import type { Order, OrderDraft } from '../../contract/routes/orders.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { Site, SiteDraft } from '../../contract/routes/sites.ts';
import { apiClient } from './api.ts';
import type { Api } from './api.ts';
import { placeDatabase } from './database-template.ts';
import { freePorts, isListening, removeFolder, temporaryFolder, until } from './ports.ts';
import { processesNaming, startProgram } from './program.ts';
import type { ProcessInfo, Program } from './program.ts';

export type Ports = { readonly control: number; readonly http: number; readonly https: number; readonly metrics: number };

export type ProviderOptions = {
  /** Use this state folder (kept at the end) instead of a new one. */
  readonly state?: string;
  readonly ports?: Ports;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
};

/** What both shapes have: people, ports, and a few acts that every story needs. */
export type House = {
  readonly state: string;
  readonly controlUrl: string;
  readonly edge: Ports;
  readonly operator: Api;
  readonly second: Api;
  /** Waits until every enrolled edge holds this revision. */
  readonly applied: (revision: Revision | null, timeoutMs?: number) => Promise<void>;
  /** Waits until one edge is connected and holds the head of its group. */
  readonly edgesCurrent: () => Promise<void>;
  /** Adds a site without proof of ownership, and waits until it is served. */
  readonly protect: (hostname: string, originPort: number, more?: Partial<SiteDraft>) => Promise<Site>;
  /** An order proposed by the operator and confirmed by the second person; a notice on the whole site unless told otherwise. */
  readonly order: (siteId: SiteId, more?: Partial<OrderDraft>) => Promise<Order>;
};

export type Provider = House & {
  readonly up: Program;
  /** The processes of the tree by what they are. */
  readonly members: () => Promise<Members>;
  readonly stop: () => Promise<void>;
};

export type Members = { readonly control: ProcessInfo[]; readonly edge: ProcessInfo[]; readonly haproxy: ProcessInfo[] };

/** An instant some hours (or parts of one) from now. */
export function inHours(hours: number): Instant {
  return Instant.parse(new Date(Date.now() + hours * 3_600_000).toISOString());
}

export function inSeconds(seconds: number): Instant {
  return inHours(seconds / 3600);
}

export async function somePorts(): Promise<Ports> {
  const [control = 0, http = 0, https = 0, metrics = 0] = await freePorts(4);
  return { control, http, https, metrics };
}

/** Starts `portcullis up` and waits until its edge is current. */
export async function startProvider(options: ProviderOptions = {}): Promise<Provider> {
  const state = options.state ?? temporaryFolder('up');
  const ports = options.ports ?? (await somePorts());
  await placeDatabase(path.join(state, 'control'));
  const up = startProgram(
    [
      'up',
      ...['--state', state],
      ...['--control-port', String(ports.control)],
      ...['--http-port', String(ports.http)],
      ...['--https-port', String(ports.https)],
      ...['--metrics-port', String(ports.metrics)],
      ...['--captcha-port', '0'],
      ...['--allow-origin', '127.0.0.0/8'],
      ...(options.args ?? []),
    ],
    options.env,
  );
  const controlUrl = `http://127.0.0.1:${ports.control}`;
  try {
    const house = await moveIn(state, controlUrl, ports, () => {
      if (!up.running()) throw new Error(`portcullis up ended:\n${up.output()}`);
    });
    const ended = (): string | null => (up.running() ? null : 'portcullis up ended');
    await edgesCurrent(house.operator, 60_000, ended);
    await until('it says that it runs', () => ended() !== null || up.output().includes('Portcullis is running'), {
      timeoutMs: 60_000,
    });
    return {
      ...house,
      up,
      members: () => membersNaming(state),
      stop: async () => {
        await up.stop('SIGINT');
        await nothingLeft(state, ports, up.output());
        if (options.state === undefined) removeFolder(state);
      },
    };
  } catch (error) {
    await up.stop('SIGKILL').catch(() => undefined);
    await endAll(state);
    throw new Error(`the provider did not start; it printed:\n${up.output()}`, { cause: error });
  }
}

export type Parts = House & {
  readonly startControl: () => Promise<Program>;
  readonly startEdge: () => Promise<Program>;
  readonly edgeId: () => Promise<EdgeId>;
  /** Folders of the two programs, inside `state`. */
  readonly folders: { readonly control: string; readonly edge: string };
  readonly control: () => Program;
  readonly edgeAgent: () => Program;
  readonly members: () => Promise<Members>;
  readonly stop: () => Promise<void>;
};

/** Starts `portcullis control` and, enrolled with a token from its API, `portcullis edge`. */
export async function startParts(options: ProviderOptions = {}): Promise<Parts> {
  const state = options.state ?? temporaryFolder('parts');
  const ports = options.ports ?? (await somePorts());
  const folders = { control: path.join(state, 'control'), edge: path.join(state, 'edge') };
  const controlUrl = `http://127.0.0.1:${ports.control}`;
  let control: Program | null = null;
  let edge: Program | null = null;
  let token = '';

  const running = (program: Program | null, name: string): Program => {
    if (program === null) throw new Error(`${name} was not started`);
    return program;
  };
  const startControl = async (): Promise<Program> => {
    await placeDatabase(folders.control);
    const program = startProgram(
      [
        'control',
        '--state',
        state,
        '--listen',
        `127.0.0.1:${ports.control}`,
        '--allow-origin',
        '127.0.0.0/8',
        ...(options.args ?? []),
      ],
      options.env,
    );
    control = program;
    await until(
      `the control plane answers`,
      async () => {
        if (!program.running()) throw new Error(`portcullis control ended:\n${program.output()}`);
        return (await fetch(`${controlUrl}/healthz`)).ok;
      },
      { timeoutMs: 110_000 },
    );
    return program;
  };
  const startEdge = async (): Promise<Program> => {
    const program = startProgram(
      [
        'edge',
        ...['--control', controlUrl],
        ...['--token', token],
        ...['--state', state],
        ...['--name', 'edge-1'],
        ...['--http', `127.0.0.1:${ports.http}`],
        ...['--https', `127.0.0.1:${ports.https}`],
        ...['--metrics', `127.0.0.1:${ports.metrics}`],
      ],
      options.env,
    );
    edge = program;
    return program;
  };
  try {
    await startControl();
    const house = await moveIn(state, controlUrl, ports, () => undefined);
    token = (await house.operator.call(createEnrolmentToken)).token;
    await startEdge();
    await edgesCurrent(house.operator, 60_000, () => (running(edge, 'edge').running() ? null : 'portcullis edge ended'));
    return {
      ...house,
      folders,
      startControl,
      startEdge,
      control: () => running(control, 'control'),
      edgeAgent: () => running(edge, 'edge'),
      edgeId: async () => {
        const { items } = await house.operator.call(listEdges);
        const first = items[0];
        if (first === undefined) throw new Error('no edge is enrolled');
        return first.edgeId;
      },
      members: () => membersNaming(state),
      stop: async () => {
        if (edge?.running() === true) await edge.stop('SIGTERM');
        if (control?.running() === true) await control.stop('SIGTERM');
        await nothingLeft(state, ports, `${control?.output() ?? ''}\n${edge?.output() ?? ''}`);
        if (options.state === undefined) removeFolder(state);
      },
    };
  } catch (error) {
    const printed = `${running(control, 'control').output()}\n${edge === null ? '' : running(edge, 'edge').output()}`;
    await endAll(state);
    throw new Error(`the parts did not start; they printed:\n${printed}`, { cause: error });
  }
}

async function moveIn(state: string, controlUrl: string, ports: Ports, check: () => void): Promise<House> {
  const token = await until(
    'the control plane answers and has left the operator’s token',
    async () => {
      check();
      if (!(await fetch(`${controlUrl}/healthz`)).ok) return false;
      const text = readFileSync(path.join(state, 'operator.token'), 'utf8').trim();
      return text !== '' && text;
    },
    { timeoutMs: 110_000, everyMs: 50 },
  );
  const operator = apiClient(controlUrl, token);
  const name = `Second person ${Date.now()}`;
  const added = await operator.call(addPersonWithToken, { body: { name, roles: ['lead'] } });
  const second = apiClient(controlUrl, added.token);
  const applied = async (revision: Revision | null, timeoutMs = 15_000): Promise<void> => {
    await until(
      `every edge holds revision ${revision ?? 'none'}`,
      async () => {
        const { items } = await operator.call(listEdges);
        return items.every((edge) => edge.state === 'revoked' || edge.revision >= (revision ?? 0));
      },
      { timeoutMs },
    );
  };
  return {
    state,
    controlUrl,
    edge: ports,
    operator,
    second,
    applied,
    edgesCurrent: () => edgesCurrent(operator, 60_000),
    protect: async (hostname, originPort, more = {}) => {
      const site = await operator.call(addSite, {
        body: { hostnames: [hostname], origin: `http://127.0.0.1:${originPort}`, waiveOwnership: true, ...more },
      });
      await applied(site.propagation.revision);
      return site;
    },
    order: async (siteId, more = {}) => {
      const placed = await operator.call(placeOrder, {
        body: {
          measure: 'notice-on-host',
          siteId,
          basis: { kind: 'own-decision' },
          internalReason: 'A test of the house, decided by two people.',
          publicReason: 'This site was used to put the life of a person in danger.',
          endsAt: inHours(24),
          ...more,
        },
      });
      return second.call(confirmOrder, { params: { orderId: placed.orderId } });
    },
  };
}

/** Waits for one edge that holds the head; throws what `dead` says as soon as it says something. */
async function edgesCurrent(operator: Api, timeoutMs: number, dead: () => string | null = () => null): Promise<void> {
  const ended = await until(
    'an edge is enrolled and current',
    async () => {
      const why = dead();
      if (why !== null) return { why };
      return (await operator.call(listEdges)).items.some((edge) => edge.state === 'current') && { why: null };
    },
    { timeoutMs, everyMs: 50 },
  );
  if (ended.why !== null) throw new Error(ended.why);
}

async function membersNaming(state: string): Promise<Members> {
  const all = await processesNaming(state);
  const of = (pattern: RegExp): ProcessInfo[] => all.filter((one) => pattern.test(one.command));
  return {
    control: of(/portcullis\.ts control/),
    edge: of(/portcullis\.ts edge/),
    haproxy: of(/haproxy/).filter((one) => !/portcullis\.ts/.test(one.command)),
  };
}

/** Kills what names the state folder: for a start that failed half-way. */
async function endAll(state: string): Promise<void> {
  for (const one of await processesNaming(state)) process.kill(one.pid, 'SIGKILL');
}

async function nothingLeft(state: string, ports: Ports, printed: string): Promise<void> {
  const left = await until('all processes end', async () => {
    const now = await processesNaming(state);
    return now.length === 0 && now;
  }).catch(async () => processesNaming(state));
  if (left.length > 0) {
    await endAll(state);
    throw new Error(`left running: ${left.map((one) => `${one.pid} ${one.command}`).join('; ')}\n${printed}`);
  }
  for (const [name, port] of Object.entries(ports)) {
    if (await isListening(port)) throw new Error(`the ${name} port ${port} still answers after the stop`);
  }
}
