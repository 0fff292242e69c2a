/**
 * The owner's side of the desk: what they are told, what they answer, and what they can always take along.
 *
 * An owner sees notices of their own account only; the signed link of a mail opens one without signing in. Nothing here names a reporter, a target or
 * anybody who decided. The desk reads notices with their case.
 */
import { z } from 'zod';
import { AppealId, CaseId, Instant, NoticeId } from '../../ids.ts';
import { AppealState } from '../../desk/words.ts';
import { Nothing, PageQuery, pageOf, PersonRef } from '../common.ts';
import { route } from '../route.ts';

export const OwnerNotice = z.strictObject({
  noticeId: NoticeId,
  siteName: z.string(),
  kind: z.enum(['statement', 'question', 'deadline', 'ended', 'appeal-outcome']),
  subject: z.string(),
  text: z.string(),
  namedUrls: z.array(z.string()),
  deadline: Instant.nullable(),
  at: Instant,
  readAt: Instant.nullable(),
  decision: z.string().nullable(),
  replies: z.array(z.strictObject({ at: Instant, text: z.string() })),
  mayAppeal: z.boolean(),
  appeals: z.array(
    z.strictObject({ appealId: AppealId, state: AppealState, openedAt: Instant, dueAt: Instant, reasons: z.string().nullable() }),
  ),
});
export type OwnerNotice = z.infer<typeof OwnerNotice>;

export const listOwnerNotices = route({
  method: 'GET',
  path: '/api/v1/notices',
  summary: 'What we told you about your sites, newest first.',
  needs: 'notices:read',
  params: Nothing,
  query: PageQuery,
  body: Nothing,
  answer: pageOf(OwnerNotice),
  status: 200,
  errors: [],
});

/** A notice as the desk reads it, with the owner's answers, redacted. */
export const CaseNotice = z.strictObject({
  noticeId: NoticeId,
  kind: OwnerNotice.shape.kind,
  subject: z.string(),
  text: z.string(),
  namedUrls: z.array(z.string()),
  deadline: Instant.nullable(),
  at: Instant,
  readAt: Instant.nullable(),
  decision: z.string().nullable(),
  /** `by` is null when it came by the signed link. */
  replies: z.array(z.strictObject({ at: Instant, text: z.string(), by: PersonRef.nullable() })),
});
export type CaseNotice = z.infer<typeof CaseNotice>;

export const listCaseNotices = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}/notices',
  summary: 'What the owner was told in a case, and what they answered, newest first.',
  needs: 'desk:read',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(CaseNotice) }),
  status: 200,
  errors: ['not-found'],
});

export const askOwner = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/notices',
  summary: 'Asks the owner something without deciding anything. They learn that there is a case, so it takes a lead.',
  needs: 'desk:lead',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: z.strictObject({
    subject: z.string().trim().min(3).max(200),
    text: z.string().trim().min(10).max(10_000),
    namedUrls: z.array(z.string().trim().min(1).max(4000)).max(250).default([]),
    deadline: Instant.optional(),
  }),
  answer: CaseNotice,
  status: 201,
  errors: ['not-found', 'wrong-state', 'decision-incomplete'],
});

const NoticeAct = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('reply'), text: z.string().trim().min(3).max(10_000) }),
  z.strictObject({ act: z.literal('appeal'), text: z.string().trim().min(10).max(10_000) }),
]);

export const answerNotice = route({
  method: 'POST',
  path: '/api/v1/notices/{noticeId}',
  summary: 'Answers a notice, or appeals.',
  needs: 'notices:answer',
  params: z.strictObject({ noticeId: NoticeId }),
  query: Nothing,
  body: NoticeAct,
  answer: OwnerNotice,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

/** Everything about a site that its owner needs to go elsewhere: settings, and DNS records as a zone file. Never withheld, whatever the order. */
export const exportSite = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/export',
  summary: 'The site’s own settings and DNS records, always available.',
  needs: 'sites:read',
  params: z.strictObject({ siteId: z.string() }),
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ site: z.record(z.string(), z.unknown()), zone: z.string() }),
  status: 200,
  errors: ['not-found'],
});

/** Where an account's notices are sent besides the console. `hint` is all that is ever shown of it. */
const ContactHint = z.strictObject({ hint: z.string().nullable() });

export const getAccountContact = route({
  method: 'GET',
  path: '/api/v1/account/contact',
  summary: 'Where notices to your account are sent by mail; null when nowhere.',
  needs: 'notices:read',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: ContactHint,
  status: 200,
  errors: [],
});

export const setAccountContact = route({
  method: 'PUT',
  path: '/api/v1/account/contact',
  summary: 'Sets the mailbox that gets a link to each notice, or with null none.',
  needs: 'notices:answer',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ mail: z.email().max(254).nullable() }),
  answer: ContactHint,
  status: 200,
  errors: [],
});
