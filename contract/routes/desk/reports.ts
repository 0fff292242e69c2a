/**
 * The public door for reports as an API, and the private status link. The HTML forms of control/pages/report do the same with the same parsers.
 *
 * Nobody needs to be signed in. The answer to a report is its receipt; the token in `statusUrl` is the only way back to it and is never
 * stored in the clear. XARF (v3 and v4) is taken at its own address; kinds that we do not know are kept as `other`.
 */
import { z } from 'zod';
import { Instant, ReceiptNumber, ReportId } from '../../ids.ts';
import { ReportChannel, ReportClass, ReporterRole, ReportState } from '../../desk/words.ts';
import { Nothing } from '../common.ts';
import { route } from '../route.ts';

export const ReportFile = z.strictObject({
  name: z.string().trim().min(1).max(200),
  mediaType: z.string().trim().min(3).max(100),
  /** Base64; together at most the body's limit. */
  content: z.base64(),
});

export const ReportDraft = z.strictObject({
  class: ReportClass,
  /** Somebody is in danger now: the people on call are woken. */
  dangerNow: z.boolean().default(false),
  text: z.string().trim().min(1).max(20_000),
  urls: z.array(z.string().trim().min(1).max(4000)).max(250).default([]),
  /** Which site it is about, if no address says it. */
  hostname: z.string().trim().max(300).optional(),
  happenedAt: z.iso.datetime({ offset: true }).optional(),
  role: ReporterRole.default('unsaid'),
  /** Left out: anonymous. Kept sealed; never forwarded. */
  contact: z
    .strictObject({
      name: z.string().trim().max(200).optional(),
      mail: z.email().max(254).optional(),
      phone: z.string().trim().max(40).optional(),
      /** How it is safe to reach them, or when not to. */
      safeContact: z.string().trim().max(1000).optional(),
    })
    .optional(),
  /** May the desk pass on what you wrote, redacted, to the site's owner or a host? Never your identity. */
  forwardConsent: z.boolean().default(false),
  wantsSafetyContact: z.boolean().default(false),
  files: z.array(ReportFile).max(10).default([]),
});
export type ReportDraft = z.input<typeof ReportDraft>;

/** What a reporter holds: a leaf of the record and a private link. docs/handbook/reporting.md says how to check the leaf. */
export const ReportReceipt = z.strictObject({
  reportId: ReportId,
  number: ReceiptNumber,
  receivedAt: Instant,
  /** Canonical JSON of the leaf, and its SHA-256: keep both to prove that you reported. It names nobody. */
  leaf: z.string(),
  sha256: z.string(),
  /** Private: whoever has it can read the answers and add to the report. */
  statusUrl: z.string(),
  /** What of the report was not kept, why, and what to do about it; left out when all was. */
  note: z.string().optional(),
});
export type ReportReceipt = z.infer<typeof ReportReceipt>;

export const sendReport = route({
  method: 'POST',
  path: '/api/v1/reports',
  summary: 'Hands in a report and gets a receipt.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: ReportDraft,
  answer: ReportReceipt,
  status: 201,
  errors: ['report-refused'],
});

export const sendXarf = route({
  method: 'POST',
  path: '/api/v1/reports/xarf',
  summary: 'Hands in a report in XARF v4 or v3.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.record(z.string(), z.unknown()),
  answer: ReportReceipt,
  status: 201,
  errors: ['report-refused'],
});

export const StatusMessage = z.strictObject({ at: Instant, sender: z.enum(['reporter', 'desk']), text: z.string() });

/** What the holder of a status link reads. Says nothing of other reports, of people at the desk, or of a target. */
export const ReportStatus = z.strictObject({
  reportId: ReportId,
  number: ReceiptNumber,
  receivedAt: Instant,
  channel: ReportChannel,
  class: ReportClass,
  state: ReportState,
  /** What happens next and by when, in a sentence. */
  next: z.string(),
  nextAt: Instant.nullable(),
  outcome: z.string().nullable(),
  messages: z.array(StatusMessage),
  filesAdded: z.int().min(0),
  wantsSafetyContact: z.boolean(),
  mayAppeal: z.boolean(),
  /** How this report’s newest appeal stands. */
  appeal: z.enum(['none', 'open', 'answered']),
});
export type ReportStatus = z.infer<typeof ReportStatus>;

/** The token travels in the header `x-report-token` and never in a path that is logged. */
export const getReportStatus = route({
  method: 'GET',
  path: '/api/v1/reports/status',
  summary: 'How a report stands, for whoever holds its private link.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: ReportStatus,
  status: 200,
  errors: ['not-found'],
});

export const addToReport = route({
  method: 'POST',
  path: '/api/v1/reports/status',
  summary: 'Adds a message or evidence, asks for safe contact, withdraws, appeals, or takes the appeal back.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.discriminatedUnion('act', [
    z.strictObject({
      act: z.literal('add'),
      text: z.string().trim().min(1).max(20_000),
      urls: z.array(z.string().trim().min(1).max(4000)).max(250).default([]),
      files: z.array(ReportFile).max(10).default([]),
    }),
    z.strictObject({ act: z.literal('safety-contact'), wanted: z.boolean(), how: z.string().trim().max(1000).default('') }),
    z.strictObject({ act: z.literal('withdraw'), why: z.string().trim().max(2000).default('') }),
    z.strictObject({ act: z.literal('appeal'), text: z.string().trim().min(10).max(10_000) }),
    z.strictObject({ act: z.literal('withdraw-appeal') }),
  ]),
  answer: ReportStatus,
  status: 200,
  errors: ['not-found', 'wrong-state', 'report-refused'],
});
