/** The routes of contract/routes/captcha-keys.ts, served. */
import * as contract from '../../contract/routes/captcha-keys.ts';
import { CaptchaKeyId, Instant } from '../../contract/ids.ts';
import { findOwnedKey, listOwnedKeys } from '../../store/captcha-keys.ts';
import type { CaptchaKeyOwned, KeyPlace } from '../../store/captcha-keys.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { readFigures, readReviews } from './figures.ts';
import { reviewDay } from './review.ts';
import { addCaptchaKey, changeCaptchaKey, removeCaptchaKey, renewCaptchaSecret } from './service.ts';
import type { MadeKey } from './service.ts';
import { viewCaptchaKeys } from './view.ts';

export function registerCaptchaKeys(app: App, deps: ControlDeps): void {
  const { db } = deps.store;
  const view = async (key: CaptchaKeyOwned | null) => {
    const [shown] = key === null ? [] : await viewCaptchaKeys(deps, [key]);
    if (shown === undefined) throw notFound('captcha key');
    return shown;
  };
  const withSecret = async ({ key, secret }: MadeKey) => ({ key: await view(key), secret });
  const mayRead = async (keyId: CaptchaKeyId, caller: Caller) => {
    if ((await findOwnedKey(db, keyId, caller.accountId)) === null) throw notFound('captcha key');
    return keyId;
  };

  registerRoute(app, deps, contract.listCaptchaKeys, async ({ query, caller }) => {
    const page = await listOwnedKeys(db, {
      viewer: caller.accountId,
      siteId: query.siteId ?? null,
      search: query.search ?? null,
      limit: query.limit,
      after: readPlace(query.cursor),
    });
    return { items: await viewCaptchaKeys(deps, page.keys), next: writePlace(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.addCaptchaKey, async ({ body, caller }) =>
    withSecret(await addCaptchaKey(deps, caller, body)),
  );
  registerRoute(app, deps, contract.getCaptchaKey, async ({ params, caller }) =>
    view(await findOwnedKey(db, params.keyId, caller.accountId)),
  );
  registerRoute(app, deps, contract.changeCaptchaKey, async ({ params, body, caller }) =>
    view(await changeCaptchaKey(deps, caller, params.keyId, body)),
  );
  registerRoute(app, deps, contract.renewCaptchaSecret, async ({ params, body, caller }) =>
    withSecret(await renewCaptchaSecret(deps, caller, params.keyId, body.oldEndsInHours)),
  );
  registerRoute(app, deps, contract.removeCaptchaKey, async ({ params, caller }) => {
    await removeCaptchaKey(deps, caller, params.keyId);
    return {};
  });
  registerRoute(app, deps, contract.getCaptchaFigures, async ({ params, query, caller }) =>
    readFigures(deps, await mayRead(params.keyId, caller), query),
  );
  registerRoute(app, deps, contract.listCaptchaReviews, async ({ params, caller }) => ({
    days: await readReviews(deps, await mayRead(params.keyId, caller)),
  }));
  registerRoute(app, deps, contract.reviewCaptchaDay, async ({ params, body, caller }) => {
    await reviewDay(deps, caller, params.keyId, body);
    return { days: await readReviews(deps, params.keyId) };
  });
}

/** Keys have no numbers of their own: a page continues below an instant and an id. Throws Failure `bad-request`. */
function readPlace(cursor: string | undefined): KeyPlace | null {
  if (cursor === undefined) return null;
  const [at, id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const createdAt = Instant.safeParse(at);
  const keyId = CaptchaKeyId.safeParse(id);
  if (createdAt.success && keyId.success) return { createdAt: createdAt.data, keyId: keyId.data };
  throw new Failure('bad-request', 'The cursor is not one that this list gave out. Start from the first page.', {
    fields: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  });
}

function writePlace(place: KeyPlace | null): string | null {
  return place === null ? null : Buffer.from(`${place.createdAt} ${place.keyId}`).toString('base64url');
}
