/** Pages to people on call: said again until somebody has them, once for each cause, and never with more than a case's link. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaseId, PersonId } from '../../../contract/ids.ts';
import { instantOf } from '../../../core/instant.ts';
import { acknowledgePageIn } from '../../../store/desk/outbox.ts';
import { setOnCallIn } from '../../../store/desk/on-call.ts';
import { insertPerson } from '../../../store/identity/people.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import { startMailDesk } from '../../../tests/harness/mail-desk.ts';
import type { MailDesk } from '../../../tests/harness/mail-desk.ts';
import { startRelay } from '../../../tests/harness/mail-relay.ts';
import type { TestRelay } from '../../../tests/harness/mail-relay.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { nowOf } from '../../deps.ts';
import { oncePerMs } from './outbox.ts';
import { answerWithinMs, mostRounds, pageMoreCases, repeatPages } from './paging.ts';
import { sendDue } from './sender.ts';

const ada = PersonId.parse('person_aaaaaaaaaaaa');
const bea = PersonId.parse('person_bbbbbbbbbbbb');
const caseId = CaseId.parse('case_cccccccccccc');

describeOnBoth('pages', (databases) => {
  let desk: MailDesk;
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay();
    desk = await startMailDesk(await databases.fresh(), { mailRelay: relay.url });
    for (const [personId, name] of [
      [ada, 'Ada'],
      [bea, 'Bea'],
    ] as const) {
      const at = nowOf(desk.deps);
      await insertPerson(desk.store.db, {
        personId,
        name,
        nameKey: name.toLowerCase(),
        roles: ['lead'],
        accountId: null,
        state: 'active',
        createdAt: at,
      });
      const address = { encrypted: desk.deps.seal.encrypt(`${name.toLowerCase()}@people.example`), hint: 'x' };
      await setOnCallIn(desk.store.db, { personId, name, channel: 'mail', position: 1, active: true, address, at });
    }
  });
  afterAll(async () => {
    await desk.stop();
    await relay.stop();
  });

  const wake = (dedupe: string, sentence = 'Somebody is in danger now, says a report.') =>
    transact(desk.store, (unit) => desk.deps.outbox.wake(unit, { dedupe, sentence, caseId }));
  const rounds = async (about: string): Promise<number[]> =>
    (await desk.store.db.selectFrom('outbox').select('round').where('wake', '=', about).orderBy('round').execute()).map(
      (row) => row.round,
    );
  const alarms = async (): Promise<string> =>
    JSON.stringify(await desk.store.db.selectFrom('alarm').select('sentence').where('kind', '=', 'page-failed').execute());

  it('everybody is woken at once, and the same cause wakes once, also by two at the same time', async () => {
    await Promise.all([wake('one'), wake('one')]);
    await wake('one');
    expect(await rounds('one')).toEqual([0, 0]);
    await Promise.all([1, 2, 3].map(() => sendDue(desk.deps, { channels: ['mail'], urgent: true })));
    expect(relay.mails.map((mail) => mail.to[0]).sort()).toEqual(['ada@people.example', 'bea@people.example']);
    for (const mail of relay.mails) {
      expect(mail.text).toContain(`/console/desk/cases/${caseId}`);
      expect(mail.text).toMatch(/^Subject: Somebody is in danger now, says a report\.\r$/m);
    }
  });

  it('what nobody acknowledges within five minutes is said again, with an alarm; what somebody has is not', async () => {
    await wake('two');
    await repeatPages(desk.deps);
    expect(await rounds('two')).toEqual([0, 0]);
    desk.pass(answerWithinMs);
    await Promise.all([repeatPages(desk.deps), repeatPages(desk.deps)]);
    expect(await rounds('two')).toEqual([0, 0, 1, 1]);
    expect(await alarms()).toContain('Nobody on call has acknowledged');
    const page = await desk.store.db
      .selectFrom('outbox')
      .select('page_id')
      .where('wake', '=', 'two')
      .limit(1)
      .executeTakeFirstOrThrow();
    const who = { personId: bea, name: 'Bea' };
    await transact(desk.store, ({ tx }) => acknowledgePageIn(tx, page.page_id, who, nowOf(desk.deps)));
    desk.pass(answerWithinMs);
    await repeatPages(desk.deps);
    expect(await rounds('two')).toEqual([0, 0, 1, 1]);
  });

  it('it is not said for ever', async () => {
    await wake('three');
    for (let n = 0; n < mostRounds + 3; n += 1) {
      desk.pass(answerWithinMs);
      await repeatPages(desk.deps);
    }
    expect(new Set(await rounds('three')).size).toBe(mostRounds);
  });

  it('cases of the fast lane wake the first at once, then once a minute all that wait, and each is counted once', async () => {
    const came = (n: number, laterMs = 0) =>
      transact(desk.store, (unit) =>
        desk.deps.outbox.wakeFastLane(unit, {
          sentence: `Case ${n} came into the fast lane.`,
          caseId: CaseId.parse(`case_${String(n).padStart(12, '0')}`),
          notBefore: instantOf(desk.deps.now() + laterMs),
        }),
      );
    const said = async () =>
      (
        await desk.store.db
          .selectFrom('outbox')
          .select('subject')
          .where('wake', 'like', 'fast-lane%')
          .where('round', '=', 0)
          .where('person_id', '=', ada)
          .orderBy('created_order')
          .execute()
      ).map((row) => row.subject);
    const first = ['Case 0 came into the fast lane.'];
    for (let n = 0; n < 20; n += 1) await came(n);
    await came(7);
    await pageMoreCases(desk.deps);
    expect(await said()).toEqual(first);
    desk.pass(oncePerMs);
    await Promise.all([pageMoreCases(desk.deps), pageMoreCases(desk.deps)]);
    const second = '19 more cases wait in the fast lane. Each is in the queue with its alarm: look at all of them now.';
    expect(await said()).toEqual([...first, second]);
    await came(20);
    await pageMoreCases(desk.deps);
    expect(await said()).toHaveLength(2);
    desk.pass(oncePerMs);
    await pageMoreCases(desk.deps);
    await pageMoreCases(desk.deps);
    expect((await said()).slice(2)).toEqual([expect.stringContaining('One more case waits')]);
    desk.pass(oncePerMs);
    await came(21);
    expect((await said()).at(-1)).toBe('Case 21 came into the fast lane.');
    // A case that woke people a moment ago waits for its time, and then wakes them again.
    await came(21, 10 * oncePerMs);
    desk.pass(9 * oncePerMs);
    await pageMoreCases(desk.deps);
    expect(await said()).toHaveLength(4);
    desk.pass(oncePerMs);
    await pageMoreCases(desk.deps);
    expect((await said()).slice(4)).toEqual([expect.stringContaining('One more case waits')]);
  });

  it('an alarm that nobody saw does not hide the next page that reached nobody', async () => {
    const raise = (sentence: string) =>
      transact(desk.store, (unit) => raiseAlarm(unit, { kind: 'page-failed', at: nowOf(desk.deps), sentence }));
    for (const sentence of ['Nobody is on call.', 'Another page failed.', 'Another page failed.']) await raise(sentence);
    expect((await alarms()).match(/Another page failed/g)).toHaveLength(1);
    expect(await alarms()).toContain('Nobody is on call.');
  });

  it('what is rolled back wakes nobody', async () => {
    await expect(
      transact(desk.store, async (unit) => {
        await desk.deps.outbox.wake(unit, { dedupe: 'four', sentence: 'x', caseId: null });
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect(await rounds('four')).toEqual([]);
  });

  it('a sentence cannot add a header', async () => {
    relay.mails.length = 0;
    await wake('five', 'A line\r\nBcc: victim@other.example\r\n\r\nmore');
    await sendDue(desk.deps, { channels: ['mail'], urgent: true });
    for (const mail of relay.mails) {
      expect(mail.text.split('\r\n\r\n')[0]).not.toMatch(/^bcc:/im);
      expect(mail.to).toHaveLength(1);
    }
  });

  it('several senders send many messages once each, the bodies are gone afterwards, and a shredded address is given up', async () => {
    relay.mails.length = 0;
    const seen = Array.from({ length: 40 }, () => randomBytes(6).toString('hex'));
    await transact(desk.store, async (unit) => {
      for (const word of seen) {
        const to = { kind: 'address', address: `${word}@people.example` } as const;
        await desk.deps.outbox.send(unit, {
          channel: 'mail',
          to,
          subject: 'x',
          body: word,
          dedupe: word,
          urgent: false,
          caseId: null,
        });
      }
    });
    await Promise.all([1, 2, 3, 4].map(() => sendDue(desk.deps, { channels: ['mail'], urgent: false })));
    expect(relay.mails.map((mail) => mail.to[0]).sort()).toEqual(seen.map((word) => `${word}@people.example`).sort());
    const kept = await desk.store.db
      .selectFrom('outbox')
      .select('page_id')
      .where('body', 'is not', null)
      .where('sent_at', 'is not', null)
      .execute();
    expect(kept).toEqual([]);
    await transact(desk.store, async (unit) => {
      const sealedId = await desk.deps.seal.keep(unit.tx, caseId, 'owner', { mail: 'owner@people.example' });
      const to = { kind: 'sealed', sealedId, field: 'mail' } as const;
      await desk.deps.outbox.send(unit, {
        channel: 'mail',
        to,
        subject: 'x',
        body: 'x',
        dedupe: 'shredded',
        urgent: false,
        caseId,
      });
      await desk.deps.seal.shred(unit.tx, caseId, nowOf(desk.deps));
    });
    await sendDue(desk.deps, { channels: ['mail'], urgent: false });
    const row = await desk.store.db.selectFrom('outbox').selectAll().where('dedupe', '=', 'shredded').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ last_error: 'The address was shredded with its file.', body: null });
    expect(row.failed_at).not.toBeNull();
  });

  describe('the log', () => {
    it('holds no address', () => {
      expect(desk.logged.join('')).not.toMatch(/@people\.example|@other\.example/);
    });
  });
});
