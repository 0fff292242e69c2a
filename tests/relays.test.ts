/**
 * Relays between a control plane and edges: what goes through, what a relay that lies can do, and what happens when one goes away.
 *
 * The control plane, the relay's office and door, and the edges' stream client are the product's; the edges have no HAProxy. With whole
 * programs: tests/relay-programs.test.ts.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { EdgeId, Instant, RelayId, Revision } from '../contract/ids.ts';
import type { GroupName } from '../contract/ids.ts';
import * as wire from '../contract/relay.ts';
import { createEnrolmentToken, enrolEdge, listEdges, revokeEdge } from '../contract/routes/edges.ts';
import { listAlarms } from '../contract/routes/house.ts';
import { createRelayToken, enrolRelay, listRelays, revokeRelay } from '../contract/routes/relays.ts';
import { addSite, changeSite } from '../contract/routes/sites.ts';
import type { Site } from '../contract/routes/sites.ts';
import { PublicKey, streamPath } from '../contract/stream.ts';
import type { FromControl } from '../contract/stream.ts';
import { createRelayMetrics } from '../edge/relay/metrics.ts';
import { openDoor } from '../edge/relay/door.ts';
import type { Door } from '../edge/relay/door.ts';
import { Office } from '../edge/relay/office.ts';
import { StreamClient } from '../edge/stream/client.ts';
import { readFrame, SnapshotParts } from '../edge/stream/frames.ts';
import { FrameRefused, PolicyState } from '../edge/stream/policy-state.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../kit/ed25519.ts';
import { refusalOf } from './harness/api.ts';
import { startControlHouse } from './harness/control-house.ts';
import type { ControlHouse } from './harness/control-house.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { embeddedAddress } from './harness/stores.ts';

const log = pino({ level: 'silent' });
const version = '0.0.0-test';
const folder = temporaryFolder('relays');
let house: ControlHouse;
let ending: (() => Promise<void> | void)[] = [];
let names = 0;

beforeAll(async () => {
  house = await startControlHouse(await embeddedAddress(folder));
});
afterEach(async () => {
  for (const end of ending.toReversed()) await end();
  ending = [];
});
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

type Running = {
  readonly relayId: RelayId;
  readonly url: string;
  readonly office: Office;
  readonly door: Door;
  stop: () => Promise<void>;
};

/** A relay that is enrolled and linked. */
async function relay(controlUrl = house.url()): Promise<Running> {
  const { publicKey, privateKey } = generateSigningKeyPair();
  const { token } = await house.operator().call(createRelayToken, { body: {} });
  const body = { token, publicKey: PublicKey.parse(publicKey), name: `relay ${(names += 1)}`, version };
  const { relayId } = await house.stranger().call(enrolRelay, { body });
  const { counts } = createRelayMetrics();
  const office = new Office({ controlUrl, relayId, sign: textSigner(privateKey), version, chance: () => 0, log, counts });
  const door = await openDoor({ address: '127.0.0.1', port: 0 }, office);
  office.start();
  await until('the relay is linked', () => office.isOpen);
  const stop = async () => {
    office.stop();
    await door.close();
  };
  ending.push(stop);
  return { relayId, url: `http://127.0.0.1:${door.port}`, office, door, stop };
}

type Light = {
  readonly edgeId: EdgeId;
  readonly client: StreamClient;
  readonly policy: () => PolicyState;
  /** Kinds of frames that came. */
  readonly frames: string[];
  readonly holds: (revision: number | null) => Promise<unknown>;
  readonly lines: string[];
  readonly certificateKeys: string[];
};

/** An edge without HAProxy that takes its policy from relays first. */
async function edge(relays: readonly string[], controlUrl = house.url()): Promise<Light> {
  const { publicKey, privateKey } = generateSigningKeyPair();
  const { token } = await house.operator().call(createEnrolmentToken, { body: {} });
  const versions = { agent: version, haproxy: 'none' };
  const body = { token, publicKey: PublicKey.parse(publicKey), name: `light ${(names += 1)}`, versions };
  const { edgeId, group, policyKey } = await house.stranger().call(enrolEdge, { body });
  return light({ edgeId, group, privateKey, policyKey, relays, controlUrl });
}

function light(parts: {
  readonly edgeId: EdgeId;
  readonly group: GroupName;
  readonly privateKey: string;
  readonly policyKey: string;
  readonly relays: readonly string[];
  readonly controlUrl: string;
}): Light {
  const { edgeId, group, privateKey, policyKey, relays, controlUrl } = parts;
  const verify = textVerifier(policyKey);
  const snapshot = new SnapshotParts();
  const frames: string[] = [];
  const lines: string[] = [];
  const certificateKeys: string[] = [];
  let policy = PolicyState.empty();
  const client = new StreamClient({
    controlUrl,
    relays: { urls: relays, verify },
    edgeId,
    sign: textSigner(privateKey),
    versions: { agent: version, haproxy: 'none' },
    held: () => ({ revision: policy.revision, digest: policy.digest }),
    chance: () => 0,
    log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    onSubscribed: () => undefined,
    onFrame: (frame) => {
      try {
        const payload = readFrame(frame, verify, group);
        frames.push(payload.kind);
        if (payload.kind === 'delta') policy.apply(payload);
        else policy = snapshot.add(payload, policy.revision) ?? policy;
        const appliedAt = Instant.parse(new Date().toISOString());
        client.send({ kind: 'ack', revision: policy.revision, digest: policy.digest, appliedAt, applyMs: 0 });
      } catch (error) {
        if (!(error instanceof FrameRefused)) throw error;
        client.send({ kind: 'resync', reason: error.message });
      }
    },
    onHead: () => undefined,
    onReceiptKept: () => undefined,
    onCertificateKey: (key) => void certificateKeys.push(key),
    onAsk: () => undefined,
    onOverLimit: () => undefined,
    onInsightWanted: () => undefined,
  });
  ending.push(() => client.stop());
  client.start();
  const holds = (revision: number | null) => until(`the edge holds ${revision ?? 0}`, () => policy.revision >= (revision ?? 0));
  return { edgeId, client, policy: () => policy, frames, holds, lines, certificateKeys };
}

const site = async (): Promise<Site> =>
  house.operator().call(addSite, {
    body: { hostnames: [`r${(names += 1)}.example`], origin: 'http://127.0.0.1:8000', waiveOwnership: true },
  });
const change = async ({ siteId }: Site, mode: 'attack' | 'off') =>
  (await house.operator().call(changeSite, { params: { siteId }, body: { mode } })).propagation.revision;
const seen = async (edgeId: EdgeId) => (await house.operator().call(listEdges)).items.find((one) => one.edgeId === edgeId);
const relaySeen = async (relayId: RelayId) =>
  (await house.operator().call(listRelays)).items.find((one) => one.relayId === relayId);

/** Something that stands where a relay stands and does with each message what it likes. */
async function liar(
  to: string,
  spoil: (bytes: Buffer, count: number) => readonly Buffer[],
): Promise<{ readonly url: string; readonly taken: () => number }> {
  const server: Server = createServer((_request, response) => void response.end('{"linked":true}'));
  const sockets = new WebSocketServer({ server });
  let taken = 0;
  sockets.on('connection', (down) => {
    taken += 1;
    let count = 0;
    const up = new WebSocket(`${to.replace('http', 'ws')}${wire.relayedPath}`);
    const early: Buffer[] = [];
    up.on('open', () => {
      for (const bytes of early) up.send(bytes);
    });
    down.on('message', (bytes: Buffer) => {
      if (up.readyState === WebSocket.OPEN) up.send(bytes);
      else early.push(bytes);
    });
    up.on('message', (bytes: Buffer) => {
      for (const one of spoil(bytes, (count += 1))) down.send(one);
    });
    for (const [one, other] of [
      [up, down],
      [down, up],
    ] as const) {
      one.on('close', () => other.terminate());
      one.on('error', () => other.terminate());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  ending.push(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${address.port}`, taken: () => taken };
}

describe('edges behind a relay', () => {
  it('get what edges that are connected straight get: policy, keys, changes; and are seen at their relay', async () => {
    const through = await relay();
    const edges = await Promise.all([edge([through.url]), edge([through.url]), edge([])]);
    const one = await site();
    for (const { holds } of edges) await holds(one.propagation.revision);
    const revision = await change(one, 'attack');
    for (const { holds } of edges) await holds(revision);
    expect(new Set(edges.map(({ policy }) => policy().digest)).size).toBe(1);
    expect(new Set(edges.flatMap(({ certificateKeys }) => certificateKeys)).size).toBe(1);
    expect(edges.map(({ frames }) => frames.at(-1))).toEqual(['delta', 'delta', 'delta']);
    await until('the control plane has seen it', async () => (await relaySeen(through.relayId))?.edges === 2);
    const views = await Promise.all(edges.map(({ edgeId }) => seen(edgeId)));
    expect(views.map((view) => view?.relayId ?? null)).toEqual([through.relayId, through.relayId, null]);
    expect((await relaySeen(through.relayId))?.state).toBe('linked');
    await until('all are current', async () => {
      const now = await Promise.all(edges.map(({ edgeId }) => seen(edgeId)));
      return now.every((view) => view?.state === 'current' && view.applyP50Ms !== null);
    });
  });

  it('are sent away one by one when they are revoked, and their relay goes on', async () => {
    const through = await relay();
    const [bad, good] = await Promise.all([edge([through.url]), edge([through.url])]);
    const one = await site();
    await Promise.all([bad.holds(one.propagation.revision), good.holds(one.propagation.revision)]);
    await house.operator().call(revokeEdge, { params: { edgeId: bad.edgeId } });
    await until('it is gone', () => !bad.client.isConnected && bad.lines.some((line) => line.includes('revoked')));
    const revision = await change(one, 'attack');
    await good.holds(revision);
    expect(bad.policy().revision).toBeLessThan(revision ?? 0);
  });

  it('are current again at once when the relay dies: by the next one, or straight', async () => {
    const [first, second] = await Promise.all([relay(), relay()]);
    const one = await site();
    const two = await edge([first.url, second.url]);
    await two.holds(one.propagation.revision);
    const by = async () => (await seen(two.edgeId))?.relayId ?? null;
    const at = await until('it is somewhere', by);
    const [its, other] = at === first.relayId ? [first, second] : [second, first];
    await its.stop();
    await two.holds(await change(one, 'attack'));
    await until('it is at the other', async () => (await by()) === other.relayId);
    await other.stop();
    await two.holds(await change(one, 'off'));
    await until('it is connected straight', async () => (await seen(two.edgeId))?.state === 'current' && (await by()) === null);
  });

  it('take another way when their relay is revoked, and it is not linked again', async () => {
    const through = await relay();
    const one = await site();
    const light = await edge([through.url]);
    await light.holds(one.propagation.revision);
    await house.operator().call(revokeRelay, { params: { relayId: through.relayId } });
    await until('the relay takes nobody in', () => !through.office.isOpen);
    await light.holds(await change(one, 'attack'));
    expect((await relaySeen(through.relayId))?.state).toBe('revoked');
    expect(await refusalOf(house.operator().call(revokeRelay, { params: { relayId: through.relayId } }))).toBe('not-found');
  });
});

describe('a relay that lies', () => {
  const alter = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]);
  const told = async (url: string, did: string) =>
    until('an alarm says it', async () => {
      const { items } = await house.operator().call(listAlarms, { query: { limit: 200 } });
      return items.some(({ sentence }) => sentence.includes(url) && sentence.includes(did));
    });

  it.each([
    ['alters a frame', (bytes: Buffer) => [bytes[0] === wire.channelMark.frame ? alter(bytes) : bytes]],
    ['alters what is said to one edge', (bytes: Buffer, count: number) => [count === 3 ? alter(bytes) : bytes]],
    ['says things twice', (bytes: Buffer, count: number) => (count === 3 ? [bytes, bytes] : [bytes])],
    ['leaves a word out', (bytes: Buffer, count: number) => (count === 3 ? [] : [bytes])],
    [
      'greets with a key of its own',
      (bytes: Buffer, count: number) => {
        if (count > 1) return [bytes];
        const { publicKey } = generateSigningKeyPair();
        const { signature } = wire.ChannelHello.parse(JSON.parse(bytes.subarray(1).toString('utf8')));
        const hello = JSON.stringify({ protocol: wire.relayProtocol, key: publicKey, signature });
        return [Buffer.concat([bytes.subarray(0, 1), Buffer.from(hello)])];
      },
    ],
  ])('and %s is refused, told of and left', async (_what, spoil) => {
    const through = await relay();
    const between = await liar(through.url, spoil);
    const one = await site();
    const light = await edge([between.url]);
    await light.holds(one.propagation.revision);
    await told(between.url, 'passed on what the control plane did not say');
    expect((await seen(light.edgeId))?.relayId).toBeUndefined();
    expect(between.taken()).toBe(1);
  });

  it('reads nothing: neither names of sites, nor keys, nor who the edge is', async () => {
    const through = await relay();
    const heard: Buffer[] = [];
    const between = await liar(through.url, (bytes) => {
      heard.push(bytes);
      return [bytes];
    });
    const one = await site();
    const light = await edge([between.url]);
    await light.holds(one.propagation.revision);
    await until('the key has come', () => light.certificateKeys.length > 0);
    const all = Buffer.concat(heard).toString('latin1');
    expect(heard.some((bytes) => bytes[0] === wire.channelMark.frame)).toBe(true);
    for (const secret of [one.siteId, one.hostnames[0] ?? '', light.edgeId, light.certificateKeys[0] ?? '', 'clearance'])
      expect(all).not.toContain(secret);
  });
});

describe('a link', () => {
  const proof = async (over: { readonly keys?: ReturnType<typeof generateSigningKeyPair>; readonly relayId?: RelayId } = {}) => {
    const { relayId } = await relay();
    const socket = new WebSocket(`${house.url().replace('http', 'ws')}${wire.relayLinkPath}`);
    ending.push(() => socket.terminate());
    const said: wire.LinkFromControl[] = [];
    socket.on('message', (bytes: Buffer) => {
      const message = wire.LinkFromControl.parse(JSON.parse(bytes.toString('utf8')));
      said.push(message);
      if (message.kind !== 'link-hello') return;
      const { privateKey } = over.keys ?? generateSigningKeyPair();
      const id = over.relayId ?? relayId;
      const signature = textSigner(privateKey)(wire.linkText(id, message.nonce));
      socket.send(JSON.stringify({ kind: 'link-proof', protocol: wire.relayProtocol, relayId: id, signature, version }));
    });
    return until('it is answered', () => said.find(({ kind }) => kind !== 'link-hello'));
  };

  it('is refused to whoever has not the key of a relay that is enrolled', async () => {
    expect(await proof()).toMatchObject({ kind: 'link-bye', reason: 'bad-signature' });
    expect(await proof({ relayId: RelayId.parse('relay_000000000000') })).toMatchObject({ reason: 'not-enrolled' });
  });

  it('and a token of an edge enrols no relay, a token of a relay no edge, and each enrols once', async () => {
    const key = () => PublicKey.parse(generateSigningKeyPair().publicKey);
    const versions = { agent: version, haproxy: 'none' };
    const ofEdge = await house.operator().call(createEnrolmentToken, { body: {} });
    const ofRelay = await house.operator().call(createRelayToken, { body: {} });
    const asRelay = (token: string, publicKey = key()) =>
      house.stranger().call(enrolRelay, { body: { token, publicKey, name: 'r', version } });
    expect(await refusalOf(asRelay(ofEdge.token))).toBe('token-refused');
    const asEdge = { token: ofRelay.token, publicKey: key(), name: 'e', versions };
    expect(await refusalOf(house.stranger().call(enrolEdge, { body: asEdge }))).toBe('token-refused');
    const own = key();
    const first = await asRelay(ofRelay.token, own);
    expect(await asRelay(ofRelay.token, own)).toEqual(first);
    expect(await refusalOf(asRelay(ofRelay.token))).toBe('token-refused');
  });
});

it('a control plane that knows no relays is reached straight by edges that are told of one', async () => {
  // It answers 404 where links are opened; everything else is as it was.
  const streams = new WebSocketServer({ noServer: true });
  const server = createServer((_request, response) => void response.writeHead(404).end());
  let asked = 0;
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== streamPath) {
      asked += 1;
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    streams.handleUpgrade(request, socket, head, (down) => {
      const say = (message: FromControl) => down.send(JSON.stringify(message));
      const at = Instant.parse(new Date().toISOString());
      down.on('message', () => say({ kind: 'head', revision: Revision.parse(0), digest: '0'.repeat(64), at }));
      say({ kind: 'hello', protocol: 1, nonce: Buffer.alloc(32).toString('base64'), at });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    for (const client of streams.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const older = `http://127.0.0.1:${address.port}`;
  const { counts } = createRelayMetrics();
  const { publicKey, privateKey } = generateSigningKeyPair();
  const relayId = RelayId.parse('relay_000000000000');
  const office = new Office({ controlUrl: older, relayId, sign: textSigner(privateKey), version, chance: () => 0, log, counts });
  const door = await openDoor({ address: '127.0.0.1', port: 0 }, office);
  ending.push(async () => {
    office.stop();
    await door.close();
  });
  office.start();
  await until('the relay has tried', () => asked > 0);
  expect(office.isOpen).toBe(false);
  const group = (await house.operator().call(listEdges)).items[0]?.group;
  if (group === undefined) throw new Error('there are edges by now');
  const edgeId = EdgeId.parse('edge_000000000000');
  const url = `http://127.0.0.1:${door.port}`;
  const { client } = light({ edgeId, group, privateKey, policyKey: publicKey, relays: [url], controlUrl: older });
  await until('it has a stream', () => client.isConnected && client.send({ kind: 'resync', reason: 'a test' }));
});
