/**
 * Who asks: what the routes know of a person or a token, and how they learn it.
 *
 * control/identity/authenticate.ts implements `Authenticate`. Fails closed: a credential that was sent but is not valid is nobody.
 */
import type { Role, Scope } from '../../contract/access.ts';
import type { AccountId, PersonId } from '../../contract/ids.ts';

export type Caller = {
  readonly personId: PersonId;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly scopes: ReadonlySet<Scope>;
  /** Owners see and change only sites of this account; null means the whole installation. */
  readonly accountId: AccountId | null;
  readonly via: 'session' | 'token';
};

/** What may be known of a request before anybody is known. */
export type RequestFacts = {
  readonly method: string;
  readonly headers: Headers;
  /** Address of the connection's other end, in text. */
  readonly clientAddress: string;
};

export type Authenticate = (request: RequestFacts) => Promise<Caller | null>;
