/**
 * A notice by its signed link, and the published criteria. No script, no sign-in.
 *
 * The link `/n/TOKEN` sets a short-lived cookie for `/notice` and leads there, so that the token stands in no address that is shown, kept in a
 * history entry that is looked at, or handed on as a referrer; all answers are `no-store` and `no-referrer`. Whoever has the link can answer in the
 * account's name, which the mail says. Writing needs the cookie and a request from our own page (fails closed). Errors here never log the token.
 */
import type { Context } from 'hono';
import type { Instant } from '../../../contract/ids.ts';
import { listCriteria } from '../../../store/desk/criteria.ts';
import { findNoticeByLink, markNoticesRead } from '../../../store/desk/owner-notices.ts';
import type { NoticeRecord } from '../../../store/desk/owner-notices.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { nowOf } from '../../deps.ts';
import type { DeskDeps } from '../../desk/deps.ts';
import { actOnNotice } from '../../desk/owner/answer.ts';
import { hashOfLink } from '../../desk/owner/notices.ts';
import { viewNotices } from '../../desk/owner/view.ts';
import { isPlainText, readBytes } from '../../http/body.ts';
import { Failure } from '../../http/failure.ts';
import type { App } from '../../http/register.ts';
import { pageAnswers, wordsOf } from '../answer.ts';
import { criteriaPage } from './criteria.ts';
import { goneNotice, noticePage } from './notice.ts';
import { ownerWordsFor } from './words.ts';

type Deps = Pick<DeskDeps, 'store' | 'now' | 'provider' | 'publicUrl' | 'log'>;

/** How long the cookie lets the browser open the notice; the link itself holds for as long as it can be appealed. */
const cookieSeconds = 3600;
const linkDays = 190;
const mostFormBytes = 64 * 1024;
const longestText = 10_000;
const cookie = 'portcullis_notice';

export function registerOwnerPages(app: App, deps: Deps): void {
  const { db } = deps.store;
  const { answer, redirect, failed } = pageAnswers(deps);

  app.get('/n/:token', (context) => {
    const token = context.req.param('token');
    if (!/^[A-Za-z0-9_-]{43}$/.test(token))
      return answer(wordsOf(context), goneNotice(ownerWordsFor(wordsOf(context).language)), 404);
    const secure = deps.publicUrl.startsWith('https:') ? '; Secure' : '';
    return redirect('/notice', {
      'set-cookie': `${cookie}=${token}; Path=/notice; Max-Age=${cookieSeconds}; HttpOnly; SameSite=Lax${secure}`,
    });
  });

  app.get('/notice', async (context) => {
    try {
      const words = wordsOf(context);
      const say = ownerWordsFor(words.language);
      const notice = await noticeOf(context);
      if (notice === null) return await answer(words, goneNotice(say), 404);
      await markNoticesRead(db, [notice.noticeId], nowOf(deps));
      const [shown] = await viewNotices(db, [notice], nowOf(deps));
      if (shown === undefined) return await answer(words, goneNotice(say), 404);
      const sent = context.req.query('sent');
      return await answer(words, noticePage(words, say, shown, sent === 'reply' || sent === 'appeal' ? { sent } : {}));
    } catch (error) {
      return failed(error, context);
    }
  });

  app.post('/notice', async (context) => {
    try {
      const words = wordsOf(context);
      const say = ownerWordsFor(words.language);
      refuseForeignPage(context);
      const notice = await noticeOf(context);
      if (notice === null) return await answer(words, goneNotice(say), 404);
      const form = await readForm(context);
      const act = form.get('act') === 'appeal' ? 'appeal' : 'reply';
      const text = (form.get('text') ?? '').replaceAll('\r\n', '\n').trim();
      if (text.length < 10 || text.length > longestText || !isPlainText(text)) {
        const [shown] = await viewNotices(db, [notice], nowOf(deps));
        if (shown === undefined) return await answer(words, goneNotice(say), 404);
        return await answer(words, noticePage(words, say, shown, { mistake: act, typed: text.slice(0, longestText) }), 422);
      }
      await actOnNotice(deps, notice, { act, text }, null);
      return redirect(`/notice?sent=${act}`);
    } catch (error) {
      return failed(error, context);
    }
  });

  app.get('/criteria', async (context) => {
    try {
      const words = wordsOf(context);
      return await answer(words, criteriaPage(words, ownerWordsFor(words.language), await listCriteria(db)));
    } catch (error) {
      return failed(error, context);
    }
  });

  /** The notice that the cookie opens; null without one, for a wrong one and for one that is too old. */
  async function noticeOf(context: Context): Promise<NoticeRecord | null> {
    const token = tokenIn(context.req.header('cookie') ?? '');
    const notice = token === null ? null : await findNoticeByLink(db, hashOfLink(token));
    if (notice === null) return null;
    const until: Instant = instantOf(msOf(notice.at) + linkDays * 86_400_000);
    return nowOf(deps) <= until ? notice : null;
  }

  function refuseForeignPage(context: Context): void {
    const site = context.req.header('sec-fetch-site');
    const origin = context.req.header('origin');
    const host = context.req.header('host') ?? '';
    const ours = [new URL(deps.publicUrl).origin, `http://${host}`, `https://${host}`];
    if (site === 'same-origin' || (site === undefined && origin !== undefined && ours.includes(origin))) return;
    throw new Failure('not-allowed', 'This was not sent from the page of the notice, so it was refused. Nothing was changed.');
  }
}

/** One cookie of the name, in the form that we set. Two of them are none. */
function tokenIn(header: string): string | null {
  const found = header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${cookie}=`));
  const [only] = found;
  if (only === undefined || found.length > 1) return null;
  const token = only.slice(cookie.length + 1);
  return /^[A-Za-z0-9_-]{43}$/.test(token) ? token : null;
}

async function readForm(context: Context): Promise<URLSearchParams> {
  const type = context.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    throw new Failure(
      'bad-request',
      'This page’s form sends its fields in another way. Load the page again. Nothing was changed.',
    );
  }
  const bytes = await readBytes(context.req.raw, mostFormBytes);
  return new URLSearchParams(bytes.toString('utf8'));
}
