/**
 * Evidence: add, ask for a capture, read as text, reveal media with a reason, hold, export. Every look leaves a line of custody.
 *
 * Files come as `application/octet-stream` downloads with a restrictive policy, never inline; `reveal` is the only door to media and answers
 * with a link that lives for a minute and is bound to the caller.
 */
import { z } from 'zod';
import { CaseId, EvidenceId, Instant } from '../../ids.ts';
import { EvidenceLevel, Grade } from '../../desk/words.ts';
import { CustodyLine, Evidence } from '../../desk/shapes.ts';
import { Nothing } from '../common.ts';
import { route } from '../route.ts';

const ByEvidence = z.strictObject({ evidenceId: EvidenceId });
const Reason = z.string().trim().min(3).max(1000);

export const addEvidence = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/evidence',
  summary: 'Adds an address (which is captured), a text, a call note, or a small file.',
  needs: 'desk:work',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('url'),
      url: z.string().trim().min(4).max(4000),
      eventAt: Instant.optional(),
      note: z.string().trim().max(2000).optional(),
    }),
    z.strictObject({
      kind: z.literal('text'),
      title: z.string().trim().min(3).max(200),
      text: z.string().trim().min(1).max(20_000),
      eventAt: Instant.optional(),
    }),
    z.strictObject({
      kind: z.literal('call'),
      title: z.string().trim().min(3).max(200),
      text: z.string().trim().min(10).max(20_000),
      eventAt: Instant.optional(),
    }),
    z.strictObject({
      kind: z.literal('file'),
      title: z.string().trim().min(3).max(200),
      mediaType: z.string().min(3).max(100),
      content: z.base64(),
      eventAt: Instant.optional(),
    }),
  ]),
  answer: Evidence,
  status: 201,
  errors: ['not-found', 'wrong-state', 'report-refused'],
});

export const captureAgain = route({
  method: 'POST',
  path: '/api/v1/desk/evidence/{evidenceId}/capture',
  summary: 'Captures the address once more, as an independent second copy.',
  needs: 'desk:work',
  params: ByEvidence,
  query: Nothing,
  body: Nothing,
  answer: Evidence,
  status: 202,
  errors: ['not-found', 'wrong-state'],
});

/** The text of an item, redacted: of a message, a text file, or what a captured page says. */
export const readEvidence = route({
  method: 'POST',
  path: '/api/v1/desk/evidence/{evidenceId}/text',
  summary: 'Reads the item as plain text, redacted; leaves a line of custody.',
  needs: 'desk:read',
  params: ByEvidence,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ text: z.string(), truncated: z.boolean() }),
  status: 200,
  errors: ['not-found', 'wrong-state', 'sealed-away'],
});

export const revealEvidence = route({
  method: 'POST',
  path: '/api/v1/desk/evidence/{evidenceId}/reveal',
  summary: 'Opens media with a reason. Refused beyond the caller’s cap for today.',
  needs: 'desk:reveal',
  params: ByEvidence,
  query: Nothing,
  body: z.strictObject({ what: z.enum(['file', 'screenshot']), reason: Reason }),
  answer: z.strictObject({
    url: z.string(),
    expiresAt: Instant,
    mediaType: z.string(),
    minutesToday: z.number(),
    capMinutes: z.int(),
  }),
  status: 200,
  errors: ['not-found', 'wrong-state', 'sealed-away', 'exposure-cap'],
});

export const changeEvidence = route({
  method: 'PATCH',
  path: '/api/v1/desk/evidence/{evidenceId}',
  summary:
    'Mends title, event time or level (A3, A4 with what confirms it), sets a hold, or (a lead) says that an address was checked.',
  needs: 'desk:work',
  params: ByEvidence,
  query: Nothing,
  body: z.strictObject({
    title: z.string().trim().min(3).max(200).optional(),
    eventAt: Instant.optional(),
    level: z.strictObject({ to: EvidenceLevel, confirmedBy: z.string().trim().min(10).max(1000) }).optional(),
    sensitive: z.boolean().optional(),
    /** Days from now, at most 90; renewable. Zero releases the hold (a lead). */
    holdDays: z.int().min(0).max(90).optional(),
    /**
     * False: a lead says that an address which was reported as child abuse was checked and is not; its captures go on in cases of other classes.
     * True takes that back.
     */
    childAbuse: z.boolean().optional(),
    why: Reason,
  }),
  answer: Evidence,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const listCustody = route({
  method: 'GET',
  path: '/api/v1/desk/evidence/{evidenceId}/custody',
  summary: 'The chain of custody, oldest first, and whether its hashes hold.',
  needs: 'desk:read',
  params: ByEvidence,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ lines: z.array(CustodyLine), intact: z.boolean() }),
  status: 200,
  errors: ['not-found'],
});

/** Answers with a ZIP: WACZ files, manifest of SHA-256, RFC 3161 tokens with their certificates, custody, and a script that checks it all. */
export const exportPath = '/api/v1/desk/cases/{caseId}/export';
export const ExportRequest = z.strictObject({
  reason: z.string().trim().min(10).max(1000),
  evidence: z.array(EvidenceId).max(500).optional(),
});

/** A lead shreds a case's keys once no hold is left: texts and copies become unreadable for ever, the custody lines stay. */
export const shredCase = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/shred',
  summary: 'Makes everything sealed and kept of a closed case unreadable for ever.',
  needs: 'desk:lead',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: z.strictObject({ number: z.string(), reason: z.string().trim().min(10).max(1000) }),
  answer: z.strictObject({ shredded: z.int().min(0) }),
  status: 200,
  errors: ['not-found', 'wrong-state', 'hold-in-force', 'sign-in-again'],
});

export const Wellness = z.strictObject({
  dailyCapMinutes: z.int().min(5).max(240),
  optedOut: z.array(z.string()),
  blur: z.boolean(),
  greyscale: z.boolean(),
  mute: z.boolean(),
  minutesToday: z.number().min(0),
  minutesByGrade: z.record(z.string(), z.number()),
});
export type Wellness = z.infer<typeof Wellness>;

export const getWellness = route({
  method: 'GET',
  path: '/api/v1/desk/wellness',
  summary: 'Your own settings and how long you looked at what today.',
  needs: 'desk:read',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Wellness,
  status: 200,
  errors: [],
});

export const setWellness = route({
  method: 'PUT',
  path: '/api/v1/desk/wellness',
  summary: 'Changes your own settings.',
  needs: 'desk:read',
  params: Nothing,
  query: Nothing,
  body: Wellness.omit({ minutesToday: true, minutesByGrade: true }),
  answer: Wellness,
  status: 200,
  errors: [],
});

export const tellExposure = route({
  method: 'POST',
  path: '/api/v1/desk/evidence/{evidenceId}/exposure',
  summary: 'The console tells how long something was open.',
  needs: 'desk:read',
  params: ByEvidence,
  query: Nothing,
  body: z.strictObject({
    seconds: z.int().min(1).max(600),
    mode: z.enum(['text', 'blurred', 'greyscale', 'plain']),
    grade: Grade.nullable().default(null),
  }),
  answer: Wellness,
  status: 200,
  errors: ['not-found'],
});
