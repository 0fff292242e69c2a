/** The provider's table of routes: who answers what. Each part makes its own from what the program has. */
import type { Logger } from 'pino';
import { instantOf } from '../../core/instant.ts';
import { spendOnce } from '../../store/captcha.ts';
import type { Store } from '../../store/open.ts';
import type { Job } from '../jobs.ts';
import { widgetRoutes } from '../widget/routes.ts';
import { startChecks } from './check/service.ts';
import type { Route } from './http.ts';
import type { CaptchaKey, KeyBook } from './keys.ts';
import type { MacKeys } from './mac-keys.ts';
import { siteverifyRoutes } from './siteverify.ts';
import type { Tokens } from './tokens.ts';

export type RouteParts = {
  readonly store: Store;
  readonly keys: KeyBook;
  readonly tokens: Tokens;
  readonly macKeys: MacKeys;
  /** Checks an answer on a thread; rejects when it cannot. */
  readonly check: (job: Job) => Promise<boolean>;
  /** The database's time, which all processes go by. */
  readonly nowMs: () => number;
  readonly log: Logger;
  readonly onSecretInUrl: (keyId: string) => void;
};

/** Everything that answers, and what of it is to be stopped. */
export type Answering = { readonly routes: readonly Route[]; readonly stop: () => Promise<void> };

export function startAnswering(parts: RouteParts): Answering {
  const { store, keys, tokens, macKeys, check, nowMs, log } = parts;
  const checks = startChecks<CaptchaKey>({
    db: store.db,
    nowMs,
    log,
    check,
    findKey: (siteKey) => keys.find(siteKey),
    macKeys: () => Promise.resolve(macKeys.live()),
    issueToken: (asked) => tokens.issue(asked),
    spend: (id, expiresMs) => spendOnce(store.db, id, instantOf(expiresMs)),
  });
  const alive = { status: 200, headers: { 'cache-control': 'no-store' }, body: 'ok' };
  return {
    routes: [
      { method: 'GET', path: '/healthz', handle: () => alive },
      ...siteverifyRoutes(parts),
      ...widgetRoutes(),
      ...checks.routes,
    ],
    stop: () => checks.stop(),
  };
}
