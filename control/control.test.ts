/** The control plane through the front door, on both databases: sites, orders, edges, and what is refused. */
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Instant, SiteId } from '../contract/ids.ts';
import { Problem } from '../contract/errors.ts';
import { Cidr } from '../contract/network.ts';
import { Status, getStatus, listAlarms, listAudit, acknowledgeAlarm } from '../contract/routes/house.ts';
import { listEdges, revokeEdge, rotateClearanceKeys, createEnrolmentToken } from '../contract/routes/edges.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import * as orders from '../contract/routes/orders.ts';
import type { Order, OrderDraft } from '../contract/routes/orders.ts';
import * as sites from '../contract/routes/sites.ts';
import type { Site, SiteDraft } from '../contract/routes/sites.ts';
import { generateSigningKeyPair } from '../kit/ed25519.ts';
import { apiClient, refusalOf } from '../tests/harness/api.ts';
import type { Api } from '../tests/harness/api.ts';
import { startControlHouse } from '../tests/harness/control-house.ts';
import type { ControlHouse } from '../tests/harness/control-house.ts';
import { until } from '../tests/harness/ports.ts';
import { ScriptedEdge } from '../tests/harness/scripted-edge.ts';
import { describeOnBoth } from '../tests/harness/stores.ts';

let house: ControlHouse;
let names = 0;

const newName = () => `s${(names += 1)}.example`;
const inHours = (hours: number) => Instant.parse(new Date(house.now() + hours * 3_600_000).toISOString());

function addSite(more: Partial<SiteDraft> = {}, by: Api = house.operator()): Promise<Site> {
  const body = { hostnames: [newName()], origin: 'http://127.0.0.1:8000', waiveOwnership: true, ...more };
  return by.call(sites.addSite, { body });
}

function draft(site: Site, more: Partial<OrderDraft> = {}): OrderDraft {
  return {
    measure: 'notice-on-host',
    siteId: site.siteId,
    basis: { kind: 'own-decision' },
    internalReason: 'Reasons for the desk only, long enough.',
    publicReason: 'This site was used to endanger a person.',
    endsAt: inHours(24),
    ...more,
  };
}

const place = (site: Site, more: Partial<OrderDraft> = {}): Promise<Order> =>
  house.operator().call(orders.placeOrder, { body: draft(site, more) });
const confirm = (order: Order): Promise<Order> => house.lead().call(orders.confirmOrder, { params: { orderId: order.orderId } });
const lift = (order: Order): Promise<Order> =>
  house.lead().call(orders.liftOrder, { params: { orderId: order.orderId }, body: { reason: 'It is over.' } });
const orderNow = async (order: Order): Promise<Order> =>
  (await house.operator().call(orders.getOrder, { params: { orderId: order.orderId } })).order;

describeOnBoth('the control plane', (databases) => {
  beforeAll(async () => {
    house = await startControlHouse(await databases.fresh());
  });
  afterAll(async () => house?.stop());

  describe('sites', () => {
    it('are added, changed and removed, and each change reaches a connected edge', async () => {
      const edge = await house.edge();
      const site = await addSite({ mode: 'attack', hostnames: ['Bücher.example', '*.Shop.example.', 'shop.example'] });
      expect(site.hostnames).toEqual(['xn--bcher-kva.example', '*.shop.example', 'shop.example']);
      expect(site.ready).toBe(true);
      await edge.holds(site.propagation.revision);
      expect(edge.site(site.siteId)).toMatchObject({
        mode: 'attack',
        hostnames: site.hostnames,
        origin: { addresses: ['127.0.0.1'] },
      });

      const changed = await house
        .operator()
        .call(sites.changeSite, { params: { siteId: site.siteId }, body: { mode: 'off', limits: { requestsPer10s: null } } });
      expect(changed.version).toBe(2);
      expect(changed.limits).toEqual({ ...site.limits, requestsPer10s: null });
      await edge.holds(changed.propagation.revision);
      expect(edge.site(site.siteId)?.mode).toBe('off');

      const seen = await until('all edges have it', async () => {
        const now = await house.operator().call(sites.getSite, { params: { siteId: site.siteId } });
        return now.propagation.applied === now.propagation.edges && now;
      });
      expect(seen.propagation.tookMs).toBeLessThan(5000);

      await house.operator().call(sites.removeSite, { params: { siteId: site.siteId } });
      await until('the edge lets it go', () => edge.site(site.siteId) === null);
      expect(await refusalOf(house.operator().call(sites.getSite, { params: { siteId: site.siteId } }))).toBe('not-found');
    });

    it('share no hostname, whatever its spelling', async () => {
      const site = await addSite();
      const typed = (site.hostnames[0] ?? '').toUpperCase();
      expect(await refusalOf(addSite({ hostnames: [newName(), `${typed}.`] }))).toBe('hostname-taken');
      const both = newName();
      const race = await Promise.allSettled([addSite({ hostnames: [both] }), addSite({ hostnames: [both] })]);
      expect(race.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    it('are not served before somebody owns them, and only by the names that are owned', async () => {
      const edge = await house.edge();
      const pending = await addSite({ waiveOwnership: false });
      expect([pending.ready, pending.ownership.state, pending.propagation.applied]).toEqual([false, 'pending', 0]);
      const waived = await house
        .operator()
        .call(sites.waiveOwnership, { params: { siteId: pending.siteId }, body: { reason: 'Known to us.' } });
      expect([waived.ready, waived.ownership.state]).toEqual([true, 'waived']);
      await edge.holds(waived.propagation.revision);
      expect(edge.site(pending.siteId)?.hostnames).toEqual(pending.hostnames);
    });

    it('refuse a change that was made on an old picture, and keep the newer one', async () => {
      const site = await addSite();
      const change = (version: number, name: string) =>
        house.operator().call(sites.changeSite, { params: { siteId: site.siteId }, body: { version, name } });
      await change(1, 'First');
      expect(await refusalOf(change(1, 'Second'))).toBe('conflict');
      expect((await house.operator().call(sites.getSite, { params: { siteId: site.siteId } })).name).toBe('First');
    });

    it.each([
      ['http://10.0.0.1', 'origin-refused'],
      ['http://169.254.169.254', 'origin-refused'],
      ['http://[::ffff:10.1.2.3]:80', 'origin-refused'],
      ['http://0x0a.1', 'origin-refused'],
      ['http://[fd00:ec2::254]', 'origin-refused'],
      ['http://192.0.2.1:8000/path', 'bad-request'],
      ['http://user:secret@192.0.2.1', 'bad-request'],
    ] as const)('with the origin %s are refused with %s', async (origin, code) => {
      expect(await refusalOf(addSite({ origin }))).toBe(code);
    });

    it('are listed in pages, newest first, and found by name or hostname', async () => {
      const marked = await Promise.all(['a', 'b', 'c'].map((one) => addSite({ name: `Page_% ${one}`, hostnames: [newName()] })));
      const query = { search: 'page_%', limit: 2 };
      const first = await house.operator().call(sites.listSites, { query });
      expect([first.items.length, first.total]).toEqual([2, 3]);
      const second = await house.operator().call(sites.listSites, { query: { ...query, cursor: first.next ?? '' } });
      expect([...first.items, ...second.items].map((site) => site.siteId).sort()).toEqual(
        marked.map((site) => site.siteId).sort(),
      );
      expect(second.next).toBeNull();
      const hostname = marked[0]?.hostnames[0] ?? '';
      const found = await house.operator().call(sites.listSites, { query: { search: hostname } });
      expect(found.items.map((site) => site.siteId)).toEqual([marked[0]?.siteId]);
      expect(await refusalOf(house.operator().call(sites.listSites, { query: { cursor: 'zzz' } }))).toBe('bad-request');
    });
  });

  describe('orders', () => {
    it('need two people, reach the edges at confirmation, and are tallied by signed receipts', async () => {
      const edge = await house.edge();
      const site = await addSite();
      const placed = await place(site);
      expect([placed.state, placed.inForce, placed.revision]).toEqual(['proposed', false, null]);
      expect(placed.decision).toMatch(/^D-\d{4}-\d{4}$/);
      const again = house.operator().call(orders.confirmOrder, { params: { orderId: placed.orderId } });
      expect(await refusalOf(again)).toBe('same-person');
      const confirmed = await confirm(placed);
      expect([confirmed.state, confirmed.inForce, confirmed.confirmer?.name]).toEqual(['confirmed', true, 'Lee Lead']);
      await edge.holds(confirmed.revision);
      expect(edge.order(placed.orderId)).toMatchObject({
        decision: placed.decision,
        endsAt: placed.endsAt,
        statementUrl: placed.statementUrl,
      });
      expect(JSON.stringify(edge.order(placed.orderId))).not.toMatch(/desk only|Lee Lead/);

      const receipt = edge.receipt(placed.orderId, 'enforced');
      edge.say({ kind: 'receipt', receipt });
      edge.say({ kind: 'receipt', receipt });
      await until('it is kept', () => edge.heard.filter((one) => one.kind === 'receipt-kept').length === 2);
      const shown = await house.operator().call(orders.getOrder, { params: { orderId: placed.orderId } });
      expect(shown.receipts.map((one) => one.receipt)).toEqual([receipt]);
      expect(shown.order.receipts.enforced).toBe(1);

      const lifted = await lift(placed);
      await edge.holds(lifted.revision);
      expect(edge.order(placed.orderId)).toBeNull();
      edge.say({ kind: 'receipt', receipt: edge.receipt(placed.orderId, 'lifted') });
      await until('the lift is tallied', async () => (await orderNow(placed)).receipts.lifted === 1);
      expect(await refusalOf(lift(placed))).toBe('wrong-state');
      await edge.disconnect();
    });

    it('get decision numbers without a gap, also when many are placed at once and some are refused', async () => {
      const site = await addSite();
      const bad = { hostnames: ['not-of-this-site.example'] };
      const tries = [{}, bad, {}, {}, bad, {}, {}].map((more) => place(site, more).catch(() => null));
      const placed = (await Promise.all(tries)).flatMap((order) => order ?? []);
      const numbers = placed.map((order) => Number(order.decision.slice(7))).sort((a, b) => a - b);
      expect(numbers).toHaveLength(5);
      expect(numbers).toEqual(Array.from({ length: 5 }, (_none, index) => (numbers[0] ?? 0) + index));
    });

    it('by break-glass act at once, alarm, and end by themselves unless a second person confirms', async () => {
      const edge = await house.edge();
      const site = await addSite();
      const breakGlass = { reason: 'Somebody is on the way to the address.' };
      const first = await place(site, { breakGlass });
      expect([first.inForce, first.confirmer]).toEqual([true, null]);
      await edge.holds(first.revision);
      expect(edge.order(first.orderId)?.endsAt).toBe(first.breakGlass?.expiresAt);
      const { items } = await house.operator().call(listAlarms, { query: { open: 'true' } });
      const alarm = items.find((one) => one.kind === 'break-glass' && one.orderId === first.orderId);
      expect(alarm?.sentence).toContain(breakGlass.reason);
      if (alarm !== undefined) {
        const seen = await house.lead().call(acknowledgeAlarm, { params: { alarmId: alarm.alarmId } });
        expect(seen.acknowledgedBy?.name).toBe('Lee Lead');
      }
      const second = await place(site, { breakGlass });
      const endorsed = await confirm(second);
      expect(endorsed.confirmer?.name).toBe('Lee Lead');
      await edge.holds(endorsed.revision);
      expect(edge.order(second.orderId)?.endsAt).toBe(second.endsAt);

      house.pass(3_600_001);
      await until('the first one expires', async () => (await orderNow(first)).state === 'expired');
      await until('the edge is told', () => edge.order(first.orderId) === null);
      expect((await orderNow(second)).inForce).toBe(true);
      await lift(second);
      await edge.disconnect();
    });

    it('end in the record when their time has come, and proposals lapse', async () => {
      const site = await addSite();
      const proposal = await place(site, { endsAt: inHours(1) });
      const order = await confirm(await place(site, { endsAt: inHours(1) }));
      const later = await confirm(await place(site, { startsAt: inHours(2), endsAt: inHours(3) }));
      expect([order.inForce, later.inForce]).toEqual([true, false]);
      house.pass(3_600_001);
      await until('it expires', async () => (await orderNow(order)).state === 'expired');
      await until('the proposal lapses', async () => (await orderNow(proposal)).state === 'lapsed');
      house.pass(3_600_001);
      expect((await orderNow(later)).inForce).toBe(true);
      await lift(later);
    });

    it('hold their site and its hostnames in place', async () => {
      const [kept, free] = [newName(), newName()];
      const site = await addSite({ hostnames: [kept, free, `*.${kept}`] });
      const order = await confirm(await place(site, { hostnames: [`deep.${kept}`] }));
      const change = (hostnames: string[]) =>
        house.operator().call(sites.changeSite, { params: { siteId: site.siteId }, body: { hostnames } });
      expect(await refusalOf(house.operator().call(sites.removeSite, { params: { siteId: site.siteId } }))).toBe(
        'site-under-order',
      );
      expect(await refusalOf(change([kept, free]))).toBe('site-under-order');
      expect((await change([kept, `*.${kept}`])).hostnames).toEqual([kept, `*.${kept}`]);
      expect(await refusalOf(addSite({ hostnames: [`deep.${kept}`] }))).toBe('hostname-taken');
      await lift(order);
      await house.operator().call(sites.removeSite, { params: { siteId: site.siteId } });
    });

    it('tell every mistake at once', async () => {
      const site = await addSite();
      const answer = await fetch(`${house.url()}/api/v1/orders`, {
        method: 'POST',
        headers: { authorization: `Bearer ${house.operator().token ?? ''}`, 'content-type': 'application/json' },
        body: JSON.stringify(draft(site, { path: '/a', hostnames: ['a..b', '*.x.example'], endsAt: inHours(-1) })),
      });
      const problem = Problem.parse(await answer.json());
      expect(problem.fields?.map((field) => field.path)).toEqual(['hostnames.0', 'hostnames.1', 'path', 'endsAt']);
    });

    it('for captcha keys are kept, and no edge is expected to answer', async () => {
      const site = await addSite();
      const order = await confirm(await place(site, { measure: 'suspend-captcha-keys' }));
      expect([order.inForce, order.receipts.expected]).toEqual([true, 0]);
      await lift(order);
    });

    it('are each told of in the audit trail, with who did it', async () => {
      const site = await addSite();
      const order = await confirm(await place(site));
      await lift(order);
      const trail = await house.operator().call(listAudit, { query: { subject: order.orderId } });
      expect(trail.items.map((entry) => [entry.act, entry.who?.name])).toEqual([
        ['order.lift', 'Lee Lead'],
        // The operator has just let the lead in: control/orders/one-hand.test.ts.
        ['order.confirmer-made-by-proposer', undefined],
        ['order.confirm', 'Lee Lead'],
        ['order.propose', 'operator on this machine'],
      ]);
    });
  });

  describe('owners and roles', () => {
    it('an analyst proposes but does not confirm, break glass, add sites or waive', async () => {
      const analyst = await house.person(`Ann ${names}`, ['analyst']);
      const site = await addSite();
      const order = await analyst.call(orders.placeOrder, { body: draft(site) });
      expect(order.state).toBe('proposed');
      const glass = draft(site, { breakGlass: { reason: 'I cannot wait for it.' } });
      expect(await refusalOf(analyst.call(orders.placeOrder, { body: glass }))).toBe('not-allowed');
      expect(await refusalOf(analyst.call(orders.confirmOrder, { params: { orderId: order.orderId } }))).toBe('not-allowed');
      expect(await refusalOf(addSite({}, analyst))).toBe('not-allowed');
      expect(await refusalOf(house.stranger().call(sites.listSites))).toBe('not-signed-in');
    });
  });

  describe('what outsiders reach', () => {
    it('an owner hears of an order when it is confirmed, and reads nothing of the desk', async () => {
      const { account } = await house.operator().call(addAccount, { body: { name: 'Forum Ltd', ownerName: 'Olga Owner' } });
      const body = { name: 'Otto Owner', roles: ['owner' as const], accountId: account.accountId };
      const { token } = await house.operator().call(addPersonWithToken, { body });
      const owner = apiClient(house.url(), token);
      const site = await addSite({ accountId: account.accountId });
      // The range is allowed to the operator; a customer is no nearer to this machine for that.
      expect(await refusalOf(addSite({ waiveOwnership: false }, owner))).toBe('origin-refused');
      const order = await place(site);
      const seen = () => owner.call(orders.listOrders);
      const look = () => owner.call(orders.getOrder, { params: { orderId: order.orderId } });
      expect((await seen()).total).toBe(0);
      expect((await owner.call(getStatus)).ordersWaiting).toBe(0);
      expect(await refusalOf(look())).toBe('not-found');
      await confirm(order);
      const { order: shown } = await look();
      expect(shown).toMatchObject({ state: 'confirmed', publicReason: order.publicReason, internalReason: '' });
      await lift(order);
      const text = JSON.stringify([await seen(), await look()]);
      for (const secret of ['for the desk only', 'Lee Lead', 'operator on this machine', 'It is over.', order.proposer.personId])
        expect(text).not.toContain(secret);
    });

    it('text that a database refuses or a terminal obeys is a mistake of whoever sends it', async () => {
      const ask = (path: string, body?: string) =>
        fetch(`${house.url()}${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { authorization: `Bearer ${house.operator().token ?? ''}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body }),
        });
      for (const name of ['a\\u0000b', 'a\\u001b[2Jb', 'a\\ud800b', 'a\\u009bb']) {
        const body = `{"name":"${name}","hostnames":["${newName()}"],"origin":"http://127.0.0.1:8000","waiveOwnership":true}`;
        expect([name, (await ask('/api/v1/sites', body)).status]).toEqual([name, 400]);
        const signIn = `{"name":"${name}","password":"x","totpCode":"000000"}`;
        expect([name, (await ask('/api/v1/sign-in/password', signIn)).status]).toEqual([name, 400]);
      }
      expect((await ask('/api/v1/sites?search=%00')).status).toBe(400);
      const order = await place(await addSite(), { internalReason: 'Two lines,\n\tas people write them. \u{1f600}' });
      expect(order.internalReason).toContain('\n\tas');
    });

    it('a connection that is reset while it asks for an upgrade harms nobody', async () => {
      const { hostname, port } = new URL(house.url());
      for (let turn = 0; turn < 20; turn += 1) {
        for (const path of ['/', '/edge/v1/stream']) {
          await new Promise<void>((resolve) => {
            const socket = net.connect(Number(port), hostname, () => {
              socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
              socket.resetAndDestroy();
            });
            socket.on('error', () => undefined);
            socket.on('close', () => resolve());
          });
        }
      }
      expect((await fetch(`${house.url()}/healthz`)).status).toBe(200);
    });
  });

  describe('the policy stream', () => {
    it('resumes an edge by its revision with one delta, and knows by the digest when it cannot', async () => {
      const edge = await house.edge();
      await edge.disconnect();
      const site = await addSite();
      const changed = await house
        .operator()
        .call(sites.changeSite, { params: { siteId: site.siteId }, body: { mode: 'attack' } });
      edge.frames.length = 0;
      const before = edge.revision;
      await edge.connect();
      await edge.holds(changed.propagation.revision);
      expect(edge.frames).toEqual([`delta ${before}→${changed.propagation.revision}`]);

      await edge.disconnect();
      edge.frames.length = 0;
      edge.digest = 'f'.repeat(64);
      await edge.connect();
      await until('a snapshot comes', () => edge.frames.some((frame) => frame.startsWith('snapshot')));
      await edge.holds(changed.propagation.revision);
      await edge.disconnect();
    });

    it('sends a snapshot when an edge asks for one', async () => {
      const edge = await house.edge();
      edge.frames.length = 0;
      edge.say({ kind: 'resync', reason: 'the disk copy is broken' });
      await until('a snapshot comes', () => edge.frames.some((frame) => frame.startsWith('snapshot')));
      await edge.disconnect();
    });

    it('an edge that refuses a revision keeps what it has, is offered the way again, and somebody is alarmed', async () => {
      const edge = await house.edge('refuser');
      edge.answers = 'bad-policy';
      const site = await addSite();
      const { edgeId } = edge;
      const nacked = await until('the refusal is known', async () =>
        (await house.operator().call(listEdges)).items.find(
          (one) => one.edgeId === edgeId && one.lastNack?.reason === 'bad-policy',
        ),
      );
      expect(nacked.state).toBe('behind');
      const { items } = await house.operator().call(listAlarms, { query: { open: 'true' } });
      expect(items.filter((alarm) => alarm.edgeId === edgeId).map((alarm) => alarm.kind)).toEqual(['edge-nack']);
      edge.answers = 'ack';
      await edge.holds(site.propagation.revision);
      await until('it is current', async () => {
        const found = (await house.operator().call(listEdges)).items.find((one) => one.edgeId === edgeId);
        return found?.state === 'current' && found.lastNack === null;
      });
      await edge.disconnect();
    });

    // It takes many megabytes until the kernel takes no more: once is enough.
    it.runIf(databases.kind === 'embedded')(
      'cuts an edge that does not read, which resumes when it does; the others notice nothing',
      async () => {
        const [slow, quick] = [await house.edge(), await house.edge()];
        slow.pause();
        const networks = (turn: number) =>
          Array.from({ length: 2000 }, (_none, index) => ({
            cidr: Cidr.parse(`2001:db8:${turn.toString(16)}:${index.toString(16)}::/64`),
            action: 'deny' as const,
          }));
        const site = await addSite();
        const params = { siteId: site.siteId };
        let newest = site;
        // What the kernel takes for a socket that nobody reads, and then 8 MiB more.
        for (let turn = 0; turn < 150 && slow.isOpen; turn += 1) {
          newest = await house.operator().call(sites.changeSite, { params, body: { networks: networks(turn) } });
          const { edgeId } = slow;
          if (turn % 10 !== 9) continue;
          const { items } = await house.operator().call(listEdges);
          if (items.find((edge) => edge.edgeId === edgeId)?.state === 'away') break;
        }
        await quick.holds(newest.propagation.revision);
        await slow.disconnect();
        await slow.connect();
        await slow.holds(newest.propagation.revision);
        await Promise.all([slow.disconnect(), quick.disconnect()]);
      },
    );

    it('an edge that stays away is alarmed about once', async () => {
      const edge = await house.edge('wanderer');
      const { edgeId } = edge;
      await edge.disconnect();
      await until('it is known to be away', async () => {
        const { items } = await house.operator().call(listEdges);
        return items.find((one) => one.edgeId === edgeId)?.state === 'away';
      });
      house.pass(120_000);
      const alarms = async () =>
        (await house.operator().call(listAlarms, {})).items.filter(
          (alarm) => alarm.edgeId === edgeId && alarm.kind === 'edge-away',
        );
      const [alarm] = await until('somebody is told', async () => (await alarms()).length > 0 && alarms());
      if (alarm !== undefined) await house.lead().call(acknowledgeAlarm, { params: { alarmId: alarm.alarmId } });
      house.pass(120_000);
      await edge.connect();
      await edge.holds(edge.revision);
      expect(await alarms()).toHaveLength(1);
      await edge.disconnect();
    });

    it('lets in nobody with another key, and no message before the proof', async () => {
      const edge = await house.edge();
      const { edgeId } = edge;
      const thief = new ScriptedEdge(house.url());
      await thief.connect({ asEdge: edgeId, keys: generateSigningKeyPair() });
      await thief.byeWith('bad-signature');
      const impatient = new ScriptedEdge(house.url());
      await impatient.connect({ asEdge: edgeId, protocol: 99 });
      await impatient.byeWith('protocol-too-new');
      expect(thief.frames).toEqual([]);
      edge.sayText('{"kind":"nonsense"}');
      await edge.byeWith('bad-message');
    });

    it('keeps no receipt that its edge did not sign, and ends the stream of who sent it', async () => {
      const [edge, other] = [await house.edge(), await house.edge()];
      const order = await confirm(await place(await addSite()));
      await edge.holds(order.revision);
      edge.say({ kind: 'receipt', receipt: other.receipt(order.orderId, 'enforced') });
      await edge.byeWith('bad-signature');
      expect((await orderNow(order)).receipts.enforced).toBe(0);
      await lift(order);
      await other.disconnect();
    });

    it('a failed receipt alarms', async () => {
      const edge = await house.edge();
      const order = await confirm(await place(await addSite()));
      await edge.holds(order.revision);
      edge.say({ kind: 'receipt', receipt: edge.receipt(order.orderId, 'failed', { detail: 'the probe saw the origin' }) });
      await until('it is counted', async () => (await orderNow(order)).receipts.failed === 1);
      const { items } = await house.operator().call(listAlarms, { query: { open: 'true' } });
      expect(items.some((alarm) => alarm.kind === 'receipt-failed' && alarm.orderId === order.orderId)).toBe(true);
      await lift(order);
      await edge.disconnect();
    });

    it('sends a revoked edge away at once and for good', async () => {
      const edge = await house.edge();
      if (edge.edgeId === null) throw new Error('not enrolled');
      await house.operator().call(revokeEdge, { params: { edgeId: edge.edgeId } });
      await edge.byeWith('revoked');
      edge.heard.length = 0;
      await edge.connect();
      await edge.byeWith('revoked');
    });

    it('enrols one edge with a token, gives the same answer to the same edge, and nobody else', async () => {
      const { token } = await house.operator().call(createEnrolmentToken, { body: {} });
      const edge = new ScriptedEdge(house.url());
      await edge.enrol(token);
      const { edgeId } = edge;
      await edge.enrol(token);
      expect(edge.edgeId).toBe(edgeId);
      expect(await refusalOf(new ScriptedEdge(house.url()).enrol(token))).toBe('token-refused');
      const { token: late } = await house.operator().call(createEnrolmentToken, { body: { validMinutes: 1 } });
      house.pass(61_000);
      expect(await refusalOf(new ScriptedEdge(house.url()).enrol(late))).toBe('token-refused');
    });

    it('rotates clearance keys: a new current one, the one before accepted, older ones gone', async () => {
      const edge = await house.edge();
      const keys = () => [...edge.items.values()].flatMap((item) => (item.kind === 'clearance-key' ? [item] : []));
      const before = keys().find((key) => key.state === 'current');
      const rotated = await house.operator().call(rotateClearanceKeys, { body: {} });
      await edge.holds(rotated.revision);
      const again = await house.operator().call(rotateClearanceKeys, { body: {} });
      await edge.holds(again.revision);
      expect(again.accepted).toEqual([rotated.current]);
      expect(
        keys()
          .map((key) => `${key.keyId} ${key.state}`)
          .sort(),
      ).toEqual([`${rotated.current} accepted`, `${again.current} current`].sort());
      expect(before?.keyId).not.toBe(rotated.current);
      expect(house.logged.join('')).not.toContain(keys()[0]?.secret);
      await edge.disconnect();
    });

    it('sums traffic of all edges in steps, and drops what is of nobody', async () => {
      const edge = await house.edge();
      const site = await addSite();
      const counts = { passed: 3, challenged: 1, solved: 0, limited: 0, denied: 0, noticed: 2, 'origin-error': 0 };
      const stranger = SiteId.parse('site_zzzzzzzzzzzz');
      for (let turn = 0; turn < 2; turn += 1) {
        edge.say({
          kind: 'telemetry',
          from: Instant.parse(new Date(house.now()).toISOString()),
          seconds: 2,
          sites: [site.siteId, stranger].map((siteId) => ({ siteId, counts })),
          health: { haproxy: 'up', driftRepairs: 0, sites: 1, connections: 1, requestsPerSecond: 2 },
        });
      }
      await until('it is summed', async () => {
        const { points } = await house
          .operator()
          .call(sites.getTraffic, { params: { siteId: site.siteId }, query: { minutes: 5, stepSeconds: 60 } });
        const passed = points.reduce((sum, point) => sum + point.counts.passed, 0);
        return passed === 6 && points.every((point) => point.counts.noticed % 2 === 0);
      });
      await edge.disconnect();
    });
  });

  it('answers its status in one question', async () => {
    const status = Status.parse(await house.operator().call(getStatus));
    expect([status.provider, status.database]).toEqual(['Example Shield', databases.kind]);
    expect(status.sites).toBeGreaterThan(0);
  });

  it('continues after a restart: edges resume, nothing acknowledged is lost', async () => {
    const edge = await house.edge();
    const site = await addSite();
    const order = await confirm(await place(site));
    await edge.holds(order.revision);
    await house.stopControl();
    await edge.byeWith('stopping');
    await house.startControl();
    edge.frames.length = 0;
    await edge.connect();
    const lifted = await lift(order);
    await edge.holds(lifted.revision);
    expect(edge.frames.every((frame) => frame.startsWith('delta'))).toBe(true);
    expect((await house.operator().call(sites.getSite, { params: { siteId: site.siteId } })).name).toBe(site.name);
    await edge.disconnect();
  });
});
