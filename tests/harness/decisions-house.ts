/**
 * Decisions, orders, owners' pages and public pages behind a real HTTP server, on a real database that the test can write to itself: a case is put there
 * graded, so that a test of decisions needs no door and no assessor. The clock stands still until it is moved; time does its work when it is told to.
 *
 * The whole control plane is started by tests/harness/control-house.ts.
 */
import { serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { EvidenceLevel, Grade, Lane } from '../../contract/desk/words.ts';
import { LadderStep, Limb } from '../../contract/desk/words.ts';
import { AccountId, AssessmentId, IncidentId } from '../../contract/ids.ts';
import type { CaseId, EvidenceId, Instant, PersonId, PolicyVersionId, SiteId } from '../../contract/ids.ts';
import { Cidr } from '../../contract/network.ts';
import { listCriteria } from '../../contract/routes/desk/decisions.ts';
import type { DecisionDraft } from '../../contract/routes/desk/decisions.ts';
import { settleHouse } from '../../control/bootstrap.ts';
import { settleFirstCriteria } from '../../control/desk/decisions/first-criteria.ts';
import { registerDecisions } from '../../control/desk/decisions/register.ts';
import type { DeskDeps, Outgoing } from '../../control/desk/deps.ts';
import { registerOwner } from '../../control/desk/owner/register.ts';
import { problemResponse } from '../../control/http/problem.ts';
import { houseJobs } from '../../control/jobs/jobs.ts';
import { registerOrderRoutes } from '../../control/orders/routes.ts';
import { registerPages } from '../../control/pages/register.ts';
import { registerSiteRoutes } from '../../control/sites/routes.ts';
import { addSite as addSiteRoute } from '../../contract/routes/sites.ts';
import { instantOf } from '../../core/instant.ts';
import { targetFields } from '../../core/desk/target-record.ts';
import { randomId } from '../../kit/random-id.ts';
import { changeCase, openCaseIn } from '../../store/desk/cases.ts';
import { addEvidenceIn } from '../../store/desk/evidence.ts';
import { addTargetIn } from '../../store/desk/targets.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { findSite } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { apiClient } from './api.ts';
import { noIntake, startFakeDesk } from './desk-deps.ts';
import type { FakeDesk } from './desk-deps.ts';
import { freePort } from './ports.ts';

export type { Person } from './desk-deps.ts';

export type GradedCase = {
  readonly caseId: CaseId;
  readonly siteId: SiteId;
  /** One item of each level. */
  readonly evidence: Readonly<Record<EvidenceLevel, EvidenceId>>;
};

export type DecisionsHouse = {
  readonly url: string;
  readonly store: Store;
  readonly deps: DeskDeps;
  readonly now: () => number;
  readonly at: (inMs: number) => Instant;
  readonly pass: (ms: number) => void;
  readonly person: FakeDesk['person'];
  readonly account: (name: string) => Promise<AccountId>;
  readonly site: (hostname: string, accountId?: AccountId) => Promise<SiteId>;
  readonly openCase: (
    siteId: SiteId,
    more?: { grade?: Grade | null; lane?: Lane; on?: EvidenceLevel; target?: string; assessor?: PersonId },
  ) => Promise<GradedCase>;
  readonly criteria: () => Promise<PolicyVersionId>;
  /** A good draft of a measure on a whole host, on our own capture; `more` replaces parts of it. */
  readonly draft: (found: GradedCase, more?: Partial<DecisionDraft>) => Promise<DecisionDraft>;
  readonly sent: Outgoing[];
  readonly woken: string[];
  readonly logged: string[];
  /** Everything that time does, once. */
  readonly runJobs: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startDecisionsHouse(address: StoreAddress): Promise<DecisionsHouse> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const fake = await startFakeDesk(address, { publicUrl: url });
  const { store, now, pass, person } = fake;
  const deps: DeskDeps = { ...fake.deps, allowOrigins: [Cidr.parse('127.0.0.0/8')], intake: noIntake };
  await settleHouse(deps);
  await settleFirstCriteria(deps);
  pass(60_000);
  const app = new Hono<{ Bindings: HttpBindings }>();
  registerSiteRoutes(app, deps);
  registerOrderRoutes(app, deps);
  const jobs = [...registerDecisions(app, deps), ...registerOwner(app, deps), ...houseJobs(deps).slice(0, 1)];
  app.onError((error, context) => problemResponse(error, { method: context.req.method, path: context.req.path }, deps));
  app.notFound(registerPages(app, { ...deps, contact: null }));
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions: { keepAliveTimeout: 65_000 } });

  const operator = await person('Olga Operator', ['operator']);

  return {
    url,
    store,
    deps,
    now,
    at: (inMs) => instantOf(now() + inMs),
    pass,
    person,
    async account(name) {
      const accountId = AccountId.parse(randomId('acct'));
      await store.db
        .insertInto('account')
        .values({ account_id: accountId, name, created_at: instantOf(now()) })
        .execute();
      return accountId;
    },
    async site(hostname, accountId) {
      const body = { hostnames: [hostname], origin: 'http://127.0.0.1:8080', waiveOwnership: true };
      const { siteId } = await operator.call(addSiteRoute, {
        body: { name: hostname, ...body, ...(accountId === undefined ? {} : { accountId }) },
      });
      return siteId;
    },
    async openCase(siteId, { grade = 'G4', lane = 'life-threat', on = 'A2', target, assessor } = {}) {
      const site = await findSite(store.db, siteId, null);
      if (site === null) throw new Error('there is no such site');
      const at = instantOf(now());
      return transact(store, async (unit) => {
        const caseId = await openCaseIn(unit, {
          at,
          title: 'A threat at the forum',
          class: 'threat-to-life',
          lane,
          laneReason: null,
          site: { siteId, accountId: site.accountId, name: site.name },
          hostname: null,
          reason: 'For a test.',
          who: null,
        });
        const evidence: Partial<Record<EvidenceLevel, EvidenceId>> = {};
        for (const level of ['A0', 'A1', 'A2', 'A3', 'A4'] as const) {
          const { evidenceId } = await addEvidenceIn(unit.tx, {
            caseId,
            kind: 'text',
            level,
            artefact: `artefact ${level}`,
            title: `Item ${level}`,
            url: null,
            blob: null,
            eventAt: at,
            firstSeenAt: at,
            at,
            addedBy: null,
            sensitive: false,
            captureState: 'none',
            why: 'For a test.',
          });
          evidence[level] = evidenceId;
        }
        const items = whole(evidence);
        if (grade !== null) {
          const incidentId = IncidentId.parse(randomId('inc'));
          await unit.tx
            .insertInto('incident')
            .values({
              incident_id: incidentId,
              case_id: caseId,
              site_id: siteId,
              event_at: at,
              event_at_source: 'stated',
              first_seen_at: at,
              target_id: null,
              title: '[threat naming a place and time]',
              offline_act: false,
              verified_by: null,
              verified_name: null,
              verified_at: at,
              independent_key: 'one',
              grade,
              grade_locked_at: at,
              retracted_at: null,
              retracted_why: null,
            })
            .execute();
          await unit.tx.insertInto('incident_evidence').values({ incident_id: incidentId, evidence_id: items[on] }).execute();
          if (assessor !== undefined) {
            await unit.tx
              .insertInto('assessment')
              .values({
                assessment_id: AssessmentId.parse(randomId('assess')),
                incident_id: incidentId,
                case_id: caseId,
                seat: 'first',
                axes: '{}',
                indicators: '[]',
                suggested: grade,
                rules_version: 'test',
                assigned: grade,
                differs_reason: null,
                assessor_id: assessor,
                assessor_name: 'An assessor',
                volume_open: false,
                created_at: at,
              })
              .execute();
          }
          await changeCase(unit.tx, caseId, { state: 'assessing', grade, grade_locked_at: at });
        }
        if (target !== undefined) {
          const fields = targetFields({ name: target, contact: '', redact: [], safetyNotes: '' });
          const sealedId = await deps.seal.keep(unit.tx, caseId, 'target', fields);
          await addTargetIn(unit.tx, { caseId, sealedId, at });
        }
        return { caseId, siteId, evidence: items };
      });
    },
    async criteria() {
      const { items } = await apiClient(url, null).call(listCriteria);
      const [newest] = items;
      if (newest === undefined) throw new Error('no criteria are published');
      return newest.policyVersionId;
    },
    async draft(found, more = {}) {
      const { items } = await apiClient(url, null).call(listCriteria);
      const step = more.step ?? 'protection-withdrawn';
      const [newest] = items;
      if (newest === undefined) throw new Error('no criteria are published');
      const base: DecisionDraft = {
        kind: 'measure',
        limbs: Limb.options.map((limb) => ({
          limb,
          finding: 'met' as const,
          reason: 'As the captured page shows.',
          evidence: [found.evidence.A2],
        })),
        step,
        measure: { endsAt: instantOf(now() + 30 * 86_400_000) },
        whyNotBelow: LadderStep.options
          .slice(0, LadderStep.options.indexOf(step))
          .map((below) => ({ step: below, why: 'It would leave the threat where it is read.' })),
        evidence: [found.evidence.A2],
        policyVersionId: newest.policyVersionId,
        publicReason: 'Specific threats against a named person were posted here.',
        internalReason: 'Seen on our own capture; two more are likely.',
      };
      return { ...base, ...more };
    },
    sent: fake.sent,
    woken: fake.woken,
    logged: fake.logged,
    runJobs: async () => {
      for (const job of jobs) await job.run();
    },
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
      await fake.stop();
    },
  };
}

function whole(found: Partial<Record<EvidenceLevel, EvidenceId>>): Record<EvidenceLevel, EvidenceId> {
  const { A0, A1, A2, A3, A4 } = found;
  if (A0 === undefined || A1 === undefined || A2 === undefined || A3 === undefined || A4 === undefined) {
    throw new Error('an item is missing');
  }
  return { A0, A1, A2, A3, A4 };
}
