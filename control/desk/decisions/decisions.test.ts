/** Decisions and their orders, on both databases: two people, second panels, what time does, and that the two never say two things. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderId } from '../../../contract/ids.ts';
import { OrderId as OrderIdSchema } from '../../../contract/ids.ts';
import * as aftermath from '../../../contract/routes/desk/aftermath.ts';
import * as contract from '../../../contract/routes/desk/decisions.ts';
import type { DecisionDraft, DeskDecision } from '../../../contract/routes/desk/decisions.ts';
import * as orders from '../../../contract/routes/orders.ts';
import { ApiRefusal, refusalOf } from '../../../tests/harness/api.ts';
import { startDecisionsHouse } from '../../../tests/harness/decisions-house.ts';
import type { DecisionsHouse, GradedCase, Person } from '../../../tests/harness/decisions-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { addAudit } from '../../../store/audit.ts';
import { transact } from '../../../store/transact.ts';
import { findCase } from '../../../store/desk/cases.ts';
import { listTasks } from '../../../store/desk/tasks.ts';

const hour = 3_600_000;
const day = 24 * hour;

describeOnBoth('decisions of the desk', (databases) => {
  let house: DecisionsHouse;
  let analyst: Person;
  let lead: Person;
  let decider: Person;
  let third: Person;
  let appeals: Person;
  let sites = 0;

  beforeAll(async () => {
    house = await startDecisionsHouse(await databases.fresh());
    analyst = await house.person('Ada Analyst', ['analyst']);
    lead = await house.person('Lee Lead', ['lead']);
    decider = await house.person('Dee Decider', ['decider']);
    third = await house.person('Thea Third', ['decider']);
    appeals = await house.person('Abe Appeals', ['appeals']);
  });
  afterAll(async () => house?.stop());

  const newCase = async (more: Parameters<DecisionsHouse['openCase']>[1] = {}) => {
    sites += 1;
    return house.openCase(await house.site(`forum${sites}.example`), more);
  };
  const propose = async (found: GradedCase, more: Partial<DecisionDraft> = {}, by = analyst) =>
    by.call(contract.proposeDecision, { params: { caseId: found.caseId }, body: await house.draft(found, more) });
  const confirm = ({ decisionId }: DeskDecision, by = lead) => by.call(contract.confirmDecision, { params: { decisionId } });
  const again = async ({ decisionId, caseId }: DeskDecision) => {
    const { items } = await lead.call(contract.listDecisions, { params: { caseId } });
    const found = items.find((item) => item.decisionId === decisionId);
    if (found === undefined) throw new Error('the decision is gone');
    return found;
  };
  const orderOf = async ({ orderId }: DeskDecision) => {
    if (orderId === null) throw new Error('the decision has no order');
    return (await lead.call(orders.getOrder, { params: { orderId } })).order;
  };
  const idOf = ({ orderId }: DeskDecision): OrderId => OrderIdSchema.parse(orderId);
  const stateOf = async ({ caseId }: { caseId: GradedCase['caseId'] }) => (await findCase(house.store.db, caseId))?.state;
  const alarms = async (kind: 'provisional-lapsed' | 'break-glass') =>
    house.store.db.selectFrom('alarm').selectAll().where('kind', '=', kind).execute();
  const mistakesOf = async (call: Promise<unknown>): Promise<string[]> => {
    try {
      await call;
      return [];
    } catch (error) {
      if (error instanceof ApiRefusal) return (error.problem?.fields ?? []).map(({ path }) => path);
      throw error;
    }
  };
  /** A provisional notice page on our own capture, for so many hours. */
  const provisional = (hours: number): Partial<DecisionDraft> => ({
    step: 'provisional-notice-page',
    provisional: true,
    measure: { endsAt: house.at(hours * hour) },
  });

  describe('with an order', () => {
    it('is proposed with its order, confirmed with it by a second person, and both say the same', async () => {
      const found = await newCase();
      const proposed = await propose(found);
      expect([proposed.state, (await orderOf(proposed)).state, await stateOf(found)]).toEqual([
        'proposed',
        'proposed',
        'measure-proposed',
      ]);
      const confirmed = await confirm(proposed);
      expect([confirmed.state, (await orderOf(confirmed)).state, await stateOf(found)]).toEqual([
        'confirmed',
        'confirmed',
        'confirmed',
      ]);
      expect(confirmed.number).toBe((await orderOf(confirmed)).decision);
      expect(confirmed.volume).toEqual({ n: 0, m: 0, k: 0, w: 0 });
      const tasks = (await listTasks(house.store.db, found.caseId)).map(({ kind, holds }) => [kind, holds]);
      expect(tasks).toEqual(
        expect.arrayContaining([
          ['answer-reporters', true],
          ['review-7', false],
          ['review-30', false],
          ['review-90', false],
        ]),
      );
    });

    it('is not confirmed by who proposed it, neither here nor over the orders', async () => {
      const proposed = await propose(await newCase(), {}, lead);
      expect(await refusalOf(confirm(proposed, lead))).toBe('same-person');
      const params = { orderId: idOf(proposed) };
      expect(await refusalOf(lead.call(orders.confirmOrder, { params }))).toBe('same-person');
      expect((await again(proposed)).state).toBe('proposed');
    });

    it('follows its order when that is confirmed, withdrawn or lifted over the orders', async () => {
      const found = await newCase();
      const first = await propose(found);
      await lead.call(orders.confirmOrder, { params: { orderId: idOf(first) } });
      expect((await again(first)).confirmer?.name).toBe('Lee Lead');
      await lead.call(orders.liftOrder, { params: { orderId: idOf(first) }, body: { reason: 'The danger is over.' } });
      expect(await stateOf(found)).toBe('ended');
      const other = await newCase();
      const second = await propose(other);
      await lead.call(orders.withdrawOrder, { params: { orderId: idOf(second) }, body: { reason: 'Not needed.' } });
      expect([(await again(second)).state, await stateOf(other)]).toEqual(['withdrawn', 'assessing']);
    });

    it('takes its order back when it is withdrawn', async () => {
      const found = await newCase();
      const proposed = await propose(found);
      const params = { decisionId: proposed.decisionId };
      await analyst.call(contract.withdrawDecision, { params, body: { why: 'On second thoughts.' } });
      expect([(await orderOf(proposed)).state, await stateOf(found)]).toEqual(['withdrawn', 'assessing']);
      expect(await refusalOf(confirm(proposed))).toBe('wrong-state');
    });

    it('waits for the lock of the grade, so that nobody who counts decides', async () => {
      const found = await newCase({ grade: null });
      expect(await refusalOf(propose(found))).toBe('not-graded');
    });

    it('names every mistake at once, and keeps nothing of it', async () => {
      const found = await newCase();
      const other = await newCase();
      const wrong: Partial<DecisionDraft> = {
        limbs: [],
        whyNotBelow: [],
        evidence: [other.evidence.A2],
        publicReason: 'Call me on +44 20 7946 0958 about it.',
      };
      const paths = await mistakesOf(propose(found, wrong));
      expect(paths).toEqual(expect.arrayContaining(['limbs', 'whyNotBelow', 'evidence.0', 'publicReason']));
      expect((await lead.call(contract.listDecisions, { params: { caseId: found.caseId } })).items).toEqual([]);
    });

    it('cannot rest on criteria that nobody published', async () => {
      const more = { policyVersionId: 'polv_000000000000' };
      expect(
        await refusalOf(
          analyst.call(contract.proposeDecision, {
            params: { caseId: (await newCase()).caseId },
            body: { ...(await house.draft(await newCase())), ...more },
          }),
        ),
      ).toBe('criteria-unpublished');
    });

    it('says publicly when its criteria are younger than its case', async () => {
      const found = await newCase();
      house.pass(1000);
      const { policyVersionId } = await lead.call(contract.publishCriteria, {
        body: {
          title: 'Criteria, second version',
          text: `Younger than the case. ${'They say much the same. '.repeat(8)}${sites}`,
        },
      });
      const draft = await house.draft(found);
      const limbs = draft.limbs.map((limb) =>
        limb.limb === 'criteria-before-case'
          ? { limb: limb.limb, finding: 'not-met' as const, reason: 'They are younger.' }
          : limb,
      );
      const claimed = await mistakesOf(propose(found, { policyVersionId }));
      expect(claimed).toContain('limbs.9.finding');
      const decision = await confirm(await propose(found, { policyVersionId, limbs }));
      expect(decision.criteriaAfterCase).toBe(true);
      const page = await (await fetch(`${house.url}/decisions/${decision.number}`)).text();
      expect(page).toContain('Published after the case was opened.');
    });

    it('refuses the name of a target in whatever is read outside, and says not which', async () => {
      const found = await newCase({ target: 'Canary Quillfeather' });
      const reason = 'Threats against Canary Quillfeather were posted here.';
      const call = propose(found, { publicReason: reason, namedUrls: ['https://forum.example/t/quillfeather-7'] });
      expect(await mistakesOf(call)).toEqual(expect.arrayContaining(['publicReason', 'namedUrls.0']));
      const body = await house.draft(found, { publicReason: reason });
      const refusal = await analyst.call(contract.proposeDecision, { params: { caseId: found.caseId }, body }).catch(String);
      expect(typeof refusal === 'string' ? refusal : JSON.stringify(refusal)).not.toContain('Quillfeather');
      expect(house.logged.join('\n')).not.toContain('Quillfeather');
    });
  });

  describe('on the levels of its evidence', () => {
    it('does not last on a reporter’s own copy', async () => {
      const found = await newCase({ on: 'A1' });
      expect(await mistakesOf(propose(found))).toContain('evidence');
      const long = provisional(72);
      expect(await mistakesOf(propose(found, { ...long, evidence: [found.evidence.A1] }))).toContain('measure.endsAt');
      const short = await propose(found, { ...provisional(23), evidence: [found.evidence.A1] });
      expect((await confirm(short)).state).toBe('confirmed');
    });

    it('is not taken by one person alone on a reporter’s own copy', async () => {
      const found = await newCase({ on: 'A1' });
      const more = {
        ...provisional(23),
        evidence: [found.evidence.A1],
        breakGlass: { reason: 'It would not wait for anybody.' },
      };
      expect(await mistakesOf(propose(found, more, lead))).toContain('breakGlass');
    });
  });

  describe('provisionally', () => {
    it('lasts 72 hours at most', async () => {
      expect(await mistakesOf(propose(await newCase(), provisional(73)))).toContain('measure.endsAt');
    });

    it('lapses by itself when no second panel confirms it, after a warning, and alarms', async () => {
      const found = await newCase();
      const decision = await confirm(await propose(found, provisional(72)));
      expect(await stateOf(found)).toBe('provisional');
      const wokenBefore = house.woken.length;
      house.pass(67 * hour);
      await house.runJobs();
      await house.runJobs();
      expect(house.woken.slice(wokenBefore).filter((text) => text.includes(decision.number ?? '?'))).toHaveLength(1);
      house.pass(5 * hour);
      await house.runJobs();
      expect([(await orderOf(decision)).state, await stateOf(found)]).toEqual(['expired', 'assessing']);
      expect((await alarms('provisional-lapsed')).some(({ case_id: caseId }) => caseId === found.caseId)).toBe(true);
    });

    it('is made lasting by two other people only, whichever door they take', async () => {
      const found = await newCase();
      const first = await confirm(await propose(found, provisional(72)));
      const byOneOfThem = await propose(found, { confirms: first.decisionId });
      expect(await refusalOf(confirm(byOneOfThem, decider))).toBe('same-person');
      const lasting = await propose(found, { confirms: first.decisionId }, decider);
      expect(await refusalOf(confirm(lasting, lead))).toBe('same-person');
      expect(await refusalOf(lead.call(orders.confirmOrder, { params: { orderId: idOf(lasting) } }))).toBe('same-person');
      await confirm(lasting, third);
      expect([(await orderOf(lasting)).state, (await orderOf(first)).state, await stateOf(found)]).toEqual([
        'confirmed',
        'lifted',
        'confirmed',
      ]);
      house.pass(80 * hour);
      await house.runJobs();
      expect(await stateOf(found)).toBe('confirmed');
      expect((await alarms('provisional-lapsed')).some(({ case_id: caseId }) => caseId === found.caseId)).toBe(false);
    });
  });

  describe('by break-glass', () => {
    const glass = { breakGlass: { reason: 'The named time is in ten minutes.' } };

    it('is in force at once, provisional without a grade, alarms, wakes and lapses with its order', async () => {
      const found = await newCase({ grade: null });
      const wokenBefore = house.woken.length;
      expect(await mistakesOf(propose(found, glass, lead))).toContain('provisional');
      const alone = await propose(found, { ...provisional(24), ...glass }, lead);
      expect([alone.state, (await orderOf(alone)).inForce, await stateOf(found)]).toEqual(['alone', true, 'provisional']);
      expect(house.woken.length).toBe(wokenBefore + 1);
      house.pass(hour + 1000);
      await house.runJobs();
      expect([(await again(alone)).state, (await orderOf(alone)).state, await stateOf(found)]).toEqual([
        'lapsed',
        'expired',
        'assessing',
      ]);
    });

    it('stands when a second person confirms it in time, and never by the same', async () => {
      const found = await newCase();
      const alone = await propose(found, { ...provisional(24), ...glass }, lead);
      expect(await refusalOf(confirm(alone, lead))).toBe('same-person');
      expect((await confirm(alone, decider)).state).toBe('confirmed');
      house.pass(2 * hour);
      await house.runJobs();
      expect((await orderOf(alone)).inForce).toBe(true);
    });

    it('is not for somebody who could not be the second person', async () => {
      expect(await refusalOf(propose(await newCase(), { ...provisional(24), ...glass }, analyst))).toBe('not-allowed');
    });
  });

  describe('not to act', () => {
    const notToAct = (): Partial<DecisionDraft> => ({
      kind: 'no-action',
      limbs: [],
      whyNotBelow: [],
      evidence: [],
      recheckAt: house.at(14 * day),
      publicReason: 'What was reported is a quotation, and nobody is threatened.',
    });
    const proposeNone = async (found: GradedCase, by = analyst) => {
      const { step: _step, measure: _measure, ...draft } = await house.draft(found, notToAct());
      return by.call(contract.proposeDecision, { params: { caseId: found.caseId }, body: draft });
    };

    it('is a decision of two with a public number, a page that names no site, and a recheck', async () => {
      const found = await newCase({ grade: 'G0' });
      const proposed = await proposeNone(found);
      expect(proposed.number).toBeNull();
      expect(await refusalOf(confirm(proposed, analyst))).toBe('not-allowed');
      const decided = await confirm(proposed);
      expect([decided.number?.slice(0, 7), await stateOf(found)]).toEqual(['D-2026-', 'no-action']);
      const page = await (await fetch(`${house.url}/decisions/${decided.number}`)).text();
      expect(page).toContain('We decided not to act');
      expect(page).not.toContain(`forum${sites}.example`);
      expect(await (await fetch(`${house.url}/decisions`)).text()).toContain(decided.number);
      const tasks = (await listTasks(house.store.db, found.caseId)).map(({ kind }) => kind);
      expect(tasks).toEqual(expect.arrayContaining(['answer-reporters', 'recheck']));
    });

    it('has no page before it is confirmed, and lapses when nobody does', async () => {
      const proposed = await proposeNone(await newCase({ grade: 'G0' }));
      house.pass(15 * day);
      await house.runJobs();
      expect((await again(proposed)).state).toBe('lapsed');
    });
  });

  describe('once more', () => {
    it('is narrowed: the new order is there before the old one goes', async () => {
      const found = await newCase();
      const broad = await confirm(await propose(found));
      const narrow = await propose(found, {
        kind: 'modify',
        reverses: broad.decisionId,
        step: 'notice-on-path',
        measure: { endsAt: house.at(10 * day), path: '/threads/1' },
      });
      await confirm(narrow);
      expect([(await orderOf(broad)).state, (await orderOf(narrow)).state, await stateOf(found)]).toEqual([
        'lifted',
        'confirmed',
        'confirmed',
      ]);
      const [log] = await Promise.all([
        house.store.db
          .selectFrom('change_log')
          .select(['item_key', 'op', 'revision'])
          .orderBy('revision', 'desc')
          .limit(2)
          .execute(),
      ]);
      expect(log.map(({ item_key: key, op }) => [key, op])).toEqual([
        [`order:${idOf(broad)}`, 'remove'],
        [`order:${idOf(narrow)}`, 'upsert'],
      ]);
    });

    it('is reversed by two people, and its measure is over', async () => {
      const found = await newCase();
      const first = await confirm(await propose(found));
      const {
        step: _step,
        measure: _measure,
        ...draft
      } = await house.draft(found, {
        kind: 'reverse',
        limbs: [],
        whyNotBelow: [],
        evidence: [],
        reverses: first.decisionId,
        publicReason: 'The threats were removed and their author was banned.',
      });
      const reverse = await analyst.call(contract.proposeDecision, { params: { caseId: found.caseId }, body: draft });
      await confirm(reverse, decider);
      expect([(await orderOf(first)).state, await stateOf(found)]).toEqual(['lifted', 'ended']);
      const page = await (await fetch(`${house.url}/decisions/${first.number}`)).text();
      expect(page).toContain('The threats were removed and their author was banned.');
    });
  });

  it('can ask the owner and restrict nothing: no order, a number, and a case that can be closed', async () => {
    const found = await newCase({ grade: 'G1' });
    const { measure: _measure, ...draft } = await house.draft(found, {
      step: 'owner-notice',
      whyNotBelow: [],
      namedUrls: ['https://forum.example/t/12345678'],
      deadline: house.at(day),
    });
    const proposed = await analyst.call(contract.proposeDecision, { params: { caseId: found.caseId }, body: draft });
    const decision = await confirm(proposed);
    expect([decision.orderId, decision.number?.slice(0, 2), await stateOf(found)]).toEqual([null, 'D-', 'ended']);
    const notice = await house.store.db
      .selectFrom('owner_notice')
      .selectAll()
      .where('case_id', '=', found.caseId)
      .executeTakeFirst();
    expect([notice?.kind, notice?.deadline]).toEqual(['deadline', decision.deadline]);
    expect(notice?.text).not.toContain('/decisions/');
  });

  describe('appealed', () => {
    const appealOf = async (decision: DeskDecision) =>
      analyst.call(contract.enterAppeal, {
        params: { decisionId: decision.decisionId },
        body: { by: 'target', text: 'The person in danger says that it is not enough.' },
      });
    const decide = (appealId: string, outcome: 'upheld' | 'modified' | 'reversed', by = appeals) =>
      by.call(contract.decideAppeal, { params: { appealId }, body: { outcome, reasons: 'We looked at all of it once more.' } });

    it('is looked at by somebody who neither proposed, confirmed nor graded, once for each party', async () => {
      const both = await house.person(`Two Hats ${sites}`, ['lead', 'appeals']);
      const grader = await house.person(`Grader ${sites}`, ['analyst', 'appeals']);
      const found = await newCase({ assessor: grader.personId });
      const decision = await confirm(await propose(found), both);
      const { appealId, dueAt } = await appealOf(decision);
      expect(dueAt).toBe(house.at(72 * hour));
      expect(await refusalOf(appealOf(decision))).toBe('wrong-state');
      expect(await stateOf(found)).toBe('appealed');
      for (const involved of [both, grader]) {
        expect(await refusalOf(involved.call(contract.takeAppeal, { params: { appealId } }))).toBe('same-person');
        const mine = await involved.call(contract.listAppeals, { query: { caseId: found.caseId } });
        expect(mine.items.map(({ mayDecide }) => mayDecide)).toEqual([false]);
      }
      expect(await refusalOf(decide(appealId, 'reversed'))).toBe('wrong-state');
      await appeals.call(contract.takeAppeal, { params: { appealId } });
      const upheld = await decide(appealId, 'upheld');
      expect([upheld.state, upheld.decider?.name, await stateOf(found)]).toEqual(['upheld', 'Abe Appeals', 'confirmed']);
    });

    it('and reversed is lifted in the same moment, with its strike', async () => {
      const found = await newCase();
      const decision = await confirm(await propose(found, { strike: true }));
      const accountId = (await findCase(house.store.db, found.caseId))?.account_id ?? '';
      const strikes = async () =>
        (await lead.call(aftermath.listStrikes, { params: { accountId } })).items.filter((one) => one.caseId === found.caseId);
      expect((await strikes()).map(({ cancelledAt }) => cancelledAt)).toEqual([null]);
      const { appealId } = await appealOf(decision);
      await appeals.call(contract.takeAppeal, { params: { appealId } });
      await decide(appealId, 'reversed');
      expect([(await orderOf(decision)).state, await stateOf(found)]).toEqual(['lifted', 'ended']);
      expect((await strikes()).every(({ cancelledAt }) => cancelledAt !== null)).toBe(true);
      expect(await (await fetch(`${house.url}/decisions/${decision.number}`)).text()).toContain('Appealed and reversed.');
    });

    it('by somebody whom its proposer has just let in is decided, and everybody is told', async () => {
      const helper = await house.person(`Hal Helper ${sites}`, ['appeals']);
      await transact(house.store, ({ tx }) =>
        addAudit(tx, {
          at: house.at(0),
          who: { personId: lead.personId, name: 'Lee Lead' },
          act: 'person.invite',
          subject: helper.personId,
          detail: {},
        }),
      );
      const found = await newCase();
      const { appealId } = await appealOf(await confirm(await propose(found)));
      await helper.call(contract.takeAppeal, { params: { appealId } });
      await decide(appealId, 'upheld', helper);
      const told = await house.store.db.selectFrom('alarm').selectAll().where('case_id', '=', found.caseId).execute();
      expect(told.map(({ kind }) => kind)).toEqual(['confirmer-made-by-proposer']);
    });

    it('and modified leaves it in force and a task that holds the case', async () => {
      const found = await newCase();
      const decision = await confirm(await propose(found));
      const { appealId } = await appealOf(decision);
      await appeals.call(contract.takeAppeal, { params: { appealId } });
      await decide(appealId, 'modified');
      expect((await orderOf(decision)).inForce).toBe(true);
      const tasks = await listTasks(house.store.db, found.caseId);
      expect(tasks.some(({ kind, holds, state }) => kind === 'recheck' && holds && state === 'open')).toBe(true);
    });

    it('only within six months', async () => {
      const decision = await confirm(await propose(await newCase()));
      house.pass(187 * day);
      expect(await refusalOf(appealOf(decision))).toBe('wrong-state');
    });
  });

  describe('afterwards', () => {
    it('is reviewed once after 7, 30 and 90 days, in public', async () => {
      const found = await newCase();
      const params = { caseId: found.caseId };
      const review = (afterDays: 7 | 30 | 90) =>
        analyst.call(aftermath.addReview, {
          params,
          body: { afterDays, harmFell: 'yes', displaced: 'unknown', copycats: 'no', text: 'The threats stopped.' },
        });
      expect(await refusalOf(review(7))).toBe('wrong-state');
      const decision = await confirm(await propose(found));
      await review(7);
      expect(await refusalOf(review(7))).toBe('conflict');
      const tasks = await listTasks(house.store.db, found.caseId);
      expect(tasks.find(({ kind }) => kind === 'review-7')?.state).toBe('done');
      expect(await (await fetch(`${house.url}/decisions/${decision.number}`)).text()).toContain('After 7 days: The harm fell.');
    });

    it('shows no name of whoever decided and no internal reason in public', async () => {
      const decision = await confirm(await propose(await newCase()));
      for (const path of [`/decisions/${decision.number}`, `/decisions/${decision.number}.json`]) {
        const text = await (await fetch(`${house.url}${path}`)).text();
        expect(text).not.toMatch(/Lee Lead|Ada Analyst|Seen on our own capture|person_|evid_/);
      }
    });
  });

  it('is confirmed once when two people confirm it at once by both doors, and ends in one state with its order', async () => {
    const found = await newCase();
    const proposed = await propose(found);
    const orderId = idOf(proposed);
    const tries = await Promise.allSettled([
      confirm(proposed, lead),
      confirm(proposed, decider),
      third.call(orders.confirmOrder, { params: { orderId } }),
      analyst.call(contract.withdrawDecision, {
        params: { decisionId: proposed.decisionId },
        body: { why: 'On second thoughts.' },
      }),
    ]);
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [decision, order] = [await again(proposed), await orderOf(proposed)];
    expect(['confirmed', 'withdrawn']).toContain(decision.state);
    expect(order.state).toBe(decision.state);
  });

  it('previews what would be published, with its mistakes, and keeps nothing', async () => {
    const found = await newCase();
    const body = await house.draft(found, { publicReason: 'Write to mail@person.example about it.' });
    const preview = await analyst.call(contract.previewDecision, { params: { caseId: found.caseId }, body });
    expect(preview.mistakes.map(({ path }) => path)).toEqual(['publicReason']);
    expect(preview.noticePage).toContain('403 A decision of ours');
    expect(preview.statement).toContain('[met] a threat to human life');
    expect((await lead.call(contract.listDecisions, { params: { caseId: found.caseId } })).items).toEqual([]);
  });

  it('says that nothing suspends captcha keys by itself', async () => {
    const step = 'captcha-keys' as const;
    const decision = await propose(await newCase(), { step, measure: { endsAt: house.at(day) } });
    expect(decision.caveat).toMatch(/nothing suspends captcha keys/);
  });
});
