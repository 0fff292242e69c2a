/** What several processes of the captcha provider rely on, on both databases: of many at once one is told yes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { instantOf } from '../../core/instant.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { databaseNow, forgetSpent, renewMacKeys, spendAnswered, spendOnce } from '../captcha.ts';
import { openStore } from '../open.ts';
import type { Store } from '../open.ts';
import { transact } from '../transact.ts';

describeOnBoth('spent tokens', (databases) => {
  let store: Store;
  const at = instantOf(Date.now());
  const later = instantOf(Date.now() + 60_000);
  const together = <Answer>(work: (index: number) => Promise<Answer>) =>
    Promise.all(Array.from({ length: 12 }, (_, index) => work(index)));

  beforeAll(async () => {
    store = await openStore(await databases.fresh());
  });
  afterAll(async () => store?.close());

  it('are spent by one of all who try at once, and forgotten after their time', async () => {
    const told = await together(() => spendOnce(store.db, 'a token', later));
    expect(told.filter(Boolean)).toHaveLength(1);
    await forgetSpent(store.db, later);
    expect(await spendOnce(store.db, 'a token', later)).toBe(false);
    await forgetSpent(store.db, instantOf(Date.now() + 61_000));
    expect(await spendOnce(store.db, 'a token', later)).toBe(true);
  });

  it('have one answer for everybody who asks under one key, and none under another', async () => {
    const asked = (idempotencyKey: string, answer: unknown) =>
      transact(store, ({ tx }) => spendAnswered(tx, { tokenId: 'named', expiresAt: later, idempotencyKey, answer }));
    const answers = await together((index) => asked('a', { index }));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await asked('b', {})).toBeNull();
  });

  it('are signed with one key that all processes made together, and never with more than two', async () => {
    let made = 0;
    const renew = (olderThan: typeof at) =>
      transact(store, ({ tx }) =>
        renewMacKeys(tx, olderThan, () => {
          made += 1;
          return { name: `key-${made}`, sealed: Buffer.from('sealed'), madeAt: instantOf(Date.parse(at) + made) };
        }),
      );
    const first = await together(() => renew(at));
    expect(new Set(first.map((live) => live.map(({ name }) => name).join()))).toEqual(new Set(['key-1']));
    const names = async () => (await renew(later)).map(({ name }) => name);
    expect([await names(), await names()]).toEqual([
      ['key-2', 'key-1'],
      ['key-3', 'key-2'],
    ]);
    expect(Math.abs(Date.parse(await databaseNow(store.db)) - Date.now())).toBeLessThan(60_000);
  });
});
