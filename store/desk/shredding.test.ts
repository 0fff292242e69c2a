/** What is left of a case that was shredded: no table holds a word that somebody typed about it. */
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { actOnCase, addTask, openCase, settleTask } from '../../contract/routes/desk/cases.ts';
import type { CaseAct } from '../../contract/routes/desk/cases.ts';
import { startCasesHouse } from '../../tests/harness/cases-house.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { transact } from '../transact.ts';
import { authoritiesOf, blankWordsIn, lockReportsOf, mergedInto } from './shredding.ts';

const canary = 'Quillfeatherling';
const tables = [
  'desk_case',
  'case_search',
  'case_note',
  'case_link',
  'task',
  'report',
  'report_message',
  'claim_answer',
  'pressure',
  'authority_request',
  'owner_reply',
] as const;

describeOnBoth('after the shredding of a case', ({ fresh }) => {
  it('no table holds a word that was typed about it, also in cases that became it', async () => {
    const house = await startCasesHouse(await fresh());
    try {
      const { db } = house.store;
      const lead = await house.person('Lee Lead', ['lead']);
      const open = () =>
        lead.call(openCase, { body: { title: `about ${canary}`, class: 'doxxing', reason: 'seen by the analyst on duty' } });
      const [first, second, third] = [await open(), await open(), await open()];
      const act = (caseId: typeof first.caseId, body: CaseAct) => lead.call(actOnCase, { params: { caseId }, body });
      await act(third.caseId, { act: 'lane', lane: 'life-threat', why: `${canary} is in danger` });
      const task = { kind: 'warn-police', subject: 'the police' } as const;
      const [told] = (await lead.call(addTask, { params: { caseId: third.caseId }, body: task })).tasks;
      if (told === undefined) throw new Error('no task');
      await lead.call(settleTask, {
        params: { caseId: third.caseId, taskId: told.taskId },
        body: { state: 'done', record: `they know of ${canary}` },
      });
      await act(third.caseId, { act: 'note', text: canary });
      const clusterId = await house.cluster(third.caseId);
      const reportId = await house.report({ caseId: third.caseId, clusterId, text: canary, search: canary });
      await house.runJobs();
      const at = house.now();
      await sql`update report set outcome = ${canary} where report_id = ${reportId}`.execute(db);
      await sql`insert into report_message (message_id, report_id, at, sender, text) values ('m1', ${reportId}, ${at}, 'desk', ${canary})`.execute(
        db,
      );
      await sql`insert into claim_answer (message_id, case_id, cluster_id, report_id, kind, text, person_id, person_name, at, told, reached)
        values ('m2', ${third.caseId}, ${clusterId}, ${reportId}, 'answer', ${canary}, 'p', 'P', ${at}, '[]', 0)`.execute(db);
      await sql`insert into pressure (pressure_id, case_id, kind, at, description, source, person_id, person_name)
        values ('p1', ${third.caseId}, 'letter', ${at}, ${canary}, ${canary}, 'p', 'P')`.execute(db);
      await sql`insert into authority_request (authority_id, kind, state, agency, urls, text, case_id, received_at, channel, mail_proof, call_back, answer)
        values ('auth_000000000001', 'order', 'answered', 'The police', ${JSON.stringify([`https://a.example/${canary}`])}, ${canary}, ${third.caseId},
          ${at}, 'hand', '{}', ${JSON.stringify({ by: { personId: 'p', name: 'P' }, at, numberSource: 'directory', record: canary })}, ${canary})`.execute(
        db,
      );
      await sql`insert into owner_notice (notice_id, account_id, case_id, kind, subject, text, named_urls, at, link_hash)
        values ('n1', 'a', ${third.caseId}, 'question', 's', 't', '[]', ${at}, 'h')`.execute(db);
      await sql`insert into owner_reply (message_id, notice_id, at, text) values ('m3', 'n1', ${at}, ${canary})`.execute(db);
      await act(first.caseId, { act: 'merge-into', caseId: second.caseId, why: `both of ${canary}` });
      await act(second.caseId, { act: 'merge-into', caseId: third.caseId, why: `both of ${canary}` });

      const holding = async () => {
        const found: string[] = [];
        for (const table of tables) {
          const { rows } = await sql<{ text: string }>`select to_jsonb(t)::text as text from ${sql.table(table)} t`.execute(db);
          if (rows.some(({ text }) => text.toLowerCase().includes(canary.toLowerCase()))) found.push(table);
        }
        return found;
      };
      expect(await holding()).toEqual([...tables]);
      await transact(house.store, async ({ tx }) => blankWordsIn(tx, third.caseId, await lockReportsOf(tx, third.caseId)));
      expect(await holding()).toEqual([]);
      expect(await mergedInto(db, third.caseId)).toEqual([first.caseId, second.caseId].toSorted());
      expect(await authoritiesOf(db, third.caseId)).toEqual(['auth_000000000001']);
    } finally {
      await house.stop();
    }
  });
});
