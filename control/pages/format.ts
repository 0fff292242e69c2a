/** Times and durations as public pages print them: always UTC, always exact, in the reader's language. */
import { html } from 'hono/html';
import type { Instant } from '../../contract/ids.ts';
import type { Piece } from './layout.ts';
import type { Words } from './words/index.ts';

/** `22 November 2026, 16:40 UTC` with the full instant for machines. */
export function timeAt(words: Words, at: Instant): Piece {
  const date = new Date(at);
  const day = new Intl.DateTimeFormat(words.locale, { dateStyle: 'long', timeZone: 'UTC' }).format(date);
  const clock = new Intl.DateTimeFormat(words.locale, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
  }).format(date);
  const comma = words.direction === 'rtl' ? '،' : ',';
  return html`<time datetime="${at}">${day}${comma} ${clock} UTC</time>`;
}

/** `22 Nov 2026, 16:40 UTC`, for lists. */
export function shortTimeAt(words: Words, at: Instant): Piece {
  const settings = {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const;
  const text = new Intl.DateTimeFormat(words.locale, { ...settings, timeZone: 'UTC' }).format(new Date(at));
  return html`<time datetime="${at}">${text} UTC</time>`;
}

/** `16:40:07 UTC`. */
export function clockAt(words: Words, at: Instant): Piece {
  const clock = new Intl.DateTimeFormat(words.locale, { timeStyle: 'medium', hourCycle: 'h23', timeZone: 'UTC' }).format(
    new Date(at),
  );
  return html`<time datetime="${at}">${clock} UTC</time>`;
}

/** `31 ms`, `4.2 s`, `3 min`, with a space that does not break. */
export function shortDuration(words: Words, ms: number): string {
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(words.locale, { maximumFractionDigits: digits }).format(value);
  if (ms < 1000) return `${number(ms, 0)}\u00a0ms`;
  if (ms < 100_000) return `${number(ms / 1000, 1)}\u00a0s`;
  return `${number(ms / 60_000, 0)}\u00a0min`;
}

/** A sentence with pieces of markup in it: each name is replaced by its piece, each other text is escaped. */
export function sentence<Part extends string>(
  pieces: readonly (string | Part)[],
  parts: Readonly<Record<Part, Piece | string>>,
): Piece {
  const found: Readonly<Record<string, Piece | string>> = parts;
  return html`${pieces.map((piece) => (Object.hasOwn(found, piece) ? (found[piece] ?? '') : piece))}`;
}
