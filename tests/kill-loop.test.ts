/**
 * Kills the processes of a running provider with SIGKILL while two people work and a visitor reads, and then compares
 * three things: what the API acknowledged, what the books say, and what the edge answers.
 *
 * An act whose answer was lost may have happened or not (both are right); an act that was acknowledged must have happened.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { SiteId } from '../contract/ids.ts';
import { readNoteKey } from '../contract/record/note.ts';
import type { NoteKey } from '../contract/record/note.ts';
import { checkProofFile } from '../contract/record/proof-file.ts';
import { RecordReference } from '../contract/record/statement.ts';
import { listEdges } from '../contract/routes/edges.ts';
import { confirmOrder, getOrder, liftOrder, listOrders, placeOrder } from '../contract/routes/orders.ts';
import type { Order } from '../contract/routes/orders.ts';
import { addSite, listSites } from '../contract/routes/sites.ts';
import { look, nothingKept } from '../control/record/monitor/watch.ts';
import type { Kept } from '../control/record/monitor/watch.ts';
import { textVerifier } from '../kit/ed25519.ts';
import { sha256 } from '../kit/sha256.ts';
import { ApiRefusal } from './harness/api.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { isRunning, until } from './harness/ports.ts';
import { inHours, startProvider } from './harness/provider.ts';
import type { Members, Provider } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

let origin: Echo;
let provider: Provider;

beforeAll(async () => {
  [origin, provider] = await Promise.all([startEcho(), startProvider()]);
}, 120_000);

afterAll(async () => {
  await provider?.stop();
  await origin?.stop();
}, 60_000);

/** Each time another visitor: one address that opened this many connections would meet the edge's own limits. */
let visitors = 0;
function ask(host: string): ReturnType<typeof visit> {
  visitors += 1;
  return visit({ port: provider.edge.http, host, from: `127.1.${(visitors >> 8) & 255}.${visitors & 255}` });
}

/** Kills one process of a role, and waits until a new one of that role is there and the house works again. */
async function killOne(role: keyof Members): Promise<void> {
  const victims = (await provider.members())[role];
  const victim = victims[Math.floor(Math.random() * victims.length)];
  if (victim === undefined) throw new Error(`no process of role ${role}`);
  process.kill(victim.pid, 'SIGKILL');
  await until('the killed process is gone', async () => !(await isRunning(victim.pid)));
  await houseWorks();
}

async function houseWorks(): Promise<void> {
  await until(
    'the control plane answers, the edge is current and visitors are served',
    async () => {
      const { items } = await provider.operator.call(listEdges);
      const current = items.length > 0 && items.every((edge) => edge.state === 'current');
      return current && (await ask('steady.example')).status === 200;
    },
    { timeoutMs: 30_000, everyMs: 25 },
  );
}

it('visitors notice nothing while the agent and the control plane are killed and come back', async () => {
  await provider.protect('steady.example', origin.port);
  let stop = false;
  const failures: string[] = [];
  let served = 0;
  const visitor = (async () => {
    while (!stop) {
      try {
        const met = await ask('steady.example');
        if (met.status === 200) served += 1;
        else failures.push(String(met.status));
      } catch (error) {
        failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const haproxyBefore = (await provider.members()).haproxy.map((one) => one.pid).sort();
  for (const role of ['edge', 'control', 'edge', 'control'] as const) await killOne(role);
  stop = true;
  await visitor;
  expect(failures).toEqual([]);
  expect(served).toBeGreaterThan(50);
  expect((await provider.members()).haproxy.map((one) => one.pid).sort()).toEqual(haproxyBefore);
}, 120_000);

const inRecord = (path: string) => fetch(`${provider.controlUrl}/record/${path}`);
let recordKey: NoteKey | null = null;
let seen: Kept = nothingKept;

/** A monitor's look: the record goes on from the last one, every leaf of it read. */
async function recordGoesOn(): Promise<void> {
  recordKey ??= readNoteKey(sha256, (await (await inRecord('key')).text()).trim());
  if (recordKey === null) throw new Error('the record’s key does not read');
  const keys = [recordKey];
  const get = async (path: string) => {
    const answer = await inRecord(path);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const finding = await until('the record answers', () => look(get, keys, seen).catch(() => false as const));
  if (finding.kind !== 'goes-on') throw new Error(`the record does not go on: ${finding.why}`);
  seen = finding.kept;
}

/** What is published of a decision stands in the record, with a proof. */
async function statementHolds(decision: string): Promise<void> {
  const answer: unknown = await (await fetch(`${provider.controlUrl}/decisions/${decision}.json`)).json();
  const { record } = z.object({ record: RecordReference }).parse(answer);
  const proof = await until('its proof is there', async () => {
    const found = await inRecord(`proof/${record.leafSha256}`);
    return found.ok && (await found.text());
  });
  const trust = {
    keys: recordKey === null ? [] : [recordKey],
    sha256,
    verify: (key: string, text: string, signature: string) => textVerifier(key)(text, signature),
  };
  expect(checkProofFile(proof, new TextEncoder().encode(record.leaf), trust).kind, decision).toBe('holds');
}

it('a killed process at any moment loses nothing acknowledged, and forks no record', async () => {
  type Site = { hostname: string; siteId: SiteId; confirmed: Order | null; doubtful: boolean };
  const kept: Site[] = [];
  let stop = false;
  let lost = 0;
  /** The answer, or null when it was lost with the connection or the database: then nobody knows. */
  const answered = async <Answer>(call: Promise<Answer>): Promise<Answer | null> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof ApiRefusal && error.status < 500) throw error;
      lost += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return null;
    }
  };
  const people = (async () => {
    for (let number = 0; !stop; number += 1) {
      const hostname = `site-${number}.example`;
      const site = await answered(
        provider.operator.call(addSite, {
          body: { hostnames: [hostname], origin: `http://127.0.0.1:${origin.port}`, waiveOwnership: true },
        }),
      );
      if (site === null) continue;
      const one: Site = { hostname, siteId: site.siteId, confirmed: null, doubtful: false };
      kept.push(one);
      const placed = await answered(
        provider.operator.call(placeOrder, {
          body: {
            measure: 'notice-on-host',
            siteId: site.siteId,
            basis: { kind: 'own-decision' },
            internalReason: 'Placed while processes are being killed.',
            publicReason: 'This site was used to put the life of a person in danger.',
            endsAt: inHours(24),
          },
        }),
      );
      if (placed === null) continue;
      one.confirmed = await answered(provider.second.call(confirmOrder, { params: { orderId: placed.orderId } }));
      one.doubtful = one.confirmed === null;
      if (one.confirmed === null || number % 3 !== 0) continue;
      const { orderId } = one.confirmed;
      one.confirmed = await answered(
        provider.second.call(liftOrder, { params: { orderId }, body: { reason: 'Every third order is lifted again.' } }),
      );
      one.doubtful = one.confirmed === null;
    }
  })();

  for (const role of ['control', 'edge', 'haproxy', 'control', 'haproxy', 'edge', 'control', 'haproxy'] as const) {
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 400));
    await killOne(role);
    if (role === 'control') await recordGoesOn();
  }
  stop = true;
  await people;
  await houseWorks();
  expect(kept.length).toBeGreaterThan(5);
  expect(lost).toBeGreaterThan(0);

  const sites = await provider.operator.call(listSites, { query: { limit: 500 } });
  const booked = new Set(sites.items.map((site) => site.siteId));
  expect(kept.filter((one) => !booked.has(one.siteId))).toEqual([]);
  await recordGoesOn();
  expect(seen.edge.size).toBeGreaterThan(kept.length);
  for (const one of kept) {
    if (one.confirmed !== null) {
      await statementHolds(one.confirmed.decision);
      const { order } = await provider.operator.call(getOrder, { params: { orderId: one.confirmed.orderId } });
      expect(order.state, one.hostname).toBe(one.confirmed.state);
    }
    const { items } = await provider.operator.call(listOrders, { query: { siteId: one.siteId, inForce: 'true' } });
    const met = await ask(one.hostname);
    expect(met.headers['portcullis-decision'], one.hostname).toBe(items[0]?.decision);
    expect(met.status, one.hostname).toBe(items.length > 0 ? 403 : 200);
    if (one.confirmed?.state === 'confirmed') expect(items, one.hostname).toHaveLength(1);
    await until(
      `the receipts of ${one.hostname} arrive`,
      async () =>
        items[0] === undefined ||
        (await provider.operator.call(getOrder, { params: { orderId: items[0].orderId } })).order.receipts.enforced === 1,
    );
  }
}, 240_000);
