/**
 * The answers of a report form on their way from page to page: carried in the page itself, so that nothing is kept before “Send”.
 *
 * The draft is a hidden field. It is neither signed nor encrypted: whoever changes it writes another report, which they may do anyway, and
 * every page parses it again as a stranger's words. Nothing of it stands in an address. `begunMs` and the honeypot are hints for people at the
 * desk and refuse nobody. Pure but for the encoding.
 */
import { z } from 'zod';
import { ReportClass, ReporterRole } from '../../../contract/desk/words.ts';

export const steps = ['class', 'what', 'where', 'when', 'who', 'contact', 'check'] as const;
export const Step = z.enum(steps);
export type Step = z.infer<typeof Step>;

const line = (longest: number) => z.string().max(longest).default('');

export const Draft = z.object({
  class: ReportClass.nullable().default(null),
  text: line(20_000),
  urls: z.array(z.string().max(4000)).max(250).default([]),
  hostname: line(300),
  when: z.enum(['known', 'unknown', '']).default(''),
  day: line(20),
  time: line(20),
  role: ReporterRole.nullable().default(null),
  name: line(200),
  mail: line(254),
  phone: line(40),
  safe: line(1000),
  wants: z.boolean().default(false),
  forward: z.boolean().default(false),
  begunMs: z.number().default(0),
  /** Tells a form that was sent twice by a reload. */
  once: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/)
    .nullable()
    .default(null),
});
export type Draft = z.infer<typeof Draft>;

export function encodeDraft(draft: Draft): string {
  return Buffer.from(JSON.stringify(draft)).toString('base64url');
}

/** Null when it is not one of ours. */
export function decodeDraft(text: string): Draft | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  const parsed = Draft.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** A mistake: the field's name, and the word for it in the catalogue of errors. */
export type Mistake = {
  readonly field: string;
  readonly error:
    'class' | 'text' | 'textLong' | 'urls' | 'when' | 'day' | 'role' | 'mail' | 'long' | 'files' | 'appeal' | 'link';
};

type Fields = ReadonlyMap<string, string>;
export type Taken = { readonly draft: Draft; readonly mistakes: readonly Mistake[] };

/** The draft with the answers of one page. Answers that are too long are cut in the draft and said to be a mistake. */
export function takeAnswers(step: Step, draft: Draft, fields: Fields, nowMs: number): Taken {
  const mistakes: Mistake[] = [];
  const text = (name: string, longest: number, error: Mistake['error'] = 'long'): string => {
    const given = (fields.get(name) ?? '').replaceAll('\r\n', '\n').trim();
    if (given.length > longest) mistakes.push({ field: name, error });
    return given.slice(0, longest);
  };
  switch (step) {
    case 'class': {
      const chosen = ReportClass.safeParse(fields.get('class'));
      if (!chosen.success) mistakes.push({ field: 'class', error: 'class' });
      return { draft: { ...draft, class: chosen.data ?? draft.class }, mistakes };
    }
    case 'what': {
      const given = text('text', 20_000, 'textLong');
      if (given === '') mistakes.push({ field: 'text', error: 'text' });
      return { draft: { ...draft, text: given }, mistakes };
    }
    case 'where': {
      const all = addressesIn(fields.get('urls') ?? '');
      const urls = all.slice(0, 250).map((url) => url.slice(0, 4000));
      if (all.length > urls.length || all.some((url) => url.length > 4000)) mistakes.push({ field: 'urls', error: 'urls' });
      return { draft: { ...draft, urls, hostname: text('hostname', 300) }, mistakes };
    }
    case 'when': {
      const when = z.enum(['known', 'unknown']).safeParse(fields.get('when'));
      if (!when.success) mistakes.push({ field: 'when', error: 'when' });
      const next: Draft = { ...draft, when: when.data ?? '', day: text('day', 20), time: text('time', 20) };
      if (next.when === 'known' && happenedAtOf(next, nowMs) === null) mistakes.push({ field: 'day', error: 'day' });
      return { draft: next, mistakes };
    }
    case 'who': {
      const chosen = ReporterRole.safeParse(fields.get('role'));
      if (!chosen.success) mistakes.push({ field: 'role', error: 'role' });
      return { draft: { ...draft, role: chosen.data ?? draft.role }, mistakes };
    }
    case 'contact': {
      const mail = text('mail', 254);
      if (mail !== '' && !isMail(mail)) mistakes.push({ field: 'mail', error: 'mail' });
      const next = {
        ...draft,
        name: text('name', 200),
        mail,
        phone: text('phone', 40),
        safe: text('safe', 1000),
        wants: fields.get('wants') === 'yes',
        forward: fields.get('forward') === 'yes',
      };
      return { draft: next, mistakes };
    }
    case 'check':
      return { draft, mistakes };
    default:
      return step satisfies never;
  }
}

/** Which page still lacks an answer that is needed; null when the report can be sent. */
export function firstUnanswered(draft: Draft, nowMs: number): Step | null {
  if (draft.class === null) return 'class';
  if (draft.text.trim() === '') return 'what';
  if (draft.when === '' || (draft.when === 'known' && happenedAtOf(draft, nowMs) === null)) return 'when';
  if (draft.role === null) return 'who';
  if (draft.mail !== '' && !isMail(draft.mail)) return 'contact';
  return null;
}

/** One address to a line; commas and spaces part them too when every part is a web address. */
export function addressesIn(text: string): string[] {
  return text
    .split(/\r?\n/)
    .flatMap((one) => {
      const parts = one.trim().split(/[\s,]+/);
      return parts.length > 1 && parts.every((part) => /^https?:\/\//i.test(part)) ? parts : [one.trim()];
    })
    .filter((one) => one !== '');
}

const dayMs = 86_400_000;

/** ISO text with milliseconds; a day without a time is its noon in UTC. Null when nothing valid was given, or it is in the future. */
export function happenedAtOf(draft: Pick<Draft, 'day' | 'time'>, nowMs: number): string | null {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(draft.day);
  if (day === null) return null;
  const clock = draft.time === '' ? null : /^([01]\d|2[0-3]):([0-5]\d)/.exec(draft.time);
  if (draft.time !== '' && clock === null) return null;
  const text = `${draft.day}T${clock === null ? '12:00' : `${clock[1]}:${clock[2]}`}:00.000Z`;
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== text || ms < Date.parse('1990-01-01T00:00:00.000Z')) return null;
  // Noon of today, or of a day that has begun east of UTC, is not the future.
  return ms > nowMs + (clock === null ? dayMs : dayMs / 2) ? null : text;
}

export function isMail(text: string): boolean {
  return z.email().max(254).safeParse(text).success;
}
