/**
 * Many edges in one process: each the production's stream client, signature check and policy state, with neither disk nor HAProxy behind it.
 *
 * `node swarm.ts '<JSON of SwarmJob>'`. It prints a line of JSON per report: how many have a stream, and which edge holds which revision
 * since when. Like an agent an edge acknowledges, asks for everything after a gap, and tells counts every two seconds.
 * What it cannot show: the disk and HAProxy, which the real edges beside it have. The signature and the schema of a frame are checked once
 * per process and not once per edge: it is 0.4 ms (measured) of each machine's own, at the same time on all of them; a thousand times on
 * the two processors that are here it would be the largest part of what is measured, and is no part of a fan-out.
 */
import { pino } from 'pino';
import { z } from 'zod';
import { EdgeId, GroupName, Instant } from '../../contract/ids.ts';
import { PublicKey } from '../../contract/stream.ts';
import type { FramePayload, SignedFrame } from '../../contract/stream.ts';
import { FrameRefused, PolicyState } from '../../edge/stream/policy-state.ts';
import { readFrame, SnapshotParts } from '../../edge/stream/frames.ts';
import { StreamClient } from '../../edge/stream/client.ts';
import { textSigner, textVerifier } from '../../kit/ed25519.ts';
import { wallMs } from '../propagation/poller.ts';

export const SwarmJob = z.strictObject({
  controlUrl: z.url(),
  relayUrls: z.array(z.url()),
  group: GroupName,
  policyKey: PublicKey,
  edges: z.array(z.strictObject({ edgeId: EdgeId, privateKey: z.string() })).max(10_000),
});
export type SwarmJob = z.infer<typeof SwarmJob>;

/** One line of what a swarm prints. `applied`: the edge's place in the job, the revision that it holds, and since when (milliseconds since 1970). */
export const SwarmReport = z.strictObject({
  connected: z.int(),
  applied: z.array(z.tuple([z.int(), z.int(), z.number()])),
});
export type SwarmReport = z.infer<typeof SwarmReport>;

export const swarmVersions = { agent: 'bench', haproxy: 'none' };
const telemetryMs = 2000;
const reportMs = 20;
/** A thousand edges do not start in the same millisecond. */
const startSpreadMs = 5;

function main(): void {
  const { controlUrl, relayUrls, group, policyKey, edges } = SwarmJob.parse(JSON.parse(process.argv[2] ?? ''));
  const verify = textVerifier(policyKey);
  const log = pino({ level: 'silent' });
  let applied: SwarmReport['applied'] = [];
  let last: { readonly frame: SignedFrame; readonly payload: FramePayload } | null = null;
  const read = (frame: SignedFrame): FramePayload => {
    const known = last !== null && last.frame.payload === frame.payload && last.frame.signature === frame.signature;
    if (last === null || !known) last = { frame, payload: readFrame(frame, verify, group) };
    return last.payload;
  };

  const clients = edges.map(({ edgeId, privateKey }, index) => {
    let policy = PolicyState.empty();
    const snapshot = new SnapshotParts();
    const hold = (): void => {
      applied.push([index, policy.revision, wallMs()]);
      const appliedAt = Instant.parse(new Date().toISOString());
      client.send({ kind: 'ack', revision: policy.revision, digest: policy.digest, appliedAt, applyMs: 0 });
    };
    const client: StreamClient = new StreamClient({
      controlUrl,
      relays: { urls: relayUrls, verify },
      edgeId,
      sign: textSigner(privateKey),
      versions: swarmVersions,
      held: () => ({ revision: policy.revision, digest: policy.digest }),
      chance: Math.random,
      log,
      onSubscribed: () => undefined,
      onFrame: (frame) => {
        try {
          const payload = read(frame);
          if (payload.kind === 'delta') {
            policy.apply(payload);
            hold();
            return;
          }
          const whole = snapshot.add(payload, policy.revision);
          if (whole === null) return;
          policy = whole;
          hold();
        } catch (error) {
          if (!(error instanceof FrameRefused)) throw error;
          client.send({ kind: 'resync', reason: error.message });
        }
      },
      onHead: (head) => {
        if (head.revision > policy.revision) client.send({ kind: 'resync', reason: 'behind' });
      },
      onReceiptKept: () => undefined,
      onCertificateKey: () => undefined,
      onAsk: () => undefined,
      onOverLimit: () => undefined,
      onInsightWanted: () => undefined,
    });
    setTimeout(() => client.start(), index * startSpreadMs);
    const health = { haproxy: 'up', driftRepairs: 0, sites: 1, connections: 0, requestsPerSecond: 0 } as const;
    const tell = (): void => {
      const from = Instant.parse(new Date(Date.now() - telemetryMs).toISOString());
      client.send({ kind: 'telemetry', from, seconds: telemetryMs / 1000, sites: [], health });
    };
    setTimeout(() => setInterval(tell, telemetryMs), Math.random() * telemetryMs);
    return client;
  });

  let connected = -1;
  setInterval(() => {
    const now = clients.filter((client) => client.isConnected).length;
    if (now === connected && applied.length === 0) return;
    connected = now;
    process.stdout.write(`${JSON.stringify({ connected, applied } satisfies SwarmReport)}\n`);
    applied = [];
  }, reportMs);
  // Ends with whoever started it.
  process.stdin.resume().on('close', () => process.exit(0));
}

if (process.argv[1] === import.meta.filename) main();
