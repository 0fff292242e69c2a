/**
 * Blacks out what names or locates people: mail addresses, telephone numbers, postal addresses, numbers of documents, and the names of a case.
 *
 * Used on every way out of the desk. It errs on the side of black: a thread's number may be taken for a telephone number. IP addresses, dates
 * and our own numbers (D-2026-0001) stay. What was blacked out is a token such as `[mail]`; redacting twice changes nothing, it never throws and takes time linear in the length.
 * Fails closed: text with more numbers than can be examined loses all that are long.
 * Not here: which names belong to a case (its sealed records). Hazard: a name that the case does not know stays; a person described in
 * other words stays. After: Lumen's redactors (desk.md 2.6).
 */
import { numbersOut } from './redaction-numbers.ts';
import { namesOut, namePatterns } from './redaction-names.ts';
import type { NamePattern } from './redaction-names.ts';
import { idsOut, mailsOut, placesOut } from './redaction-patterns.ts';
import { anyToken, outsideTokens } from './redaction-tokens.ts';

/** Web addresses as people type them: with a scheme, or a hostname with a path. */
const webAddress = /\b(?:https?|ftp):\/\/[^\s<>"'`]+|(?<![\p{L}\p{N}._-])(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}\/[^\s<>"'`]*/giu;
/** Each round takes text away and adds none, so it settles; two rounds are the rule. */
const mostRounds = 8;

/** The text without what names or locates people. `names`: this case's own (people, nicknames, places), also in disguise. */
export function redact(text: string, names: readonly string[]): string {
  const patterns = namePatterns(names);
  return settled(text, (round) => redactOnce(round, patterns));
}

/** The text without this case's names alone: of what only the desk reads, and may hold numbers and addresses. */
export function redactedNames(text: string, names: readonly string[]): string {
  if (names.length === 0) return text;
  const patterns = namePatterns(names);
  return settled(text, (round) => outsideTokens(round, (part) => namesOut(part, patterns)));
}

/** An address of the web for showing: no user name, no mail, number or name in path, query or fragment. Not a link. */
export function redactUrl(url: string, names: readonly string[] = []): string {
  const patterns = namePatterns(names);
  return settled(url, (round) => redactAddress(round, patterns));
}

function settled(text: string, once: (text: string) => string): string {
  let now = text;
  for (let round = 0; round < mostRounds; round += 1) {
    const next = once(now);
    if (next === now) return now;
    now = next;
  }
  return now;
}

function redactOnce(text: string, patterns: readonly NamePattern[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const found of text.matchAll(webAddress)) {
    parts.push(redactPlain(text.slice(done, found.index), patterns), redactAddress(found[0], patterns));
    done = found.index + found[0].length;
  }
  parts.push(redactPlain(text.slice(done), patterns));
  return parts.join('');
}

function redactPlain(text: string, patterns: readonly NamePattern[]): string {
  // Mail addresses first: a name inside one would cut it in two.
  let now = outsideTokens(outsideTokens(text, mailsOut), (part) => namesOut(part, patterns));
  for (const pass of [idsOut, placesOut, numbersOut]) now = outsideTokens(now, pass);
  return now;
}

function redactAddress(url: string, patterns: readonly NamePattern[]): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)?(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(\?[^#]*)?(#.*)?$/isu.exec(url);
  if (parts === null) return redactPlain(url, patterns);
  const [, scheme = '', , host = '', path = '', query = '', fragment = ''] = parts;
  // Numbers in a path are threads and posts more often than telephones, so there only what begins with a plus is one.
  const inPath = (text: string) =>
    outsideTokens(mailAndNames(text, patterns), (part) => (part.includes('+') ? numbersOut(part) : part));
  const inValue = (text: string) => redactPlain(text, patterns);
  return [
    scheme,
    outsideTokens(host, (part) =>
      namesOut(
        part,
        patterns.filter(({ fit }) => fit !== 'prose' && fit !== 'common'),
      ),
    ),
    path
      .split('/')
      .map((part) => decoded(part, inPath))
      .join('/'),
    pairs(query, '?', inValue),
    pairs(fragment, '#', inValue),
  ].join('');
}

function mailAndNames(text: string, patterns: readonly NamePattern[]): string {
  const mailed = outsideTokens(text, mailsOut);
  return outsideTokens(
    outsideTokens(mailed, (part) => namesOut(part, patterns)),
    idsOut,
  );
}

function pairs(part: string, mark: '?' | '#', act: (text: string) => string): string {
  if (part === '') return '';
  // A plus inside a value is a blank; one at its beginning is the plus of a telephone number.
  const look = (side: string) => decoded(side, (meant) => act(meant.replaceAll(/(?<=.)\+/gu, ' ')));
  const list = part
    .slice(1)
    .split('&')
    .map((pair) => {
      const cut = pair.indexOf('=');
      return cut < 0 ? look(pair) : `${look(pair.slice(0, cut))}=${look(pair.slice(cut + 1))}`;
    });
  return mark + list.join('&');
}

/** Looks at a part as it is meant, `%40` as `@`; what holds nothing stays as it was typed. */
function decoded(part: string, act: (text: string) => string): string {
  const after = act(percentDecoded(part));
  return anyToken.test(after) ? after : part;
}

function percentDecoded(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
