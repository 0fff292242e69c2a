/** Appeals of reporters, on both databases: however many appeal, one appeal is open, nobody can count them before the grade, and each is answered. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idPrefix, ReceiptNumber, ReportId } from '../../../contract/ids.ts';
import type { AppealId, CaseId } from '../../../contract/ids.ts';
import * as contract from '../../../contract/routes/desk/decisions.ts';
import type { DeskDecision } from '../../../contract/routes/desk/decisions.ts';
import { randomId } from '../../../kit/random-id.ts';
import { changeCase } from '../../../store/desk/cases.ts';
import { transact } from '../../../store/transact.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import { startDecisionsHouse } from '../../../tests/harness/decisions-house.ts';
import type { DecisionsHouse, GradedCase, Person } from '../../../tests/harness/decisions-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { Failure } from '../../http/failure.ts';
import { hashOf, newSecret } from '../../identity/secrets.ts';
import { actOnReport, readStatus } from '../intake/status.ts';
import type { StatusAct } from '../intake/status.ts';
import { tellReporters } from './answers.ts';
import { openAppealIn } from './appeals.ts';

const hour = 3_600_000;
const reasons = 'We looked at all of it once more.';

describeOnBoth('appeals of reporters', (databases) => {
  let house: DecisionsHouse;
  let analyst: Person;
  let lead: Person;
  let appeals: Person;
  let sites = 0;
  let receipts = 0;
  const rung: string[] = [];

  beforeAll(async () => {
    house = await startDecisionsHouse(await databases.fresh());
    analyst = await house.person('Ada Analyst', ['analyst']);
    lead = await house.person('Lee Lead', ['lead']);
    appeals = await house.person('Abe Appeals', ['appeals']);
    house.store.doorbell.onRing('live', (text) => void rung.push(text));
  });
  afterAll(async () => house?.stop());

  /** A case with a decision in force: after its grade, or before it by one person alone. */
  const decided = async (grade: 'graded' | 'ungraded' = 'graded'): Promise<{ found: GradedCase; decision: DeskDecision }> => {
    sites += 1;
    const found = await house.openCase(await house.site(`forum${sites}.example`), { grade: grade === 'graded' ? 'G4' : null });
    const params = { caseId: found.caseId };
    if (grade === 'graded') {
      const proposed = await analyst.call(contract.proposeDecision, { params, body: await house.draft(found) });
      return {
        found,
        decision: await lead.call(contract.confirmDecision, { params: { decisionId: proposed.decisionId } }),
      };
    }
    const body = await house.draft(found, {
      step: 'provisional-notice-page',
      provisional: true,
      measure: { endsAt: house.at(24 * hour) },
      breakGlass: { reason: 'The named time is in ten minutes.' },
    });
    return { found, decision: await lead.call(contract.proposeDecision, { params, body }) };
  };

  /** Puts reports into a case, as if they had been read; their private tokens. */
  const reports = async (caseId: CaseId, count: number, name?: string): Promise<string[]> => {
    const tokens = Array.from({ length: count }, () => newSecret());
    await transact(house.store, async ({ tx }) => {
      const rows = tokens.map((token) => {
        receipts += 1;
        return {
          report_id: ReportId.parse(randomId(idPrefix.report)),
          receipt_number: ReceiptNumber.parse(receipts),
          receipt_leaf: '{}',
          receipt_sha256: '',
          status_hash: hashOf(token),
          channel: 'api' as const,
          class: 'threat-to-life' as const,
          fast_lane: false,
          state: 'linked' as const,
          received_at: house.at(0),
          happened_at: null,
          hostname: null,
          site_id: null,
          urls: '[]',
          text: '[threat naming a place and time]',
          lang: null,
          role: 'bystander' as const,
          reporter_sealed_id: null,
          reporter_mark: null,
          reporter_proof: 'none' as const,
          forward_consent: false,
          wants_safety_contact: false,
          machine: '{}',
          raw_blob_id: null,
          processed_at: house.at(0),
          cluster_id: null,
          case_id: caseId,
          outcome: null,
          search: null,
        };
      });
      for (let start = 0; start < rows.length; start += 500) {
        await tx
          .insertInto('report')
          .values(rows.slice(start, start + 500))
          .execute();
      }
      const ids = rows.map((row) => row.report_id);
      if (name === undefined) return;
      for (const reportId of ids) {
        const sealedId = await house.deps.seal.keep(tx, reportId, 'reporter', { name, mail: 'reporter@mail.example' });
        await tx.updateTable('report').set({ reporter_sealed_id: sealedId }).where('report_id', '=', reportId).execute();
      }
    });
    return tokens;
  };
  const act = async (token: string, body: StatusAct): Promise<string> => {
    try {
      await actOnReport(house.deps, token, body);
      return 'done';
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  };
  const appeal = (token: string, text: string) => act(token, { act: 'appeal', text });
  const listed = async (caseId: CaseId) => (await appeals.call(contract.listAppeals, { query: { caseId } })).items;
  const open = async (caseId: CaseId) => (await listed(caseId)).filter(({ state }) => state === 'open' || state === 'taken');
  const words = async (appealId: AppealId, query: { limit?: number; cursor?: string } = {}) =>
    appeals.call(contract.listAppealWords, { params: { appealId }, query });
  const decide = async (appealId: AppealId, wordsRead?: number) => {
    const params = { appealId };
    await appeals.call(contract.takeAppeal, { params });
    const read = wordsRead === undefined ? {} : { wordsRead };
    return appeals.call(contract.decideAppeal, { params, body: { outcome: 'upheld', reasons, ...read } });
  };
  const tellAll = async () => {
    while (await tellReporters(house.deps));
  };
  const answersTo = async (token: string): Promise<number> => {
    const view = await readStatus(house.deps, token);
    return (view?.messages ?? []).filter(({ sender, text }) => sender === 'desk' && text.includes(reasons)).length;
  };

  it('are one open appeal for two thousand reporters, with all their words, and everybody is answered once', async () => {
    const count = databases.kind === 'embedded' ? 40 : 2000;
    const { found, decision } = await decided();
    const tokens = await reports(found.caseId, count);
    const said = (index: number) => `You did not look at page ${index % 7} of it.`;
    rung.length = 0;
    // The first ones at once by the door, as they would come; the others by the same service, many in one transaction.
    // They wait for each other at the case's row, and nobody waits for a connection for longer than some seconds.
    const byDoor = Math.min(count / 10, 60);
    const outcomes = await Promise.all(tokens.slice(0, byDoor).map((token, index) => appeal(token, said(index))));
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    const rows = await house.store.db.selectFrom('report').select(['report_id', 'status_hash']).execute();
    const ids = new Map(rows.map((row) => [row.status_hash, row.report_id]));
    for (let start = byDoor; start < count; start += 100) {
      await transact(house.store, async (unit) => {
        for (const [index, token] of tokens.slice(start, start + 100).entries()) {
          const ask = { decisionId: decision.decisionId, by: 'reporter' as const, text: said(start + index), names: [] };
          await openAppealIn(unit, { ...ask, reportId: ids.get(hashOf(token)) ?? null, at: house.at(0), who: null });
        }
      });
    }
    // All that took its time: a connection that was kept for the next call may be closed by now, which this one finds out.
    await fetch(house.url).catch(() => undefined);
    const [only, ...others] = await open(found.caseId);
    expect([others, only?.by, only?.joined]).toEqual([[], 'reporter', count]);
    if (only === undefined) throw new Error('no appeal is open');
    // One line in the audit trail and one word to the consoles, however many joined.
    const lines = await house.store.db
      .selectFrom('audit_entry')
      .select('act')
      .where('subject', '=', found.caseId)
      .where('act', 'like', 'appeal.%')
      .execute();
    expect([lines.length, rung.filter((text) => text.includes(found.caseId)).length]).toEqual([1, 1]);
    const page = await words(only.appealId);
    expect([page.total, page.items.length]).toEqual([7, 7]);
    expect(page.items.reduce((sum, item) => sum + (item.times ?? 0), 0)).toBe(count);
    expect(page.items.map(({ text }) => text).toSorted()).toEqual(Array.from({ length: 7 }, (_u, index) => said(index)));
    expect(await appeal(tokens[3] ?? '', 'And once more from me.')).toBe('wrong-state');
    await decide(only.appealId, page.items.at(-1)?.n);
    await tellAll();
    const told = await house.store.db
      .selectFrom('report_message')
      .select(['report_id', (select) => select.fn.countAll<number>().as('times')])
      .where('sender', '=', 'desk')
      .where('text', 'like', `%${reasons}%`)
      .groupBy('report_id')
      .execute();
    expect([told.length, told.every(({ times }) => times === 1)]).toEqual([count, true]);
    expect(await answersTo(tokens[0] ?? '')).toBe(1);
    expect(decision.decisionId).toBe(only.decisionId);
  }, 240_000);

  it('look the same to the byte before the grade for one reporter and for fifty, and so do their clocks', async () => {
    const shape = async (count: number) => {
      const { found } = await decided('ungraded');
      const tokens = await reports(found.caseId, count);
      for (const token of tokens) expect(await appeal(token, 'The page that you name is a quotation.')).toBe('done');
      const [only] = await listed(found.caseId);
      if (only === undefined) throw new Error('no appeal');
      const { appealId, caseId, decisionId, decision, ...rest } = only;
      const status = await readStatus(house.deps, tokens.at(-1) ?? '');
      expect(status?.appeal).toBe('open');
      const page = await words(appealId);
      expect([rest.joined, page.total, page.items.map(({ times }) => times)]).toEqual([null, 0, [null]]);
      const row = await house.store.db.selectFrom('desk_case').selectAll().where('case_id', '=', caseId).executeTakeFirst();
      expect([typeof decisionId, typeof decision]).toEqual(['string', 'string']);
      return JSON.stringify([rest, page, row?.due_at, row?.due_what, row?.state]);
    };
    const one = await shape(1);
    expect(await shape(50)).toBe(one);
    // Once the grade is locked they are counted.
    const { found } = await decided('ungraded');
    for (const token of await reports(found.caseId, 3)) await appeal(token, 'The page that you name is a quotation.');
    await transact(house.store, ({ tx }) => changeCase(tx, found.caseId, { grade: 'G3', grade_locked_at: house.at(0) }));
    expect((await listed(found.caseId)).map(({ joined }) => joined)).toEqual([3]);
  });

  it('with other words keep a page for each, without what names who said them', async () => {
    const { found } = await decided('ungraded');
    const tokens = await reports(found.caseId, 2, 'Canary Quillfeather');
    expect(await appeal(tokens[0] ?? '', 'I, Canary Quillfeather, say it is wrong.')).toBe('done');
    expect(await appeal(tokens[1] ?? '', 'Page two was not looked at.')).toBe('done');
    const [only] = await listed(found.caseId);
    if (only === undefined) throw new Error('no appeal');
    const first = await words(only.appealId, { limit: 1 });
    const second = await words(only.appealId, { limit: 1, ...(first.next === null ? {} : { cursor: first.next }) });
    expect([first.items.length, second.items.map(({ text }) => text), second.next]).toEqual([
      1,
      ['Page two was not looked at.'],
      null,
    ]);
    const kept = await house.store.db.selectFrom('appeal_words').selectAll().execute();
    expect(JSON.stringify([only, first, second, kept])).not.toContain('Quillfeather');
  });

  it('that join while somebody decides are read before it is decided', async () => {
    const { found } = await decided();
    const tokens = await reports(found.caseId, 2);
    await appeal(tokens[0] ?? '', 'You did not look at page 1.');
    const [only] = await open(found.caseId);
    if (only === undefined) throw new Error('no appeal');
    await appeal(tokens[1] ?? '', 'You did not look at page 2.');
    expect(await refusalOf(decide(only.appealId, 1))).toBe('conflict');
    expect((await decide(only.appealId, 2)).state).toBe('upheld');
  });

  it('that say after the answer what was answered get that answer, and what is new is a new appeal', async () => {
    const { found } = await decided();
    const tokens = await reports(found.caseId, 3);
    await appeal(tokens[0] ?? '', 'You did not look at page 1.');
    const [first] = await open(found.caseId);
    if (first === undefined) throw new Error('no appeal');
    await decide(first.appealId);
    await tellAll();
    expect(await appeal(tokens[1] ?? '', ' You did NOT look at  page 1.')).toBe('done');
    expect(await open(found.caseId)).toEqual([]);
    await tellAll();
    expect([await answersTo(tokens[0] ?? ''), await answersTo(tokens[1] ?? '')]).toEqual([1, 1]);
    expect(await appeal(tokens[2] ?? '', 'You did not look at page 2.')).toBe('done');
    expect((await open(found.caseId)).map(({ state }) => state)).toEqual(['open']);
    expect(await appeal(tokens[0] ?? '', 'You did not look at page 3.')).toBe('wrong-state');
  });

  it('are taken back by each alone, and end with the last one', async () => {
    const { found } = await decided();
    const tokens = await reports(found.caseId, 3);
    await appeal(tokens[0] ?? '', 'You did not look at page 1.');
    await appeal(tokens[1] ?? '', 'You did not look at page 2.');
    expect(await act(tokens[2] ?? '', { act: 'withdraw-appeal' })).toBe('wrong-state');
    expect(await act(tokens[0] ?? '', { act: 'withdraw-appeal' })).toBe('done');
    const [left] = await open(found.caseId);
    expect([left?.text, left?.joined]).toEqual(['You did not look at page 2.', 1]);
    expect((await readStatus(house.deps, tokens[0] ?? ''))?.appeal).toBe('none');
    expect(await act(tokens[1] ?? '', { act: 'withdraw-appeal' })).toBe('done');
    expect(await open(found.caseId)).toEqual([]);
    const row = await house.store.db
      .selectFrom('desk_case')
      .select('state')
      .where('case_id', '=', found.caseId)
      .executeTakeFirst();
    expect(row?.state).toBe('confirmed');
    // Whoever took theirs back may think again.
    expect(await appeal(tokens[0] ?? '', 'You did not look at page 1.')).toBe('done');
  });

  it('that an analyst enters join too, and a task says that no link reaches their reporter', async () => {
    const { found, decision } = await decided();
    const [token = ''] = await reports(found.caseId, 1);
    await appeal(token, 'You did not look at page 1.');
    const enter = (by: 'reporter' | 'target' | 'owner') =>
      analyst.call(contract.enterAppeal, {
        params: { decisionId: decision.decisionId },
        body: { by, text: 'They say on the telephone that it is not enough.' },
      });
    const { appealId } = await enter('reporter');
    expect((await open(found.caseId)).map((one) => [one.appealId, one.joined])).toEqual([[appealId, 2]]);
    // The other sides' appeals stay their own.
    await enter('target');
    await enter('owner');
    expect(await refusalOf(enter('owner'))).toBe('wrong-state');
    expect((await open(found.caseId)).map(({ by }) => by).toSorted()).toEqual(['owner', 'reporter', 'target']);
    await decide(appealId);
    const tasks = await house.store.db.selectFrom('task').select('subject').where('case_id', '=', found.caseId).execute();
    expect(tasks.map(({ subject }) => subject ?? '').join(' ')).toContain('tell the reporter for whom an appeal was entered');
  });

  describe('whatever happens in whatever order', () => {
    it('leave one open appeal at most, and each who waits is answered exactly once', async () => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.record({ act: fc.constant('appeal' as const), who: fc.nat(5), words: fc.nat(3) }) },
        { weight: 2, arbitrary: fc.record({ act: fc.constant('leave' as const), who: fc.nat(5), words: fc.constant(0) }) },
        { weight: 1, arbitrary: fc.record({ act: fc.constant('decide' as const), who: fc.constant(0), words: fc.constant(0) }) },
        { weight: 1, arbitrary: fc.record({ act: fc.constant('tell' as const), who: fc.constant(0), words: fc.constant(0) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
          const { found } = await decided();
          const tokens = await reports(found.caseId, 6);
          const answered = new Map<number, number>();
          let waiting = new Map<number, number>();
          const answeredWords = new Set<number>();
          for (const { act: what, who, words: said } of steps) {
            const token = tokens[who] ?? '';
            if (what === 'appeal') {
              const outcome = await appeal(token, `You did not look at page ${said}.`);
              expect(outcome).toBe(waiting.has(who) || answered.has(who) ? 'wrong-state' : 'done');
              if (outcome === 'done' && waiting.size === 0 && answeredWords.has(said)) answered.set(who, 1);
              else if (outcome === 'done') waiting.set(who, said);
            } else if (what === 'leave') {
              expect(await act(token, { act: 'withdraw-appeal' })).toBe(waiting.has(who) ? 'done' : 'wrong-state');
              waiting.delete(who);
            } else if (what === 'tell') await tellReporters(house.deps);
            else {
              const [only] = await open(found.caseId);
              if (only === undefined) continue;
              await decide(only.appealId);
              for (const [one, theirs] of waiting) {
                answered.set(one, 1);
                answeredWords.add(theirs);
              }
              waiting = new Map();
            }
            const now = await open(found.caseId);
            expect(now.map(({ joined }) => joined)).toEqual(waiting.size === 0 ? [] : [waiting.size]);
            if (now[0] !== undefined) {
              const page = await words(now[0].appealId);
              expect(page.items.length).toBe(new Set(waiting.values()).size);
            }
          }
          await tellAll();
          for (const [who, token] of tokens.entries()) expect(await answersTo(token)).toBe(answered.get(who) ?? 0);
        }),
        { numRuns: databases.kind === 'embedded' ? 10 : 25 },
      );
    }, 180_000);
  });
});
