/** Grades as a case shows them, and what merging two cases does to them and to the volume behind them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CaseId } from '../../../contract/ids.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import { roleScopes } from '../../../contract/access.ts';
import { actOnCase, getCase, moveReport, openCase } from '../../../contract/routes/desk/cases.ts';
import { addEvidenceIn } from '../../../store/desk/evidence.ts';
import { transact } from '../../../store/transact.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { startCasesHouse } from '../../../tests/harness/cases-house.ts';
import type { CasesHouse } from '../../../tests/harness/cases-house.ts';
import { axesFor } from '../../../tests/harness/desk-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import type { Caller } from '../../http/caller.ts';
import { addIncident, assess } from './service.ts';

describeOnBoth('a case and its grades', (databases) => {
  let house: CasesHouse;
  let lead: Api;
  let analyst: Caller;

  beforeAll(async () => {
    house = await startCasesHouse(await databases.fresh());
    lead = await house.person('Bo Lead', ['lead']);
    const { personId } = await house.person('Ada Analyst', ['analyst']);
    const scopes = new Set(roleScopes.analyst);
    analyst = { personId, name: 'Ada Analyst', roles: ['analyst'], scopes, accountId: null, via: 'token' };
  });
  afterAll(async () => house?.stop());

  let made = 0;
  const open = async (): Promise<CaseId> =>
    (await lead.call(openCase, { body: { title: 'A case', class: 'harassment', reason: 'For a test.' } })).caseId;
  const incident = async (caseId: CaseId, grade: Grade | null): Promise<void> => {
    made += 1;
    const { evidenceId } = await transact(house.store, (unit) =>
      addEvidenceIn(unit.tx, {
        caseId,
        kind: 'url',
        level: 'A2',
        artefact: `https://forum.example/${made}`,
        title: 'A page',
        url: null,
        blob: null,
        eventAt: null,
        firstSeenAt: house.now(),
        at: house.now(),
        addedBy: null,
        sensitive: false,
        captureState: 'captured',
        why: 'For a test.',
      }),
    );
    const evidence = [evidenceId];
    const incidentId = await addIncident(house.deps, analyst, caseId, { title: 'An act', offlineAct: false, evidence });
    if (grade === null) return;
    const body = { axes: axesFor(grade, evidence), indicators: [], seat: 'first' as const, assigned: grade };
    await assess(house.deps, analyst, incidentId, body);
  };
  const merge = (caseId: CaseId, intoId: CaseId) =>
    lead.call(actOnCase, { params: { caseId }, body: { act: 'merge-into', caseId: intoId, why: 'the same people' } });
  const gradeOf = async (caseId: CaseId) => {
    const { grade, gradeLockedAt } = await lead.call(getCase, { params: { caseId } });
    return [grade, gradeLockedAt];
  };

  it('shows the second assessor the same, whether or not somebody graded before them', async () => {
    const sam = await house.person('Sam Second', ['analyst']);
    const [graded, untouched] = [await open(), await open()];
    await incident(untouched, null);
    await incident(graded, 'G4');
    const seen = async (caseId: CaseId) =>
      JSON.stringify(await sam.call(getCase, { params: { caseId } }))
        .replaceAll(/"(\w+)_[0-9a-z]{12}"/g, '"$1"')
        .replaceAll(/"C-\d+-\d+"/g, '"number"');
    expect(await seen(graded)).toBe(await seen(untouched));
    expect(await seen(graded)).toContain('"grading":"none"');
  });

  it('merging locks a case without incidents by those that come in graded', async () => {
    const [from, into] = [await open(), await open()];
    await incident(from, 'G2');
    expect(await gradeOf(into)).toEqual([null, null]);
    await merge(from, into);
    expect(await gradeOf(into)).toEqual(['G2', house.now()]);
  });

  it('merging leaves a case shut while one of its own incidents is not graded', async () => {
    const [from, into] = [await open(), await open()];
    await incident(from, 'G2');
    await incident(into, null);
    await merge(from, into);
    expect(await gradeOf(into)).toEqual([null, null]);
  });

  it('merging takes no case that nobody has graded into one whose volume is open', async () => {
    const [from, into] = [await open(), await open()];
    await incident(into, 'G1');
    await incident(from, null);
    expect(await refusalOf(merge(from, into))).toBe('wrong-state');
    expect(await gradeOf(into)).toEqual(['G1', house.now()]);
  });

  it('merging is no way to count a claim: nor is moving it, before its own case is graded', async () => {
    const [from, into] = [await open(), await open()];
    await incident(into, 'G1');
    const clusterId = await house.cluster(from);
    const reportId = await house.report({ caseId: from, clusterId });
    await house.report({ caseId: from, clusterId });
    const move = () => lead.call(moveReport, { params: { reportId }, body: { caseId: into, why: 'the same people' } });
    expect(await refusalOf(move())).toBe('wrong-state');
    await incident(from, 'G1');
    expect((await move()).caseId).toBe(into);
  });

  it('merging keeps the graver grade of two that are graded', async () => {
    const [from, into] = [await open(), await open()];
    await incident(from, 'G2');
    await incident(into, 'G1');
    await merge(from, into);
    expect(await gradeOf(into)).toEqual(['G2', house.now()]);
  });
});
