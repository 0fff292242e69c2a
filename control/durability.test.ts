/** What was acknowledged survives: kill -9 again and again, a database that goes away, two control planes on one database. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Instant } from '../contract/ids.ts';
import { listEdges } from '../contract/routes/edges.ts';
import { confirmOrder, listOrders, placeOrder } from '../contract/routes/orders.ts';
import { addPersonWithToken } from '../contract/routes/identity.ts';
import { addSite, changeSite, getSite, listSites } from '../contract/routes/sites.ts';
import type { Site } from '../contract/routes/sites.ts';
import { apiClient, ApiRefusal } from '../tests/harness/api.ts';
import { startControlHouse } from '../tests/harness/control-house.ts';
import type { ControlHouse } from '../tests/harness/control-house.ts';
import { freePort, removeFolder, temporaryFolder, until } from '../tests/harness/ports.ts';
import { startPostgres } from '../tests/harness/postgres.ts';
import type { Postgres } from '../tests/harness/postgres.ts';
import { startProgram } from '../tests/harness/program.ts';
import { embeddedAddress } from '../tests/harness/stores.ts';

const draft = (hostname: string) => ({ hostnames: [hostname], origin: 'http://192.0.2.1', waiveOwnership: true });

describe('kill -9', () => {
  it('loses no site and no order that was acknowledged, however often and whenever it comes', async () => {
    const state = temporaryFolder('kill');
    try {
      await embeddedAddress(join(state, 'control'));
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const acknowledged = { sites: new Set<string>(), orders: new Set<string>() };
      let second = '';
      for (let round = 0; round < 4; round += 1) {
        const program = startProgram(['control', '--state', state, '--listen', `127.0.0.1:${port}`]);
        await until(
          'it answers',
          async () => {
            if (!program.running()) throw new Error(program.output());
            return (await fetch(`${url}/healthz`)).ok;
          },
          { timeoutMs: 60_000 },
        );
        const operator = apiClient(url, readFileSync(join(state, 'operator.token'), 'utf8').trim());
        if (second === '') {
          const body = { name: 'Second', roles: ['lead' as const] };
          second = (await operator.call(addPersonWithToken, { body })).token;
        }
        const lead = apiClient(url, second);
        // What the runs before were told is done is there, and the policy is whole: every revision is in the log.
        const { items, total } = await operator.call(listSites, { query: { limit: 500 } });
        const held = new Set<string>(items.map((site) => site.hostnames[0] ?? ''));
        expect([...acknowledged.sites].filter((hostname) => !held.has(hostname))).toEqual([]);
        expect(total).toBeLessThanOrEqual(acknowledged.sites.size + 4 * round);
        const orders = await operator.call(listOrders, { query: { state: 'confirmed', limit: 500 } });
        const inForce = new Set<string>(orders.items.map((order) => order.decision));
        expect([...acknowledged.orders].filter((decision) => !inForce.has(decision))).toEqual([]);

        let killed = false;
        const writers = [0, 1, 2].map(async (writer) => {
          for (let turn = 0; !killed; turn += 1) {
            const hostname = `r${round}-w${writer}-${turn}.example`;
            try {
              const site = await operator.call(addSite, { body: draft(hostname) });
              acknowledged.sites.add(hostname);
              const placed = await operator.call(placeOrder, {
                body: {
                  measure: 'notice-on-host',
                  siteId: site.siteId,
                  basis: { kind: 'own-decision' },
                  internalReason: 'Only a test of durability.',
                  publicReason: 'This site was used to endanger a person.',
                  endsAt: Instant.parse(new Date(Date.now() + 3_600_000).toISOString()),
                },
              });
              const order = await lead.call(confirmOrder, { params: { orderId: placed.orderId } });
              acknowledged.orders.add(order.decision);
            } catch (error) {
              // Cut off in the middle: nothing was acknowledged, so nothing is promised.
              if (error instanceof ApiRefusal) throw error;
              return;
            }
          }
        });
        const enough = acknowledged.orders.size + 3 + Math.floor(Math.random() * 6);
        await until('some orders are acknowledged', () => acknowledged.orders.size >= enough, { timeoutMs: 60_000, everyMs: 1 });
        program.signal('SIGKILL');
        await program.ended;
        killed = true;
        await Promise.all(writers);
      }
      expect(acknowledged.orders.size).toBeGreaterThan(11);
    } finally {
      removeFolder(state);
    }
  }, 180_000);
});

describe('PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => server?.stop());

  it('that goes away makes “store-down”, keeps edges connected, and works again when it is back', async () => {
    const house = await startControlHouse(await server.database());
    try {
      const edge = await house.edge();
      const site = await house.operator().call(addSite, { body: draft('before.example') });
      const operator = house.operator();
      await server.crash();
      const refused = await operator.call(addSite, { body: draft('during.example') }).catch((error: unknown) => error);
      expect(refused instanceof ApiRefusal && refused.problem?.code).toBe('store-down');
      expect(refused instanceof ApiRefusal && refused.problem?.detail).toMatch(/was not stored/);
      expect((await fetch(`${house.url()}/healthz`)).status).toBe(503);
      expect(edge.isOpen).toBe(true);
      await server.start();
      const after = await until<Site>('it works again', () =>
        operator.call(addSite, { body: draft('after.example') }).catch(() => false),
      );
      await edge.holds(after.propagation.revision);
      expect((await operator.call(getSite, { params: { siteId: site.siteId } })).name).toBe('before.example');
      expect((await operator.call(listSites)).items.map((one) => one.name).sort()).toEqual(['after.example', 'before.example']);
    } finally {
      await house.stop();
    }
  });

  it('serves two control planes: a change at one reaches the edge of the other', async () => {
    const database = await server.database();
    const one = await startControlHouse(database);
    let two: ControlHouse | null = null;
    try {
      await expect(startControlHouse(database)).rejects.toThrow(
        /not the one that this database’s edges trust.*Nothing was changed/,
      );
      const prepare = (state: string) => {
        mkdirSync(join(state, 'control'), { recursive: true });
        for (const file of ['control/policy.key', 'control/seal.key', 'control/record.key', 'operator.token'])
          copyFileSync(join(one.state, file), join(state, file));
      };
      two = await startControlHouse(database, {}, { leadName: 'Second Lead', prepare });
      const [edgeOfOne, edgeOfTwo] = [await one.edge(), await two.edge()];
      const site = await one.operator().call(addSite, { body: draft('shared.example') });
      await Promise.all([edgeOfOne.holds(site.propagation.revision), edgeOfTwo.holds(site.propagation.revision, 1500)]);
      const params = { siteId: site.siteId };
      const changed = await two.operator().call(changeSite, { params, body: { mode: 'attack' } });
      await Promise.all([edgeOfOne.holds(changed.propagation.revision, 1500), edgeOfTwo.holds(changed.propagation.revision)]);
      const { items } = await two.operator().call(listEdges);
      await until('both count as current', async () => {
        const now = await one.operator().call(listEdges);
        return now.items.length === items.length && now.items.every((edge) => edge.state === 'current');
      });
    } finally {
      await two?.stop();
      await one.stop();
    }
  });

  it('is told apart from an address that leads nowhere, in a sentence', async () => {
    const port = await freePort();
    await expect(startControlHouse({ kind: 'postgresql', url: `postgresql://nobody@127.0.0.1:${port}/none` })).rejects.toThrow(
      /database at DATABASE_URL does not answer/,
    );
  });
});

describe('the embedded database', () => {
  it('on a full disk refuses in a sentence, keeps what it acknowledged, and goes on when there is room', async (context) => {
    const folder = temporaryFolder('full');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=72m', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      // Only root may mount; elsewhere this claim is not tested.
      removeFolder(folder);
      return context.skip();
    }
    try {
      const house = await startControlHouse(await embeddedAddress(join(folder, 'db')));
      try {
        const operator = house.operator();
        const kept = await operator.call(addSite, { body: draft('kept.example') });
        try {
          writeFileSync(join(folder, 'fill'), Buffer.alloc(72 * 1024 * 1024));
        } catch {
          // It is full now, which is what was wanted.
        }
        const networks = Array.from({ length: 2000 }, (_none, index) => ({
          cidr: `10.${index >> 8}.${index & 255}.0/24`,
          action: 'deny' as const,
        }));
        const acknowledged = [kept.siteId];
        const refusal = await until<ApiRefusal>('it is refused', async () => {
          try {
            const body = { ...draft(`more-${acknowledged.length}.example`), networks };
            acknowledged.push((await operator.call(addSite, { body })).siteId);
            return undefined;
          } catch (error) {
            return error instanceof ApiRefusal ? error : undefined;
          }
        });
        expect(refusal.problem?.code).toBe('store-down');
        rmSync(join(folder, 'fill'));
        const after = await operator.call(addSite, { body: draft('after.example') });
        const held = (await operator.call(listSites, { query: { limit: 500 } })).items.map((site) => site.siteId);
        expect(held.sort()).toEqual([...acknowledged, after.siteId].sort());
      } finally {
        await house.stop();
      }
    } finally {
      execFileSync('umount', [folder]);
      removeFolder(folder);
    }
  });

  it('is opened by one process only, and says by which', async () => {
    const folder = temporaryFolder('locked');
    const address = await embeddedAddress(folder);
    const house = await startControlHouse(address);
    try {
      await expect(startControlHouse(address)).rejects.toThrow(new RegExp(`in use by process ${process.pid}`));
    } finally {
      await house.stop();
      removeFolder(folder);
    }
  });
});
