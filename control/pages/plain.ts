/** Pages that are words only: help, appeal, what errors mean, and what is not there. */
import { html } from 'hono/html';
import { errorTable } from '../../contract/errors.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import { sentence } from './format.ts';
import type { PageBody } from './layout.ts';
import { reference } from './words/reference.ts';
import type { Words } from './words/index.ts';
import { reportWordsFor } from './words/report/index.ts';

export function helpPage(words: Words): PageBody {
  const say = words.help;
  return {
    title: say.title,
    at: 'help',
    body: html`<h1>${say.title}</h1>
      <div class="call">
        <p><strong>${say.now}</strong></p>
        <p>${say.nowText}</p>
        <p><a href="/report/now">${reportWordsFor(words.language).fromHelp}</a></p>
      </div>
      <table class="numbered">
        <caption>
          ${say.numbersCaption}
        </caption>
        <thead>
          <tr>
            <th scope="col">${say.place}</th>
            <th scope="col">${say.number}</th>
          </tr>
        </thead>
        <tbody>
          ${say.numbers.map(
            ([place, number]) =>
              html`<tr>
                <td>${place}</td>
                <td>${number}</td>
              </tr>`,
          )}
        </tbody>
      </table>
      <h2>${say.targetedTitle}</h2>
      <ul>
        ${say.targeted.map((point) => html`<li>${point}</li>`)}
      </ul>
      <h2>${say.mindTitle}</h2>
      <p>${say.mind} <a href="https://findahelpline.com/" rel="noreferrer">${say.mindLink}</a></p>
      <h2>${say.visitorTitle}</h2>
      <dl class="facts">
        ${say.visitor.map(
          ([what, text]) =>
            html`<dt>${what}</dt>
              <dd>${text}</dd>`,
        )}
      </dl>
      <p class="quiet after">${say.referenceText}</p>`,
  };
}

/** `contact`: a `mailto:` or `https:` address that the operator has published, or null. */
export function appealPage(words: Words, contact: string | null): PageBody {
  const say = words.appeal;
  return {
    title: say.title,
    at: 'appeal',
    body: html`<h1>${say.title}</h1>
      <p class="lede">${say.lede}</p>
      <h2>${say.how}</h2>
      <p>
        ${
          contact === null
            ? say.noContact
            : sentence(say.toContact(), { link: html`<a href="${contact}">${contact.replace(/^mailto:/, '')}</a>` })
        }
      </p>
      <h3>${say.say}</h3>
      <ol>
        ${say.points.map((point) => html`<li>${point}</li>`)}
      </ol>
      <h2>${say.then}</h2>
      ${say.thenText.map((text) => html`<p>${text}</p>`)}
      <p>${say.money}</p>
      <p>
        ${reportWordsFor(words.language).fromAppeal}
        <a href="/report/status">${reportWordsFor(words.language).status.openTitle}</a>
      </p>`,
  };
}

/** What one error means; with the sentence and reference of a case when it is one. */
export function errorPage(code: ErrorCode, happened: { detail: string; reference: string } | null): PageBody {
  const say = reference.error;
  const { status, title } = errorTable[code];
  const { means, todo } = say.errors[code];
  return {
    title: title,
    at: 'none',
    unlisted: happened !== null,
    body: html`<h1>${title}</h1>
      ${happened === null ? '' : html`<p class="lede">${happened.detail}</p>`}
      <dl class="facts">
        <dt>${say.means}</dt>
        <dd>${means}</dd>
        <dt>${say.todo}</dt>
        <dd>${todo}</dd>
        <dt>${say.status}</dt>
        <dd class="figure">${status}</dd>
        <dt>${say.code}</dt>
        <dd><code>${code}</code></dd>
        ${
          happened === null
            ? ''
            : html`<dt>${say.reference}</dt>
                <dd><code>${happened.reference}</code></dd>`
        }
      </dl>
      <p class="after"><a href="/errors">${say.all}</a></p>`,
  };
}

export function errorList(): PageBody {
  const say = reference.error;
  const codes = Object.keys(errorTable).filter((code): code is ErrorCode => Object.hasOwn(errorTable, code));
  return {
    title: say.listTitle,
    at: 'none',
    body: html`<h1>${say.listTitle}</h1>
      <p class="lede">${say.listLede}</p>
      <ul class="entries">
        ${codes.map(
          (code) =>
            html`<li>
              <div class="side"><span class="figure">${errorTable[code].status}</span></div>
              <div class="what">
                <p><a href="/errors/${code}">${errorTable[code].title}</a></p>
                <p class="quiet"><code>${code}</code></p>
              </div>
            </li>`,
        )}
      </ul>`,
  };
}

/** The kinds of answers that edges give by themselves: what `type` in their problem documents leads to. */
export function edgeAnswersPage(): PageBody {
  const say = reference.edgeAnswers;
  return {
    title: say.title,
    at: 'none',
    body: html`<h1>${say.title}</h1>
      <p class="lede">${say.lede}</p>
      <dl class="facts">
        ${Object.entries(say.kinds).map(
          ([kind, [title, whose]]) =>
            html`<dt id="${kind}">${title}</dt>
              <dd>${whose}</dd>`,
        )}
      </dl>`,
  };
}

export function notFoundPage(words: Words): PageBody {
  return {
    title: words.missing.title,
    at: 'none',
    unlisted: true,
    body: html`<h1>${words.missing.title}</h1>
      <p class="lede">${words.missing.text}</p>
      <p><a href="/">${words.missing.start}</a></p>`,
  };
}
