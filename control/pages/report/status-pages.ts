/**
 * The receipt, and a report behind its private link: how it stands, messages both ways, adding, safe contact, withdrawing, appealing.
 *
 * Shows what its holder wrote and what the desk answered, and nothing of any contact, any other report, or anybody at the desk: a link may be
 * shared, stolen or read over a shoulder. Each act's form carries a key that only a page opened with the same link has.
 */
import { html } from 'hono/html';
import type { StatusView } from '../../desk/intake/status.ts';
import type { Accepted } from '../../desk/deps.ts';
import { sentence, shortTimeAt, timeAt } from '../format.ts';
import type { PageBody, Piece } from '../layout.ts';
import { stateMark } from '../layout.ts';
import type { Words } from '../words/index.ts';
import { reportWordsFor } from '../words/report/index.ts';
import type { ReportWords } from '../words/report/index.ts';
import { abuseBox } from './form-pages.ts';
import { errorSummary, fileField, hidden, inputField, textField, tick } from './parts.ts';
import type { Mistakes } from './parts.ts';

/** What stands on a page after an act. */
export type Done = keyof ReportWords['status']['done'];

/** The page that follows on sending. `filesOver`: files that a limit kept out. */
export function sentPage(
  words: Words,
  accepted: Accepted,
  how: { readonly urgent: boolean; readonly filesOver: boolean },
): PageBody {
  const say = reportWordsFor(words.language);
  const { sent } = say;
  return {
    title: sent.title,
    at: 'report',
    private: true,
    body: html`<h1>${how.urgent ? sent.titleNow : sent.title}</h1>
      ${
        how.urgent
          ? html`<div class="call">
              <p><strong>${sent.dangerFirst}</strong></p>
              <p><a href="/help">${say.now.numbers}</a></p>
            </div>`
          : ''
      }
      ${how.filesOver ? html`<p class="banner">${sent.filesOver}</p>` : ''}
      ${
        accepted.filesRefused > 0
          ? html`<p class="banner">${sent.abuseFiles}</p>
              ${abuseBox(say)}`
          : ''
      }
      <h2>${sent.linkTitle}</h2>
      <p class="link"><a class="mono" href="${accepted.statusUrl}">${accepted.statusUrl}</a></p>
      <p>${sent.linkText}</p>
      <p class="quiet">${sent.linkSafe}</p>
      <h2>${say.status.receipt}</h2>
      ${receipt(words, say, accepted)}
      <p class="quiet after">${sent.print}</p>`,
  };
}

function receipt(
  words: Words,
  say: ReportWords,
  of: Pick<Accepted, 'number' | 'receivedAt' | 'leaf' | 'sha256'>,
  more: Piece = html``,
): Piece {
  return html`<dl class="facts">
      ${more}
      <dt>${say.sent.number}</dt>
      <dd><span class="number">${of.number}</span></dd>
      <dt>${say.sent.at}</dt>
      <dd>${timeAt(words, of.receivedAt)}</dd>
      <dt>${say.sent.leaf}</dt>
      <dd><code>${of.leaf}</code></dd>
      <dt>${say.sent.sha256}</dt>
      <dd><code>${of.sha256}</code></dd>
    </dl>
    <p class="quiet after">${say.sent.proof}</p>`;
}

/** Where a private link is typed in. */
export function openPage(words: Words, problem: 'none' | 'link' | 'unknown', done: Done | null): PageBody {
  const say = reportWordsFor(words.language);
  const { status } = say;
  const mistakes: Mistakes = problem === 'link' ? [{ field: 'link', error: 'link' }] : [];
  return {
    title: status.openTitle,
    at: 'report',
    private: true,
    body: html`${errorSummary(say, mistakes, problem === 'unknown' ? [status.unknown] : [])} ${banner(say, done)}
      <h1>${status.openTitle}</h1>
      <form class="form" method="post" action="/report/status/open" novalidate>
        ${inputField({ name: 'link', label: status.openLabel, hint: status.openText, value: '', ltr: true, mistakes, say })}
        <p><button class="button" type="submit">${status.openButton}</button></p>
      </form>
      <p><a href="/report">${say.start.title}</a></p>`,
  };
}

export type Typed = { readonly text: string; readonly urls: string; readonly how: string; readonly appeal: string };
export const nothingTyped: Typed = { text: '', urls: '', how: '', appeal: '' };

export type StatusExtras = {
  readonly key: string;
  readonly done: Done | null;
  readonly mistakes: Mistakes;
  readonly more: readonly string[];
  readonly typed: Typed;
  readonly nowAt: string;
};

export function statusPage(words: Words, provider: string, view: StatusView, extras: StatusExtras): PageBody {
  const say = reportWordsFor(words.language);
  const { status } = say;
  const { key, mistakes, typed } = extras;
  const field = { mistakes, say };
  return {
    title: status.title,
    at: 'report',
    private: true,
    foot: say.softwareCookie(provider),
    body: html`${errorSummary(say, mistakes, extras.more)} ${banner(say, extras.done)}
      <p class="eyebrow">
        <span>${status.number} <span class="number">${view.number}</span></span>
        ${stateMark(...markOf(view), status.states[view.state])}
      </p>
      <h1>${status.title}</h1>
      <p class="lede">${status.next[view.next.step]}</p>
      ${nextBy(words, say, view, extras.nowAt)}
      ${
        view.outcome === null
          ? ''
          : html`<h2>${status.outcome}</h2>
              <div class="typed" dir="auto">${view.outcome}</div>`
      }
      <h2>${status.messages}</h2>
      ${
        view.messages.length === 0
          ? html`<p class="empty">${status.noMessages}</p>`
          : html`<ul class="entries">
              ${view.messages.map(
                ({ at, sender, text }) =>
                  html`<li>
                    <div class="side">
                      <strong>${sender === 'desk' ? status.desk : status.you}</strong>
                      <span class="quiet">${shortTimeAt(words, at)}</span>
                    </div>
                    <div class="what"><div class="typed" dir="auto">${text}</div></div>
                  </li>`,
              )}
            </ul>`
      }
      ${
        view.mayAdd
          ? html`<h2>${status.addTitle}</h2>
              ${view.class === 'child-abuse' ? abuseBox(say) : ''}
              <form class="form" method="post" action="/report/status/add" enctype="multipart/form-data" novalidate>
                ${hidden('key', key)} ${textField({ name: 'text', label: status.addText, value: typed.text, rows: 5, ...field })}
                ${textField({ name: 'urls', label: `${status.addUrls} ${say.step.optional}`, value: typed.urls, rows: 2, ltr: true, ...field })}
                ${
                  view.class === 'child-abuse'
                    ? ''
                    : fileField({
                        name: 'files',
                        label: `${status.addFiles} ${say.step.optional}`,
                        hint: say.check.filesHint,
                        ...field,
                      })
                }
                <p><button class="button" type="submit">${status.addButton}</button></p>
              </form>`
          : ''
      }
      ${
        view.appeal === 'none'
          ? ''
          : html`<h2>${status.appealTitle}</h2>
              <p>${status.appealStands[view.appeal]}</p>
              ${
                view.appeal === 'open'
                  ? html`<form class="form" method="post" action="/report/status/withdraw-appeal" novalidate>
                      ${hidden('key', key)}
                      <p><button class="button quiet-button" type="submit">${status.appealBack}</button></p>
                    </form>`
                  : ''
              }`
      }
      ${
        view.appealable === null
          ? ''
          : html`<h2>${status.appealTitle}</h2>
              <p>
                ${sentence(status.appealText(), {
                  number: html`<span class="number">${view.appealable.number ?? ''}</span>`,
                  until: timeAt(words, view.appealable.until),
                })}
              </p>
              <form class="form" method="post" action="/report/status/appeal" novalidate>
                ${hidden('key', key)}
                ${textField({ name: 'appeal', label: status.appealLabel, value: typed.appeal, rows: 5, ...field })}
                <p><button class="button" type="submit">${status.appealButton}</button></p>
              </form>`
      }
      ${
        view.state === 'withdrawn'
          ? ''
          : html`<h2>${status.safeTitle}</h2>
              <p>${view.wantsSafetyContact ? status.safeOn : status.safeLede}</p>
              <form class="form" method="post" action="/report/status/safe-contact" novalidate>
                ${hidden('key', key)}
                ${textField({ name: 'how', label: say.contact.safe, hint: say.contact.safeHint, value: typed.how, rows: 2, ...field })}
                ${tick('wanted', say.contact.wants, view.wantsSafetyContact)}
                <p class="after"><button class="button quiet-button" type="submit">${status.safeButton}</button></p>
              </form>`
      }
      <h2>${status.receipt}</h2>
      ${receipt(
        words,
        say,
        view,
        html`<dt>${status.about}</dt>
          <dd>${say.class.list[view.class][0] ?? ''}</dd>
          <dt>${status.files}</dt>
          <dd class="figure">${view.filesAdded}</dd>`,
      )}
      ${view.mayWithdraw ? html`<p class="after"><a href="/report/status/withdraw">${status.withdrawLink}</a></p>` : ''}
      <form class="form" method="post" action="/report/status/leave">
        ${hidden('key', key)}
        <p class="after">
          <button class="change" type="submit">${status.leave}</button> <span class="quiet">${status.leaveText}</span>
        </p>
      </form>`,
  };
}

export function withdrawPage(words: Words, provider: string, key: string): PageBody {
  const say = reportWordsFor(words.language);
  const { status } = say;
  return {
    title: status.withdrawTitle,
    at: 'report',
    private: true,
    foot: say.softwareCookie(provider),
    body: html`<h1>${status.withdrawTitle}</h1>
      <p>${status.withdrawText}</p>
      <form class="form" method="post" action="/report/status/withdraw" novalidate>
        ${hidden('key', key)} ${textField({ name: 'why', label: status.withdrawWhy, value: '', rows: 3, mistakes: [], say })}
        <p><button class="button urgent" type="submit">${status.withdrawButton}</button></p>
      </form>
      <p><a href="/report/status">${status.withdrawBack}</a></p>`,
  };
}

function banner(say: ReportWords, done: Done | null): Piece {
  return done === null ? html`` : html`<p class="banner" role="status">${say.status.done[done]}</p>`;
}

function nextBy(words: Words, say: ReportWords, view: StatusView, nowAt: string): Piece {
  const { at } = view.next;
  if (at === null) return html``;
  const parts = { at: timeAt(words, at) };
  return html`<p>${sentence(at < nowAt ? say.status.late() : say.status.nextBy(), parts)}</p>`;
}

function markOf(view: StatusView): readonly ['full' | 'half' | 'ring' | 'tick', 'alarm' | 'good' | 'caution' | 'over'] {
  switch (view.state) {
    case 'received':
    case 'acknowledged':
      return ['ring', 'good'];
    case 'more-asked':
      return ['full', 'caution'];
    case 'linked':
      return ['half', 'good'];
    case 'decided':
    case 'answered':
      return ['tick', 'good'];
    case 'closed':
    case 'withdrawn':
      return ['tick', 'over'];
    default:
      return view.state satisfies never;
  }
}
