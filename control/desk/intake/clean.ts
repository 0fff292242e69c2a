/**
 * Makes what strangers send storable without changing what it says: no control characters, no halves of characters, one kind of line break.
 *
 * A report's words are taken whatever they are, so nothing here refuses. Not here: escaping, which every page does where it prints.
 */

/** Control characters (tab and line break aside) and lone surrogates are replaced; a database refuses some, a terminal obeys others. */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd');
}

const longestName = 120;

/** A file's name without folders, line breaks, direction marks and what a shell or a page could take for something else. Never empty. */
export function cleanFileName(name: string): string {
  const last = cleanText(name).split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replace(/[\n\t"'<>|*?:;`$&]/g, '_')
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/^[.\s-]+/, '')
    .trim();
  return Array.from(plain).slice(-longestName).join('') || 'file';
}
