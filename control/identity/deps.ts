/** What the identity routes are handed, and the few steps that all of them share. */
import type { RouteDeps } from '../http/register.ts';
import type { Caller, RequestFacts } from '../http/caller.ts';
import { Failure } from '../http/failure.ts';
import { instantOf } from '../../core/instant.ts';
import type { Instant } from '../../contract/ids.ts';
import type { Db, Store } from '../../store/open.ts';
import { brokenUniqueKey } from '../../store/errors.ts';
import type { PasswordHasher } from './argon.ts';
import { partyOf } from './passkeys.ts';
import type { Party } from './passkeys.ts';

export type IdentityDeps = RouteDeps & {
  readonly store: Store;
  /** The provider's name, as authenticators and apps show it. */
  readonly provider: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly hasher: PasswordHasher;
};

export function nowOf(deps: Pick<IdentityDeps, 'now'>): Instant {
  return instantOf(deps.now());
}

export function party(deps: Pick<IdentityDeps, 'publicUrl' | 'provider'>): Party {
  return partyOf(deps.publicUrl, deps.provider);
}

/** Runs work in a transaction; on the embedded database nothing inside may use `deps.store.db` (store/open.ts). */
export function inTransaction<T>(deps: Pick<IdentityDeps, 'store'>, work: (tx: Db) => Promise<T>): Promise<T> {
  return deps.store.db.transaction().execute(work);
}

/** As `inTransaction`; a name that is taken becomes the failure that says so. */
export async function withUniqueName<T>(deps: Pick<IdentityDeps, 'store'>, work: (tx: Db) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(deps, work);
  } catch (error) {
    if (brokenUniqueKey(error) === 'person_name_key_key') throw nameTaken(error);
    throw error;
  }
}

export function nameTaken(cause?: unknown): Failure {
  return new Failure(
    'name-taken',
    'Another person has this name (capitals and spaces do not count). Nothing was changed; choose another name.',
    { cause },
  );
}

/** The one answer to every sign-in that fails: nothing in it tells a wrong name from a wrong password. */
export function badSignIn(): Failure {
  return new Failure('bad-sign-in', 'Name, password, code or passkey are not right, or the code was used before. Try again.');
}

export function badProof(): Failure {
  return new Failure(
    'bad-sign-in',
    'The answer does not fit the question that was asked, or ten minutes have passed. Nothing was stored; start this step again.',
  );
}

export function linkExpired(): Failure {
  return new Failure(
    'link-expired',
    'This link was used, replaced by a newer one, or has expired. Ask an operator for a new one.',
  );
}

/** Where a link leads. The code is in the query: it is void after one use, and pages under /console/ send no referrer. */
export function linkUrl(publicUrl: string, purpose: 'setup' | 'invitation', code: string): string {
  return `${publicUrl}/console/${purpose}?code=${code}`;
}

/** Who acts, for the audit trail. */
export function personRef(caller: Pick<Caller, 'personId' | 'name'>) {
  return { personId: caller.personId, name: caller.name };
}

/** The client's words for itself, cut. */
export function agentOf(request: RequestFacts): string {
  return (request.headers.get('user-agent') ?? '').slice(0, 200);
}
