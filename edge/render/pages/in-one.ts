/**
 * One template for a page in all languages: what is worded stands in a map by language, what HAProxy fills in stands in the template.
 *
 * For answers that HAProxy chooses by their status alone (`http-error`), where no rule can choose a file by language, and so that one rule
 * answers instead of one for each language. The skeleton looks the pieces up (`wordRules`) and the template inserts them.
 * What can go wrong: pages that do not fill in the same things in the same order cannot be one template; that is thrown, and a test renders all.
 */

export type InOne = {
  readonly template: string;
  /** A HAProxy map: `language.piece text`. */
  readonly words: string;
  readonly pieces: number;
};

const expression = /(%\[[^\]]*\])/;

/** `pages`: templates by language that differ in their literal text only. */
export function inOneTemplate(pages: ReadonlyMap<string, string>): InOne {
  const split = [...pages].map(([language, page]) => ({ language, parts: page.split(expression) }));
  const first = split[0]?.parts ?? [];
  const rows: string[] = [];
  let pieces = 0;
  const template = first.map((part, index) => {
    const texts = split.map(({ language, parts }) => ({ language, text: parts[index] ?? '' }));
    if (texts.every(({ text }) => text === part)) return part;
    if (expression.test(part) || split.some(({ parts }) => parts.length !== first.length)) {
      throw new Error(`A page in several languages does not fill in the same things in each: ${part.slice(0, 60)}`);
    }
    // Not read again for expressions, so the doubled percent signs of a template are single here. A map's value has no spaces at its ends.
    for (const { language, text } of texts) {
      const value = text.replaceAll('%%', '%').replaceAll('\n', '');
      if (value.trim() !== value || value === '') throw new Error(`A piece of a page begins or ends with a space: ${value}`);
      rows.push(`${language}.${pieces} ${value}\n`);
    }
    pieces += 1;
    return `%[var(txn.w${pieces - 1})]`;
  });
  return { template: template.join(''), words: rows.join(''), pieces };
}

/** Looks the pieces up by `txn.lang`. */
export function wordRules(file: string, pieces: number, condition: string): string[] {
  return Array.from(
    { length: pieces },
    (_, piece) =>
      `http-request set-var(txn.w${piece}) var(txn.lang),concat(.${piece}),map_str(${file})${condition === '' ? '' : ` ${condition}`}`,
  );
}
