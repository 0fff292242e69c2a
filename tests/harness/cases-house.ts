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
import { ClusterId, ReceiptNumber, ReportId } from '../../contract/ids.ts';
import type { CaseId, Instant } from '../../contract/ids.ts';
import { registerCases } from '../../control/desk/cases/register.ts';
import type { DeskDeps, Outgoing } from '../../control/desk/deps.ts';
import { problemResponse } from '../../control/http/problem.ts';
import type { Job } from '../../control/jobs/runner.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { noIntake, startFakeDesk } from './desk-deps.ts';
import type { FakeDesk } from './desk-deps.ts';
import { freePort } from './ports.ts';

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
  readonly person: FakeDesk['person'];
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
  const port = await freePort();
  const fake = await startFakeDesk(address, { publicUrl: `http://127.0.0.1:${port}` });
  const { store } = fake;
  const deps: DeskDeps = { ...fake.deps, intake: noIntake };
  const now = () => instantOf(fake.now());
  const app = new Hono<{ Bindings: HttpBindings }>();
  const jobs: Job[] = registerCases(app, deps);
  app.onError((error, context) => problemResponse(error, { method: context.req.method, path: context.req.path }, deps));
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions: { keepAliveTimeout: 120_000 } });
  let receipts = 0;
  return {
    store,
    deps,
    now,
    pass: fake.pass,
    person: fake.person,
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
          created_at: now(),
        })
        .execute();
      return clusterId;
    },
    async report(facts) {
      const reportId = ReportId.parse(randomId('rep'));
      receipts += 1;
      const text = facts.text ?? '[threat naming a place and time]';
      await store.db.transaction().execute(async (tx) => {
        const sealedId =
          facts.contact === undefined ? null : await deps.seal.keep(tx, reportId, 'reporter', { ...facts.contact });
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
            received_at: now(),
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
            processed_at: now(),
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
    sent: fake.sent,
    woken: fake.woken,
    told: fake.told,
    logged: fake.logged,
    async runJobs() {
      for (const job of jobs) await job.run();
    },
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await fake.stop();
    },
  };
}
