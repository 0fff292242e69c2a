/** Several who say that one hostname is theirs: who only says so keeps nobody out, and who shows it has it alone. On both databases. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Instant } from '../contract/ids.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import { placeOrder } from '../contract/routes/orders.ts';
import * as sites from '../contract/routes/sites.ts';
import type { Site, SiteDraft } from '../contract/routes/sites.ts';
import { makeClient } from '../cli/client.ts';
import { findSite } from '../cli/command.ts';
import { parseProtect, protect } from '../cli/up/protect.ts';
import { apiClient, refusalOf } from './harness/api.ts';
import type { Api } from './harness/api.ts';
import { startControlHouse } from './harness/control-house.ts';
import type { ControlHouse } from './harness/control-house.ts';
import { startDns } from './harness/dns.ts';
import type { TestDns } from './harness/dns.ts';
import { describeOnBoth } from './harness/stores.ts';

let dns: TestDns;
let house: ControlHouse;
let squatter: Api;
let owner: Api;

const customer = async (name: string): Promise<Api> => {
  const { account } = await house.operator().call(addAccount, { body: { name, ownerName: `${name} herself` } });
  const { token } = await house
    .operator()
    .call(addPersonWithToken, { body: { name: `${name} program`, roles: ['owner'], accountId: account.accountId } });
  return apiClient(house.url(), token);
};
const claim = (by: Api, hostnames: string[], more: Partial<SiteDraft> = {}): Promise<Site> =>
  by.call(sites.addSite, { body: { hostnames, origin: 'http://192.0.2.7', ...more } });
const check = (by: Api, { siteId }: Site) => by.call(sites.checkOwnership, { params: { siteId } });
const look = ({ siteId }: Site) => house.operator().call(sites.getSite, { params: { siteId } });
const waive = ({ siteId }: Site) =>
  house.operator().call(sites.waiveOwnership, { params: { siteId }, body: { reason: 'Known to us.' } });
const show = (...shown: Site[]) =>
  dns.set(`_portcullis.${shown[0]?.hostnames[0] ?? ''}`, { txt: shown.map((site) => site.ownership.dnsValue) });

describeOnBoth('claims to a hostname', (databases) => {
  beforeAll(async () => {
    dns = await startDns();
    house = await startControlHouse(await databases.fresh(), { dnsServers: [dns.address] });
    squatter = await customer('Squatter');
    owner = await customer('Owner');
  });
  afterAll(async () => {
    await house?.stop();
    await dns?.stop();
  });

  it('that nobody has shown keep neither the owner nor the operator out', async () => {
    const first = await claim(squatter, ['forum.example']);
    const real = await claim(owner, ['forum.example']);
    show(real);
    expect((await check(owner, real)).ready).toBe(true);
    const told = await look(first);
    expect([told.ready, told.ownership.state, told.ownership.pending]).toEqual([false, 'pending', ['forum.example']]);
    expect(told.ownership.finding).toMatch(/Another site here has shown that it owns forum\.example/);
    expect((await look(real)).ownership.pending).toBeUndefined();

    await claim(squatter, ['news.example']);
    const operators = await claim(house.operator(), ['news.example'], { waiveOwnership: true });
    expect(operators.ready).toBe(true);
    expect(await refusalOf(claim(owner, ['news.example']))).toBe('hostname-taken');
  });

  it('cannot be shown or waived once somebody owns the name, until the owner gives it up', async () => {
    const first = await claim(squatter, ['shop.example', 'own.example']);
    const real = await claim(owner, ['shop.example']);
    show(real, first);
    dns.set('_portcullis.own.example', { txt: [first.ownership.dnsValue] });
    await check(owner, real);
    expect(await refusalOf(check(squatter, first))).toBe('hostname-taken');
    // The other hostname was shown in the same check, and that is kept.
    expect((await look(first)).ownership.pending).toEqual(['shop.example']);
    expect(await refusalOf(waive(first))).toBe('hostname-taken');
    const edge = await house.edge();
    expect(edge.site(first.siteId)?.hostnames).toEqual(['own.example']);
    expect(edge.site(real.siteId)?.hostnames).toEqual(['shop.example']);
    await edge.disconnect();
    await owner.call(sites.removeSite, { params: { siteId: real.siteId } });
    expect((await check(squatter, first)).ownership.state).toBe('proved');
  });

  it('shown by two at once are given to one of them', async () => {
    const one = await claim(squatter, ['race.example']);
    const two = await claim(owner, ['race.example']);
    show(one, two);
    const raced = await Promise.all([refusalOf(check(squatter, one)), refusalOf(check(owner, two))]);
    expect(raced.toSorted()).toEqual(['hostname-taken', null]);
  });

  it('are held once by an account', async () => {
    await claim(squatter, ['twice.example']);
    expect(await refusalOf(claim(squatter, ['twice.example']))).toBe('hostname-taken');
    const race = await Promise.allSettled([claim(owner, ['both.example']), claim(owner, ['both.example'])]);
    expect(race.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('do not let an order or a command meet the wrong site', async () => {
    const operator = house.operator();
    const desk = makeClient({ controlUrl: house.url(), token: operator.token });
    const first = await claim(squatter, ['desk.example']);
    expect((await findSite(desk, 'desk.example')).siteId).toBe(first.siteId);
    const second = await claim(owner, ['desk.example']);
    await expect(findSite(desk, 'desk.example')).rejects.toThrow(/2 sites claim “desk\.example” and none is served/);
    const onClaim = operator.call(placeOrder, {
      body: {
        measure: 'notice-on-host',
        siteId: first.siteId,
        hostnames: ['desk.example'],
        basis: { kind: 'own-decision' },
        internalReason: 'Reasons for the desk only, long enough.',
        publicReason: 'This site was used to endanger a person.',
        endsAt: Instant.parse(new Date(house.now() + 3_600_000).toISOString()),
      },
    });
    await expect(onClaim).rejects.toThrow(/desk\.example is not a hostname that this site owns/);

    const wanted = parseProtect('http://192.0.2.8', ['desk.example'], 'attack');
    const protectedSite = await protect(desk, wanted);
    expect([protectedSite.what, protectedSite.site.ready]).toEqual(['added', true]);
    expect((await findSite(desk, 'desk.example')).siteId).toBe(protectedSite.site.siteId);
    expect((await protect(desk, wanted)).what).toBe('unchanged');
    for (const other of [first, second]) expect((await look(other)).origin.host).toBe('192.0.2.7');
  });
});
