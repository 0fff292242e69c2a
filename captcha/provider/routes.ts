/** The provider's table of routes: who answers what. Each part makes its own from what the program has. */
import type { Logger } from 'pino';
import type { Store } from '../../store/open.ts';
import type { Job } from '../jobs.ts';
import type { Route } from './http.ts';
import type { KeyBook } from './keys.ts';
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

export function routesOf(parts: RouteParts): readonly Route[] {
  return [
    { method: 'GET', path: '/healthz', handle: () => ({ status: 200, headers: { 'cache-control': 'no-store' }, body: 'ok' }) },
    ...siteverifyRoutes(parts),
  ];
}
