/** What follows from a decision later: strikes of an account, which inform people and do nothing by themselves, and reviews of what the measure did. */
import { z } from 'zod';
import { AccountId, CaseId, DeskDecisionId, Instant, ReviewId, StrikeId } from '../../ids.ts';
import { Nothing, PersonRef } from '../common.ts';
import { route } from '../route.ts';

export const Strike = z.strictObject({
  strikeId: StrikeId,
  caseId: CaseId,
  decisionId: DeskDecisionId,
  at: Instant,
  expiresAt: Instant,
  reason: z.string(),
  cancelledAt: Instant.nullable(),
});

export const listStrikes = route({
  method: 'GET',
  path: '/api/v1/desk/accounts/{accountId}/strikes',
  summary: 'Strikes of an account. They inform people; nothing follows from a number by itself.',
  needs: 'desk:read',
  params: z.strictObject({ accountId: AccountId }),
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(Strike) }),
  status: 200,
  errors: [],
});

export const Review = z.strictObject({
  reviewId: ReviewId,
  afterDays: z.union([z.literal(7), z.literal(30), z.literal(90)]),
  at: Instant,
  by: PersonRef,
  harmFell: z.enum(['yes', 'no', 'unknown']),
  displaced: z.enum(['yes', 'no', 'unknown']),
  copycats: z.enum(['yes', 'no', 'unknown']),
  text: z.string(),
});

export const listReviews = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}/reviews',
  summary: 'What the measure did, 7, 30 and 90 days on.',
  needs: 'desk:read',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(Review) }),
  status: 200,
  errors: ['not-found'],
});

export const addReview = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/reviews',
  summary: 'Records what the measure did.',
  needs: 'desk:work',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: Review.omit({ reviewId: true, at: true, by: true }),
  answer: Review,
  status: 201,
  errors: ['not-found', 'wrong-state', 'conflict'],
});
