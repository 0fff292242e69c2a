/**
 * The time that all processes of the provider go by: the database's, kept up by this machine's own clock between two looks.
 *
 * So tokens live as long as they should, and orders begin when they should, on machines whose clocks differ. Open: while the database does not
 * answer, the last difference that was seen holds.
 */
import { databaseNow } from '../../store/captcha.ts';
import type { Store } from '../../store/open.ts';

const lookMs = 20_000;

export type Clock = { readonly nowMs: () => number; readonly close: () => void };

/** Reads the database's time once, and then again and again. Rejects when it does not answer at first. */
export async function databaseClock(store: Store, ownMs: () => number = Date.now): Promise<Clock> {
  let aheadMs = 0;
  const look = async () => {
    const before = ownMs();
    const there = Date.parse(await databaseNow(store.db));
    const after = ownMs();
    // An answer that took long says less than the one before it.
    if (after - before < 2000) aheadMs = there - (before + after) / 2;
  };
  await look();
  const looking = setInterval(() => void look().catch(() => undefined), lookMs);
  looking.unref();
  return { nowMs: () => Math.round(ownMs() + aheadMs), close: () => clearInterval(looking) };
}
