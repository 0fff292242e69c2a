/**
 * Captcha keys over the API: who may ask the captcha provider, their secrets, what became of checks, and what people found about those who gave up.
 *
 * A key belongs to an account, as a site does, and may belong to one of its sites: an order that suspends a site's keys suspends it, wherever
 * it is used. A secret is in the answer that makes it and nowhere else. Scopes are those of sites: a key is a site's setting with a life of its own.
 */
import { z } from 'zod';
import { CheckKind, CheckLevel } from '../captcha.ts';
import { AccountId, CaptchaKeyId, DecisionNumber, Instant, SiteId } from '../ids.ts';
import { Hostname } from '../hostname.ts';
import { Nothing, pageOf, PageQuery, PersonRef } from './common.ts';
import { route } from './route.ts';

/** Live keys of one account. */
export const mostCaptchaKeys = 1000;
export const mostCaptchaHostnames = 200;
/** How long an old secret is taken beside the new one, unless said otherwise, and at most. */
export const usualOverlapHours = 24;
export const mostOverlapHours = 30 * 24;

export const CaptchaSecretShown = z.strictObject({
  /** All that is left to see of it. */
  lastFour: z.string(),
  madeAt: Instant,
  /** Null: no end. */
  endsAt: Instant.nullable(),
});

export const CaptchaKey = z.strictObject({
  keyId: CaptchaKeyId,
  /** Public: stands in pages. */
  siteKey: z.string(),
  name: z.string(),
  accountId: AccountId,
  /** The site of ours to which it belongs; null: a site anywhere. */
  site: z.strictObject({ siteId: SiteId, name: z.string() }).nullable(),
  /** Hostnames of pages that may use it; none: any. */
  hostnames: z.array(Hostname),
  kind: CheckKind,
  level: CheckLevel,
  /** The newest first; those that have ended are gone. */
  secrets: z.array(CaptchaSecretShown),
  /** The order that suspends it now. */
  suspended: z.strictObject({ since: Instant, until: Instant, decision: DecisionNumber, statementUrl: z.string() }).nullable(),
  /** It asks one level less, because many gave up or somebody said so. */
  softened: z.strictObject({ since: Instant, until: Instant }).nullable(),
  createdAt: Instant,
  /** Grows with each change; send it back as `version` to refuse a change made on an old picture. */
  version: z.int().min(1),
});
export type CaptchaKey = z.infer<typeof CaptchaKey>;

/** As typed; parsed by contract/hostname.ts at the door. */
const TypedHostnames = z.array(z.string().min(1).max(300)).max(mostCaptchaHostnames);

export const CaptchaKeyDraft = z.strictObject({
  name: z.string().trim().min(1).max(120),
  siteId: SiteId.optional(),
  /** Left out: those of the site. Empty: any; only for the provider's own people. */
  hostnames: TypedHostnames.optional(),
  kind: CheckKind.optional(),
  level: CheckLevel.optional(),
  /** For somebody else's; a key of a site is of its site's account. */
  accountId: AccountId.optional(),
});
export type CaptchaKeyDraft = z.input<typeof CaptchaKeyDraft>;

export const CaptchaKeyChange = CaptchaKeyDraft.omit({ accountId: true, siteId: true })
  .partial()
  .extend({
    /** Null: it belongs to no site of ours. */
    siteId: SiteId.nullable().optional(),
    version: z.int().min(1).optional(),
  });
export type CaptchaKeyChange = z.input<typeof CaptchaKeyChange>;

/** A key with a secret that is shown this once. */
export const CaptchaKeyWithSecret = z.strictObject({ key: CaptchaKey, secret: z.string() });
export type CaptchaKeyWithSecret = z.infer<typeof CaptchaKeyWithSecret>;

const ByKey = z.strictObject({ keyId: CaptchaKeyId });

export const listCaptchaKeys = route({
  method: 'GET',
  path: '/api/v1/captcha-keys',
  summary: 'Captcha keys, newest first; `search` looks in names, site keys and hostnames.',
  needs: 'sites:read',
  params: Nothing,
  query: PageQuery.extend({ search: z.string().max(200).optional(), siteId: SiteId.optional() }),
  body: Nothing,
  answer: pageOf(CaptchaKey),
  status: 200,
  errors: [],
});

export const addCaptchaKey = route({
  method: 'POST',
  path: '/api/v1/captcha-keys',
  summary: 'Makes a site key and its secret. The secret is in this answer only.',
  needs: 'sites:write',
  params: Nothing,
  query: Nothing,
  body: CaptchaKeyDraft,
  answer: CaptchaKeyWithSecret,
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const getCaptchaKey = route({
  method: 'GET',
  path: '/api/v1/captcha-keys/{keyId}',
  summary: 'One captcha key.',
  needs: 'sites:read',
  params: ByKey,
  query: Nothing,
  body: Nothing,
  answer: CaptchaKey,
  status: 200,
  errors: ['not-found'],
});

export const changeCaptchaKey = route({
  method: 'PATCH',
  path: '/api/v1/captcha-keys/{keyId}',
  summary: 'Changes what is given and leaves the rest. A key that an order suspends stays with its site.',
  needs: 'sites:write',
  params: ByKey,
  query: Nothing,
  body: CaptchaKeyChange,
  answer: CaptchaKey,
  status: 200,
  errors: ['not-found', 'conflict', 'site-under-order'],
});

export const renewCaptchaSecret = route({
  method: 'POST',
  path: '/api/v1/captcha-keys/{keyId}/secret',
  summary: 'Makes a new secret, in this answer only. The old one is taken beside it for some hours, and an older one no longer.',
  needs: 'sites:write',
  params: ByKey,
  query: Nothing,
  body: z.strictObject({ oldEndsInHours: z.int().min(0).max(mostOverlapHours).default(usualOverlapHours) }),
  answer: CaptchaKeyWithSecret,
  status: 201,
  errors: ['not-found'],
});

export const removeCaptchaKey = route({
  method: 'DELETE',
  path: '/api/v1/captcha-keys/{keyId}',
  summary: 'Removes a key: its widget and its secrets work no longer. Not while an order suspends it.',
  needs: 'sites:write',
  params: ByKey,
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found', 'site-under-order'],
});

/** How a device is called whose visitor left before the first answer: nothing is known of it. */
export const FigureDevice = z.enum(['fast', 'middle', 'slow', 'unknown']);

/** Of checks that began in a stretch of time. */
export const CheckFigures = z.strictObject({
  asked: z.int().min(0),
  passed: z.int().min(0),
  /** Of those asked who can no longer pass: who did not. */
  gaveUp: z.int().min(0),
  /** Of those passed: by waiting, without work. */
  waited: z.int().min(0),
  /** Wrong answers. */
  wrong: z.int().min(0),
});
export type CheckFigures = z.infer<typeof CheckFigures>;

/**
 * Of those who answered the first step, by how fast their device was then; `unknown`: who was asked and answered none.
 * Times from the beginning to the token, of those who passed by work; null: nobody did. Beyond 8 s they are told as 8,000 ms.
 */
export const DeviceFigures = z.strictObject({
  device: FigureDevice,
  begun: z.int().min(0),
  passed: z.int().min(0),
  gaveUp: z.int().min(0),
  waited: z.int().min(0),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});
export type DeviceFigures = z.infer<typeof DeviceFigures>;

export const CaptchaFigures = z.strictObject({
  since: Instant,
  until: Instant,
  stepSeconds: z.int(),
  /** Checks that began later may still pass: they count as asked, not as given up. */
  closedUntil: Instant,
  total: CheckFigures,
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  devices: z.array(DeviceFigures),
  /** Oldest first; steps without checks are left out. */
  points: z.array(z.strictObject({ at: Instant, asked: z.int(), passed: z.int() })),
});
export type CaptchaFigures = z.infer<typeof CaptchaFigures>;

export const getCaptchaFigures = route({
  method: 'GET',
  path: '/api/v1/captcha-keys/{keyId}/figures',
  summary: 'What became of a key’s checks: asked, passed, gave up, and how long they took by class of device.',
  needs: 'sites:read',
  params: ByKey,
  query: z.strictObject({
    minutes: z.coerce
      .number()
      .int()
      .min(5)
      .max(90 * 24 * 60)
      .default(1440),
    /** A multiple of five minutes: so finely is counted. */
    stepSeconds: z.coerce.number().int().min(300).max(86_400).multipleOf(300).default(3600),
  }),
  body: Nothing,
  answer: CaptchaFigures,
  status: 200,
  errors: ['not-found'],
});

export const Day = z.iso.date();

/** `people`: the work was too hard for them. `machines`: it kept out what it should. */
export const ReviewVerdict = z.enum(['people', 'machines', 'unclear']);
export type ReviewVerdict = z.infer<typeof ReviewVerdict>;

/** One day of a key, in UTC, for whoever asks themselves whether people were kept out. */
export const ReviewDay = z.strictObject({
  day: Day,
  asked: z.int(),
  passed: z.int(),
  gaveUp: z.int(),
  /** The same of those with nothing against their network: they decide. */
  calmAsked: z.int(),
  calmGaveUp: z.int(),
  p95Ms: z.number().nullable(),
  /** So many calm ones gave up that a person should look. */
  worthALook: z.boolean(),
  review: z.strictObject({ verdict: ReviewVerdict, note: z.string(), by: PersonRef, at: Instant }).nullable(),
});
export type ReviewDay = z.infer<typeof ReviewDay>;

export const reviewedDays = 30;

export const listCaptchaReviews = route({
  method: 'GET',
  path: '/api/v1/captcha-keys/{keyId}/reviews',
  summary: 'The days of the last month that had checks, newest first: who gave up, and what people found about it.',
  needs: 'sites:read',
  params: ByKey,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ days: z.array(ReviewDay) }),
  status: 200,
  errors: ['not-found'],
});

export const reviewCaptchaDay = route({
  method: 'POST',
  path: '/api/v1/captcha-keys/{keyId}/reviews',
  summary: 'Says who gave up on a day. With `soften` the key asks one level less for a day from now.',
  needs: 'sites:write',
  params: ByKey,
  query: Nothing,
  body: z.strictObject({
    day: Day,
    verdict: ReviewVerdict,
    note: z.string().trim().max(1000).default(''),
    soften: z.boolean().default(false),
  }),
  answer: z.strictObject({ days: z.array(ReviewDay) }),
  status: 200,
  errors: ['not-found', 'wrong-state'],
});
