/**
 * The public pages behind a real HTTP server, on a real database with a few edges and decisions of every kind, at a fixed time.
 *
 * The rows are written as the services write them; the path from an order to its page is walked by the stories.
 */
import { defaultInsight } from '../../control/insight/config.ts';
import { serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { ExactHostname } from '../../contract/hostname.ts';
import {
  AccountId,
  AlarmId,
  DecisionNumber,
  EdgeId,
  GroupName,
  OrderId,
  PersonId,
  ReceiptId,
  Revision,
  SiteId,
} from '../../contract/ids.ts';
import type { Basis } from '../../contract/policy.ts';
import { PublicKey } from '../../contract/stream.ts';
import { openOrderChanges } from '../../control/orders/changes.ts';
import { registerPages } from '../../control/pages/register.ts';
import { instantOf } from '../../core/instant.ts';
import { emptyDigest } from '../../core/shield/digest.ts';
import { randomId } from '../../kit/random-id.ts';
import { insertGroup } from '../../store/change-log.ts';
import { insertEdge } from '../../store/edges.ts';
import { migrate } from '../../store/migrate.ts';
import type { Store } from '../../store/open.ts';
import { insertOrder, insertReceipt } from '../../store/orders.ts';
import type { OrderRecord } from '../../store/orders.ts';
import { freePort } from './ports.ts';

export const pagesNow = Date.parse('2026-11-22T16:42:07.000Z');
const hour = 3_600_000;
const at = (hoursAgo: number) => instantOf(pagesNow - hoursAgo * hour);
const group = GroupName.parse('default');

export type PagesHouse = {
  readonly url: string;
  readonly store: Store;
  /** Adds a decision as the record would hold it; what is left out is an own decision on a whole host, in force for three hours. */
  readonly decide: (number: string, more?: Partial<OrderRecord>) => Promise<OrderRecord>;
  readonly stop: () => Promise<void>;
};

const proposer = { personId: PersonId.parse(randomId('person')), name: 'Ada Lovelace' };
const confirmer = { personId: PersonId.parse(randomId('person')), name: 'Grace Hopper' };

/** Starts the pages on a store that was opened; `stop` closes it. */
export async function startPages(store: Store, contact: string | null = null): Promise<PagesHouse> {
  await migrate(store);
  await store.db.transaction().execute((tx) => insertGroup(tx, group, at(500)));
  const edges = [await addEdge(store, 'oslo'), await addEdge(store, 'lyon'), await addEdge(store, 'porto')];
  const port = await freePort();
  const publicUrl = `http://localhost:${port}`;
  const app = new Hono<{ Bindings: HttpBindings }>();
  const notFound = registerPages(app, {
    store,
    now: () => pagesNow,
    provider: 'Example Shield',
    version: '0.0.0',
    publicUrl,
    log: pino({ level: 'silent' }),
    authenticate: () => Promise.resolve(null),
    allowOrigins: [],
    orderChanges: openOrderChanges(),
    breakGlassSeconds: 3600,
    insight: defaultInsight,
    houseAccount: AccountId.parse(randomId('acct')),
    resolver: {
      addresses: () => Promise.resolve({ addresses: [], ttlSeconds: 60 }),
      texts: () => Promise.resolve([]),
      exchanges: () => Promise.resolve([]),
    },
    processName: 'test',
    contact,
  });
  app.notFound(notFound);
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions: { keepAliveTimeout: 65_000 } });
  return {
    url: publicUrl,
    store,
    async decide(number, more = {}) {
      const startsAt = more.startsAt === undefined ? at(3) : more.startsAt;
      const order: OrderRecord = {
        orderId: OrderId.parse(randomId('order')),
        decision: DecisionNumber.parse(number),
        state: 'confirmed',
        measure: 'notice-on-host',
        siteId: SiteId.parse(randomId('site')),
        accountId: AccountId.parse(randomId('acct')),
        group,
        siteName: 'Riverside forum',
        hostnames: [ExactHostname.parse('forum.example')],
        path: null,
        requestsPer10s: null,
        basis: { kind: 'own-decision' },
        internalReason: 'SECRET-INTERNAL case 12',
        publicReason: 'Specific threats against named people were posted here, faster than they could be followed up.',
        startsAt,
        endsAt: instantOf(pagesNow + 69 * hour),
        proposer,
        proposedAt: at(4),
        confirmer,
        confirmedAt: startsAt,
        breakGlass: null,
        lifter: null,
        liftedAt: null,
        liftReason: null,
        revision: 7,
        committedAt: startsAt,
        ...more,
      };
      await insertOrder(store.db, order);
      const state = order.state === 'lifted' || order.state === 'expired' ? 'lifted' : 'enforced';
      const from = order.liftedAt ?? (state === 'lifted' ? order.endsAt : order.startsAt);
      if (from === null || order.revision === null) return order;
      for (const [index, edgeId] of edges.entries())
        await addReceipt(store, order, edgeId, state, Date.parse(from) + 18 + 7 * index);
      return order;
    },
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await store.close();
    },
  };
}

export const legal: Basis = {
  kind: 'legal-order',
  authority: 'the District Court of Exampleton',
  reference: '14 O 233/26',
  authorityUrl: 'https://court.example/orders/14-O-233-26',
};

async function addEdge(store: Store, name: string): Promise<EdgeId> {
  const edgeId = EdgeId.parse(randomId('edge'));
  const publicKey = PublicKey.parse(Buffer.alloc(32, name.length * 31 + name.charCodeAt(0)).toString('base64'));
  const versions = { agent: '0.1.0', haproxy: '2.6.12' };
  await insertEdge(store.db, { edgeId, name, group, publicKey, at: at(400), versions, digest: emptyDigest });
  await store.db
    .updateTable('edge')
    .set({ last_seen_at: instantOf(pagesNow - 1000), connected_to: 'test' })
    .where('edge_id', '=', edgeId)
    .execute();
  await store.db
    .insertInto('edge_ack')
    .values([9, 11, 12, 14, 31].map((took, index) => ({ edge_id: edgeId, revision: index + 1, acked_at: at(5), took_ms: took })))
    .execute();
  return edgeId;
}

/** An alarm that an edge was away, as the job writes it. */
export async function addAlarm(store: Store, kind: 'edge-away' | 'break-glass', hoursAgo: number): Promise<void> {
  await store.db
    .insertInto('alarm')
    .values({
      alarm_id: AlarmId.parse(randomId('alarm')),
      kind,
      at: at(hoursAgo),
      sentence: 'SECRET-INTERNAL edge oslo',
      order_id: null,
      site_id: null,
      edge_id: null,
      acknowledged_by: null,
      acknowledged_name: null,
      acknowledged_at: null,
    })
    .execute();
}

async function addReceipt(store: Store, order: OrderRecord, edgeId: EdgeId, state: 'enforced' | 'lifted', receivedMs: number) {
  const receivedAt = instantOf(receivedMs);
  await insertReceipt(store.db, {
    receiptId: ReceiptId.parse(randomId('rcpt')),
    receivedAt,
    bodyText: '{}',
    signed: {
      signature: Buffer.from(`${order.orderId} ${edgeId}`.padEnd(64, '.')).toString('base64').slice(0, 88),
      body: {
        edgeId,
        group,
        orderId: order.orderId,
        state,
        revision: Revision.parse(7),
        digest: emptyDigest,
        at: receivedAt,
        tookMs: 4,
        probe: { url: 'http://forum.example/', status: 403, action: 'notice', decision: order.decision },
        detail: null,
      },
    },
  });
}

export { at as hoursAgo };
