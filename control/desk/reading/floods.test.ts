import { afterEach, describe, expect, it } from 'vitest';
import { PersonId } from '../../../contract/ids.ts';
import { instantOf } from '../../../core/instant.ts';
import { claimCapturesIn, mostAMinute } from '../../../store/desk/captures.ts';
import { transact } from '../../../store/transact.ts';
import { acknowledgeAlarm } from '../../../store/house.ts';
import { accounts } from '../../../tests/harness/desk-texts.ts';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';

describeOnBoth('a flood', (databases) => {
  let house: ReadingHouse;
  afterEach(async () => house.stop());

  it('of addresses in one case delays no other case, also at the same host, and no domain is asked more than thirty times a minute', async () => {
    house = await startReadingHouse(await databases.fresh());
    const start = Date.UTC(2026, 2, 4, 10);
    const claim = (seconds: number) =>
      transact(house.store, ({ tx }) => {
        const at = instantOf(start + seconds * 1000);
        const until = instantOf(start + seconds * 1000 + 180_000);
        return claimCapturesIn(tx, { by: 'test', at, until, limit: 1, urgentOnly: false });
      });
    const urls = Array.from({ length: 60 }, (_unused, n) => `https://a${n}.victim.example/search?q=${n}`);
    await house.send({ text: 'many', urls });
    await house.read();
    expect((await claim(0))[0]?.url).toBe(urls[0]);
    await house.send({ text: 'a true account', urls: ['https://forum.victim.example/t/1'] });
    await house.read();
    expect((await claim(1))[0]?.url).toBe('https://forum.victim.example/t/1');
    let begun = 2;
    while ((await claim(2)).length > 0) begun += 1;
    expect(begun).toBe(mostAMinute);
    await house.send({ text: 'elsewhere', urls: ['https://other.example/t/1'] });
    await house.read();
    expect((await claim(3))[0]?.url).toBe('https://other.example/t/1');
    expect(await claim(4)).toEqual([]);
    expect(await claim(63)).toHaveLength(1);
  });

  it('of fifteen different reports in the fast lane is fifteen cases, each with its alarm, its clock and its page', async () => {
    house = await startReadingHouse(await databases.fresh());
    const send = (n: number) => house.send({ fastLane: true, class: 'threat-to-life', text: `x${n}`, hostname: `h${n}.example` });
    for (let n = 0; n < 15; n += 1) await send(n);
    await house.read();
    const { db } = house.store;
    const cases = await db.selectFrom('desk_case').select(['number', 'lane', 'emergency_since', 'due_at']).execute();
    expect(cases).toHaveLength(15);
    expect(cases.every((one) => one.lane === 'life-threat' && one.emergency_since !== null && one.due_at !== null)).toBe(true);
    const reports = await db.selectFrom('report').select(['case_id', 'state']).execute();
    expect([reports.length, new Set(reports.map((one) => one.case_id)).size]).toEqual([15, 15]);
    const alarms = await db.selectFrom('alarm').select('case_id').where('kind', '=', 'fast-lane').execute();
    expect(new Set(alarms.map((alarm) => alarm.case_id)).size).toBe(15);
    for (const { number } of cases) expect(house.woken.filter((sentence) => sentence.includes(number))).toHaveLength(1);
  });

  describe('in the fast lane', () => {
    const text = accounts.en[0] ?? '';
    const start = Date.UTC(2026, 2, 4, 10);
    const alarms = () =>
      house.store.db.selectFrom('alarm').selectAll().where('kind', '=', 'fast-lane').orderBy('created_order').execute();
    const danger = async (urls: readonly string[], words = text) => {
      await house.send({ text: words, urls, hostname: 'forum.example', fastLane: true, class: 'threat-to-life' });
      await house.read();
    };
    const see = async () => {
      const who = { personId: PersonId.parse('person_aaaaaaaaaaaa'), name: 'Ada' };
      for (const { alarm_id: alarmId } of await alarms()) await acknowledgeAlarm(house.store.db, alarmId, who, instantOf(start));
    };
    const cases = async () => (await house.store.db.selectFrom('desk_case').select('case_id').execute()).length;

    it('a false report does not silence a later true one with the same words: what is new wakes people again, a copy does not', async () => {
      house = await startReadingHouse(await databases.fresh());
      await danger(['https://forum.example/t/1']);
      expect(house.woken).toHaveLength(1);
      // Nobody has seen it yet: its pages are said again by themselves.
      house.pass(20 * 60_000);
      await danger(['https://forum.example/t/2']);
      expect(house.woken).toHaveLength(1);
      await see();
      await danger(['https://forum.example/t/1']);
      await danger(['https://forum.example/t/2']);
      expect(house.woken).toHaveLength(1);
      await danger(['https://forum.example/t/3']);
      expect(house.woken).toHaveLength(2);
      expect(house.woken[1]).toMatch(/^A report in the fast lane brings something new.*case C-/);
      expect((await alarms()).map(({ acknowledged_at: at }) => at !== null)).toEqual([true, false]);
      // Words that are no near copy, of a report that an analyst would call the same claim: it names a time.
      house.pass(20 * 60_000);
      await see();
      await danger(['https://forum.example/t/1'], `${text} On 12 May 2026 at 18:30.`);
      expect(house.woken).toHaveLength(3);
      expect(await cases()).toBe(1);
    });

    it('what is new wakes people after an hour although nobody saw the alarm', async () => {
      house = await startReadingHouse(await databases.fresh());
      await danger(['https://forum.example/t/1']);
      house.pass(61 * 60_000);
      await danger(['https://forum.example/t/1']);
      expect(house.woken).toHaveLength(1);
      await danger(['https://forum.example/t/2']);
      expect([house.woken.length, (await alarms()).length]).toEqual([2, 1]);
    });

    it('two hundred reports with something new each wake people once for each time that somebody looks, at most every ten minutes', async () => {
      house = await startReadingHouse(await databases.fresh());
      await danger(['https://forum.example/t/0']);
      const pageAt = async () =>
        (await house.store.db.selectFrom('desk_case').select('fast_lane_at').executeTakeFirst())?.fast_lane_at ?? '';
      const pages = [await pageAt()];
      for (let round = 1; round <= 4; round += 1) {
        await see();
        house.told.length = 0;
        for (let n = 0; n < 50; n += 1) {
          await house.send({
            text,
            urls: [`https://forum.example/t/${round}-${n}`],
            hostname: 'forum.example',
            fastLane: true,
            class: 'threat-to-life',
          });
        }
        await house.read();
        pages.push(await pageAt());
      }
      expect(house.woken).toHaveLength(5);
      expect(house.woken.join(' ')).not.toMatch(/\b(50|51|200|201)\b/);
      const times = pages.map((page) => Date.parse(page));
      // All came within one second: the second page waits for its time, and later ones are the same page.
      expect(times.map((time) => (time - (times[0] ?? 0)) / 60_000)).toEqual([0, 10, 10, 10, 10]);
    });
  });
});
