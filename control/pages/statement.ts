/**
 * The desk's part of a decision's page: what was asked, why nothing narrower, which criteria, how many reports; and a decision not to act.
 *
 * Reasons stand as the desk wrote them, isolated so that their direction does not turn the page's. Not here: who decided.
 */
import { html } from 'hono/html';
import type { RecordReference } from '../../contract/record/statement.ts';
import type { PublicNoAction, PublicStatement } from '../../contract/routes/orders.ts';
import { timeAt } from './format.ts';
import type { PageBody, Piece } from './layout.ts';
import { statementWordsFor } from './statement-words.ts';
import type { StatementWords } from './statement-words.ts';
import type { Words } from './words/index.ts';

/** That the statement stands in the record, since when, and where the proof is. */
export function recordFact(words: Words, record: RecordReference | undefined): Piece | '' {
  if (record === undefined) return '';
  const say = words.decision;
  return fact(
    say.recordTitle,
    html`<p>${timeAt(words, record.recordedAt)}</p>
      <p>${record.version === 1 ? say.recordFirst : say.recordLater(record.version)}</p>
      <p>
        <a href="${pathOf(record.proofUrl)}">${say.recordProof}</a> ·
        <a href="${pathOf(record.versionsUrl)}">${say.recordVersions}</a>
      </p>`,
  );
}

/** Links of these pages stay where the page is read. */
function pathOf(url: string): string {
  return new URL(url).pathname;
}

/** Terms and descriptions for the page's list of facts. */
export function statementFacts(words: Words, statement: PublicStatement): Piece {
  const say = statementWordsFor(words.language);
  return html`${statement.provisional ? fact(say.steps['provisional-notice-page'], html`<p>${say.provisional}</p>`) : ''}
  ${statement.limbs.length === 0 ? '' : fact(say.limbsTitle, limbs(say, statement))}
  ${statement.whyNotBelow.length === 0 ? '' : fact(say.whyNotTitle, whyNot(say, statement))}
  ${fact(say.criteria, criteria(words, say, statement))} ${fact(say.volumeTitle, html`<p>${volume(say, statement)}</p>`)}
  ${fact(say.machineTitle, html`<p>${say.machine}</p>`)} ${fact(say.appealTitle, html`<p>${say.appeal[statement.appeal]}</p>`)}
  ${linked(say.replaces, statement.replaces)} ${linked(say.replacedBy, statement.replacedBy)}
  ${statement.reversed === null ? '' : fact(say.reversed, html`<p><bdi>${statement.reversed}</bdi></p>`)}
  ${statement.reviews.length === 0 ? '' : fact(say.reviews, reviews(say, statement))}`;
}

function fact(term: string, description: Piece): Piece {
  return html`<dt>${term}</dt>
    <dd>${description}</dd>`;
}

function linked(term: string, number: string | null): Piece | '' {
  return number === null ? '' : fact(term, html`<a href="/decisions/${number}"><span class="number">${number}</span></a>`);
}

function limbs(say: StatementWords, { limbs: found }: PublicStatement): Piece {
  return html`<ul>
    ${found.map(({ limb, finding }) => html`<li>${say.limbs[limb]}: <strong>${finding === 'met' ? say.met : say.notMet}</strong></li>`)}
  </ul>`;
}

function whyNot(say: StatementWords, { whyNotBelow }: PublicStatement): Piece {
  return html`<ul>
    ${whyNotBelow.map(({ step, why }) => html`<li>${say.steps[step]}: <bdi>${why}</bdi></li>`)}
  </ul>`;
}

function criteria(words: Words, say: StatementWords, { criteria: cited }: PublicStatement): Piece {
  if (cited === null) return html`<p><a href="/criteria">${say.criteriaLink}</a></p>`;
  return html`<p>
      <a href="/criteria#${`v${cited.sha256.slice(0, 12)}`}"><bdi>${cited.title}</bdi></a
      >, ${timeAt(words, cited.publishedAt)}
    </p>
    <p>${cited.afterCase ? html`<strong>${say.criteriaAfter}</strong>` : say.criteriaBefore}</p>`;
}

function volume(say: StatementWords, { volume: counted }: PublicStatement): string {
  if (counted === null) return say.volumeWithheld;
  const shown = (count: number | null) => (count === null ? say.fewerThanFive : String(count));
  return say.volume(shown(counted.n), shown(counted.m), shown(counted.k), shown(counted.w));
}

function reviews(say: StatementWords, { reviews: written }: PublicStatement): Piece {
  return html`<ul>
    ${written.map(({ afterDays, harmFell }) => html`<li>${say.afterDays(afterDays)}: ${say.review[harmFell]}</li>`)}
  </ul>`;
}

/** A decision not to act. */
export function noActionPage(words: Words, decision: PublicNoAction): PageBody {
  const say = statementWordsFor(words.language);
  return {
    title: `${decision.decision}: ${say.notActedTitle}`,
    at: 'none',
    dataPath: `/decisions/${decision.decision}.json`,
    body: html`<article>
      <p class="eyebrow">
        <span>${words.decision.title('')}<span class="number">${decision.decision}</span></span>
      </p>
      <h1>${say.notActedTitle}</h1>
      <p class="lede">${say.notActedLede}</p>
      <blockquote class="reason">
        <p><bdi>${decision.reason}</bdi></p>
        <footer>${words.decision.reasonBy(decision.provider)}</footer>
      </blockquote>
      <dl class="facts">
        ${fact(say.about, html`<p>${say.classes[decision.class]}. ${say.noSite}</p>`)}
        ${fact(say.decidedAt, timeAt(words, decision.decidedAt))}
        ${decision.recheckAt === null ? '' : fact(say.recheck, timeAt(words, decision.recheckAt))}
        ${fact(words.decision.who, html`<p>${words.decision.twoPeople}</p>`)} ${statementFacts(words, decision.statement)}
        ${recordFact(words, decision.record)}
      </dl>
      <p><a href="${decision.appealUrl}">${words.decision.appealLink}</a></p>
    </article>`,
  };
}

/** Decisions not to act, for the list of decisions; nothing when there are none. */
export function noActionEntries(words: Words, decisions: readonly PublicNoAction[]): Piece | '' {
  if (decisions.length === 0) return '';
  const say = statementWordsFor(words.language);
  return html`<h2>${say.notActed}</h2>
    <ul class="entries">
      ${decisions.map(
        (decision) =>
          html`<li>
            <div class="side"><span class="number">${decision.decision}</span></div>
            <div class="what">
              <p><a href="/decisions/${decision.decision}">${say.classes[decision.class]}</a></p>
              <p><bdi>${decision.reason}</bdi></p>
              <p class="quiet">${timeAt(words, decision.decidedAt)}</p>
            </div>
          </li>`,
      )}
    </ul>`;
}
