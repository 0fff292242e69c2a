/** The criteria, every version that was ever published, with the hash that a decision cites. */
import { html } from 'hono/html';
import type { Criteria } from '../../../contract/routes/desk/decisions.ts';
import { timeAt } from '../format.ts';
import type { PageBody } from '../layout.ts';
import type { Words } from '../words/index.ts';
import type { OwnerWords } from './words.ts';

export function criteriaPage(words: Words, say: OwnerWords, versions: readonly Criteria[]): PageBody {
  return {
    title: say.criteria,
    at: 'none',
    dataPath: '/api/v1/desk/criteria',
    body: html`<h1>${say.criteria}</h1>
      <p class="lede">${say.criteriaLede}</p>
      ${versions.map(
        (version, index) =>
          html`<section>
            <h2 id="${`v${version.sha256.slice(0, 12)}`}">${version.title}</h2>
            <p class="quiet">
              ${index === 0 ? say.newest : say.older} · ${timeAt(words, version.publishedAt)} · SHA-256
              <span class="mono">${version.sha256}</span>
            </p>
            <div lang="en" dir="ltr">
              ${version.text
                .split('\n\n')
                .map((part) => html`<p>${part.split('\n').map((line, at) => (at === 0 ? line : html`<br />${line}`))}</p>`)}
            </div>
          </section>`,
      )}`,
  };
}
