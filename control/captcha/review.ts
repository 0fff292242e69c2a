/**
 * Somebody says who gave up on a day: people who were asked too much, or machines. Software counts and points; what it was, a person says.
 *
 * With it a key can be softened for a day, as software does by itself beyond a threshold (core/captcha/figures.ts). Nothing of a visitor is
 * kept that could be looked at: what speaks for people is devices, times, and what the owner knows of that day.
 */
import type { z } from 'zod';
import type { CaptchaKeyId } from '../../contract/ids.ts';
import type { reviewCaptchaDay } from '../../contract/routes/captcha-keys.ts';
import { softenedForMs } from '../../core/captcha/figures.ts';
import { instantOf } from '../../core/instant.ts';
import { addAudit } from '../../store/audit.ts';
import { softenCaptchaKey } from '../../store/captcha-counts.ts';
import { findOwnedKey } from '../../store/captcha-keys.ts';
import { putReview } from '../../store/captcha-words.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import { readReviews } from './figures.ts';

/** Keeps what was found, in the place of what was found before. Throws Failure `not-found`, `wrong-state` for a day without checks. */
export async function reviewDay(
  deps: Pick<ControlDeps, 'store' | 'now'>,
  caller: Caller,
  keyId: CaptchaKeyId,
  { day, verdict, note, soften }: z.output<typeof reviewCaptchaDay.body>,
): Promise<void> {
  const seen = await findOwnedKey(deps.store.db, keyId, caller.accountId);
  if (seen === null) throw notFound('captcha key');
  const counted = (await readReviews(deps, keyId)).find((one) => one.day === day);
  if (counted === undefined)
    throw new Failure('wrong-state', `No check of ${day} is over, or it is too long ago. There is nothing to say about it.`);
  await transact(deps.store, async (unit) => {
    if ((await findOwnedKey(unit.tx, keyId, caller.accountId, 'lock')) === null) throw notFound('captcha key');
    const at = nowOf(deps);
    const by = { personId: caller.personId, name: caller.name };
    await putReview(unit.tx, keyId, { day, verdict, note, by, at });
    if (soften) {
      const until = instantOf(deps.now() + softenedForMs);
      await softenCaptchaKey(unit.tx, keyId, {
        since: at,
        until,
        asked: counted.calmAsked,
        passed: counted.calmAsked - counted.calmGaveUp,
      });
    }
    await addAudit(unit.tx, { at, who: caller, act: 'captcha-key.review', subject: keyId, detail: { day, verdict, soften } });
  });
}
