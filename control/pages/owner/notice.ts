/** A notice as its owner reads it by the signed link: what was decided, what is asked, a reply, an appeal. */
import { html } from 'hono/html';
import type { OwnerNoticeView } from '../../desk/owner/view.ts';
import { timeAt } from '../format.ts';
import type { PageBody, Piece } from '../layout.ts';
import type { Words } from '../words/index.ts';
import type { OwnerWords } from './words.ts';

export type NoticeMood = {
  readonly sent?: 'reply' | 'appeal';
  readonly mistake?: 'reply' | 'appeal';
  /** What was typed when it was refused: nobody types it twice. */
  readonly typed?: string;
};

export function noticePage(words: Words, say: OwnerWords, notice: OwnerNoticeView, mood: NoticeMood): PageBody {
  return {
    title: mood.mistake === undefined ? notice.subject : `${say.error}: ${notice.subject}`,
    at: 'none',
    unlisted: true,
    private: true,
    foot: say.cookie,
    body: html`<article>
      <p class="eyebrow">${say.eyebrow(notice.siteName)}</p>
      <h1>${notice.subject}</h1>
      ${mood.sent === undefined ? '' : html`<p class="call" role="status">${mood.sent === 'reply' ? say.replySent : say.appealSent}</p>`}
      ${
        mood.mistake === undefined
          ? ''
          : html`<div class="mistakes" role="alert" aria-labelledby="mistakes-title">
              <h2 id="mistakes-title">${say.error}</h2>
              <ul>
                <li><a href="#${mood.mistake}-text">${say.tooShort}</a></li>
              </ul>
            </div>`
      }
      <p class="quiet">${timeAt(words, notice.at)}${words.language === 'en' ? '' : html` · ${say.inEnglish}`}</p>
      <p class="typed" lang="en" dir="ltr">${notice.text}</p>
      <dl class="facts">
        ${
          notice.deadline === null
            ? ''
            : html`<dt>${say.deadline}</dt>
                <dd>${timeAt(words, notice.deadline)}</dd>`
        }
        ${
          notice.decision === null
            ? ''
            : html`<dt>${say.decision}</dt>
                <dd><a href="/decisions/${notice.decision}">${notice.decision}</a></dd>`
        }
        ${notice.replies.map(
          (reply) =>
            html`<dt>${say.yourReply}<br />${timeAt(words, reply.at)}</dt>
              <dd class="typed" dir="auto">${reply.text}</dd>`,
        )}
        ${notice.appeals.map(
          (appeal) =>
            html`<dt>${say.yourAppeal}<br />${timeAt(words, appeal.openedAt)}</dt>
              <dd>
                <p>${say.appealState[appeal.state]}</p>
                ${
                  appeal.state === 'open' || appeal.state === 'taken'
                    ? html`<p class="quiet">${say.answerBy} ${timeAt(words, appeal.dueAt)}</p>`
                    : ''
                }
                ${appeal.reasons === null ? '' : html`<p class="typed" dir="auto">${appeal.reasons}</p>`}
              </dd>`,
        )}
      </dl>
      ${form('reply', say.reply, say.replyHint, say.send, say, mood)}
      ${notice.mayAppeal ? form('appeal', say.appeal, say.appealHint, say.sendAppeal, say, mood) : ''}
    </article>`,
  };
}

function form(act: 'reply' | 'appeal', title: string, hint: string, send: string, say: OwnerWords, mood: NoticeMood): Piece {
  const refused = mood.mistake === act;
  const described = refused ? `${act}-hint ${act}-mistake` : `${act}-hint`;
  return html`<form class="form" id="${act}" method="post" action="/notice" novalidate>
    <input type="hidden" name="act" value="${act}" />
    <div class="field ${refused ? 'wrong' : ''}">
      <h2><label for="${act}-text">${title}</label></h2>
      <p class="hint" id="${act}-hint">${hint}</p>
      ${refused ? html`<p class="mistake" id="${act}-mistake">${say.tooShort}</p>` : ''}
      <textarea
        id="${act}-text"
        name="text"
        rows="6"
        dir="auto"
        aria-describedby="${described}"
        ${refused ? html`aria-invalid="true"` : ''}
      >
${refused ? (mood.typed ?? '') : ''}</textarea>
    </div>
    <p><button class="button ${act === 'reply' ? '' : 'quiet-button'}" type="submit">${send}</button></p>
  </form>`;
}

/** For a link that is wrong, too old, or opened without its cookie. */
export function goneNotice(say: OwnerWords): PageBody {
  return {
    title: say.goneTitle,
    at: 'none',
    unlisted: true,
    private: true,
    body: html`<h1>${say.goneTitle}</h1>
      <p class="lede">${say.gone}</p>
      <p><a href="/appeal">${say.goneAppeal}</a></p>`,
  };
}
