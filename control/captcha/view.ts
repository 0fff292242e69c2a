/** A captcha key as the API shows it: its record, its secrets' last characters, what suspends it, whether it is softened. */
import type { CaptchaKey } from '../../contract/routes/captcha-keys.ts';
import { softenedCaptchaKeys } from '../../store/captcha-counts.ts';
import { liveSecrets, suspensionsOf } from '../../store/captcha-keys.ts';
import type { CaptchaKeyOwned } from '../../store/captcha-keys.ts';
import { siteNames } from '../../store/sites.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { statementUrl } from '../orders/policy.ts';

type Deps = Pick<ControlDeps, 'store' | 'now' | 'publicUrl'>;

/** Keys as the API shows them, in the same order. */
export async function viewCaptchaKeys(deps: Deps, keys: readonly CaptchaKeyOwned[]): Promise<CaptchaKey[]> {
  const { db } = deps.store;
  const now = nowOf(deps);
  const ids = keys.map(({ keyId }) => keyId);
  const secrets = await liveSecrets(db, ids, now);
  const suspensions = await suspensionsOf(db, ids, now);
  const softened = await softenedCaptchaKeys(db, ids, now);
  const names = await siteNames(
    db,
    keys.flatMap(({ siteId }) => siteId ?? []),
  );
  return keys.map(({ siteId, hostnames, ...key }) => {
    const suspended = suspensions.get(key.keyId);
    const soft = softened.get(key.keyId);
    return {
      ...key,
      hostnames: [...hostnames],
      site: siteId === null ? null : { siteId, name: names.get(siteId) ?? siteId },
      secrets: secrets.get(key.keyId) ?? [],
      suspended:
        suspended === undefined ? null : { ...suspended, statementUrl: statementUrl(deps.publicUrl, suspended.decision) },
      softened: soft === undefined ? null : { since: soft.since, until: soft.until },
    };
  });
}
