/**
 * Escaping, in one place: HTML, and HAProxy's log-format in which page templates are written.
 *
 * Everything that a person typed passes `html` on its way into a page. Everything literal in a template passes `literal`, because
 * HAProxy reads `%` in a template as the start of an expression. Map values that a template inserts are not read again.
 */

/** Text as HTML content or as a double-quoted attribute value. */
export function html(text: string): string {
  return text.replaceAll(/[&<>"'\p{Cc}\p{Zl}\p{Zp}]/gu, (character) => {
    switch (character) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&#34;';
      case "'":
        return '&#39;';
      default:
        return ' ';
    }
  });
}

/** Text that stands as it is in a template: HAProxy must not read a `%` in it. Runs of spaces would be shortened: they become one. */
export function literal(text: string): string {
  return text.replaceAll('%', '%%').replaceAll(/ {2,}/g, ' ');
}

/** One line of plain text: no control characters, so no line of its own making. */
export function line(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}

/** An http(s) address as it may stand inside `<…>` of a Link header: ASCII, no brackets, quotes or white space. */
export function linkTarget(url: string): string {
  return new URL(url).href.replaceAll(/[^\x21-\x7e]|[<>"\\^`{|}]/g, (character) => encodeURIComponent(character));
}

/** Cuts after so many characters, with an ellipsis, never between the halves of a surrogate pair. */
export function shorten(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}…`;
}
