import { afterEach, expect, it } from 'vitest';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';

describeOnBoth('a flood', (databases) => {
  let house: ReadingHouse;
  afterEach(async () => house.stop());

  it('of different reports in the fast lane wakes people ten times and then once for all, and each has its case and alarm', async () => {
    house = await startReadingHouse(await databases.fresh());
    const send = (n: number) => house.send({ fastLane: true, class: 'threat-to-life', text: `x${n}`, hostname: `h${n}.example` });
    for (let n = 0; n < 15; n += 1) await send(n);
    await house.read();
    const named = () => house.woken.filter((sentence) => sentence.includes('case C-'));
    expect(named()).toHaveLength(10);
    expect(new Set(house.woken.filter((sentence) => sentence.startsWith('Many cases')))).toHaveLength(1);
    expect(await house.store.db.selectFrom('alarm').select('alarm_id').where('kind', '=', 'fast-lane').execute()).toHaveLength(
      15,
    );
    house.pass(11 * 60_000);
    await send(99);
    await house.read();
    expect(named()).toHaveLength(11);
  });
});
