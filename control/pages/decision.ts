/**
 * Decisions in public: the list, and the page that a notice leads to.
 *
 * Never here: a person's name, an internal reason, anything of a proposal. The page says what the order does now; a statement of reasons
 * with all its limbs stands below it when a case of the desk does (statement.ts).
 */
import { html } from 'hono/html';
import type { PublicDecision } from '../../contract/routes/orders.ts';
import { msOf } from '../../core/instant.ts';
import type { DecisionList } from './facts.ts';
import { shortTimeAt, sentence, shortDuration, timeAt } from './format.ts';
import { stateMark } from './layout.ts';
import type { PageBody, Piece } from './layout.ts';
import { noActionEntries, recordFact, statementFacts } from './statement.ts';
import type { Words } from './words/index.ts';

const hostsInTitle = 3;

/** Whom or what a decision is about, for a title. */
function where(words: Words, { scope, siteName }: PublicDecision): string {
  if (scope.wholeSite) return `${siteName}${scope.path ?? ''}`;
  const shown = scope.hostnames.slice(0, hostsInTitle).map((host) => `${host}${scope.path ?? ''}`);
  return words.decision.where(shown, scope.hostnames.length - shown.length);
}

/** The decision in a sentence. */
export function headline(words: Words, decision: PublicDecision): string {
  const { now, past } = words.decision.measures[decision.measure];
  return decision.state === 'in-force' ? now(where(words, decision)) : past(where(words, decision));
}

function stateOf(words: Words, { state, measure }: PublicDecision): Piece {
  switch (state) {
    case 'in-force':
      return stateMark('full', measure.startsWith('notice') ? 'alarm' : 'caution', words.decision.state['in-force']);
    case 'lifted':
    case 'expired':
      return stateMark('ring', 'over', words.decision.state[state]);
    case 'scheduled':
      throw new Error('a scheduled decision has no page');
    default:
      return state satisfies never;
  }
}

export function decisionPage(words: Words, decision: PublicDecision, nowMs: number): PageBody {
  const say = words.decision;
  const over = decision.state !== 'in-force';
  return {
    title: `${decision.decision}: ${headline(words, decision)}`,
    at: 'none',
    dataPath: `/decisions/${decision.decision}.json`,
    body: html`<article>
      <p class="eyebrow">
        <span>${say.title('')}<span class="number">${decision.decision}</span></span>
        ${stateOf(words, decision)}
      </p>
      <h1>${headline(words, decision)}</h1>
      ${decision.drill === true ? html`<p class="drill"><strong>${say.drill}</strong> ${say.drillMore}</p>` : ''}
      <blockquote class="reason ${over ? 'over' : ''}">
        <p><bdi>${decision.reason}</bdi></p>
        <footer>${say.reasonBy(decision.provider)}</footer>
      </blockquote>
      ${span(words, decision, nowMs)}
      <dl class="facts">
        <dt>${say.restricted}</dt>
        <dd>${say.measures[decision.measure].what}</dd>
        <dt>${say.scope}</dt>
        <dd>${scope(words, decision)}</dd>
        <dt>${say.basis}</dt>
        <dd>${basis(words, decision)}</dd>
        <dt>${say.who}</dt>
        <dd>${who(words, decision)}</dd>
        <dt>${say.proof}</dt>
        <dd>${proof(words, decision)}</dd>
        <dt>${say.pressureTitle}</dt>
        <dd>${say.pressure}</dd>
        ${decision.statement === undefined ? '' : statementFacts(words, decision.statement)} ${recordFact(words, decision.record)}
      </dl>
      <div class="ways">
        <section>
          <h2>${say.dangerTitle}</h2>
          <p>${say.danger} <a href="/help">${say.dangerLink}</a></p>
        </section>
        <section>
          <h2>${say.appealTitle}</h2>
          <p>${say.appeal} <a href="${decision.appealUrl}">${say.appealLink}</a></p>
        </section>
      </div>
    </article>`,
  };
}

/** From when to when in words, and while it is in force as a bar, which says nothing that the words do not. */
function span(words: Words, decision: PublicDecision, nowMs: number): Piece {
  const say = words.decision;
  const { state, startsAt, endsAt, endedAt } = decision;
  const end =
    endedAt === null
      ? html`${say.ends}<br />${timeAt(words, endsAt)}`
      : html`${state === 'lifted' ? say.liftedAt : say.endedAt}<br />${timeAt(words, endedAt)}`;
  return html`<div class="span">
    ${endedAt === null ? bar((nowMs - msOf(startsAt)) / Math.max(1, msOf(endsAt) - msOf(startsAt))) : ''}
    <div class="ends">
      <p>${say.began}<br />${timeAt(words, startsAt)}</p>
      <p>${end}</p>
    </div>
  </div>`;
}

/** `share` of the time that has gone, 0 to 1. */
function bar(share: number): Piece {
  const gone = Math.round(Math.min(1, Math.max(0, share)) * 1000);
  return html`<svg viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" y="3" width="1000" height="6" />
    <rect class="gone" y="3" width="${gone}" height="6" />
  </svg>`;
}

function scope(words: Words, { scope: covered, siteName }: PublicDecision): Piece {
  const say = words.decision;
  const part = covered.path === null ? '' : html`<p>${say.part(covered.path)}</p>`;
  if (covered.wholeSite)
    return html`<p>${say.wholeSite(siteName)}</p>
      ${part}`;
  return html`<p>${say.hostnames}</p>
    <ul>
      ${covered.hostnames.map((host) => html`<li><span class="mono">${host}</span></li>`)}
    </ul>
    ${part}`;
}

function basis(words: Words, { basis: ground }: PublicDecision): Piece {
  const say = words.decision;
  if (ground.kind === 'own-decision')
    return html`<p>${say.ownBasis}</p>
      <p>${say.ownBasisMore}</p>`;
  return html`<p>${say.legalBasis(ground.authority)}</p>
    <p>${say.legalReference(ground.reference)} ${say.legalMore}</p>
    <p><a href="${ground.authorityUrl}" rel="noreferrer nofollow">${say.authority}</a></p>`;
}

function who(words: Words, decision: PublicDecision): Piece {
  const say = words.decision;
  if (decision.decidedBy === 'two-people')
    return html`<p>${say.twoPeople}</p>
      <p>${say.twoPeopleMore(decision.provider)}</p>`;
  const more = decision.endedAt === null ? say.breakGlassMore : say.breakGlassOver;
  return html`<p>${say.breakGlass}</p>
    <p>${more}</p>`;
}

function proof(words: Words, { measure, receipts, endedAt }: PublicDecision): Piece {
  if (receipts.expected === 0) return html`<p>${words.decision.proofNone}</p>`;
  const { captchaProof } = words.decision;
  const ofCaptcha = measure === 'suspend-captcha-keys';
  // Keys are suspended by the captcha provider's processes; edges have nothing to do with it.
  const say = ofCaptcha ? { ...words.decision, ...captchaProof, proofPlain: captchaProof.plain } : words.decision;
  const line =
    endedAt === null ? say.enforced(receipts.enforced, receipts.expected) : say.liftedProof(receipts.lifted, receipts.expected);
  const failed = receipts.failed > 0 ? html`<p>${say.failed(receipts.failed)}</p>` : '';
  const more = receipts.tookMs === null || ofCaptcha ? say.proofPlain : say.proofMore(shortDuration(words, receipts.tookMs));
  return html`<p>${line}</p>
    ${failed}
    <p>${more}</p>`;
}

/** One line of a list. */
export function decisionEntry(words: Words, decision: PublicDecision): Piece {
  const say = words.decisions;
  const from = sentence(say.since(), { from: shortTimeAt(words, decision.startsAt) });
  const to =
    decision.endedAt === null
      ? sentence(say.until(), { to: shortTimeAt(words, decision.endsAt) })
      : sentence(say.ended(), { to: shortTimeAt(words, decision.endedAt) });
  return html`<li>
    <div class="side">
      <span class="number">${decision.decision}</span>
      <span class="quiet">${stateOf(words, decision)}</span>
      ${decision.drill === true ? html`<span class="quiet">${words.decision.drill}</span>` : ''}
    </div>
    <div class="what">
      <p><a href="/decisions/${decision.decision}">${headline(words, decision)}</a></p>
      <p><bdi>${decision.reason}</bdi></p>
      <p class="quiet">${from} · ${to} · ${decision.basis.kind === 'legal-order' ? say.legal : say.own}</p>
    </div>
  </li>`;
}

export function decisionsPage(words: Words, list: DecisionList, first: boolean): PageBody {
  const say = words.decisions;
  const entries = (decisions: readonly PublicDecision[], none: string) =>
    decisions.length === 0
      ? html`<p class="empty">${none}</p>`
      : html`<ul class="entries">
          ${decisions.map((decision) => decisionEntry(words, decision))}
        </ul>`;
  return {
    title: say.title,
    at: 'decisions',
    dataPath: '/decisions.json',
    feedPath: '/decisions.atom',
    body: html`<h1>${say.title}</h1>
      <p class="lede">${say.lede}</p>
      ${
        first
          ? html`<h2>${say.inForce}</h2>
              ${entries(list.inForce, say.inForceNone)}`
          : ''
      }
      <h2>${say.over}</h2>
      ${entries(list.over, say.overNone)} ${first ? noActionEntries(words, list.notActed) : ''}
      ${list.next === null ? '' : html`<p><a href="/decisions?before=${list.next}">${say.older}</a></p>`}
      <p class="quiet">${say.gaps}</p>`,
  };
}

export function noSuchDecision(words: Words): PageBody {
  return {
    title: words.decision.notFoundTitle,
    at: 'none',
    unlisted: true,
    body: html`<h1>${words.decision.notFoundTitle}</h1>
      <p class="lede">${words.decision.notFound}</p>
      <p><a href="/decisions">${words.status.allDecisions}</a></p>`,
  };
}
