/** Strikes of accounts: what was confirmed against them, with an expiry. They inform people; nothing here counts or acts. */
import type { AccountId, CaseId, DeskDecisionId, Instant, StrikeId } from '../../contract/ids.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

export type StrikeRecord = {
  readonly strikeId: StrikeId;
  readonly caseId: CaseId;
  readonly decisionId: DeskDecisionId;
  readonly at: Instant;
  readonly expiresAt: Instant;
  readonly reason: string;
  readonly cancelledAt: Instant | null;
};

export async function insertStrike(
  tx: Tx,
  strike: Omit<StrikeRecord, 'cancelledAt'> & { readonly accountId: AccountId },
): Promise<void> {
  await tx
    .insertInto('strike')
    .values({
      strike_id: strike.strikeId,
      account_id: strike.accountId,
      case_id: strike.caseId,
      decision_id: strike.decisionId,
      at: strike.at,
      expires_at: strike.expiresAt,
      reason: strike.reason,
      cancelled_at: null,
    })
    .execute();
}

/** Strikes of an account, newest first, expired and cancelled ones included. */
export async function listStrikes(db: Db, accountId: AccountId): Promise<StrikeRecord[]> {
  return db
    .selectFrom('strike')
    .select([
      'strike_id as strikeId',
      'case_id as caseId',
      'decision_id as decisionId',
      'at',
      'expires_at as expiresAt',
      'reason',
      'cancelled_at as cancelledAt',
    ])
    .where('account_id', '=', accountId)
    .orderBy('at', 'desc')
    .limit(500)
    .execute();
}

/** A reversed decision leaves no strike. */
export async function cancelStrikes(tx: Tx, decisionId: DeskDecisionId, at: Instant): Promise<void> {
  await tx
    .updateTable('strike')
    .set({ cancelled_at: at })
    .where('decision_id', '=', decisionId)
    .where('cancelled_at', 'is', null)
    .execute();
}
