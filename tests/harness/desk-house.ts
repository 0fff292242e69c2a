/**
 * A control plane with the people of a desk, and the few moves that every story of the desk is made of: report, find the case, record what
 * happened, grade it by two people, decide it by two.
 *
 * All through the API, as the console does it. Not here: what is asserted.
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { Cidr } from '../../contract/network.ts';
import { EvidenceId, Instant } from '../../contract/ids.ts';
import type { CaseId, IncidentId, PolicyVersionId, SiteId } from '../../contract/ids.ts';
import { Limb, LadderStep } from '../../contract/desk/words.ts';
import type { Grade } from '../../contract/desk/words.ts';
import type { Axes, Incident } from '../../contract/desk/shapes.ts';
import { addIncident, assess } from '../../contract/routes/desk/assessments.ts';
import { getCase, listCases } from '../../contract/routes/desk/cases.ts';
import type { Case, CaseRow } from '../../contract/routes/desk/cases.ts';
import { listCriteria } from '../../contract/routes/desk/decisions.ts';
import type { DecisionDraft } from '../../contract/routes/desk/decisions.ts';
import { sendReport } from '../../contract/routes/desk/reports.ts';
import type { ReportDraft } from '../../contract/routes/desk/reports.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { DeskConfig } from '../../control/desk/deps.ts';
import type { StoreAddress } from '../../store/open.ts';
import type { Api } from './api.ts';
import { startControlHouse } from './control-house.ts';
import type { ControlHouse } from './control-house.ts';
import { freePort, until } from './ports.ts';

export type DeskHouse = ControlHouse & {
  readonly siteId: SiteId;
  readonly analyst: Api;
  readonly second: Api;
  readonly boss: Api;
  readonly decider: Api;
  readonly appeals: Api;
  /** Pages of the forum, by path; what captures fetch. */
  readonly pages: Map<string, string>;
  readonly pageUrl: (path: string) => string;
  readonly report: (draft: Partial<ReportDraft>) => Promise<{ statusUrl: string; number: number; leaf: string }>;
  /** The open cases, once there are at least so many. */
  readonly cases: (atLeast?: number) => Promise<CaseRow[]>;
  readonly case: (caseId: CaseId) => Promise<Case>;
  /** Records an act that happened at `eventAt` on these artefacts, and has it graded by as many people as it needs. */
  readonly incident: (
    caseId: CaseId,
    what: { title: string; eventAt: string; grade: Grade; evidence: readonly string[] },
  ) => Promise<Incident>;
  readonly criteria: () => Promise<PolicyVersionId>;
};

const host = 'forum.example';

/** Starts everything; `stop` ends it. Captures reach the forum's pages on loopback by its address. */
export async function startDeskHouse(database: StoreAddress, desk: Partial<DeskConfig> = {}): Promise<DeskHouse> {
  const pages = new Map<string, string>();
  const [forum, port] = await servePages(pages);
  const house = await startControlHouse(database, { desk: { allowCaptures: [Cidr.parse('127.0.0.0/8')], ...desk } });
  const [analyst, second, boss, decider, appeals] = await Promise.all([
    house.person('Ada Analyst', ['analyst']),
    house.person('Sam Second', ['analyst']),
    house.person('Bo Boss', ['lead']),
    house.person('Dee Decider', ['decider']),
    house.person('Abe Appeals', ['appeals']),
  ]);
  const { siteId } = await house.operator().call(addSite, {
    body: { name: 'Forum of Example', hostnames: [host], origin: `http://127.0.0.1:${port}`, waiveOwnership: true },
  });
  const grading = async (incidentId: IncidentId, grade: Grade, evidence: readonly string[]): Promise<Incident> => {
    const ids = evidence.map((id) => EvidenceId.parse(id));
    const body = { axes: axesFor(grade, ids), assigned: grade };
    const first = await analyst.call(assess, { params: { incidentId }, body: { ...body, seat: 'first' } });
    if (first.grading === 'locked') return first;
    return second.call(assess, { params: { incidentId }, body: { ...body, seat: 'second' } });
  };
  return {
    ...house,
    siteId,
    analyst,
    second,
    boss,
    decider,
    appeals,
    pages,
    pageUrl: (path) => `http://127.0.0.1:${port}${path}`,
    report: async (draft) =>
      house
        .stranger()
        .call(sendReport, { body: { class: 'threat-to-life', text: 'Something happened.', hostname: host, ...draft } }),
    cases: (atLeast = 1) =>
      until(
        `${atLeast} cases are open`,
        async () => {
          const { items } = await analyst.call(listCases, { query: { open: 'true' } });
          return items.length >= atLeast && items;
        },
        { timeoutMs: 60_000, everyMs: 100 },
      ),
    case: (caseId) => analyst.call(getCase, { params: { caseId } }),
    incident: async (caseId, { title, eventAt, grade, evidence }) => {
      const ids = evidence.map((id) => EvidenceId.parse(id));
      const made = await analyst.call(addIncident, {
        params: { caseId },
        body: { title, eventAt: Instant.parse(eventAt), evidence: ids },
      });
      return grading(made.incidentId, grade, evidence);
    },
    criteria: async () => {
      const { items } = await analyst.call(listCriteria);
      const newest = items[0];
      if (newest === undefined) throw new Error('no criteria are published');
      return newest.policyVersionId;
    },
    stop: async () => {
      await house.stop();
      forum.closeAllConnections();
      await new Promise((resolve) => forum.close(resolve));
    },
  };
}

async function servePages(pages: ReadonlyMap<string, string>): Promise<[Server, number]> {
  const server = createServer((request, response) => {
    const page = pages.get(request.url ?? '');
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(page ?? 'gone');
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return [server, port];
}

/** Axes for which the rules suggest this grade, each resting on the evidence. */
export function axesFor(grade: Grade, evidence: readonly EvidenceId[]): Axes {
  const on = <Value extends string>(value: Value) => ({ value, reason: 'Read on the captured page.', evidence: [...evidence] });
  const unknown = (): { value: 'unknown'; reason: string; evidence: EvidenceId[] } => ({
    value: 'unknown',
    reason: '',
    evidence: [],
  });
  const base = {
    target: unknown(),
    intent: unknown(),
    means: unknown(),
    timePlace: unknown(),
    preparation: unknown(),
    authenticity: on('reporters-copy-only'),
    corroboration: on('one-artefact'),
    nexus: on('posted-there'),
    operatorResponse: unknown(),
    ongoing: unknown(),
  } satisfies Axes;
  switch (grade) {
    case 'G0':
      return { ...base, target: on('none'), intent: on('none') };
    case 'G1':
      return { ...base, target: on('group'), intent: on('veiled') };
    case 'G2':
      return { ...base, target: on('named-person'), intent: on('conditional') };
    case 'G3':
      return { ...base, target: on('named-person'), intent: on('direct'), means: on('shown') };
    case 'G4':
      return {
        ...base,
        target: on('named-and-locatable'),
        intent: on('direct'),
        means: on('shown'),
        timePlace: on('both'),
        ongoing: on('imminent'),
      };
    default:
      return grade satisfies never;
  }
}

/** A decision that says everything it must: all limbs met on the evidence, every narrower step refused with a reason. */
export function decisionDraft(
  step: LadderStep,
  policyVersionId: PolicyVersionId,
  evidence: readonly EvidenceId[],
  over: Partial<DecisionDraft> & { readonly endsAt: string },
): DecisionDraft {
  const { endsAt, ...rest } = over;
  const below = LadderStep.options.slice(0, LadderStep.options.indexOf(step));
  return {
    kind: 'measure',
    step,
    limbs: Limb.options.map((limb) => ({ limb, finding: 'met', reason: 'As the evidence shows.', evidence: [...evidence] })),
    measure: { endsAt: Instant.parse(endsAt) },
    whyNotBelow: below.map((narrower) => ({ step: narrower, why: 'It would leave the threat where it is read and acted on.' })),
    evidence: [...evidence],
    policyVersionId,
    publicReason: 'Threats against named people were organised on this site and grew within two days.',
    internalReason: 'See the incidents; law enforcement was told and cannot act in time.',
    ...rest,
  };
}
