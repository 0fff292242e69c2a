/**
 * The criteria that a new installation begins with, so that it can decide at once: the ten limbs in words, published by the house before any case.
 *
 * A provider publishes its own as soon as it has them. These are never changed or taken back; an installation that has any criteria gets none.
 */
import { createHash } from 'node:crypto';
import { PolicyVersionId, idPrefix } from '../../../contract/ids.ts';
import type { Criteria } from '../../../contract/routes/desk/decisions.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { hasCriteria, insertCriteria } from '../../../store/desk/criteria.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { ControlDeps } from '../../deps.ts';
import { recordPolicyVersion } from '../../record/leaves.ts';

export function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

const title = 'Criteria, first version';

const text = `What we look at before we restrict a site that we shield

We shield sites from attacks. We do not host them and do not choose what they say; that we shield a site says nothing about whether we like it. We restrict a site only when our own service carries the danger, when law orders it, or when our contract is broken, and we say which.

When somebody's life may be in danger we ask ten questions. Each is answered with evidence or with “not met”; none is left out, and the answers are published with the decision.

1. Is the threat specific, and targeted at named persons?
2. Did it escalate within 48 hours, by the time at which things happened and not by the time at which they were reported?
3. Is it a threat to human life or safety? Content that is merely revolting is not.
4. Did it happen on the shielded site, or was it organised through it?
5. Was legal process sought, and is it too slow for the danger?
6. Do the reasons stand without the number of reports? Whoever grades a threat does not see how many reported it.
7. Would a narrower measure not do? We say for every narrower step why not: asking the owner; a notice on one part of the site; a limit or a check; suspending captcha keys; a provisional notice of 72 hours; withdrawing protection; closing the account.
8. Does the measure have an end date, and when is it reviewed?
9. Can it be appealed, and is the appeal decided by somebody else?
10. Were these criteria published before the case was opened? If not, the decision says so.

What carries a decision: a lasting measure for danger to life needs our own capture of what was published, on at least one threat of the highest grade or two of the next. A picture that somebody sent us carries at most a provisional measure of 24 hours, by two people.

Other abuse (phishing, malware, attacks on others, material that was published without consent, and the like) is answered as narrowly as possible, first by asking the owner, on our own capture of it.

Material that is criminal to hold is never fetched or looked at by us; we pass its address to a hotline.

Nobody decides alone. One person proposes, another confirms. In an emergency one person may act at once; that alarms everybody and ends by itself soon. A provisional measure ends after 72 hours unless two other people confirm it. Deciding not to act is a decision too: it is recorded, published and looked at again.

Every decision can be appealed within six months by the owner of the site, by whoever reported, and by whoever is affected. An appeal costs nothing and is decided by somebody who neither proposed nor confirmed nor graded.`;

/** Publishes the first criteria when there are none. Safe in several processes at once: the text is kept once. */
export async function settleFirstCriteria(deps: Pick<ControlDeps, 'store' | 'now'>): Promise<void> {
  if (await hasCriteria(deps.store.db)) return;
  const at = nowOf(deps);
  const criteria: Criteria = {
    policyVersionId: PolicyVersionId.parse(randomId(idPrefix.policyVersion)),
    title,
    text,
    sha256: sha256Of(text),
    publishedAt: at,
    publishedBy: null,
  };
  await transact(deps.store, async ({ tx }) => {
    if (!(await insertCriteria(tx, criteria))) return;
    await recordPolicyVersion(tx, criteria.sha256, at);
    await addAudit(tx, {
      at,
      who: null,
      act: 'criteria.publish',
      subject: criteria.policyVersionId,
      detail: { title, sha256: criteria.sha256 },
    });
  });
}
