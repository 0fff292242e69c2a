/**
 * `portcullis up`: control plane and one edge as one process tree on one state folder, from start to stop.
 *
 * Order of start: lock the state folder, look whether the ports are free, control plane, edge, the site that was asked for. Order of
 * stop: edge, then control plane, so that the edge's last words are still heard. Whatever fails on the way, what was started is
 * stopped. If this process is killed outright, its children see their IPC channel close and stop by themselves; if the edge's agent
 * is killed outright as well, HAProxy goes on serving and the next start takes it over (edge/haproxy).
 */
import { mkdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { listEdges } from '../../contract/routes/edges.ts';
import { getStatus } from '../../contract/routes/house.ts';
import { getSite } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { writeDurable } from '../../kit/durable.ts';
import { takeProcessLock } from '../../kit/process-lock.ts';
import { makeClient } from '../client.ts';
import type { Client } from '../client.ts';
import { operatorToken, runningFile } from '../connection.ts';
import type { Running } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { showMs } from '../when.ts';
import { supervise } from './child.ts';
import type { Supervised } from './child.ts';
import { portTroubles } from './ports.ts';
import type { PortOwner } from './ports.ts';
import { originNetworks, protect, rememberedOrigins, rememberOrigins } from './protect.ts';
import type { Protect } from './protect.ts';

export type UpSettings = {
  readonly state: string;
  readonly controlAddress: string;
  readonly controlPort: number;
  readonly address: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly metricsPort: number;
  /** On loopback; 0: no captcha provider. */
  readonly captchaPort: number;
  readonly allowOrigins: readonly string[];
  readonly publicUrl: string | null;
  readonly providerName: string | null;
  readonly contact: string | null;
  readonly protect: Protect | null;
};

export type UpSurroundings = {
  readonly execPath: string;
  /** The program that children are started with: portcullis.ts. */
  readonly entry: string;
};

/** What the programs say over their channel when they listen. */
const ControlReady = z.object({ kind: z.literal('listening'), setupUrl: z.string().nullable() });
const EdgeReady = z.object({ kind: z.literal('listening') });

const graceMs = 12_000;
const edgeCurrentMs = 60_000;

/** Runs until it is told to stop. Resolves when everything has ended; rejects with CommandFailure when it could not start. */
export async function runUp(settings: UpSettings, surroundings: UpSurroundings, terminal: Terminal): Promise<void> {
  const { state } = settings;
  const began = performance.now();
  mkdirSync(join(state, 'logs'), { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(join(state, 'up.lock'));
  if (!lock.ok) {
    const who = lock.owner === null ? 'another process' : `process ${lock.owner.pid}`;
    throw new CommandFailure(
      'failed',
      `Portcullis already runs on the state folder ${state} (${who}). Stop that one, or give another folder with --state.`,
    );
  }
  const children: Supervised[] = [];
  try {
    const troubles = await portTroubles(wantedPorts(settings), (owner) => isOwnProxy(owner, state));
    if (troubles.length > 0) throw new CommandFailure('failed', `${troubles.join('\n')}\nNothing was started.`);
    const allowOrigins = [
      ...new Set([...rememberedOrigins(state), ...(settings.protect === null ? [] : await originNetworks(settings.protect))]),
    ];
    await rememberOrigins(state, allowOrigins);
    terminal.err(`State folder: ${state}\nStarting the control plane …\n`);
    const control = superviseControl(
      { ...settings, allowOrigins: [...settings.allowOrigins, ...allowOrigins] },
      surroundings,
      terminal,
    );
    children.push(control);
    const listening = ControlReady.parse(await started(control, terminal));
    const running: Running = {
      pid: process.pid,
      startedAt: new Date(terminal.nowMs()).toISOString(),
      controlUrl: controlUrl(settings),
      edgeUrl: `http://${bracketed(reachable(settings.address))}:${settings.httpPort}`,
      ...(settings.captchaPort === 0 ? {} : { captchaUrl: `http://127.0.0.1:${settings.captchaPort}` }),
    };
    await writeDurable(join(state, runningFile), `${JSON.stringify(running)}\n`);
    const edge = superviseEdge(settings, surroundings, terminal);
    children.push(edge);
    terminal.err('The control plane listens. Starting the edge …\n');
    await started(edge, terminal);
    terminal.interrupted.throwIfAborted();
    // Not a token of the environment: it may be for another installation.
    const client = makeClient({ controlUrl: controlUrl(settings), token: operatorToken(state) }, terminal.fetch);
    await edgeCurrent(client, terminal);
    terminal.interrupted.throwIfAborted();
    const site = settings.protect === null ? null : await protectAndWait(client, settings.protect, terminal);
    const { sites, ordersInForce } = await client.call(getStatus, {});
    const answers = settings.protect === null || (await somethingListens(settings.protect.origin));
    const tookMs = performance.now() - began;
    terminal.out(banner(settings, { setupUrl: listening.setupUrl, asked: site, answers, sites, ordersInForce, tookMs }));
    await untilInterrupted(terminal);
    terminal.err('\nStopping …\n');
  } catch (error) {
    if (!terminal.interrupted.aborted) throw error;
  } finally {
    for (const child of children.reverse()) await child.stop(graceMs);
    rmSync(join(state, runningFile), { force: true });
    lock.release();
  }
  terminal.err('Stopped. Everything is kept in the state folder; the next start continues.\n');
}

function superviseControl(settings: UpSettings, { execPath, entry }: UpSurroundings, terminal: Terminal): Supervised {
  const { state, publicUrl, providerName, contact } = settings;
  return supervise({
    role: 'control',
    execPath,
    args: [
      entry,
      'control',
      ...['--state', state],
      ...['--listen', `${bracketed(settings.controlAddress)}:${settings.controlPort}`],
      '--local-edge',
      ...['--captcha-listen', settings.captchaPort === 0 ? 'off' : `127.0.0.1:${settings.captchaPort}`],
      ...settings.allowOrigins.flatMap((network) => ['--allow-origin', network]),
      ...(publicUrl === null ? [] : ['--public-url', publicUrl]),
      ...(providerName === null ? [] : ['--provider-name', providerName]),
      ...(contact === null ? [] : ['--contact', contact]),
    ],
    env: terminal.env,
    logFile: join(state, 'logs', 'control.log'),
    isReady: (message) => ControlReady.safeParse(message).success,
    say: (sentence) => terminal.err(`${sentence}\n`),
  });
}

function superviseEdge(settings: UpSettings, { execPath, entry }: UpSurroundings, terminal: Terminal): Supervised {
  const { state, address } = settings;
  return supervise({
    role: 'edge',
    execPath,
    args: [
      entry,
      'edge',
      ...['--control', controlUrl(settings)],
      ...['--token-file', join(state, 'control', 'local-edge.token')],
      ...['--state', state],
      ...['--name', 'local'],
      ...['--http', `${bracketed(address)}:${settings.httpPort}`],
      ...['--https', `${bracketed(address)}:${settings.httpsPort}`],
      ...['--metrics', `127.0.0.1:${settings.metricsPort}`],
    ],
    // The token comes by the file; one in the environment may be for another installation.
    env: { ...terminal.env, PORTCULLIS_EDGE_TOKEN: undefined },
    logFile: join(state, 'logs', 'edge.log'),
    isReady: (message) => EdgeReady.safeParse(message).success,
    say: (sentence) => terminal.err(`${sentence}\n`),
  });
}

async function started(child: Supervised, terminal: Terminal): Promise<unknown> {
  try {
    return await Promise.race([child.ready, untilInterrupted(terminal).then(() => null)]);
  } catch (cause) {
    throw new CommandFailure('failed', cause instanceof Error ? cause.message : String(cause), null, cause);
  }
}

/** The local edge holds the head of its group: what is added from now on is at visitors within milliseconds. */
async function edgeCurrent(client: Client, terminal: Terminal): Promise<void> {
  const until = performance.now() + edgeCurrentMs;
  while (!terminal.interrupted.aborted) {
    // A control plane that ended meanwhile is started again: that is no reason to give up.
    const items = await client.call(listEdges, {}).then(
      (answer) => answer.items,
      (error: unknown) => {
        if (error instanceof CommandFailure && error.exit === 'unreachable') return [];
        throw error;
      },
    );
    if (items.some((edge) => edge.state === 'current')) return;
    if (performance.now() > until) {
      throw new CommandFailure(
        'failed',
        'The edge runs, but it has not taken its policy from the control plane. Its log says why: logs/edge.log in the state folder.',
      );
    }
    await pause(50);
  }
}

type Protected = { readonly site: Site; readonly what: 'added' | 'changed' | 'unchanged' };

async function protectAndWait(client: Client, wanted: Protect, terminal: Terminal): Promise<Protected> {
  const { site, what } = await protect(client, wanted);
  const until = performance.now() + edgeCurrentMs;
  let now = site;
  while (
    now.ready &&
    now.propagation.applied < now.propagation.edges &&
    !terminal.interrupted.aborted &&
    performance.now() < until
  ) {
    await pause(20);
    now = await client.call(getSite, { params: { siteId: site.siteId } });
  }
  return { site: now, what };
}

type Shown = {
  readonly setupUrl: string | null;
  readonly asked: Protected | null;
  /** Whether something listens at the origin that was asked for. */
  readonly answers: boolean;
  readonly sites: number;
  readonly ordersInForce: number;
  readonly tookMs: number;
};

function banner(settings: UpSettings, { setupUrl, asked, answers, sites, ordersInForce, tookMs }: Shown): string {
  const { state, address, httpPort, httpsPort } = settings;
  const shown = settings.publicUrl ?? `http://localhost:${settings.controlPort}`;
  const edge = `http://${bracketed(reachable(address))}:${httpPort}`;
  const lines = [
    '',
    `Portcullis is running (ready after ${showMs(tookMs)}).`,
    '',
    `  console       ${shown}/console/`,
    `  public pages  ${shown}/`,
    `  edge          http on ${bracketed(address)}:${httpPort}, https on ${bracketed(address)}:${httpsPort}`,
    ...(settings.captchaPort === 0
      ? []
      : [`  captcha       http://127.0.0.1:${settings.captchaPort} (publish it as a site of yours)`]),
    `  state         ${state} (everything is in here; logs in ${join(state, 'logs')})`,
    `  sites         ${sites}, orders in force: ${ordersInForce}`,
    '',
  ];
  if (setupUrl !== null) lines.push('  Create the first account with this link; it works once:', `    ${setupUrl}`, '');
  if (asked !== null) {
    const { site, what } = asked;
    const host = site.hostnames[0] ?? '';
    const words = what === 'added' ? 'is added' : what === 'changed' ? 'is changed' : 'is protected as before';
    const visit = host === 'localhost' ? `http://localhost:${httpPort}/` : `curl -H 'Host: ${host}' ${edge}/`;
    lines.push(`  ${site.name} ${words} (mode ${site.mode}). What a visitor gets:`, `    ${visit}`, '');
    if (!site.ready)
      lines.push(`  It is not served yet: ${site.originFinding ?? site.ownership.finding ?? 'see the console'}`, '');
    else if (!answers) lines.push('  Nothing listens at its origin yet: until something does, visitors meet an error page.', '');
  } else if (sites === 0) {
    lines.push(
      '  Protect a site, in another terminal:',
      '    ./portcullis site add http://127.0.0.1:8000 --host forum.example --waive-ownership',
      '',
    );
  }
  lines.push('  Ctrl-C stops everything.', '');
  return lines.join('\n');
}

function wantedPorts(settings: UpSettings): { what: string; flag: string; address: string; port: number }[] {
  const { address } = settings;
  return [
    {
      what: 'console, API and public pages',
      flag: '--control-port',
      address: settings.controlAddress,
      port: settings.controlPort,
    },
    { what: 'the edge’s http', flag: '--http-port', address, port: settings.httpPort },
    { what: 'the edge’s https', flag: '--https-port', address, port: settings.httpsPort },
    ...(settings.captchaPort === 0
      ? []
      : [{ what: 'the captcha provider', flag: '--captcha-port', address: '127.0.0.1', port: settings.captchaPort }]),
    { what: 'the edge’s metrics', flag: '--metrics-port', address: '127.0.0.1', port: settings.metricsPort },
  ];
}

/** A HAProxy that an earlier, killed run of this state folder left serving: the edge takes it over. */
function isOwnProxy({ name, command }: PortOwner, state: string): boolean {
  return name === 'haproxy' && command.includes(`${state}/`);
}

function controlUrl({ controlAddress, controlPort }: UpSettings): string {
  return `http://${bracketed(reachable(controlAddress))}:${controlPort}`;
}

/** An address at which this machine reaches what listens on `address`. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function untilInterrupted({ interrupted }: Terminal): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
}

function somethingListens({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      timeout: 1000,
    });
    const answer = (listens: boolean) => () => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
