/**
 * What may be done to a person, and what a person may do: the decisions, without the storing.
 *
 * Never oneself (one cannot raise or lock out oneself by mistake), never so that no operator is left who can sign in, owners alone
 * with their account. `scopesAtUse` is where a token is cut to its person: a role that is taken away takes effect on the next request.
 */
import { scopesOf, type Role, type Scope } from '../../contract/access.ts';

export type PersonFacts = {
  readonly personId: string;
  readonly roles: readonly Role[];
  readonly state: 'invited' | 'active' | 'disabled';
};

export type PersonChange = { readonly roles?: readonly Role[] | undefined; readonly disabled?: boolean | undefined };

/** Null when the change is allowed; else why not, in a sentence. `otherOperators`: how many others are active with the role. */
export function whyNotChange(actorId: string, person: PersonFacts, change: PersonChange, otherOperators: number): string | null {
  if (actorId === person.personId) return 'You cannot change your own roles or disable yourself. Ask another operator.';
  const operates = person.state === 'active' && person.roles.includes('operator');
  const stops = change.disabled === true || (change.roles !== undefined && !change.roles.includes('operator'));
  if (operates && stops && otherOperators === 0) {
    return 'This is the last operator who can sign in. Make somebody else an operator first.';
  }
  if (change.roles !== undefined && change.roles.includes('owner') !== person.roles.includes('owner')) {
    return 'A site owner stays a site owner, and others do not become one. Add a new person instead.';
  }
  return change.roles === undefined ? null : whyNotRoles(change.roles, person.roles.includes('owner'));
}

/** Null when these roles can be held together; `hasAccount`: whether the person belongs to a customer's account. */
export function whyNotRoles(roles: readonly Role[], hasAccount: boolean): string | null {
  if (new Set(roles).size !== roles.length) return 'A role is named twice.';
  const owner = roles.includes('owner');
  if (owner && roles.length > 1) return 'The role owner stands alone: a customer holds no role in the provider.';
  if (owner && !hasAccount) return 'A site owner needs an account.';
  if (!owner && hasAccount) return 'Only a site owner belongs to an account.';
  return null;
}

/** Scopes that a token has now: those granted that its person's roles still hold. */
export function scopesAtUse(granted: readonly Scope[], roles: readonly Role[]): ReadonlySet<Scope> {
  const held = scopesOf(roles);
  return new Set(granted.filter((scope) => held.has(scope)));
}

/** How a name is compared: people who type it in another case mean the same person. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();
}
