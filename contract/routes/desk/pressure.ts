/**
 * Pressure, the people on call, and the authority channel.
 *
 * Pressure is recorded and never counted as evidence; nobody reads a case's pressure before its grade is locked. Writing an entry is always possible:
 * whoever gets a letter hands it in and sees nothing of the others.
 */
import { z } from 'zod';
import { AuthorityId, CaseId, Instant, PageId, PersonId, PressureId, SiteId } from '../../ids.ts';
import { AuthorityKind, AuthorityState, PressureKind } from '../../desk/words.ts';
import { Volume } from '../../desk/shapes.ts';
import { Nothing, PageQuery, pageOf, PersonRef } from '../common.ts';
import { route } from '../route.ts';

export const PressureEntry = z.strictObject({
  pressureId: PressureId,
  siteId: SiteId.nullable(),
  caseId: CaseId.nullable(),
  kind: PressureKind,
  at: Instant,
  description: z.string(),
  count: z.int().nullable(),
  source: z.string().nullable(),
  by: PersonRef,
});
export type PressureEntry = z.infer<typeof PressureEntry>;

export const logPressure = route({
  method: 'POST',
  path: '/api/v1/desk/pressure',
  summary: 'Hands in a letter, a call, a campaign: kept apart from evidence.',
  needs: 'pressure:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({
    siteId: SiteId.optional(),
    caseId: CaseId.optional(),
    kind: PressureKind,
    at: Instant,
    description: z.string().trim().min(3).max(2000),
    count: z.int().min(1).max(100_000_000).optional(),
    source: z.string().trim().max(500).optional(),
  }),
  answer: z.strictObject({ pressureId: PressureId }),
  status: 201,
  errors: ['not-found'],
});

export const ClusterRow = z.strictObject({
  clusterId: z.string(),
  /** First words of its first report, redacted. */
  sample: z.string(),
  n: z.int(),
  k: z.int(),
  w: z.int(),
  firstAt: Instant,
  lastAt: Instant,
});

export const getPressure = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}/pressure',
  summary: 'N, M, K, W, the clusters and the log. Refused while the grade is not locked.',
  needs: 'desk:read',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ volume: Volume, clusters: z.array(ClusterRow), entries: z.array(PressureEntry) }),
  status: 200,
  errors: ['not-found', 'not-graded'],
});

export const OnCallPerson = z.strictObject({
  personId: PersonId,
  name: z.string(),
  channel: z.enum(['mail', 'webhook', 'push']),
  /** First letter and host only. */
  addressHint: z.string(),
  position: z.int().min(1),
  active: z.boolean(),
});
export type OnCallPerson = z.infer<typeof OnCallPerson>;

export const Page = z.strictObject({
  pageId: PageId,
  subject: z.string(),
  caseId: CaseId.nullable(),
  createdAt: Instant,
  channel: z.enum(['mail', 'webhook', 'push']),
  state: z.enum(['waiting', 'sent', 'failed']),
  attempts: z.int(),
  lastError: z.string().nullable(),
  sentAt: Instant.nullable(),
  acknowledgedBy: PersonRef.nullable(),
  acknowledgedAt: Instant.nullable(),
});
export type Page = z.infer<typeof Page>;

export const getOnCall = route({
  method: 'GET',
  path: '/api/v1/desk/on-call',
  summary: 'Who is woken, in which order, and the newest pages.',
  needs: 'desk:read',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({
    people: z.array(OnCallPerson),
    pages: z.array(Page),
    /** Why mail does not go out, in a sentence; null when it does. */
    mailFinding: z.string().nullable(),
  }),
  status: 200,
  errors: [],
});

export const setOnCall = route({
  method: 'PUT',
  path: '/api/v1/desk/on-call',
  summary: 'Adds or changes one way to wake one person.',
  needs: 'on-call:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({
    personId: PersonId,
    channel: z.enum(['mail', 'webhook', 'push']),
    /** A mailbox, an https: address, or the address of a push topic. Left out: unchanged. */
    address: z.string().trim().min(3).max(500).optional(),
    position: z.int().min(1).max(100),
    active: z.boolean(),
  }),
  answer: OnCallPerson,
  status: 200,
  errors: ['not-found', 'origin-refused'],
});

export const testOnCall = route({
  method: 'POST',
  path: '/api/v1/desk/on-call/test',
  summary: 'Sends a test page to everybody who is active.',
  needs: 'on-call:write',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ sent: z.int() }),
  status: 202,
  errors: [],
});

export const acknowledgePage = route({
  method: 'POST',
  path: '/api/v1/desk/pages/{pageId}/acknowledge',
  summary: 'Says that somebody has it.',
  needs: 'desk:work',
  params: z.strictObject({ pageId: PageId }),
  query: Nothing,
  body: Nothing,
  answer: Page,
  status: 200,
  errors: ['not-found'],
});

export const AuthorityRequest = z.strictObject({
  authorityId: AuthorityId,
  kind: AuthorityKind,
  state: AuthorityState,
  agency: z.string(),
  law: z.string().nullable(),
  reference: z.string().nullable(),
  urls: z.array(z.string()),
  text: z.string(),
  caseId: CaseId.nullable(),
  receivedAt: Instant,
  channel: z.enum(['form', 'mail', 'hand']),
  /** What is missing before it is complete, in sentences. */
  missing: z.array(z.string()),
  callBack: z.strictObject({ by: PersonRef, at: Instant, numberSource: z.string(), record: z.string() }).nullable(),
  second: PersonRef.nullable(),
  answeredAt: Instant.nullable(),
  answer: z.string().nullable(),
  preserveUntil: Instant.nullable(),
});
export type AuthorityRequest = z.infer<typeof AuthorityRequest>;

export const listAuthority = route({
  method: 'GET',
  path: '/api/v1/desk/authority',
  summary: 'Requests of authorities, newest first.',
  needs: 'desk:read',
  params: Nothing,
  query: PageQuery.extend({ open: z.enum(['true', 'false']).optional() }),
  body: Nothing,
  answer: pageOf(AuthorityRequest),
  status: 200,
  errors: [],
});

export const enterAuthority = route({
  method: 'POST',
  path: '/api/v1/desk/authority',
  summary: 'Enters a request that came by hand, by post or by telephone.',
  needs: 'authority:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({
    kind: AuthorityKind,
    agency: z.string().trim().min(2).max(200),
    law: z.string().trim().max(300).optional(),
    reference: z.string().trim().max(200).optional(),
    urls: z.array(z.string().trim().min(1).max(4000)).max(250).default([]),
    text: z.string().trim().min(3).max(20_000),
    contact: z.string().trim().max(500).default(''),
    caseId: CaseId.optional(),
  }),
  answer: AuthorityRequest,
  status: 201,
  errors: ['not-found'],
});

export const actOnAuthority = route({
  method: 'POST',
  path: '/api/v1/desk/authority/{authorityId}',
  summary:
    'Records the call back, has a second person confirm it, completes, answers or refuses. A sender’s domain and DKIM prove nothing here.',
  needs: 'authority:write',
  params: z.strictObject({ authorityId: AuthorityId }),
  query: Nothing,
  body: z.discriminatedUnion('act', [
    z.strictObject({
      act: z.literal('complete'),
      law: z.string().trim().min(2).max(300),
      reference: z.string().trim().min(1).max(200),
      urls: z.array(z.string().trim().min(1).max(4000)).min(1).max(250),
    }),
    z.strictObject({
      act: z.literal('call-back'),
      /** Where the number was found: a directory that the sender does not control. */
      numberSource: z.string().trim().min(5).max(300),
      record: z.string().trim().min(10).max(2000),
    }),
    z.strictObject({ act: z.literal('second') }),
    z.strictObject({ act: z.literal('link'), caseId: CaseId }),
    z.strictObject({ act: z.literal('preserve'), days: z.int().min(1).max(90) }),
    z.strictObject({ act: z.literal('answer'), text: z.string().trim().min(10).max(10_000) }),
    z.strictObject({ act: z.literal('refuse'), text: z.string().trim().min(10).max(10_000) }),
  ]),
  answer: AuthorityRequest,
  status: 200,
  errors: ['not-found', 'wrong-state', 'same-person'],
});

export const unsealAuthority = route({
  method: 'POST',
  path: '/api/v1/desk/authority/{authorityId}/unseal',
  summary: 'Opens who sent a request, with a reason. Leaves an entry in the audit trail.',
  needs: 'desk:unseal',
  params: z.strictObject({ authorityId: AuthorityId }),
  query: Nothing,
  body: z.strictObject({ reason: z.string().trim().min(10).max(1000) }),
  answer: z.strictObject({ fields: z.array(z.strictObject({ name: z.string(), value: z.string() })) }),
  status: 200,
  errors: ['not-found', 'sealed-away', 'sign-in-again'],
});
