/**
 * Attack mode by itself, from a flood at a real HAProxy to the owner's mail and programs and back to calm; of a path; at an edge that is
 * alone; and who may say what about it.
 *
 * The control plane runs in the test's process for its clock, which is moved on: a window of ten seconds takes some. Where a flood has to look like
 * something, an edge without HAProxy tells of it; the real one beside it enforces.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttackEntry } from '../contract/attacks.ts';
import type { AttackId, SiteId } from '../contract/ids.ts';
import { Instant } from '../contract/ids.ts';
import { Cidr } from '../contract/network.ts';
import * as routes from '../contract/routes/attacks.ts';
import { setAccountContact } from '../contract/routes/desk/owners.ts';
import { createEnrolmentToken, listEdges } from '../contract/routes/edges.ts';
import { listAlarms } from '../contract/routes/house.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import { addSite, changeSite, getSite } from '../contract/routes/sites.ts';
import { SampledRequest } from '../contract/rules.ts';
import { hookSignature } from '../control/desk/post/delivery.ts';
import { apiClient, refusalOf } from './harness/api.ts';
import type { Api } from './harness/api.ts';
import { startControlHouse } from './harness/control-house.ts';
import type { ControlHouse } from './harness/control-house.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { startRelay } from './harness/mail-relay.ts';
import type { TestRelay } from './harness/mail-relay.ts';
import { freePorts, removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { startProgram } from './harness/program.ts';
import type { Program } from './harness/program.ts';
import type { ScriptedEdge } from './harness/scripted-edge.ts';
import { embeddedAddress } from './harness/stores.ts';
import { navigation, visit } from './harness/visitor.ts';

const host = 'flooded.example';
const other = 'other.example';
const long = { timeoutMs: 60_000 };
let house: ControlHouse;
let relay: TestRelay;
let echo: Echo;
let edge: Program;
let teller: ScriptedEdge;
let owner: Api;
let stranger: Api;
let siteId: SiteId;
let otherId: SiteId;
let port: number;
const folder = temporaryFolder('attack');

/** The owner's program: what it was told. */
const calls: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
let program: Server;

beforeAll(async () => {
  relay = await startRelay();
  echo = await startEcho();
  program = createServer((request, answer) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => void pieces.push(piece));
    request.on('end', () => {
      calls.push({ headers: request.headers, body: Buffer.concat(pieces).toString('utf8') });
      answer.end();
    });
  });
  await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve));
  const desk = { mailRelay: relay.url, allowNotify: [Cidr.parse('127.0.0.0/8')] };
  house = await startControlHouse(await embeddedAddress(`${folder}/database`), { desk });
  const customer = async (name: string) => {
    const { account } = await house.operator().call(addAccount, { body: { name, ownerName: `${name} invited` } });
    const body = { name: `Owner of ${name}`, roles: ['owner' as const], accountId: account.accountId };
    const api = apiClient(house.url(), (await house.operator().call(addPersonWithToken, { body })).token);
    return { api, accountId: account.accountId };
  };
  const first = await customer('First Customer');
  owner = first.api;
  stranger = (await customer('Second Customer')).api;
  await owner.call(setAccountContact, { body: { mail: 'otto@owner.example' } });
  const [plain = 0] = await freePorts(1);
  port = plain;
  const { token } = await house.operator().call(createEnrolmentToken);
  edge = startProgram([
    'edge',
    ...['--control', house.url(), '--token', token, '--state', `${folder}/edge`, '--name', 'edge-1'],
    ...['--http', `127.0.0.1:${port}`, '--https', 'off', '--metrics', 'off', '--captcha', 'off'],
  ]);
  const add = async (name: string) => {
    const body = {
      name,
      hostnames: [name],
      origin: `http://127.0.0.1:${echo.port}`,
      waiveOwnership: true,
      accountId: first.accountId,
      limits: { requestsPer10s: null },
    };
    return (await house.operator().call(addSite, { body })).siteId;
  };
  siteId = await add(host);
  otherId = await add(other);
  await edgesHoldIt();
  await until('the site is served', async () => (await status()) === 200, long);
  // Further than an edge's clock is believed: what it counts then falls into the window in which it is told.
  house.pass(600_000);
}, 120_000);
afterAll(async () => {
  await edge?.stop('SIGTERM');
  await house?.stop();
  await relay?.stop();
  await echo?.stop();
  program?.close();
  removeFolder(folder);
}, 60_000);

const status = async (path = '/', at = host) =>
  (await visit({ port, host: at, path, headers: navigation }).catch(() => ({ status: 0 }))).status;
/** Every edge that is there holds what the control plane says. */
const edgesHoldIt = () =>
  until(
    'the edge is current',
    async () => {
      const states = (await house.operator().call(listEdges)).items.map(({ state }) => state).filter((state) => state !== 'away');
      return states.length > 0 && states.every((state) => state === 'current');
    },
    long,
  );
const meets = (path: string, wanted: number, at = host) =>
  until(`a visitor of ${path} meets ${wanted}`, async () => (await status(path, at)) === wanted, long);
const attacks = async (who: Api = owner, of = siteId) => (await who.call(routes.listAttacks, { query: { siteId: of } })).items;
const record = (attackId: AttackId) => owner.call(routes.getAttackRecord, { params: { attackId } });
const kinds = (entries: readonly AttackEntry[]) => entries.map(({ kind }) => kind);
const site = () => owner.call(getSite, { params: { siteId } });
const act = (attackId: AttackId, what: routes.AttackAct) =>
  owner.call(routes.actOnAttack, { params: { attackId }, body: { act: what } });
const events = (attackId: AttackId) =>
  calls.flatMap(({ body }) => (body.includes(attackId) ? [/"event":"attack\.([a-z-]+)"/.exec(body)?.[1]] : []));

/** As many requests as come back, until it is told to stop. */
function flood(at = host): () => Promise<void> {
  let going = true;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const one = async () => {
    while (going) await visit({ port, host: at, agent, path: '/x' }).catch(() => null);
  };
  const all = Promise.all(Array.from({ length: 8 }, one));
  return async () => {
    going = false;
    await all;
    agent.destroy();
  };
}

/** Until something is so, the clock goes on by so much each half second. */
const passUntil = <Answer>(what: string, stepMs: number, check: () => Promise<Answer | false>) =>
  until(
    what,
    async () => {
      house.pass(stepMs);
      return check();
    },
    { ...long, everyMs: 500 },
  );

/** The scripted edge tells of so many requests in the present window. */
function tell(passed: number, challenged = 0): void {
  const counts = { passed, challenged, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };
  const health = { haproxy: 'up' as const, driftRepairs: 0, sites: 1, connections: 1, requestsPerSecond: 1 };
  teller.say({
    kind: 'telemetry',
    from: Instant.parse(new Date(0).toISOString()),
    seconds: 2,
    sites: [{ siteId, counts }],
    health,
  });
}
/** Until something is so, each window of ten seconds has so many requests. */
const tellUntil = <Answer>(what: string, passed: number, challenged: number, check: () => Promise<Answer | false>) =>
  passUntil(what, 9000, async () => {
    tell(passed, challenged);
    return check();
  });
const newest = async (state: string) => {
  const [attack] = await attacks();
  return attack?.state === state && attack;
};

it('a flood puts a site into attack mode by itself, its owner is told, and calm takes it back', async () => {
  expect(await owner.call(routes.getAutomatic, { params: { siteId } })).toEqual({ attackMode: 'suggest', sensitivity: 'normal' });
  await owner.call(routes.setAutomatic, { params: { siteId }, body: { attackMode: 'on', sensitivity: 'high' } });
  const address = program.address();
  const url = `http://127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}/told?secret=word`;
  // An owner's address never leads inward; the operator of this machine may name one.
  expect(await refusalOf(owner.call(routes.setAttackHook, { params: { siteId }, body: { url } }))).toBe('origin-refused');
  const { secret } = await house.operator().call(routes.setAttackHook, { params: { siteId }, body: { url } });
  expect(await refusalOf(stranger.call(routes.getAttackHook, { params: { siteId } }))).toBe('not-found');
  const stop = flood();
  const begun = await passUntil('it is on', 1500, () => newest('on'));
  await meets('/', 403);
  await stop();
  expect(begun.signals.demand).toBeGreaterThanOrEqual(begun.signals.threshold);
  expect(await site()).toMatchObject({ mode: 'off', attackId: begun.attackId });
  const alarms = (await house.operator().call(listAlarms)).items.filter(({ kind }) => kind === 'attack');
  expect(alarms).toHaveLength(1);
  expect(alarms[0]?.sentence).toContain('Attack mode is on for as long as it lasts.');
  await until('the owner’s mail arrives', () => relay.mails.length === 1, long);
  expect(relay.mails[0]?.to).toEqual(['otto@owner.example']);
  expect(relay.mails[0]?.words).toContain(`/console/sites/${siteId}?tab=attacks`);
  await until('the owner’s program is told', () => calls.length === 1, long);
  const [{ headers, body }] = [calls[0] ?? { headers: {}, body: '' }];
  const seconds = Number(/^t=(\d+),/.exec(String(headers['portcullis-signature']))?.[1]);
  expect(headers['portcullis-signature']).toBe(hookSignature(secret, seconds, body));
  expect(JSON.parse(body)).toMatchObject({
    event: 'attack.begin',
    attack: { attackId: begun.attackId, state: 'on', path: null },
  });
  expect(await attacks(stranger)).toEqual([]);

  const { attackId } = begun;
  await owner.call(routes.noteAttack, { params: { attackId }, body: { words: 'It is the newsletter.' } });
  await passUntil('it is over', 60_000, () => newest('ended'));
  await meets('/', 200);
  await until('the owner hears of the end', () => relay.mails.length === 2 && events(attackId).length === 2, long);
  expect(events(attackId)).toEqual(['begin', 'end']);
  const kept = await record(attackId);
  expect(kept.attack).toMatchObject({ endedBy: null, switchedBy: null });
  expect(kinds(kept.entries)).toEqual(['began', 'note', 'ended']);
  expect(kept.entries[1]).toMatchObject({ who: { name: 'Owner of First Customer' }, words: 'It is the newsletter.' });
  expect(Math.max(...kept.timeline.points.map(({ counts }) => counts.passed))).toBeGreaterThanOrEqual(begun.signals.threshold);
  expect(kept.edges.map(({ name }) => name)).toEqual(['edge-1']);
  const list = (query: object) => owner.call(routes.listAttacks, { query: { siteId, limit: 1, ...query } });
  expect((await list({ open: 'true' })).total).toBe(0);
  expect((await list({ from: begun.beganAt })).total).toBe(1);
  expect((await list({ until: begun.beganAt })).total).toBe(0);
  expect(house.logged.join('')).not.toContain('secret=word');
}, 180_000);

it('an attack on one path is answered there and nowhere else, until it is on more than that', async () => {
  teller = await house.edge('teller');
  teller.onAsk = (about) => {
    if (about.what !== 'samples') return null;
    const at = Instant.parse(new Date(house.now() - 1000).toISOString());
    const one = SampledRequest.parse({
      ...{ at, method: 'GET', host, path: '/search', query: '', headers: {}, network: '192.0.2.0/24', country: null, asn: null },
      oneIn: 32,
    });
    return { what: 'samples', siteId, since: at, requests: Array.from({ length: 40 }, () => one) };
  };
  const begun = await tellUntil('it is on', 3000, 0, () => newest('on'));
  expect(begun.path).toBe('/search');
  await meets('/search', 403);
  expect(await status()).toBe(200);
  expect(await site()).toMatchObject({ mode: 'off', attackId: begun.attackId, attackPath: '/search' });
  // What is challenged is no sign that it is elsewhere too.
  await tellUntil('some windows went by', 50, 9000, async () => house.now() - Date.parse(begun.beganAt) > 60_000);
  expect((await newest('on')) && (await site()).attackPath).toBe('/search');
  await tellUntil('it is widened', 3000, 3000, async () => (await site()).attackPath === undefined);
  await meets('/', 403);
  await act(begun.attackId, 'keep-on');
  expect(await site()).toMatchObject({ mode: 'attack' });
  expect(kinds((await record(begun.attackId)).entries)).toEqual(['began', 'widened', 'kept-on']);
  await until('programs heard of it', () => events(begun.attackId).length === 3, long);
  // Each is sent as soon as it can be: two of the same moment may change places.
  expect(events(begun.attackId).toSorted()).toEqual(['begin', 'end', 'widened']);
  await owner.call(changeSite, { params: { siteId }, body: { mode: 'off', attackPaths: ['/login'] } });
  await meets('/', 200);
  await meets('/login/form', 403);
  await owner.call(changeSite, { params: { siteId }, body: { attackPaths: [] } });
  await meets('/login/form', 200);
}, 180_000);

it('a person’s word is the last: suggested until switched on, ended by `off` and not begun again, kept on by hand', async () => {
  teller.onAsk = () => null;
  await owner.call(routes.setAutomatic, { params: { siteId }, body: { attackMode: 'suggest' } });
  house.pass(1_900_000);
  const suggested = await tellUntil('it is suggested', 3000, 0, () => newest('suggested'));
  expect(await status()).toBe(200);
  const params = { attackId: suggested.attackId };
  expect(await refusalOf(stranger.call(routes.getAttack, { params }))).toBe('not-found');
  expect(await refusalOf(stranger.call(routes.getAttackRecord, { params }))).toBe('not-found');
  expect(await refusalOf(stranger.call(routes.noteAttack, { params, body: { words: 'x' } }))).toBe('not-found');
  expect(await refusalOf(stranger.call(routes.actOnAttack, { params, body: { act: 'end' } }))).toBe('not-found');
  const on = await act(suggested.attackId, 'switch-on');
  expect([on.state, on.switchedBy?.name]).toEqual(['on', 'Owner of First Customer']);
  await meets('/', 403);

  await owner.call(changeSite, { params: { siteId }, body: { mode: 'off' } });
  await meets('/', 200);
  expect(await newest('ended')).toMatchObject({ endedBy: { name: 'Owner of First Customer' } });
  expect(await refusalOf(act(suggested.attackId, 'keep-on'))).toBe('wrong-state');
  await until('programs hear of the end as well', () => events(suggested.attackId).at(-1) === 'end', long);
  const seen = (await attacks()).length;
  await tellUntil('some windows went by', 3000, 0, async () => house.now() - Date.parse(on.beganAt) > 90_000);
  expect((await attacks()).length).toBe(seen);
  house.pass(1_900_000);
  // What a person let pass has become usual.
  const again = await tellUntil('it is seen again half an hour later', 30_000, 0, () => newest('suggested'));
  await act(again.attackId, 'keep-on');
  const after = await site();
  expect([after.mode, after.attackId]).toEqual(['attack', undefined]);
  await owner.call(changeSite, { params: { siteId }, body: { mode: 'off' } });
}, 180_000);

it('an edge that cannot reach the control plane answers a flood by itself, tells of it when it can, and a person’s `off` ends it', async () => {
  await owner.call(routes.setAutomatic, { params: { siteId: otherId }, body: { attackMode: 'on', sensitivity: 'high' } });
  await teller.disconnect();
  await edgesHoldIt();
  await house.stopControl();
  const stop = flood(other);
  await meets('/', 403, other);
  await house.startControl();
  const told = await until('it is on record', async () => (await attacks(owner, otherId))[0], long);
  expect(told).toMatchObject({ state: 'on', switchedBy: null, path: null });
  const edges = (await house.operator().call(listEdges)).items;
  expect(edges.find(({ edgeId }) => edgeId === told.edgeId)?.name).toBe('edge-1');
  expect(kinds((await record(told.attackId)).entries)).toEqual(['edge-began']);
  expect(await status('/', other)).toBe(403);
  await owner.call(changeSite, { params: { siteId: otherId }, body: { mode: 'off' } });
  await meets('/', 200, other);
  await stop();
  const [ended] = await attacks(owner, otherId);
  expect(ended).toMatchObject({ attackId: told.attackId, endedBy: { name: 'Owner of First Customer' } });
}, 180_000);
