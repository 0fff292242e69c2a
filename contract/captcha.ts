/**
 * A check of the captcha provider, as the widget's frame and the provider speak of it: begin, step, step …, token.
 *
 * Everything that the provider must know again stands, signed, in `line`: the frame carries it back unread, once. A step is the same work as the
 * shield's (core/captcha), its words are those that the solver takes. All replies are JSON over HTTP 200, but `again` (429, with Retry-After),
 * `refused` for `bad-request` (400) and for `unavailable` (503).
 * Not here: what pages and their servers see (captcha/provider/dialects), keys and their figures (contract/routes/captcha-keys.ts).
 */
import { z } from 'zod';

export const checkPaths = { begin: '/check/begin', answer: '/check/answer', wait: '/check/wait' } as const;

/** What a page says with a check, and its server hears again. The longest that any dialect allows. */
export const CheckAction = z
  .string()
  .regex(/^[A-Za-z0-9_-]{0,100}$/, 'must be at most 100 letters, digits, underscores and hyphens');
export const CheckData = z.string().regex(/^[\x20-\x7e]{0,255}$/, 'must be at most 255 visible ASCII characters');

/** How a widget shows itself. The work is the same: it hangs on the risk, not on the look. */
export const CheckKind = z.enum(['managed', 'checkbox', 'invisible']);
export type CheckKind = z.infer<typeof CheckKind>;

/** Of the page on which the widget stands: a hostname or an address, without a port; empty when the browser tells none (a file, a sandbox). */
export const CheckHost = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])?$/, 'must be a hostname in lower case, without scheme, port or path');

export const CheckBegin = z.object({
  siteKey: z.string().min(1).max(100),
  host: CheckHost,
  action: CheckAction.optional(),
  cData: CheckData.optional(),
  kind: CheckKind.optional(),
  lang: z.string().max(35).optional(),
  /** A field that people never see: whoever fills it in is asked for the most. */
  website: z.string().max(2000).optional(),
});
export type CheckBegin = z.infer<typeof CheckBegin>;

export const mostLineCharacters = 2048;
const Line = z.string().min(1).max(mostLineCharacters);

/**
 * `a`: what the step asks for, as the solver writes it: the number in hex (`time`), or `counter:digest,…` (`memory`); empty after a wait.
 * `b`: what one hash took on this device, in whole milliseconds, measured with the first step; null or absent when it was not.
 */
export const CheckAnswer = z.object({
  line: Line,
  a: z.string().max(4096).optional(),
  b: z.int().min(0).max(999_999).nullable().optional(),
});
export type CheckAnswer = z.infer<typeof CheckAnswer>;

/** A step's line is given up for a place in the waiting line: no work, no script of length, a few hops. */
export const CheckWait = z.object({ line: Line });
export type CheckWait = z.infer<typeof CheckWait>;

export const TimeStep = z.object({
  kind: z.literal('time'),
  /** Both in hex, without 0x. The answer is `base` squared `squarings` times, modulo `modulus`, in hex. */
  base: z.string(),
  modulus: z.string(),
  squarings: z.int(),
});
export const MemoryStep = z.object({
  kind: z.literal('memory'),
  /** Sixteen bytes in hex: the salt of every hash, and what the first search hangs on. */
  seed: z.string(),
  searches: z.int(),
  /** Mean number of hashes per search. */
  tries: z.int(),
  kib: z.int(),
  /** A hash wins whose first 32 bits are below this. */
  bound: z.int(),
});
export const CheckStep = z.discriminatedUnion('kind', [TimeStep, MemoryStep]);
export type CheckStep = z.infer<typeof CheckStep>;

/** Why a check ends without a token. */
export const CheckRefusal = z.enum([
  /** What was sent cannot be read. */
  'bad-request',
  /** No live key bears this site key. */
  'unknown-site-key',
  /** The key is not for the hostname of this page. */
  'hostname',
  /** The line came too late, was made by a key that is gone, or is none of ours: begin again. */
  'expired',
  /** The line was used before: begin again. */
  'used',
  /** The answer is not the right one: begin again. */
  'wrong',
  /** A test key that never passes. */
  'never-passes',
  /** What the provider keeps its memory in does not answer: nothing is passed without it. Try later. */
  'unavailable',
]);
export type CheckRefusal = z.infer<typeof CheckRefusal>;

export const CheckReply = z.discriminatedUnion('do', [
  /** `at`: which step this is, from 1. `of`: how many there are; the last step may still come earlier. */
  z.object({ do: z.literal('step'), line: Line, step: CheckStep, of: z.int(), at: z.int() }),
  z.object({ do: z.literal('token'), token: z.string(), expiresInSeconds: z.int() }),
  /** Bring the line back (to `answer`, without `a`) after so many seconds, and not before. `at` of `of`: hops. */
  z.object({ do: z.literal('wait'), line: Line, seconds: z.int(), of: z.int(), at: z.int() }),
  /** There is no place now: the same request again after so many seconds. Nothing is lost, an answer stays good. Status 429. */
  z.object({ do: z.literal('again'), seconds: z.int() }),
  /** The key is suspended by an order; its statement, when it is public. */
  z.object({ do: z.literal('suspended'), statement: z.string().nullable() }),
  z.object({ do: z.literal('refused'), code: CheckRefusal }),
]);
export type CheckReply = z.infer<typeof CheckReply>;

/** How fast a device is, by its answer to the first step: nothing else is known of it. */
export const DeviceClass = z.enum(['fast', 'middle', 'slow']);
export type DeviceClass = z.infer<typeof DeviceClass>;

/** Work asked of a visitor whose risk is the ordinary one. */
export const CheckLevel = z.enum(['light', 'normal', 'hard']);
export type CheckLevel = z.infer<typeof CheckLevel>;

/** After so long from its beginning no more work is asked: the waiting line is next. */
export const mostWorkSeconds = 8;
