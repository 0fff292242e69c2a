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

  it('of addresses at one host is captured at a measured pace, and another host’s address at once', async () => {
    house = await startReadingHouse(await databases.fresh());
    const urls = Array.from({ length: 100 }, (_unused, n) => `https://victim.example/search?q=${n}`);
    await house.send({ text: 'many', urls });
    await house.read();
    await house.send({ text: 'one', urls: ['https://other.example/t/1'] });
    await house.read();
    const waiting = await house.store.db
      .selectFrom('capture')
      .select(['host', 'next_at', 'asked_at'])
      .orderBy('next_at')
      .execute();
    const at = waiting[0]?.asked_at ?? '';
    const late = waiting.filter((one) => one.next_at > at);
    expect(late).toHaveLength(70);
    expect(new Set(late.map(({ host }) => host))).toEqual(new Set(['victim.example']));
    expect(late.at(-1)?.next_at).toBe('2026-03-04T10:01:30.000Z');
  });
});
