/**
 * The pages of the report form: whether somebody is in danger now, the fast lane, six short questions, the check before sending.
 *
 * One thing to a page; the answers travel in a hidden field (draft.ts). "Back" is a button of the same form, so that it works without scripts and
 * loses nothing. Everything that was typed is escaped where it is printed.
 */
import { html } from 'hono/html';
import { ReportClass, ReporterRole } from '../../../contract/desk/words.ts';
import type { PageBody, Piece } from '../layout.ts';
import type { Words } from '../words/index.ts';
import { reportWordsFor } from '../words/report/index.ts';
import type { ReportWords } from '../words/report/index.ts';
import { encodeDraft, steps } from './draft.ts';
import type { Draft, Step } from './draft.ts';
import { choices, errorSummary, fileField, hidden, inputField, textField, tick } from './parts.ts';
import type { Mistakes } from './parts.ts';

export function startPage(words: Words): PageBody {
  const say = reportWordsFor(words.language);
  return {
    title: say.start.title,
    at: 'report',
    body: html`<h1>${say.start.question}</h1>
      <div class="doors">
        <a class="door urgent" href="/report/now"><strong>${say.start.yes}</strong><span>${say.start.yesText}</span></a>
        <a class="door" href="/report/class"><strong>${say.start.no}</strong><span>${say.start.noText}</span></a>
      </div>
      <p>${say.start.unsure}</p>
      <h2>${say.start.knowTitle}</h2>
      <ul>
        ${say.start.know.map((point) => html`<li>${point}</li>`)}
      </ul>
      <p><a href="/report/status">${say.start.haveLink}</a></p>
      <p class="quiet">${say.start.programs} <a href="/api/v1/openapi.json" rel="nofollow">OpenAPI</a></p>`,
  };
}

export type NowAnswers = { readonly text: string; readonly where: string; readonly contact: string; readonly once: string };

export function nowPage(words: Words, answers: NowAnswers, mistakes: Mistakes = [], more: readonly string[] = []): PageBody {
  const say = reportWordsFor(words.language);
  const { now } = say;
  return {
    title: now.title,
    at: 'report',
    private: true,
    body: html`${errorSummary(say, mistakes, more)}
      <h1>${now.title}</h1>
      <div class="call">
        <p><strong>${now.callFirst}</strong></p>
        <p>${now.callText}</p>
        <p><a href="/help">${now.numbers}</a></p>
      </div>
      <form class="form" method="post" action="/report/now" novalidate>
        ${hidden('once', answers.once)} ${honey(say)}
        ${textField({ name: 'text', label: now.text, hint: now.textHint, value: answers.text, rows: 6, mistakes, say })}
        ${inputField({ name: 'where', label: now.where, hint: now.whereHint, value: answers.where, mistakes, say })}
        ${inputField({ name: 'contact', label: now.contact, hint: now.contactHint, value: answers.contact, mistakes, say })}
        <p><button class="button urgent" type="submit">${now.send}</button></p>
      </form>`,
  };
}

/** A question of the form, or the check at its end. */
export function stepPage(
  words: Words,
  step: Step,
  draft: Draft,
  mistakes: Mistakes = [],
  more: readonly string[] = [],
): PageBody {
  const say = reportWordsFor(words.language);
  const number = steps.indexOf(step) + 1;
  const questions = steps.length - 1;
  const check = step === 'check';
  return {
    title: titleOf(say, step),
    at: 'report',
    private: true,
    body: html`${errorSummary(say, mistakes, more)}
      <form class="form" method="post" action="/report/step" novalidate ${check ? html`enctype="multipart/form-data"` : ''}>
        ${hidden('draft', encodeDraft(draft))} ${hidden('at', step)} ${enterKey()}
        <p class="eyebrow">
          <button class="back" type="submit" name="go" value="back" formnovalidate>${say.step.back}</button>
          ${check ? '' : html`<span>${say.step.of(number, questions)}</span>`}
        </p>
        ${bodyOf(say, step, draft, mistakes)} ${honey(say)}
        <p><button class="button" type="submit" name="go" value="next">${check ? say.check.send : say.step.go}</button></p>
      </form>
      ${step === 'class' ? html`<p class="quiet"><a href="/report/now">${say.step.nowLink}</a></p>` : ''}`,
  };
}

function titleOf(say: ReportWords, step: Step): string {
  return say[step].title;
}

function bodyOf(say: ReportWords, step: Step, draft: Draft, mistakes: Mistakes): Piece {
  const heading = html`<h1>${titleOf(say, step)}</h1>`;
  const common = { mistakes, say };
  switch (step) {
    case 'class':
      return choices({
        name: 'class',
        legend: heading,
        list: ReportClass.options.map((value) => {
          const [label = '', hint = ''] = say.class.list[value];
          return { value, label, hint };
        }),
        chosen: draft.class,
        ...common,
      });
    case 'what':
      return html`${heading} ${draft.class === 'child-abuse' ? abuseBox(say) : ''}
      ${
        draft.class === 'threat-to-life' || draft.class === 'swatting'
          ? html`<p>${say.what.urgent} <a href="/report/now">${say.step.nowLink}</a></p>`
          : ''
      }
      ${textField({ name: 'text', label: say.what.title, hint: say.what.hint, value: draft.text, rows: 10, ...common })}`;
    case 'where':
      return html`${heading}
      ${textField({
        name: 'urls',
        label: say.where.urls,
        hint: say.where.urlsHint,
        value: draft.urls.join('\n'),
        rows: 6,
        ltr: true,
        ...common,
      })}
      ${inputField({
        name: 'hostname',
        label: say.where.hostname,
        hint: say.where.hostnameHint,
        value: draft.hostname,
        ltr: true,
        ...common,
      })}`;
    case 'when':
      return html`${choices({
        name: 'when',
        legend: heading,
        hint: say.when.hint,
        list: [
          { value: 'unknown', label: say.when.unknown },
          { value: 'known', label: say.when.known },
        ],
        chosen: draft.when,
        ...common,
      })}
      ${inputField({ name: 'day', label: say.when.day, value: draft.day, type: 'date', short: true, ...common })}
      ${inputField({
        name: 'time',
        label: say.when.time,
        hint: say.when.timeHint,
        value: draft.time,
        type: 'time',
        short: true,
        ...common,
      })}`;
    case 'who':
      return choices({
        name: 'role',
        legend: heading,
        hint: say.who.hint,
        list: ReporterRole.options.map((value) => ({ value, label: say.who.list[value] })),
        chosen: draft.role,
        ...common,
      });
    case 'contact': {
      const { contact } = say;
      return html`${heading}
        <p>${contact.lede}</p>
        ${inputField({ name: 'name', label: contact.name, value: draft.name, ...common })}
        ${inputField({ name: 'mail', label: contact.mail, value: draft.mail, type: 'email', ltr: true, ...common })}
        ${inputField({ name: 'phone', label: contact.phone, value: draft.phone, type: 'tel', short: true, ltr: true, ...common })}
        ${textField({ name: 'safe', label: contact.safe, hint: contact.safeHint, value: draft.safe, rows: 3, ...common })}
        ${tick('wants', contact.wants, draft.wants)} ${tick('forward', contact.forward, draft.forward)}
        <p class="quiet after">${contact.sealed}</p>`;
    }
    case 'check':
      return checkBody(say, draft, mistakes);
    default:
      return step satisfies never;
  }
}

function checkBody(say: ReportWords, draft: Draft, mistakes: Mistakes): Piece {
  const { check } = say;
  const row = (step: Step, answer: Piece | string) =>
    html`<dt>${titleOf(say, step)}</dt>
      <dd>
        ${answer}
        <p>
          <button class="change" type="submit" name="go" value="${step}" aria-label="${check.changeWhat(titleOf(say, step))}">
            ${check.change}
          </button>
        </p>
      </dd>`;
  const lines = (list: readonly string[]) =>
    list.length === 0
      ? check.none
      : html`<ul>
          ${list.map((one) => html`<li dir="auto">${one}</li>`)}
        </ul>`;
  const contact = [draft.name, draft.mail, draft.phone, draft.safe].filter((one) => one !== '');
  const addresses = [...draft.urls, ...(draft.hostname === '' ? [] : [draft.hostname])];
  const never = draft.class === 'child-abuse';
  return html`<h1>${check.title}</h1>
    <dl class="facts">
      ${row('class', draft.class === null ? check.none : (say.class.list[draft.class][0] ?? ''))}
      ${row('what', html`<div class="typed" dir="auto">${draft.text}</div>`)}
      ${row('where', html`<div dir="ltr">${lines(addresses)}</div>`)}
      ${row('when', draft.when === 'known' ? html`<span dir="ltr">${draft.day} ${draft.time === '' ? '' : `${draft.time} UTC`}</span>` : say.when.unknown)}
      ${row('who', draft.role === null ? check.none : say.who.list[draft.role])}
      ${row(
        'contact',
        html`${contact.length === 0 ? check.anonymous : lines(contact)}
          <p>${say.contact.wants}: ${draft.wants ? check.yes : check.no}</p>
          <p>${say.contact.forward}: ${draft.forward ? check.yes : check.no}</p>`,
      )}
    </dl>
    <div class="after">
      ${
        never
          ? html`<p>${check.noFiles}</p>`
          : fileField({ name: 'files', label: check.files, hint: check.filesHint, mistakes, say })
      }
    </div>`;
}

export function abuseBox(say: ReportWords): Piece {
  return html`<div class="call">
    <p><strong>${say.what.abuseTitle}</strong></p>
    <p>${say.what.abuse}</p>
    <ul>
      ${say.what.abuseHotlines.map((one) => html`<li>${one}</li>`)}
    </ul>
  </div>`;
}

/** The enter key presses a form's first button: without this one it would go back. */
function enterKey(): Piece {
  return html`<button class="honey" type="submit" name="go" value="next" tabindex="-1" aria-hidden="true"></button>`;
}

/** A field that people neither see nor hear: what fills it in is a program. A hint for the desk; it refuses nobody. */
function honey(say: ReportWords): Piece {
  return html`<div class="honey" aria-hidden="true">
    <label for="website">${say.check.honey}</label>
    <input id="website" name="website" type="text" tabindex="-1" autocomplete="off" value="" />
  </div>`;
}
