/**
 * What an agent does with policy: takes what is signed, follows and fits; refuses the rest and keeps the last good state in force.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdirSync, readFileSync, truncateSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { GroupName, Revision } from '../contract/ids.ts';
import { itemKey } from '../contract/policy.ts';
import { canonicalJson } from '../contract/canonical.ts';
import { openGrowingFile } from '../edge/stream/disk-copy.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../kit/ed25519.ts';
import { refusingSocket, startTestEdge } from './harness/agent.ts';
import type { TestEdge } from './harness/agent.ts';
import { TestControl, testEdgeId } from './harness/control-plane.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { clearanceKey, order, provider, site } from './harness/haproxy.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { processesNaming } from './harness/program.ts';

let control: TestControl;
let echo: Echo;
let state = '';
let edge: TestEdge | null = null;

beforeEach(async () => {
  state = temporaryFolder('agent');
  control = new TestControl();
  echo = await startEcho();
  await control.start();
  control.commit([provider, clearanceKey(1), site(1, ['forum.example'], echo.port)]);
});
afterEach(async () => {
  await edge?.stop();
  edge = null;
  await control.stop();
  await echo.stop();
  for (const { pid } of await processesNaming(state)) process.kill(pid, 'SIGKILL');
  removeFolder(state);
});

const acked = (revision: number) =>
  until(`revision ${revision} is acknowledged`, () => control.of('ack').some((ack) => ack.revision === revision));
const nacked = (reason: string) =>
  until(`a frame is refused: ${reason}`, () => control.of('nack').find((nack) => nack.reason === reason));
const forum = () => site(1, ['forum.example'], echo.port);

/** A websocket through the edge; resolves when the origin has agreed. */
function openTunnel(port: number, host: string): Promise<{ closed: () => boolean; end: () => void }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let closed = false;
    socket.on('error', () => undefined);
    socket.once('close', () => {
      closed = true;
      reject(new Error('the tunnel was refused'));
    });
    socket.once('data', (head: Buffer) => {
      if (head.toString('latin1').startsWith('HTTP/1.1 101 ')) resolve({ closed: () => closed, end: () => socket.destroy() });
      else socket.destroy();
    });
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
  });
}

async function started(): Promise<TestEdge> {
  edge = await startTestEdge(control, state);
  await acked(control.revision);
  return edge;
}

describe('an agent', () => {
  it('serves a site that is added, and one more that is changed, without a reload', async () => {
    const { agent, status } = await started();
    expect(await status('forum.example')).toBe(200);
    const worker = agent().workerPid;
    await acked(control.change([site(2, ['new.example', '*.new.example'], echo.port)]));
    expect([await status('new.example'), await status('a.new.example'), await status('other.example')]).toEqual([200, 200, 421]);
    await acked(control.change([site(2, ['newer.example'], echo.port)]));
    expect([await status('new.example'), await status('newer.example')]).toEqual([421, 200]);
    await acked(control.change([], [itemKey(site(2, ['newer.example'], 1))]));
    expect([await status('newer.example'), await status('forum.example')]).toEqual([421, 200]);
    expect(agent().workerPid).toBe(worker);
    expect(agent().digest).toBe(control.digest);
  });

  it('acknowledges only what is on disk', async () => {
    const { state: folder } = await started();
    await acked(control.change([site(2, ['kept.example'], echo.port)]));
    const journals = readdirSync(join(folder, 'policy')).filter((name) => name.startsWith('journal-'));
    expect(journals.some((name) => readFileSync(join(folder, 'policy', name), 'utf8').includes('kept.example'))).toBe(true);
    expect(statSync(join(folder, 'edge.key')).mode & 0o777).toBe(0o600);
  });

  it('ends the websockets that an order finds open, before it signs that the order is enforced; those of other origins stay', async () => {
    const other = await startEcho();
    try {
      const { port } = await started();
      await acked(control.change([site(2, ['other.example'], other.port)]));
      const forums = await openTunnel(port, 'forum.example');
      const others = await openTunnel(port, 'other.example');
      control.change([order(1, forum())]);
      await until('the receipt comes', () => control.receipts.find(({ body }) => body.state === 'enforced'));
      await until('the tunnel ends', () => forums.closed());
      expect(others.closed()).toBe(false);
      others.end();
    } finally {
      await other.stop();
    }
  });

  it('enforces an order, signs a receipt after asking its own listener, and signs again when it is lifted', async () => {
    const { status } = await started();
    const notice = order(1, forum());
    const revision = control.change([notice]);
    const receipt = await until('the receipt comes', () => control.receipts.find(({ body }) => body.state === 'enforced'));
    expect(await status('forum.example')).toBe(403);
    expect(receipt.body).toMatchObject({
      edgeId: testEdgeId,
      orderId: notice.orderId,
      revision,
      digest: control.digest,
      probe: { url: 'http://forum.example/', status: 403, action: 'notice', decision: notice.decision },
      detail: null,
    });
    expect(textVerifier(control.edgeKey)(canonicalJson(receipt.body), receipt.signature)).toBe(true);
    control.change([], [itemKey(notice)]);
    const lifted = await until('the second receipt comes', () => control.receipts.find(({ body }) => body.state === 'lifted'));
    expect([await status('forum.example'), lifted.body.probe.status, lifted.body.orderId]).toEqual([200, 200, notice.orderId]);
  });

  it('signs for a path, a challenge and a rate limit, and says what a probe cannot show', async () => {
    await started();
    control.change([
      order(1, forum(), { measure: 'notice-on-path', scope: { siteId: forum().siteId, hostnames: [], path: '/threads/7' } }),
      order(2, forum(), { measure: 'rate-limit', requestsPer10s: 5 }),
    ]);
    await until('two receipts come', () => control.receipts.length === 2);
    control.change([order(3, forum(), { measure: 'challenge' })]);
    await until('three receipts come', () => control.receipts.length === 3);
    const byOrder = control.receipts.map(({ body }) => body).sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
    expect(byOrder.map((body) => [body.state, body.probe.action])).toEqual([
      ['enforced', 'notice'],
      ['enforced', null],
      ['enforced', 'challenge'],
    ]);
    expect(byOrder[0]?.probe.url).toBe('http://forum.example/threads/7');
    expect(byOrder[1]?.detail).toContain('not the limit');
  });

  it('sends a receipt again after a reconnect until the control plane has kept it', async () => {
    control.keepsReceipts = false;
    await started();
    control.change([order(1, forum())]);
    const first = await until('the receipt comes', () => control.receipts[0]);
    await control.stop();
    await control.start();
    await until('it comes again', () => control.receipts[1]);
    expect(control.receipts[1]).toEqual(first);
    control.keepsReceipts = true;
    await control.stop();
    await control.start();
    await until('it comes once more', () => control.receipts[2]);
    await control.stop();
    await control.start();
    await until('the edge subscribes again', () => control.isSubscribed);
    control.change([site(2, ['later.example'], echo.port)]);
    await acked(control.revision);
    expect(control.receipts.length).toBe(3);
  });

  it('refuses a frame with a bad signature and keeps the last good state in force', async () => {
    const { status, agent } = await started();
    const forged = { ...control.commit([order(1, forum())]) };
    control.frame(forged, textSigner(generateSigningKeyPair().privateKey));
    await nacked('bad-signature');
    expect([await status('forum.example'), agent().revision]).toEqual([200, forged.from]);
    control.frame(forged);
    await acked(forged.to);
    expect(await status('forum.example')).toBe(403);
  });

  it('refuses an older revision, signed as it may be', async () => {
    const { status } = await started();
    const placed = control.commit([order(1, forum())]);
    control.frame(placed);
    await acked(placed.to);
    control.frame({ ...placed, upserts: [], removals: [itemKey(order(1, forum()))] });
    await nacked('older-revision');
    const snapshot = control.snapshot();
    if (snapshot.kind === 'snapshot') control.frame({ ...snapshot, revision: Revision.parse(1), items: [] });
    await until('both are refused', () => control.of('nack').filter(({ reason }) => reason === 'older-revision').length === 2);
    expect(await status('forum.example')).toBe(403);
  });

  it('asks for everything after a gap, and is current again', async () => {
    const { status } = await started();
    control.commit([order(1, forum())]);
    control.frame(control.commit([site(2, ['second.example'], echo.port)]));
    await nacked('gap');
    await until('a resync is asked for', () => control.of('resync').length > 0);
    await acked(control.revision);
    expect([await status('forum.example'), await status('second.example')]).toEqual([403, 200]);
  });

  it('refuses a delta that does not lead to its digest, a frame of another group and one that is not policy', async () => {
    const { status, agent } = await started();
    const good = control.commit([site(2, ['second.example'], echo.port)]);
    control.frame({ ...good, digest: 'f'.repeat(64) });
    await nacked('digest-mismatch');
    control.frame({ ...good, group: GroupName.parse('elsewhere') });
    await nacked('wrong-group');
    control.text(JSON.stringify({ ...good, upserts: [{ ...forum(), mode: 'of' }] }));
    await nacked('bad-policy');
    expect([await status('forum.example'), agent().haproxy === 'down']).toEqual([200, false]);
  });

  it('takes back what HAProxy refuses, keeps the last good state in force, and takes the next good policy', async () => {
    mkdirSync(join(state, 'edge', 'haproxy'), { recursive: true });
    const refusing = await refusingSocket(join(state, 'edge', 'haproxy'), 'refuse-me');
    edge = await startTestEdge(control, state, {
      plan: (plan, asked) => (asked === 'by-agent' ? { ...plan, paths: { ...plan.paths, adminSocket: refusing.path } } : plan),
    });
    await acked(1);
    const { status, state: folder } = edge;
    control.change([order(1, forum()), site(2, ['refuse-me.example'], echo.port)]);
    const nack = await nacked('refused-by-haproxy');
    expect(nack.detail).toContain('hosts');
    expect([await status('forum.example'), await status('refuse-me.example')]).toEqual([200, 421]);
    const journals = readdirSync(join(folder, 'policy')).map((name) => readFileSync(join(folder, 'policy', name), 'utf8'));
    expect(journals.some((text) => text.includes('refuse-me'))).toBe(false);
    control.change([site(2, ['fine.example'], echo.port)]);
    await acked(control.revision);
    expect([await status('forum.example'), await status('fine.example')]).toEqual([403, 200]);
    await edge.stop();
    edge = null;
    await refusing.close();
  });

  it('answers a full disk with a NACK, keeps the old state in force, and catches up when there is room', async () => {
    let full = false;
    edge = await startTestEdge(control, state, {
      parts: {
        openGrowing: async (path) => {
          const file = await openGrowingFile(path);
          const refuse = () => Promise.reject(new Error('ENOSPC: no space left on device'));
          return { ...file, write: (text) => (full ? refuse() : file.write(text)) };
        },
      },
    });
    await acked(1);
    full = true;
    control.change([order(1, forum())]);
    const nack = await nacked('disk');
    expect(nack.detail).toContain('no space left');
    expect(await edge.status('forum.example')).toBe(200);
    control.head();
    await until('a snapshot is refused too', () => control.of('nack').filter(({ reason }) => reason === 'disk').length >= 2);
    expect(await edge.status('forum.example')).toBe(200);
    full = false;
    await until('the edge is current', () => {
      control.head();
      return control.of('ack').some(({ revision }) => revision === 2);
    });
    expect(await edge.status('forum.example')).toBe(403);
  });

  it('uses the last whole state of a truncated disk copy and is brought up to date', async () => {
    const one = await started();
    control.change([order(1, forum())]);
    await acked(2);
    await until('it is delivered', () => control.receipts.length === 1);
    await one.stop();
    const policy = join(one.state, 'policy');
    const journal =
      readdirSync(policy)
        .filter((name) => name.startsWith('journal-'))
        .sort()
        .at(-1) ?? '';
    truncateSync(join(policy, journal), statSync(join(policy, journal)).size - 10);
    control.said.length = 0;
    await one.start();
    await acked(2);
    expect(control.of('subscribe')[0]?.revision).toBe(1);
    expect(one.log()).toContain('The disk copy was mended');
    expect(await one.status('forum.example')).toBe(403);
  });

  it('finds entries that were changed behind its back, and repairs them', async () => {
    const { agent, status, state: folder } = await started();
    await acked(control.change([order(1, forum())]));
    const { askOnce } = await import('../edge/haproxy/runtime-socket.ts');
    const socket = join(folder, 'haproxy', 'admin.sock');
    await askOnce(socket, `clear map ${join(folder, 'haproxy', 'maps', 'states.map')}`);
    await askOnce(socket, `add map ${join(folder, 'haproxy', 'maps', 'hosts.map')} stray.example x`);
    expect(await status('forum.example')).toBe(200);
    expect([...(await agent().repairDrift())].sort()).toEqual(['hosts', 'states']);
    expect([await status('forum.example'), await status('stray.example')]).toEqual([403, 421]);
    expect(await agent().repairDrift()).toEqual([]);
  });

  it('takes a policy of several thousand sites and changes one of them at once', async () => {
    const { status, agent } = await started();
    const many = Array.from({ length: 3000 }, (_, index) => site(index + 10, [`s${index}.example`], echo.port));
    control.commit(many.slice(0, 1500));
    control.commit(many.slice(1500));
    control.forgetDeltas();
    await control.stop();
    await control.start();
    await acked(control.revision);
    expect([await status('s0.example'), await status('s2999.example')]).toEqual([200, 200]);
    const revision = control.change([order(1, site(10 + 1234, ['s1234.example'], echo.port))]);
    await acked(revision);
    expect([await status('s1234.example'), await status('s1235.example')]).toEqual([403, 200]);
    expect(agent().digest).toBe(control.digest);
  });
});
