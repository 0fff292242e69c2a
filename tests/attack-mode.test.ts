/**
 * Attack mode by itself, from a flood at a real HAProxy to the owner's mail at a real relay and back to calm; and who may say what about it.
 *
 * The control plane runs in the test's process for its clock: five minutes are moved on, not waited for. Windows of ten seconds are waited for.
 */
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteId } from '../contract/ids.ts';
import { actOnAttack, getAttack, getAutomatic, listAttacks, setAutomatic } from '../contract/routes/attacks.ts';
import { setAccountContact } from '../contract/routes/desk/owners.ts';
import { createEnrolmentToken, listEdges } from '../contract/routes/edges.ts';
import { listAlarms } from '../contract/routes/house.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import { addSite, changeSite, getSite } from '../contract/routes/sites.ts';
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
import { embeddedAddress } from './harness/stores.ts';
import { navigation, visit } from './harness/visitor.ts';

const host = 'flooded.example';
let house: ControlHouse;
let relay: TestRelay;
let echo: Echo;
let edge: Program;
let owner: Api;
let stranger: Api;
let siteId: SiteId;
let port: number;
const folder = temporaryFolder('attack');

beforeAll(async () => {
  relay = await startRelay();
  echo = await startEcho();
  house = await startControlHouse(await embeddedAddress(`${folder}/database`), { desk: { mailRelay: relay.url } });
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
  const [http = 0, https = 0, metrics = 0] = await freePorts(3);
  port = http;
  const { token } = await house.operator().call(createEnrolmentToken);
  edge = startProgram([
    'edge',
    ...['--control', house.url(), '--token', token, '--state', `${folder}/edge`, '--name', 'edge-1'],
    ...['--http', `127.0.0.1:${http}`, '--https', `127.0.0.1:${https}`, '--metrics', `127.0.0.1:${metrics}`],
  ]);
  const body = {
    name: 'The forum',
    hostnames: [host],
    origin: `http://127.0.0.1:${echo.port}`,
    waiveOwnership: true,
    accountId: first.accountId,
    limits: { requestsPer10s: null },
  };
  siteId = (await house.operator().call(addSite, { body })).siteId;
  const current = async () => (await house.operator().call(listEdges)).items.some(({ state }) => state === 'current');
  await until('the edge is current', current, { timeoutMs: 60_000 });
  await until('the site is served', async () => (await status()) === 200, { timeoutMs: 20_000 });
}, 120_000);
afterAll(async () => {
  await edge?.stop('SIGTERM');
  await house?.stop();
  await relay?.stop();
  await echo?.stop();
  removeFolder(folder);
}, 60_000);

const status = async () => (await visit({ port, host, headers: navigation }).catch(() => ({ status: 0 }))).status;
const attacks = async (who: Api = owner) => (await who.call(listAttacks, { query: { siteId } })).items;

/** Some hundred requests a second until it is told to stop. */
function flood(): () => Promise<void> {
  let going = true;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const one = async () => {
    while (going) {
      await visit({ port, host, agent, path: '/x' }).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const all = Promise.all(Array.from({ length: 8 }, one));
  return async () => {
    going = false;
    await all;
    agent.destroy();
  };
}

const passUntil = (what: string, check: () => Promise<boolean>) =>
  until(
    what,
    async () => {
      house.pass(60_000);
      return check();
    },
    { timeoutMs: 60_000, everyMs: 1000 },
  );

it('a flood puts a site into attack mode by itself, its owner is told, and calm takes it back', async () => {
  expect(await owner.call(getAutomatic, { params: { siteId } })).toEqual({ attackMode: 'suggest', sensitivity: 'normal' });
  await owner.call(setAutomatic, { params: { siteId }, body: { attackMode: 'on', sensitivity: 'high' } });
  const stop = flood();
  const [begun] = await until('it is on', async () => (await attacks())[0]?.state === 'on' && (await attacks()), {
    timeoutMs: 60_000,
  });
  await until('visitors meet the challenge', async () => (await status()) >= 400);
  await stop();
  expect(begun?.signals.demand).toBeGreaterThanOrEqual(begun?.signals.threshold ?? Infinity);
  const site = await owner.call(getSite, { params: { siteId } });
  expect([site.mode, site.attackId]).toEqual(['off', begun?.attackId]);
  const alarms = (await house.operator().call(listAlarms)).items.filter(({ kind }) => kind === 'attack');
  expect(alarms).toHaveLength(1);
  expect(alarms[0]?.sentence).toContain('Attack mode is on for as long as it lasts.');
  await until('the owner’s mail arrives', async () => relay.mails.length === 1, { timeoutMs: 20_000 });
  expect(relay.mails[0]?.to).toEqual(['otto@owner.example']);
  expect(relay.mails[0]?.words).toContain(`/console/sites/${siteId}?tab=attacks`);
  expect(await attacks(stranger)).toEqual([]);

  await passUntil('it is over', async () => (await attacks())[0]?.state === 'ended');
  await until('visitors are let in again', async () => (await status()) === 200);
  await until('the owner hears of the end', async () => relay.mails.length === 2, { timeoutMs: 20_000 });
  expect((await attacks())[0]).toMatchObject({ endedBy: null, switchedBy: null });
}, 180_000);

it('a person’s word is the last: suggested until switched on, ended by `off` and not begun again, kept on by hand', async () => {
  await owner.call(setAutomatic, { params: { siteId }, body: { attackMode: 'suggest' } });
  const stop = flood();
  const suggested = await until(
    'it is suggested',
    async () => {
      const [newest] = await attacks();
      return newest?.state === 'suggested' && newest;
    },
    { timeoutMs: 60_000 },
  );
  expect(await status()).toBe(200);
  const params = { attackId: suggested.attackId };
  expect(await refusalOf(stranger.call(getAttack, { params }))).toBe('not-found');
  expect(await refusalOf(stranger.call(actOnAttack, { params, body: { act: 'end' } }))).toBe('not-found');
  const on = await owner.call(actOnAttack, { params, body: { act: 'switch-on' } });
  expect([on.state, on.switchedBy?.name]).toEqual(['on', 'Owner of First Customer']);
  await until('visitors meet the challenge', async () => (await status()) >= 400);

  await owner.call(changeSite, { params: { siteId }, body: { mode: 'off' } });
  await until('visitors are let in again', async () => (await status()) === 200);
  expect((await attacks())[0]).toMatchObject({ state: 'ended', endedBy: { name: 'Owner of First Customer' } });
  expect(await refusalOf(owner.call(actOnAttack, { params, body: { act: 'keep-on' } }))).toBe('wrong-state');
  const seen = (await attacks()).length;
  house.pass(1_900_000);
  const again = await until(
    'it is seen again half an hour later',
    async () => {
      const all = await attacks();
      return all.length > seen && all[0];
    },
    { timeoutMs: 60_000 },
  );
  await stop();
  await owner.call(actOnAttack, { params: { attackId: again.attackId }, body: { act: 'keep-on' } });
  const site = await owner.call(getSite, { params: { siteId } });
  expect([site.mode, site.attackId]).toEqual(['attack', undefined]);
}, 180_000);
