import { afterEach, expect, it } from 'vitest';
import { instantOf } from '../../../core/instant.ts';
import { claimCapturesIn, mostAMinute } from '../../../store/desk/captures.ts';
import { transact } from '../../../store/transact.ts';
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
});
