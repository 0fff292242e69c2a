/**
 * Private links, served: `/r/<token>` keeps the token in a cookie and leads to `/report/status`, where a report is read and added to.
 *
 * Wrong links are counted by network. Every act needs the cookie and the form's key, and a page of another site is refused before: fails
 * closed. Answers are stored nowhere (`no-store`), listed nowhere, and send no Referer.
 */
import type { Context } from 'hono';
import { instantOf } from '../../../core/instant.ts';
import type { DeskDeps } from '../../desk/deps.ts';
import type { IntakeLimits } from '../../desk/intake/limits.ts';
import { actOnReport, readStatus } from '../../desk/intake/status.ts';
import type { StatusAct, StatusView } from '../../desk/intake/status.ts';
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
import { formKey, isFormKey, linkCookie, linkIn, tokenInLink } from './cookie.ts';
import { addressesIn } from './draft.ts';
import { formLimits, refuseOtherSites, wordsOnly } from './form-routes.ts';
import type { Mistakes } from './parts.ts';
import { nothingTyped, openPage, statusPage, withdrawPage } from './status-pages.ts';
import type { Done, Typed } from './status-pages.ts';

const home = '/report/status';

export function registerStatus(app: App, deps: DeskDeps, limits: IntakeLimits, pages: PageAnswers): void {
  type Handler = (words: Words, context: Context, facts: RequestFacts) => Promise<Response>;
  async function guarded(context: Parameters<typeof requestFacts>[0], handler: Handler): Promise<Response> {
    try {
      return await handler(wordsOf(context), context, requestFacts(context));
    } catch (error) {
      return pages.failed(error, context);
    }
  }

  app.get('/r/:token', (context) => {
    const token = tokenInLink(context.req.param('token'));
    return pages.redirect(home, token === null ? {} : { 'set-cookie': linkCookie(deps.publicUrl, token) });
  });

  app.get(home, (context) =>
    guarded(context, async (words, _context, facts) => {
      const done = doneIn(context.req.query('done'));
      const found = await reportOf(facts);
      if (found === null) return unknown(words, facts, done);
      return show(words, found, { done });
    }),
  );
  app.get(`${home}/withdraw`, (context) =>
    guarded(context, async (words, _context, facts) => {
      const found = await reportOf(facts);
      if (found === null) return unknown(words, facts, null);
      if (!found.view.mayWithdraw) return pages.redirect(home);
      return pages.answer(words, withdrawPage(words, deps.provider, formKey(found.token)));
    }),
  );
  app.post(`${home}/open`, (context) =>
    guarded(context, async (words, _context, facts) => {
      refuseOtherSites(facts);
      const { fields } = await readForm(context.req.raw, wordsOnly);
      const token = tokenInLink(fields.get('link') ?? '');
      if (token === null) return pages.answer(words, openPage(words, 'link', null), 422);
      return pages.redirect(home, { 'set-cookie': linkCookie(deps.publicUrl, token) });
    }),
  );
  app.post(`${home}/leave`, (context) =>
    guarded(context, async (_words, _context, facts) => {
      refuseOtherSites(facts);
      return pages.redirect(`${home}?done=left`, { 'set-cookie': linkCookie(deps.publicUrl, '') });
    }),
  );

  act('add', 'added', async (fields, form) => {
    const text = fields.get('text')?.trim() ?? '';
    const urls = addressesIn(fields.get('urls') ?? '');
    if (text === '' && urls.length === 0 && form.files.length === 0) return [{ field: 'text', error: 'text' }];
    if (text.length > 20_000) return [{ field: 'text', error: 'textLong' }];
    if (urls.length > 250 || urls.some((url) => url.length > 4000)) return [{ field: 'urls', error: 'urls' }];
    if (form.leftOut > 0) return [{ field: 'files', error: 'files' }];
    return { act: 'add', text, urls, files: form.files };
  });
  act('safe-contact', 'safe-contact', async (fields) => {
    const how = fields.get('how')?.trim() ?? '';
    if (how.length > 1000) return [{ field: 'how', error: 'long' }];
    return { act: 'safety-contact', wanted: fields.get('wanted') === 'yes', how };
  });
  act('withdraw', 'withdrawn', async (fields) => ({
    act: 'withdraw',
    why: (fields.get('why') ?? '').trim().slice(0, 2000),
  }));
  act('appeal', 'appealed', async (fields) => {
    const text = fields.get('appeal')?.trim() ?? '';
    if (text.length < 10) return [{ field: 'appeal', error: 'appeal' }];
    return text.length > 10_000 ? [{ field: 'appeal', error: 'long' }] : { act: 'appeal', text };
  });
  act('withdraw-appeal', 'appeal-withdrawn', async () => ({ act: 'withdraw-appeal' }));

  type Found = { readonly token: string; readonly view: StatusView };

  /** Null without a link, or with one that leads nowhere. Throws when this network tried too many. */
  async function reportOf(facts: RequestFacts): Promise<Found | null> {
    const token = linkIn(deps.publicUrl, facts.headers);
    if (token === null) return null;
    limits.beforeLink(facts);
    const view = await readStatus(deps, token);
    return view === null ? null : { token, view };
  }

  /** Asks for a link; a wrong one is counted, said, and forgotten. */
  function unknown(words: Words, facts: RequestFacts, done: Done | null): Promise<Response> {
    const had = linkIn(deps.publicUrl, facts.headers) !== null;
    if (had) limits.wrongLink(facts);
    const forget = { 'set-cookie': linkCookie(deps.publicUrl, '') };
    return pages.answer(words, openPage(words, had ? 'unknown' : 'none', done), had ? 404 : 200, had ? forget : {});
  }

  type Shown = {
    readonly done?: Done | null;
    readonly mistakes?: Mistakes;
    readonly more?: readonly string[];
    readonly typed?: Typed;
  };
  function show(words: Words, { token, view }: Found, shown: Shown, status = 200): Promise<Response> {
    const { done = null, mistakes = [], more = [], typed = nothingTyped } = shown;
    const extras = { key: formKey(token), done, mistakes, more, typed, nowAt: instantOf(deps.now()) };
    return pages.answer(words, statusPage(words, deps.provider, view, extras), status);
  }

  /** Serves one act: parsed by `read` into what to do, or into mistakes that the page shows again. */
  function act(
    name: string,
    done: Done,
    read: (fields: ReadonlyMap<string, string>, form: Form) => Promise<StatusAct | Mistakes>,
  ): void {
    app.post(`${home}/${name}`, (context) =>
      guarded(context, async (words, _context, facts) => {
        refuseOtherSites(facts);
        const found = await reportOf(facts);
        if (found === null) return unknown(words, facts, null);
        const release = limits.large(facts);
        try {
          const form = await readForm(context.req.raw, release === null ? { ...formLimits, fileBytes: 0 } : formLimits);
          return await answerAct(words, facts, found, form);
        } finally {
          // Only now: what was read is in memory until it is stored.
          release?.();
        }
      }),
    );

    async function answerAct(words: Words, facts: RequestFacts, found: Found, form: Form): Promise<Response> {
      const { fields } = form;
      const say = reportWordsFor(words.language);
      if (!isFormKey(found.token, fields.get('key') ?? '')) {
        throw new Failure(
          'not-allowed',
          'This form does not belong to the report that is open. Nothing was changed: open your private link again.',
        );
      }
      const typed: Typed = {
        text: (fields.get('text') ?? '').slice(0, 20_000),
        urls: (fields.get('urls') ?? '').slice(0, 100_000),
        how: (fields.get('how') ?? '').slice(0, 1000),
        appeal: (fields.get('appeal') ?? '').slice(0, 10_000),
      };
      const parsed = await read(fields, form);
      if (isMistakes(parsed)) return show(words, found, { mistakes: parsed, typed }, 422);
      try {
        limits.change(facts);
        const bytes = form.files.reduce((sum, file) => sum + file.bytes.byteLength, 0);
        if (!limits.files(facts, bytes)) return await show(words, found, { more: [say.sent.filesOver], typed }, 429);
        const result = await actOnReport(deps, found.token, parsed);
        if (result === null) return await unknown(words, facts, null);
        if (result.filesRefused > 0) return await show(words, { ...found, view: result.view }, { more: [say.sent.abuseFiles] });
        return pages.redirect(`${home}?done=${done}`);
      } catch (error) {
        const sentence = sentenceFor(error, words);
        if (sentence === null) throw error;
        return show(
          words,
          found,
          { more: [sentence], typed },
          error instanceof Failure && error.code === 'wrong-state' ? 409 : 429,
        );
      }
    }
  }
}

function isMistakes(parsed: StatusAct | Mistakes): parsed is Mistakes {
  return Array.isArray(parsed);
}

function sentenceFor(error: unknown, words: Words): string | null {
  const say = reportWordsFor(words.language);
  if (!(error instanceof Failure)) return null;
  if (error.code === 'wrong-state') return say.errors.state;
  if (error.code !== 'too-many-requests') return null;
  return say.errors.tooMany(Math.max(1, Math.ceil((error.retryAfterSeconds ?? 60) / 60)));
}

const dones: readonly Done[] = ['added', 'safe-contact', 'withdrawn', 'appealed', 'appeal-withdrawn', 'left'];

function doneIn(typed: string | undefined): Done | null {
  return dones.find((one) => one === typed) ?? null;
}
