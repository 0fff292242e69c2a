/**
 * The parts of which form pages are made: labelled fields, an error summary that leads to them, buttons that go on and back.
 *
 * Without scripts. Every field has a label, a hint and a mistake that are tied to it for screen readers; a page with a mistake begins with a
 * summary whose links lead to the fields. After: GOV.UK Design System (error summary, radios, "optional" questions).
 */
import { html } from 'hono/html';
import type { Piece } from '../layout.ts';
import type { ReportWords } from '../words/report/index.ts';
import type { Mistake } from './draft.ts';

export type Mistakes = readonly Mistake[];

function idsFor(name: string, hint: unknown, mistake: unknown): string {
  return [hint === undefined ? '' : `${name}-hint`, mistake === undefined ? '' : `${name}-mistake`]
    .filter((id) => id !== '')
    .join(' ');
}

function sentenceOf(say: ReportWords, name: string, mistakes: Mistakes): string | undefined {
  const found = mistakes.find((mistake) => mistake.field === name);
  return found === undefined ? undefined : say.errors[found.error];
}

/** The list of mistakes at the head of a page; `more`: sentences that belong to no field. */
export function errorSummary(say: ReportWords, mistakes: Mistakes, more: readonly string[] = []): Piece {
  if (mistakes.length === 0 && more.length === 0) return html``;
  return html`<div class="mistakes" role="alert" aria-labelledby="mistakes-title">
    <h2 id="mistakes-title">${say.errors.title}</h2>
    <ul>
      ${mistakes.map(({ field, error }) => html`<li><a href="#${field}">${say.errors[error]}</a></li>`)}
      ${more.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
  </div>`;
}

type FieldOptions = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly mistakes: Mistakes;
  readonly say: ReportWords;
};

type InputOptions = FieldOptions & {
  readonly type?: 'text' | 'email' | 'tel' | 'date' | 'time';
  readonly autocomplete?: string;
  readonly short?: boolean;
  readonly ltr?: boolean;
};

export function inputField(options: InputOptions): Piece {
  const { name, label, hint, value, mistakes, say, type = 'text', autocomplete = 'off', short = false, ltr = false } = options;
  const mistake = sentenceOf(say, name, mistakes);
  const described = idsFor(name, hint, mistake);
  return html`<div class="field ${mistake === undefined ? '' : 'wrong'}">
    <label for="${name}">${label}</label>
    ${described === '' ? '' : about(name, hint, mistake)}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      class="${short ? 'short' : ''}"
      autocomplete="${autocomplete}"
      ${ltr ? html`dir="ltr"` : ''}
      ${described === '' ? '' : html`aria-describedby="${described}"`}
      ${mistake === undefined ? '' : html`aria-invalid="true"`}
    />
  </div>`;
}

export function textField(options: FieldOptions & { readonly rows: number; readonly ltr?: boolean }): Piece {
  const { name, label, hint, value, mistakes, say, rows, ltr = false } = options;
  const mistake = sentenceOf(say, name, mistakes);
  const described = idsFor(name, hint, mistake);
  return html`<div class="field ${mistake === undefined ? '' : 'wrong'}">
    <label for="${name}">${label}</label>
    ${about(name, hint, mistake)}
    <textarea
      id="${name}"
      name="${name}"
      rows="${rows}"
      ${ltr ? html`dir="ltr" spellcheck="false"` : html`dir="auto"`}
      ${described === '' ? '' : html`aria-describedby="${described}"`}
      ${mistake === undefined ? '' : html`aria-invalid="true"`}
    >
${value}</textarea>
  </div>`;
}

export function fileField(options: Omit<FieldOptions, 'value'>): Piece {
  const { name, label, hint, mistakes, say } = options;
  const mistake = sentenceOf(say, name, mistakes);
  const described = idsFor(name, hint, mistake);
  return html`<div class="field ${mistake === undefined ? '' : 'wrong'}">
    <label for="${name}">${label}</label>
    ${about(name, hint, mistake)}
    <input
      id="${name}"
      name="${name}"
      type="file"
      multiple
      ${described === '' ? '' : html`aria-describedby="${described}"`}
      ${mistake === undefined ? '' : html`aria-invalid="true"`}
    />
  </div>`;
}

function about(name: string, hint: string | undefined, mistake: string | undefined): Piece {
  return html`${hint === undefined ? '' : html`<p class="hint" id="${name}-hint">${hint}</p>`}
  ${mistake === undefined ? '' : html`<p class="mistake" id="${name}-mistake">${mistake}</p>`}`;
}

export type Choice = { readonly value: string; readonly label: string; readonly hint?: string };

/** Radio buttons whose question is the page's heading. */
export function choices(options: {
  readonly name: string;
  readonly legend: Piece | string;
  readonly hint?: string;
  readonly list: readonly Choice[];
  readonly chosen: string | null;
  readonly mistakes: Mistakes;
  readonly say: ReportWords;
}): Piece {
  const { name, legend, hint, list, chosen, mistakes, say } = options;
  const mistake = sentenceOf(say, name, mistakes);
  const described = idsFor(name, hint, mistake);
  return html`<fieldset
    class="field ${mistake === undefined ? '' : 'wrong'}"
    ${described === '' ? '' : html`aria-describedby="${described}"`}
  >
    <legend>${legend}</legend>
    ${about(name, hint, mistake)}
    ${list.map(
      ({ value, label, hint: more }, index) =>
        html`<div class="choice">
          <input
            type="radio"
            id="${index === 0 ? name : `${name}-${value}`}"
            name="${name}"
            value="${value}"
            ${chosen === value ? html`checked` : ''}
            ${more === undefined ? '' : html`aria-describedby="${name}-${value}-hint"`}
          />
          <div>
            <label for="${index === 0 ? name : `${name}-${value}`}">${label}</label>
            ${more === undefined ? '' : html`<p class="hint" id="${name}-${value}-hint">${more}</p>`}
          </div>
        </div>`,
    )}
  </fieldset>`;
}

export function tick(name: string, label: string, checked: boolean): Piece {
  return html`<div class="choice">
    <input type="checkbox" id="${name}" name="${name}" value="yes" ${checked ? html`checked` : ''} />
    <div><label for="${name}">${label}</label></div>
  </div>`;
}

export function hidden(name: string, value: string): Piece {
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}
