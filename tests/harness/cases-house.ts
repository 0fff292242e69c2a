/**
 * The desk's cases behind a real HTTP server on a real database that the test can write to itself: reports are put there as the reading part
 * leaves them, so that a test of the queue needs no door. The clock stands still until it is moved; jobs run when they are told to.
 *
 * The whole control plane is started by tests/harness/control-house.ts.
 */
import { serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { sql } from 'kysely';
import { pino } from 'pino';
import type { Role } from '../../contract/access.ts';
import { scopesOf } from '../../contract/access.ts';
import { ClusterId, PersonId, ReceiptNumber, ReportId, TokenId } from '../../contract/ids.ts';
import type { CaseId, Instant } from '../../contract/ids.ts';
import { newApiToken, hashOf } from '../../control/identity/secrets.ts';
import { createAuthenticate } from '../../control/identity/authenticate.ts';
import { registerCases } from '../../control/desk/cases/register.ts';
import type { DeskDeps, Outgoing } from '../../control/desk/deps.ts';
import { openSeal } from '../../control/desk/seal.ts';
import { problemResponse } from '../../control/http/problem.ts';
import type { Job } from '../../control/jobs/runner.ts';
import { dnsResolver } from '../../control/sites/resolver.ts';
import { openOrderChanges } from '../../control/orders/changes.ts';
import { nameKey } from '../../core/identity/people.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { insertPerson } from '../../store/identity/people.ts';
import { insertToken } from '../../store/identity/sessions.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { settleHouseAccount } from '../../store/house.ts';
import { apiClient } from './api.ts';
import type { Api } from './api.ts';
import { freePort, removeFolder, temporaryFolder } from './ports.ts';

export type ReportFacts = {
  readonly caseId: CaseId;
  readonly clusterId?: ClusterId;
  readonly text?: string;
  readonly role?: 'target' | 'bystander' | 'unsaid';
  readonly wantsSafetyContact?: boolean;
  readonly contact?: Record<string, string>;
  /** Words for the search, as the reading part leaves them. */
  readonly search?: string;
};

export type CasesHouse = {
  readonly store: Store;
  readonly deps: DeskDeps;
  readonly now: () => Instant;
  readonly pass: (ms: number) => void;
  readonly person: (name: string, roles: readonly Role[]) => Promise<Api & { readonly personId: PersonId }>;
  /** A report that was read into a case. */
  readonly report: (facts: ReportFacts) => Promise<ReportId>;
  readonly cluster: (caseId: CaseId, parent?: ClusterId) => Promise<ClusterId>;
  /** Messages that would have left the house, and pages. */
  readonly sent: Outgoing[];
  readonly woken: string[];
  readonly told: string[];
  readonly logged: string[];
  readonly runJobs: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startCasesHouse(address: StoreAddress): Promise<CasesHouse> {
  const store = await openStore(address);
  await migrate(store);
  const folder = temporaryFolder('cases');
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  let nowMs = Date.UTC(2026, 2, 4, 10, 0, 0);
  const now = () => nowMs;
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const sent: Outgoing[] = [];
  const woken: string[] = [];
  const told: string[] = [];
  store.doorbell.onRing('live', (text) => void told.push(text));
  const seal = await openSeal({ store, now }, folder, null);
  const houseAccount = await settleHouseAccount(store.db, 'Example Shield', instantOf(nowMs));
  const deps: DeskDeps = {
    store,
    now,
    log,
    publicUrl,
    provider: 'Example Shield',
    version: 'test',
    allowOrigins: [],
    breakGlassSeconds: 3600,
    houseAccount,
    resolver: dnsResolver(['127.0.0.1:9']),
    orderChanges: openOrderChanges(),
    processName: 'test',
    authenticate: createAuthenticate({ store, publicUrl, now }),
    seal,
    state: folder,
    dnsServers: [],
    desk: {
      mailListen: null,
      mailDomain: 'shield.example',
      mailRelay: null,
      allowCaptures: [],
      timestampUrls: [],
      chromium: null,
      allowNotify: [],
    },
    outbox: {
      send: async (_unit, message) => void sent.push(message),
      wake: async (_unit, page) => void woken.push(page.sentence),
      wakeFastLane: async (_unit, page) => void woken.push(page.sentence),
    },
    intake: {
      accept: () => Promise.reject(new Error('there is no door here')),
    },
  };
  const app = new Hono<{ Bindings: HttpBindings }>();
  const jobs: Job[] = registerCases(app, deps);
  app.onError((error, context) => problemResponse(error, { method: context.req.method, path: context.req.path }, deps));
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions: { keepAliveTimeout: 120_000 } });
  let receipts = 0;
  return {
    store,
    deps,
    now: () => instantOf(nowMs),
    pass: (ms) => void (nowMs += ms),
    async person(name, roles) {
      const personId = PersonId.parse(randomId('person'));
      const at = instantOf(nowMs);
      await insertPerson(store.db, {
        personId,
        name,
        nameKey: nameKey(name),
        roles: [...roles],
        accountId: roles.includes('owner') ? houseAccount : null,
        state: 'active',
        createdAt: at,
      });
      const token = newApiToken();
      await insertToken(store.db, {
        tokenId: TokenId.parse(randomId('token')),
        secretHash: hashOf(token),
        personId,
        name: 'test',
        scopes: [...scopesOf([...roles])],
        at,
        expiresAt: null,
      });
      return { ...apiClient(publicUrl, token), personId };
    },
    async cluster(caseId, parent) {
      const clusterId = ClusterId.parse(randomId('clus'));
      await store.db
        .insertInto('cluster')
        .values({
          cluster_id: clusterId,
          parent: parent ?? null,
          method: 'test',
          case_id: caseId,
          n: 1,
          k: 1,
          w: 0,
          created_at: instantOf(nowMs),
        })
        .execute();
      return clusterId;
    },
    async report(facts) {
      const reportId = ReportId.parse(randomId('rep'));
      receipts += 1;
      const text = facts.text ?? '[threat naming a place and time]';
      await store.db.transaction().execute(async (tx) => {
        const sealedId = facts.contact === undefined ? null : await seal.keep(tx, reportId, 'reporter', { ...facts.contact });
        await tx
          .insertInto('report')
          .values({
            report_id: reportId,
            receipt_number: ReceiptNumber.parse(receipts),
            receipt_leaf: '{}',
            receipt_sha256: String(receipts),
            status_hash: `status ${receipts}`,
            channel: 'form',
            class: 'threat-to-life',
            fast_lane: false,
            state: 'linked',
            received_at: instantOf(nowMs),
            happened_at: null,
            hostname: 'forum.example',
            site_id: null,
            urls: '[]',
            text,
            lang: 'en',
            role: facts.role ?? 'unsaid',
            reporter_sealed_id: sealedId,
            reporter_mark: null,
            reporter_proof: 'none',
            forward_consent: false,
            wants_safety_contact: facts.wantsSafetyContact ?? false,
            machine: '{}',
            raw_blob_id: null,
            processed_at: instantOf(nowMs),
            cluster_id: facts.clusterId ?? null,
            case_id: facts.caseId,
            outcome: null,
            search: null,
          })
          .execute();
        if (facts.search !== undefined) {
          await sql`update report set search = to_tsvector('simple', ${facts.search}) where report_id = ${reportId}`.execute(tx);
        }
      });
      return reportId;
    },
    sent,
    woken,
    told,
    logged,
    async runJobs() {
      for (const job of jobs) await job.run();
    },
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await store.close();
      removeFolder(folder);
    },
  };
}
