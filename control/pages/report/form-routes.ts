/**
 * The report form, served: the first question, the fast lane, the questions one by one, sending.
 *
 * Nothing is stored before “Send”. A report that cannot be stored or comes too often keeps its answers on the page. Sent twice by a reload it
 * is one (`once`, kept for a while in memory; another process would take it twice, which changes nothing). No captcha, ever; hidden field and
 * time taken are noted for the desk and refuse nobody. Fails open: only a page of another site is refused.
 */
import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { Instant } from '../../../contract/ids.ts';
import type { Json } from '../../../contract/canonical.ts';
import { isStoreDown } from '../../../store/errors.ts';
import type { Accepted, DeskDeps, Incoming } from '../../desk/deps.ts';
import type { IntakeLimits } from '../../desk/intake/limits.ts';
import { Failure } from '../../http/failure.ts';
import { readForm } from '../../http/multipart.ts';
import type { Form } from '../../http/multipart.ts';
import { requestFacts } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { RequestFacts } from '../../http/caller.ts';
import { wordsOf } from '../answer.ts';
import type { PageAnswers } from '../answer.ts';
import type { Words } from '../words/index.ts';
import { reportWordsFor } from '../words/report/index.ts';
import { decodeDraft, Draft, firstUnanswered, happenedAtOf, isMail, Step, steps, takeAnswers } from './draft.ts';
import { nowPage, startPage, stepPage } from './form-pages.ts';
import { sentPage } from './status-pages.ts';

export const formLimits = { fieldsBytes: 4 * 2 ** 20, fileBytes: 10 * 2 ** 20, filesBytes: 25 * 2 ** 20, files: 10 };
/** A form that takes no files keeps none while it reads: these forms need no place for a large upload. */
export const wordsOnly = { fieldsBytes: 512 * 1024, fileBytes: 0, filesBytes: 0, files: 0 };

const onceKeptMs = 15 * 60_000;
const mostOnce = 2000;

export function registerForm(app: App, deps: DeskDeps, limits: IntakeLimits, pages: PageAnswers): void {
  const sentBefore = new Map<string, { readonly atMs: number; readonly accepted: Promise<Accepted> }>();

  /** The same form sent twice gets the same receipt. A failure is forgotten, so that it can be sent again. */
  function acceptOnce(once: string | null, incoming: Incoming): Promise<Accepted> {
    for (const [key, { atMs }] of sentBefore) {
      if (deps.now() - atMs <= onceKeptMs && sentBefore.size <= mostOnce) break;
      sentBefore.delete(key);
    }
    const known = once === null ? undefined : sentBefore.get(once);
    if (known !== undefined) return known.accepted;
    const accepted = deps.intake.accept(incoming);
    if (once !== null) {
      sentBefore.set(once, { atMs: deps.now(), accepted });
      accepted.catch(() => sentBefore.delete(once));
    }
    return accepted;
  }

  const newOnce = () => randomBytes(16).toString('base64url');

  type Handler = (words: Words, context: Context, facts: RequestFacts) => Promise<Response>;
  const get = (path: string, handler: Handler) => app.get(path, (context) => guarded(context, handler));
  const post = (path: string, handler: Handler) =>
    app.post(path, (context) =>
      guarded(context, (words, _context, facts) => {
        refuseOtherSites(facts);
        return handler(words, context, facts);
      }),
    );
  async function guarded(context: Parameters<typeof requestFacts>[0], handler: Handler): Promise<Response> {
    try {
      return await handler(wordsOf(context), context, requestFacts(context));
    } catch (error) {
      return pages.failed(error, context);
    }
  }

  get('/report', (words) => pages.answer(words, startPage(words)));
  get('/report/now', (words) => pages.answer(words, nowPage(words, { text: '', where: '', contact: '', once: newOnce() })));
  get('/report/class', (words) => {
    const draft = Draft.parse({ begunMs: deps.now(), once: newOnce() });
    return pages.answer(words, stepPage(words, 'class', draft));
  });
  for (const path of ['/report/step', '/report/sent']) get(path, async () => pages.redirect('/report'));
  app.get('/abuse', () => pages.redirect('/report'));

  post('/report/now', async (words, context, facts) => {
    const { fields } = await readForm(context.req.raw, wordsOnly);
    const cut = (name: string, longest: number) => (fields.get(name) ?? '').trim().slice(0, longest);
    const answers = { text: cut('text', 20_000), where: cut('where', 4000), contact: cut('contact', 1000), once: onceIn(fields) };
    const again = { ...answers, once: answers.once ?? newOnce() };
    if (answers.text === '') return pages.answer(words, nowPage(words, again, [{ field: 'text', error: 'text' }]), 422);
    limits.report(facts, true);
    try {
      const accepted = await acceptOnce(answers.once, {
        channel: 'form',
        class: 'threat-to-life',
        fastLane: true,
        text: answers.text,
        urls: /[/:]/.test(answers.where) ? [answers.where] : [],
        hostname: /[/:]/.test(answers.where) || answers.where === '' ? null : answers.where,
        happenedAt: null,
        role: 'unsaid',
        contact: answers.contact === '' ? null : contactOf(answers.contact),
        proof: 'none',
        forwardConsent: false,
        wantsSafetyContact: answers.contact !== '',
        files: [],
        machine: hintsOf(fields, null, deps.now()),
        raw: null,
      });
      return await pages.answer(words, sentPage(words, accepted, { urgent: true, filesOver: false }), 201);
    } catch (error) {
      const sentence = sentenceFor(error, words);
      if (sentence === null) throw error;
      return pages.answer(words, nowPage(words, again, [], [sentence]), 503, { 'retry-after': '2' });
    }
  });

  post('/report/step', async (words, context, facts) => {
    const release = limits.large(facts);
    try {
      // Without a place for a large upload its words are read and its files passed over.
      const form = await readForm(context.req.raw, release === null ? { ...formLimits, fileBytes: 0 } : formLimits);
      return await answerStep(words, facts, form, release === null);
    } finally {
      // Only now: what was read is in memory until it is stored.
      release?.();
    }
  });

  async function answerStep(words: Words, facts: RequestFacts, form: Form, busy: boolean): Promise<Response> {
    const { fields } = form;
    const say = reportWordsFor(words.language);
    const at = Step.safeParse(fields.get('at'));
    const before = decodeDraft(fields.get('draft') ?? '');
    if (!at.success || before === null) {
      const fresh = Draft.parse({ begunMs: deps.now(), once: newOnce() });
      return pages.answer(words, stepPage(words, 'class', fresh, [], [say.errors.expired]), 422);
    }
    const go = fields.get('go') ?? 'next';
    const { draft, mistakes } = takeAnswers(at.data, before, fields, deps.now());
    const index = steps.indexOf(at.data);
    if (go === 'back') {
      // What stands half answered on the page that is left goes back with it.
      return index === 0 ? pages.redirect('/report') : pages.answer(words, stepPage(words, steps[index - 1] ?? 'class', draft));
    }
    const wanted = Step.safeParse(go);
    if (wanted.success) return pages.answer(words, stepPage(words, wanted.data, draft));
    if (mistakes.length > 0) return pages.answer(words, stepPage(words, at.data, draft, mistakes), 422);
    if (at.data !== 'check') return pages.answer(words, stepPage(words, steps[index + 1] ?? 'check', draft));
    return send(words, facts, draft, form, busy);
  }

  async function send(words: Words, facts: RequestFacts, draft: Draft, form: Form, busy: boolean): Promise<Response> {
    const say = reportWordsFor(words.language);
    const missing = firstUnanswered(draft, deps.now());
    if (missing !== null) {
      const { mistakes } = takeAnswers(missing, draft, new Map(), deps.now());
      return pages.answer(words, stepPage(words, missing, draft, mistakes), 422);
    }
    if (form.leftOut > 0) {
      const page = busy
        ? stepPage(words, 'check', draft, [], [say.errors.tooMany(1)])
        : stepPage(words, 'check', draft, [{ field: 'files', error: 'files' }]);
      return pages.answer(words, page, busy ? 429 : 422);
    }
    try {
      limits.report(facts, false);
      const bytes = form.files.reduce((sum, file) => sum + file.bytes.byteLength, 0);
      const filesOver = !limits.files(facts, bytes);
      const accepted = await acceptOnce(draft.once, incomingOf(draft, filesOver ? { ...form, files: [] } : form, deps.now()));
      return await pages.answer(words, sentPage(words, accepted, { urgent: false, filesOver }), 201);
    } catch (error) {
      const sentence = sentenceFor(error, words);
      if (sentence === null) throw error;
      const waitSeconds = error instanceof Failure ? (error.retryAfterSeconds ?? 60) : 2;
      const status = error instanceof Failure ? 429 : 503;
      return pages.answer(words, stepPage(words, 'check', draft, [], [sentence]), status, { 'retry-after': String(waitSeconds) });
    }
  }
}

/** Refuses a change that a page of another site sent. A browser that does not say where it comes from is let in. */
export function refuseOtherSites(request: RequestFacts): void {
  const from = request.headers.get('sec-fetch-site');
  if (from === 'cross-site' || from === 'same-site') {
    throw new Failure('not-allowed', 'This form was sent by a page of another site, so it was refused. Nothing was changed.');
  }
}

/** What people read when sending failed and trying again helps; null for everything else. */
function sentenceFor(error: unknown, words: Words): string | null {
  const say = reportWordsFor(words.language);
  if (isStoreDown(error)) return say.errors.store;
  if (error instanceof Failure && error.code === 'too-many-requests') {
    return say.errors.tooMany(Math.max(1, Math.ceil((error.retryAfterSeconds ?? 60) / 60)));
  }
  return null;
}

function onceIn(fields: ReadonlyMap<string, string>): string | null {
  const once = fields.get('once') ?? '';
  return /^[A-Za-z0-9_-]{22}$/.test(once) ? once : null;
}

/** A mailbox, a number, or words about how to reach somebody: as one field of the fast lane takes them. */
function contactOf(typed: string): Incoming['contact'] {
  if (isMail(typed)) return { mail: typed };
  return /^[+0-9 ()/-]{5,40}$/.test(typed) ? { phone: typed } : { safeContact: typed };
}

/** Hints about whether a person filled it in. They refuse nobody and feed no grade. */
function hintsOf(fields: ReadonlyMap<string, string>, begunMs: number | null, nowMs: number): Record<string, Json> {
  const seconds = begunMs === null || begunMs <= 0 ? null : Math.round((nowMs - begunMs) / 1000);
  return {
    ...((fields.get('website') ?? '') === '' ? {} : { hiddenFieldFilled: true }),
    ...(seconds === null || seconds < 0 || seconds > 7 * 86_400 ? {} : { filledInSeconds: seconds }),
  };
}

function incomingOf(draft: Draft, form: Form, nowMs: number): Incoming {
  const happenedAt = draft.when === 'known' ? happenedAtOf(draft, nowMs) : null;
  const contact = {
    ...(draft.name === '' ? {} : { name: draft.name }),
    ...(draft.mail === '' ? {} : { mail: draft.mail }),
    ...(draft.phone === '' ? {} : { phone: draft.phone }),
    ...(draft.safe === '' ? {} : { safeContact: draft.safe }),
  };
  return {
    channel: 'form',
    class: draft.class ?? 'other',
    fastLane: false,
    text: draft.text,
    urls: draft.urls,
    hostname: draft.hostname === '' ? null : draft.hostname,
    happenedAt: happenedAt === null ? null : Instant.parse(happenedAt),
    role: draft.role ?? 'unsaid',
    contact: Object.keys(contact).length === 0 ? null : contact,
    proof: 'none',
    forwardConsent: draft.forward,
    wantsSafetyContact: draft.wants,
    files: form.files,
    machine: {
      ...hintsOf(form.fields, draft.begunMs, nowMs),
      ...(happenedAt !== null && draft.time === '' ? { happenedAtIsADay: true } : {}),
    },
    raw: null,
  };
}
