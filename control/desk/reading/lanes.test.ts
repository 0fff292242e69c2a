import { afterEach, expect, it } from 'vitest';
import type { ReportClass } from '../../../contract/desk/words.ts';
import { accounts } from '../../../tests/harness/desk-texts.ts';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { changeCase } from '../../../store/desk/cases.ts';

describeOnBoth('the lane of a claim', (databases) => {
  let house: ReadingHouse;
  afterEach(async () => house.stop());
  const cases = () => house.store.db.selectFrom('desk_case').selectAll().orderBy('created_order').execute();
  const send = async (kind: ReportClass) => {
    await house.send({ text: accounts.en[0] ?? '', urls: ['https://forum.example/t/1'], class: kind });
    await house.read();
  };

  it('is that of its gravest class, whoever came first: nobody hides a threat behind an early report of spam', async () => {
    house = await startReadingHouse(await databases.fresh());
    await send('spam');
    expect((await cases()).map(({ lane }) => lane)).toEqual(['routine']);
    await send('threat-to-life');
    const [found, ...others] = await cases();
    expect(others).toEqual([]);
    expect(found).toMatchObject({ lane: 'life-threat', lane_rank: 0 });
    expect(found?.emergency_since).not.toBeNull();
    await send('spam');
    expect((await cases()).map(({ lane }) => lane)).toEqual(['life-threat']);
  });

  it('stays where a lead put it when the same comes in once more', async () => {
    house = await startReadingHouse(await databases.fresh());
    await send('threat-to-life');
    const [found] = await cases();
    if (found === undefined) throw new Error('no case');
    await house.store.db
      .transaction()
      .execute((tx) => changeCase(tx, found.case_id, { lane: 'serious', lane_rank: 1, emergency_since: null }));
    await send('threat-to-life');
    await send('swatting');
    expect((await cases()).map(({ lane }) => lane)).toEqual(['serious']);
  });
});
