/** What the queue's search and the audit trail may not be asked: how many reported, and who is sealed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PersonId } from '../../../contract/ids.ts';
import { actOnCase, addTarget, getCase, listCases, moveReport, openCase, unseal } from '../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../contract/routes/desk/cases.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { startCasesHouse } from '../../../tests/harness/cases-house.ts';
import type { CasesHouse } from '../../../tests/harness/cases-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { changeCase } from '../../../store/desk/cases.ts';

describeOnBoth('an oracle', ({ fresh }) => {
  let house: CasesHouse;
  let lead: Api & { readonly personId: PersonId };
  beforeAll(async () => {
    house = await startCasesHouse(await fresh());
    lead = await house.person('Lee Lead', ['lead']);
  });
  afterAll(() => house?.stop());
  const open = (title: string): Promise<Case> =>
    lead.call(openCase, { body: { title, class: 'harassment', reason: 'seen by the analyst on duty' } });
  const search = async (text: string) => (await lead.call(listCases, { query: { search: text } })).items.map((row) => row.number);

  test('a receipt number leads to what a case shows before its grade, and to every report after it', async () => {
    const { caseId, number } = await open('a campaign');
    const clusterId = await house.cluster(caseId);
    for (let n = 0; n < 20; n += 1) await house.report({ caseId, clusterId });
    const receipts = await house.store.db.selectFrom('report').select('receipt_number').where('case_id', '=', caseId).execute();
    const found = async () => {
      const hits = await Promise.all(receipts.map((row) => search(`#${row.receipt_number}`)));
      return hits.flat();
    };
    expect(await found()).toEqual([number]);
    await house.store.db.transaction().execute((tx) => changeCase(tx, caseId, { grade: 'G1', grade_locked_at: house.now() }));
    expect(await found()).toHaveLength(20);
  });

  test('whoever is sealed in one case is not found by words that came from another', async () => {
    const [from, into] = [await open('Marigold Quince is named here'), await open('another')];
    await house.report({ caseId: from.caseId, search: 'they wrote of marigold quince' });
    await house.runJobs();
    expect(await search('marigold')).toEqual([from.number]);
    await lead.call(addTarget, { params: { caseId: into.caseId }, body: { name: 'Marigold Quince' } });
    await lead.call(actOnCase, {
      params: { caseId: from.caseId },
      body: { act: 'merge-into', caseId: into.caseId, why: 'the same people' },
    });
    expect(await search('marigold')).toEqual([]);
    expect(await search('quince')).toEqual([]);
    expect((await lead.call(getCase, { params: { caseId: from.caseId } })).title).not.toContain('Marigold');
  });

  test('the same for a report that is moved', async () => {
    const [from, into] = [await open('one more'), await open('yet another')];
    const reportId = await house.report({ caseId: from.caseId, search: 'they wrote of petunia medlar' });
    await house.runJobs();
    await lead.call(addTarget, { params: { caseId: into.caseId }, body: { name: 'Petunia Medlar' } });
    await lead.call(moveReport, { params: { reportId }, body: { caseId: into.caseId, why: 'it belongs there' } });
    expect(await search('petunia')).toEqual([]);
  });

  test('a reason for unsealing holds no name of the reporter who was unsealed before', async () => {
    const { caseId } = await open('unsealed');
    const reportId = await house.report({ caseId, contact: { name: 'Clementine Damson', mail: 'clem@reporter.example' } });
    const body = { what: { kind: 'reporter', reportId }, reason: 'Clementine Damson asked to be called back' } as const;
    await lead.call(unseal, { params: { caseId }, body });
    const trail = await house.store.db.selectFrom('audit_entry').select('detail').where('act', '=', 'desk.unseal').execute();
    expect(JSON.stringify(trail)).not.toMatch(/Clementine|Damson/);
  });
});
