/** The first page: whether everything works, what is in force, what this provider is. */
import { html } from 'hono/html';
import type { Instant } from '../../contract/ids.ts';
import { decisionEntry } from './decision.ts';
import type { DecisionList, Incident, StatusFacts } from './facts.ts';
import { clockAt, sentence, shortTimeAt } from './format.ts';
import { stateMark } from './layout.ts';
import type { PageBody, Piece } from './layout.ts';
import type { Words } from './words/index.ts';

const decisionsShown = 5;

export function homePage(
  words: Words,
  status: StatusFacts,
  incidents: readonly Incident[],
  decisions: DecisionList,
  now: Instant,
): PageBody {
  const say = words.status;
  const edges = status.groups.reduce((sum, group) => sum + group.edges, 0);
  const current = status.groups.reduce((sum, group) => sum + group.current, 0);
  const median = slowest(status.groups.map((group) => group.p50Ms));
  const tail = slowest(status.groups.map((group) => group.p99Ms));
  return {
    title: say.title(status.provider),
    at: 'status',
    dataPath: '/status.json',
    body: html`<p class="eyebrow">
        <span>${say.eyebrow}</span>
        ${stateOf(words, edges, current)}
      </p>
      <h1>${edges === 0 ? say.noEdges : current === edges ? say.allCurrent(edges) : say.someBehind(current, edges)}</h1>
      <p class="lede">${edges === 0 ? say.ledeNone : current === edges ? say.ledeGood : say.ledeBehind}</p>
      <dl class="numbers">
        <div>
          <dt>${say.edges}</dt>
          <dd>${current} <small>${say.edgesOf(edges)}</small></dd>
        </div>
        <div>
          <dt>${say.median}</dt>
          <dd>${milliseconds(words, median)}</dd>
        </div>
        <div>
          <dt>${say.slowest}</dt>
          <dd>${milliseconds(words, tail)}</dd>
        </div>
        <div>
          <dt>${say.sites}</dt>
          <dd>${status.sitesReady}</dd>
        </div>
        <div>
          <dt>${say.inForce}</dt>
          <dd>${decisions.inForce.length}</dd>
        </div>
      </dl>
      <p class="quiet measured">${sentence(say.measured(now.slice(0, 10)), { at: clockAt(words, now) })}</p>

      <h2>${say.latest}</h2>
      ${
        decisions.inForce.length === 0
          ? html`<p class="empty">${say.latestNone}</p>`
          : html`<ul class="entries">
              ${decisions.inForce.slice(0, decisionsShown).map((decision) => decisionEntry(words, decision))}
            </ul>`
      }
      <p><a href="/decisions">${say.allDecisions}</a></p>

      <h2>${say.incidents}</h2>
      ${
        incidents.length === 0
          ? html`<p class="empty">${say.incidentsNone}</p>`
          : html`<ul class="entries">
              ${incidents.map((incident) => incidentEntry(words, incident))}
            </ul>`
      }

      <h2>${say.what}</h2>
      ${say.whatText(status.provider).map((text) => html`<p>${text}</p>`)}`,
  };
}

function stateOf(words: Words, edges: number, current: number): Piece {
  if (edges > 0 && current === edges) return stateMark('tick', 'good', words.status.good);
  if (current > 0) return stateMark('half', 'caution', words.status.caution);
  return edges === 0 ? html`` : stateMark('full', 'alarm', words.status.alarm);
}

function incidentEntry(words: Words, incident: Incident): Piece {
  const say = words.status;
  return html`<li>
    <div class="side">${incident.seen ? stateMark('ring', 'over', say.seen) : stateMark('full', 'caution', say.open)}</div>
    <div class="what">
      <p>${say.incident[incident.kind]}</p>
      <p class="quiet">${shortTimeAt(words, incident.at)}</p>
    </div>
  </li>`;
}

/** The slowest group's figure: the honest one for the whole. */
function slowest(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function milliseconds(words: Words, figure: number | null): Piece {
  if (figure === null) return html`<small>${words.status.none}</small>`;
  const text = new Intl.NumberFormat(words.locale, { maximumFractionDigits: figure < 10 ? 1 : 0 }).format(figure);
  return html`${text} <small>${words.status.ms}</small>`;
}
