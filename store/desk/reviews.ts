/** Reviews of what a measure did, 7, 30 and 90 days on: one each for a case, never rewritten. */
import type { CaseId, Instant, PersonId, ReviewId } from '../../contract/ids.ts';
import { z } from 'zod';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';

const Answer = z.enum(['yes', 'no', 'unknown']);
export type ReviewAnswer = z.infer<typeof Answer>;

export type ReviewRecord = {
  readonly reviewId: ReviewId;
  readonly afterDays: 7 | 30 | 90;
  readonly at: Instant;
  readonly by: { readonly personId: PersonId; readonly name: string };
  readonly harmFell: ReviewAnswer;
  readonly displaced: ReviewAnswer;
  readonly copycats: ReviewAnswer;
  readonly text: string;
};

/** Keeps a review; false when the case has one for that time already. */
export async function insertReview(tx: Tx, caseId: CaseId, review: Omit<ReviewRecord, 'by'>, by: NamedPerson): Promise<boolean> {
  const row = await tx
    .insertInto('after_review')
    .values({
      review_id: review.reviewId,
      case_id: caseId,
      after_days: review.afterDays,
      at: review.at,
      person_id: by.personId,
      person_name: by.name,
      harm_fell: review.harmFell,
      displaced: review.displaced,
      copycats: review.copycats,
      text: review.text,
    })
    .onConflict((conflict) => conflict.columns(['case_id', 'after_days']).doNothing())
    .returning('review_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Reviews of a case, the earliest first. */
export async function listReviews(db: Db, caseId: CaseId): Promise<ReviewRecord[]> {
  const rows = await db.selectFrom('after_review').selectAll().where('case_id', '=', caseId).orderBy('after_days').execute();
  return rows.map((row) => ({
    reviewId: row.review_id,
    afterDays: row.after_days,
    at: row.at,
    by: { personId: row.person_id, name: row.person_name },
    harmFell: Answer.parse(row.harm_fell),
    displaced: Answer.parse(row.displaced),
    copycats: Answer.parse(row.copycats),
    text: row.text,
  }));
}
