/** Reading gives way to taking reports in, never for the fast lane and never for good, and says when it is late. */
import { afterEach, expect, it } from 'vitest';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { alarmAboutLate } from './register.ts';

describeOnBoth('in a flood', (databases) => {
  let house: ReadingHouse;
  afterEach(async () => house.stop());
  const unread = (fastLane: boolean) =>
    house.store.db
      .selectFrom('report')
      .select('report_id')
      .where('processed_at', 'is', null)
      .where('fast_lane', '=', fastLane)
      .execute();

  it('the fast lane is read at once and ordinary reports a few at a time, all of them in the end', async () => {
    house = await startReadingHouse(await databases.fresh());
    await Promise.all(Array.from({ length: 150 }, (_unused, n) => house.send({ text: `[harassing words] number ${n}` })));
    await house.send({ text: 'Somebody is in danger now: [threat naming a place and time].', fastLane: true });
    await house.readInFlood();
    expect(await unread(true)).toEqual([]);
    // On a slow machine the fast lane may take the whole turn.
    let turns = 1;
    while ((await unread(false)).length === 150 && turns < 5) {
      turns += 1;
      await house.readInFlood();
    }
    const left = (await unread(false)).length;
    expect(left).toBeLessThanOrEqual(140);
    expect(left).toBeGreaterThan(0);
    await house.read();
    expect(await unread(false)).toEqual([]);
  }, 60_000);

  it('what waits too long raises one alarm that tells no number', async () => {
    house = await startReadingHouse(await databases.fresh());
    const alarms = () => house.store.db.selectFrom('alarm').select('sentence').where('kind', '=', 'reports-late').execute();
    await house.send({ text: '[harassing words]' });
    house.pass(9 * 60_000);
    await alarmAboutLate(house.deps);
    expect(await alarms()).toEqual([]);
    house.pass(2 * 60_000);
    for (let n = 0; n < 3; n += 1) await house.send({ text: `[harassing words] ${n}` });
    await alarmAboutLate(house.deps);
    await alarmAboutLate(house.deps);
    const [alarm, ...others] = await alarms();
    expect(others).toEqual([]);
    expect(alarm?.sentence).toMatch(/more than ten minutes/);
    expect(alarm?.sentence).not.toMatch(/[0-9]/);
    await house.read();
    await house.store.db.deleteFrom('alarm').execute();
    await house.send({ text: 'Somebody is in danger now: [threat naming a place and time].', fastLane: true });
    await alarmAboutLate(house.deps);
    expect(await alarms()).toEqual([]);
    house.pass(61_000);
    await alarmAboutLate(house.deps);
    expect((await alarms())[0]?.sentence).toMatch(/fast lane have waited for more than a minute/);
  }, 60_000);
});
