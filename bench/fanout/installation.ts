/**
 * One control plane, a thousand edges, three of them with HAProxy, and a network between that can be made bad.
 *
 * The control plane and the three are the product as an operator runs it (tests/harness/provider.ts); the others are swarm.ts. All reach the
 * control plane through relays (programs of their own), with network.ts before and behind each. They are enrolled by writing them into the database of a stopped control plane: a thousand tokens
 * would measure nothing that is asked here.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { EdgeId, Instant, idPrefix } from '../../contract/ids.ts';
import { createEnrolmentToken, listEdges } from '../../contract/routes/edges.ts';
import { createRelayToken, listRelays } from '../../contract/routes/relays.ts';
import { EnrolAnswer, PublicKey } from '../../contract/stream.ts';
import { emptyDigest } from '../../core/shield/digest.ts';
import { generateSigningKeyPair } from '../../kit/ed25519.ts';
import { randomId } from '../../kit/random-id.ts';
import { insertEdge } from '../../store/edges.ts';
import { openStore } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';
import { freePorts, until } from '../../tests/harness/ports.ts';
import { startProgram } from '../../tests/harness/program.ts';
import { startParts } from '../../tests/harness/provider.ts';
import type { Parts } from '../../tests/harness/provider.ts';
import type { NetworkJob, Weather } from './network.ts';
import { SwarmReport, swarmVersions } from './swarm.ts';
import type { SwarmJob } from './swarm.ts';

type Keep = <Thing extends { readonly stop: () => Promise<void> }>(thing: Thing) => Thing;

export type Swarm = {
  readonly count: number;
  readonly connected: () => number;
  /** The instants (milliseconds since 1970) at which each edge first held the revision, so far; null where it does not yet. */
  readonly heldAt: (revision: number) => readonly (number | null)[];
  readonly stop: () => Promise<void>;
};

export type Installation = {
  readonly parts: Parts;
  readonly swarm: Swarm;
  /** Ports at which visitors reach the edges with HAProxy. */
  readonly visitors: readonly number[];
  readonly weather: (weather: Weather) => void;
  /** Part of the edges whose stream comes through a relay now. */
  readonly throughRelays: () => Promise<number>;
};

export const realEdges = 3;
const processes = 3;

/** Starts everything, and resolves when all edges hold the head. */
export async function install(
  folder: string,
  keep: Keep,
  { count, relays }: { readonly count: number; readonly relays: number },
  say: (line: string) => void,
): Promise<Installation> {
  const parts = keep(await startParts({ state: path.join(folder, 'provider') }));
  const answer = EnrolAnswer.parse(JSON.parse(readFileSync(path.join(parts.folders.edge, 'identity.json'), 'utf8')));
  await parts.control().stop('SIGTERM');
  const edges = await enrolAll(parts.folders.control, answer.group, count);
  await parts.startControl();
  const controlPort = Number(new URL(parts.controlUrl).port);
  const backbone = keep(await startNetwork({ to: [controlPort], dense: true }));
  const doors = await startRelays(parts, folder, keep, { count: relays, controlPort: backbone.ports[0] ?? 0 });
  const network = keep(await startNetwork({ to: [...doors, controlPort], dense: false }));
  const urls = network.ports.map((port) => `http://127.0.0.1:${port}`);
  const [relayUrls, controlUrl = ''] = [urls.slice(0, -1), urls.at(-1)];
  const visitors: number[] = [];
  for (let number = 1; number <= realEdges; number += 1) {
    const { token } = await parts.operator.call(createEnrolmentToken);
    const [port = 0] = await freePorts(1);
    const edge = startProgram([
      'edge',
      ...['--control', controlUrl, '--token', token, '--name', `real-${number}`, '--relays', relayUrls.join(',')],
      ...['--state', path.join(folder, `edge-${number}`), '--http', `127.0.0.1:${port}`, '--https', 'off', '--metrics', 'off'],
    ]);
    keep({ stop: async () => void (await edge.stop('SIGTERM')) });
    visitors.push(port);
  }
  const swarm = keep(startSwarm({ controlUrl, relayUrls, group: answer.group, policyKey: answer.policyKey, edges }));
  say(`${count} edges are enrolled; waiting for their streams …`);
  await until('every edge has a stream', () => swarm.connected() === count, { timeoutMs: 180_000, everyMs: 100 });
  await until(
    'the edges with HAProxy are current',
    async () => {
      const { items } = await parts.operator.call(listEdges);
      return items.filter((edge) => edge.name.startsWith('real-') && edge.state === 'current').length === realEdges;
    },
    { timeoutMs: 120_000, everyMs: 200 },
  );
  return {
    ...{ parts, swarm, visitors },
    weather: (weather) => {
      backbone.weather(weather);
      network.weather(weather);
    },
    throughRelays: async () => {
      const { items } = await parts.operator.call(listRelays);
      return items.reduce((sum, relay) => sum + relay.edges, 0) / (count + realEdges);
    },
  };
}

/** Starts relays as an operator would, and resolves with their ports when all are linked. */
async function startRelays(
  parts: Parts,
  folder: string,
  keep: Keep,
  { count, controlPort }: { readonly count: number; readonly controlPort: number },
): Promise<readonly number[]> {
  const ports = await freePorts(count);
  for (const [index, port] of ports.entries()) {
    const { token } = await parts.operator.call(createRelayToken, { body: {} });
    const relay = startProgram([
      'relay',
      ...['--control', `http://127.0.0.1:${controlPort}`, '--token', token, '--name', `relay-${index + 1}`],
      ...['--state', path.join(folder, `relay-${index + 1}`), '--listen', `127.0.0.1:${port}`, '--metrics', 'off'],
    ]);
    keep({ stop: async () => void (await relay.stop('SIGTERM')) });
  }
  const linked = async () => (await parts.operator.call(listRelays)).items.every(({ state }) => state === 'linked');
  await until('the relays are linked', linked, { timeoutMs: 60_000 });
  return ports;
}

async function enrolAll(controlFolder: string, group: EnrolAnswer['group'], count: number): Promise<SwarmJob['edges']> {
  const store = await openStore({ kind: 'embedded', folder: controlFolder });
  const at = Instant.parse(new Date().toISOString());
  const made: SwarmJob['edges'] = [];
  try {
    await transact(store, async ({ tx }) => {
      for (let number = 1; number <= count; number += 1) {
        const { publicKey, privateKey } = generateSigningKeyPair();
        const edgeId = EdgeId.parse(randomId(idPrefix.edge));
        const enrolled = { edgeId, name: `swarm-${number}`, group, publicKey: PublicKey.parse(publicKey), at };
        await insertEdge(tx, { ...enrolled, versions: swarmVersions, digest: emptyDigest });
        made.push({ edgeId, privateKey });
      }
    });
  } finally {
    await store.close();
  }
  return made;
}

async function startNetwork(
  job: NetworkJob,
): Promise<{ ports: readonly number[]; weather: (weather: Weather) => void; stop: () => Promise<void> }> {
  const script = path.join(import.meta.dirname, 'network.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(job)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve(z.object({ ports: z.array(z.int()) }).parse(JSON.parse(line)).ports),
    );
    child.once('exit', (code) => reject(new Error(`the network ended (${code ?? 'killed'})`)));
  });
  return {
    ports,
    weather: (weather) => void child.stdin.write(`${JSON.stringify(weather)}\n`),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function startSwarm(job: SwarmJob): Swarm {
  const size = Math.ceil(job.edges.length / processes);
  const held = job.edges.map((): { readonly revision: number; readonly atMs: number }[] => []);
  const connected: number[] = [];
  const children = Array.from({ length: processes }, (_none, index) => {
    const edges = job.edges.slice(index * size, (index + 1) * size);
    const script = path.join(import.meta.dirname, 'swarm.ts');
    const child = spawn(process.execPath, [script, JSON.stringify({ ...job, edges } satisfies SwarmJob)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const report = SwarmReport.parse(JSON.parse(line));
      connected[index] = report.connected;
      for (const [place, revision, atMs] of report.applied) held[index * size + place]?.push({ revision, atMs });
    });
    return { child, ended: new Promise<void>((resolve) => child.once('exit', () => resolve())) };
  });
  return {
    count: job.edges.length,
    connected: () => connected.reduce((sum, one) => sum + one, 0),
    heldAt: (revision) => held.map((changes) => changes.find((change) => change.revision >= revision)?.atMs ?? null),
    stop: async () => {
      for (const { child, ended } of children) {
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
}
