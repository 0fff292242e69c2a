/**
 * What every act on a case shares: the locked case, the caller, the names to black out, and the rules of claims.
 *
 * One act is one transaction with its line of the audit trail, its clocks computed anew, and a word to the consoles. Texts that go into the audit
 * trail or are kept where a list shows them are redacted first. The guard against acting on somebody else's claim fails closed.
 */
import type { CaseId, Instant } from '../../../contract/ids.ts';
import type { Json } from '../../../contract/canonical.ts';
import type { PersonRef } from '../../../contract/routes/common.ts';
import type { Scope } from '../../../contract/access.ts';
import { claimMs, judgeClaim } from '../../../core/desk/claim.ts';
import type { ClaimVerdict } from '../../../core/desk/claim.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { addAudit } from '../../../store/audit.ts';
import { changeCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import type { CaseChange, CaseRecord } from '../../../store/desk/cases.ts';
import { clockSince } from '../../../store/desk/clocks.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';

export type Deps = Pick<DeskDeps, 'store' | 'now' | 'seal' | 'outbox' | 'publicUrl' | 'provider' | 'log'>;

/** A case in the hands of one act. */
export type Held = {
  readonly unit: Work;
  readonly found: CaseRecord;
  readonly caller: Caller;
  readonly who: PersonRef;
  readonly at: Instant;
  /** Blacks out the names of this case. */
  readonly clean: (text: string) => string;
  readonly claim: ClaimVerdict;
};

/** Locks a case for an act. Throws Failure `not-found`. */
export async function hold(deps: Deps, unit: Work, caller: Caller, caseId: CaseId): Promise<Held> {
  const found = await lockCase(unit.tx, caseId);
  if (found === null) throw notFound('case');
  const names = await namesOfCase(unit.tx, deps.seal, caseId);
  return {
    unit,
    found,
    caller,
    who: { personId: caller.personId, name: caller.name },
    at: nowOf(deps),
    clean: (text) => redact(text, names),
    claim: judgeClaim(claimOf(found), caller.personId, deps.now()),
  };
}

function claimOf(found: CaseRecord) {
  if (found.claimed_by === null || found.claimed_until === null) return null;
  return { by: found.claimed_by, untilMs: msOf(found.claimed_until) };
}

/** Throws Failure `wrong-state` for a case that is closed. */
export function mustBeOpen({ found }: Held): void {
  if (found.merged_into !== null) {
    throw new Failure('wrong-state', 'This case was merged into another one: work there. Nothing was changed.');
  }
  if (found.closed_at !== null) {
    throw new Failure('wrong-state', 'This case is closed. Nothing was changed; reopen it first.');
  }
}

/** Throws Failure `claimed-by-another` while somebody else's claim stands. */
export function mustNotBeAnothers({ found, claim }: Held): void {
  if (claim !== 'other') return;
  throw new Failure(
    'claimed-by-another',
    `${found.claimed_name ?? 'Somebody else'} works on this case until ${found.claimed_until ?? 'later'}. Nothing was changed. Notes are always possible; a lead can release the claim.`,
  );
}

/** Throws Failure `not-allowed` without the scope. */
export function mustHold({ caller }: Pick<Held, 'caller'>, scope: Scope): void {
  if (caller.scopes.has(scope)) return;
  throw new Failure('not-allowed', `This needs “${scope}”, which your roles or this token do not hold. Nothing was changed.`);
}

/** The end of every act: what changed, the holder's claim renewed, eyes on it, clocks, audit line, live event. */
export async function settle(
  held: Held,
  done: { act: string; change?: CaseChange; detail?: Readonly<Record<string, Json>>; keepsClaim?: boolean },
): Promise<void> {
  const { unit, found, who, at, claim } = held;
  const caseId = found.case_id;
  const eyes = found.first_eyes_at === null || found.first_eyes_at < clockSince(found) ? { first_eyes_at: at } : {};
  const renewed = claim === 'own' && done.keepsClaim !== false ? { claimed_until: instantOf(msOf(at) + claimMs) } : {};
  await changeCase(unit.tx, caseId, { ...eyes, ...renewed, ...done.change });
  await touchDue(unit.tx, caseId);
  await addAudit(unit.tx, {
    at,
    who,
    act: done.act,
    subject: caseId,
    detail: { number: found.number, ...done.detail },
  });
  unit.tellAfter({ kind: 'case', caseId });
}
