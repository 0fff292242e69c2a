/**
 * The queue's order as a place in it, and what somebody who searches means.
 *
 * Order: open cases before closed ones, then the lane, then what is due first, then the older case. How many reported is nowhere in it.
 * Pure: the cursor's text is made and read here, the SQL is in store/desk/queue.ts. A cursor that is not one is null, never an error.
 */
import { CaseNumber, DecisionNumber, Instant } from '../../contract/ids.ts';
import { instantOf, msOf } from '../instant.ts';

/** Where a page of the queue ended. */
export type QueuePlace = {
  readonly closed: boolean;
  readonly laneRank: number;
  /** Null when nothing is due: after everything that is. */
  readonly dueAt: Instant | null;
  readonly order: number;
};

/** The place as text that a caller hands back as it came. */
export function writePlace(place: QueuePlace): string {
  return [place.closed ? 1 : 0, place.laneRank, place.dueAt === null ? '-' : msOf(place.dueAt), place.order].join('.');
}

/** The place in a text that `writePlace` made; null for any other text. */
export function readPlace(text: string): QueuePlace | null {
  const parts = /^([01])\.([0-2])\.(-|\d{1,15})\.(\d{1,15})$/.exec(text);
  if (parts === null) return null;
  const [, closed, rank, due, order] = parts;
  const dueMs = due === '-' ? null : Number(due);
  if (dueMs !== null && dueMs > latestMs) return null;
  return {
    closed: closed === '1',
    laneRank: Number(rank),
    dueAt: dueMs === null ? null : instantOf(dueMs),
    order: Number(order),
  };
}

/** The last instant that ISO text of four-digit years can carry. */
const latestMs = Date.UTC(9999, 11, 31);

/** What a search asks for. `words` are lower case; a word with dots or hyphens is looked for whole and in its parts. */
export type QueueSearch =
  | { readonly kind: 'case'; readonly number: CaseNumber }
  | { readonly kind: 'decision'; readonly number: DecisionNumber }
  | { readonly kind: 'receipt'; readonly number: number }
  | { readonly kind: 'words'; readonly words: readonly SearchWord[] }
  | { readonly kind: 'nothing' };

export type SearchWord = { readonly whole: string; readonly parts: readonly string[]; readonly begins: boolean };

const mostWords = 8;
/** Shorter beginnings match nearly everything and help nobody. */
const shortestBeginning = 3;

/** Reads what was typed into the search field. Any text has a meaning; one without a letter or digit asks for nothing. */
export function readSearch(typed: string): QueueSearch {
  const text = typed.normalize('NFKC').trim();
  const upper = text.toUpperCase();
  const asCase = CaseNumber.safeParse(upper);
  if (asCase.success) return { kind: 'case', number: asCase.data };
  const asDecision = DecisionNumber.safeParse(upper);
  if (asDecision.success) return { kind: 'decision', number: asDecision.data };
  const receipt = /^#?(\d{1,12})$/.exec(text);
  if (receipt !== null) return { kind: 'receipt', number: Number(receipt[1]) };
  const found = text
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}.\-/]+/u)
    .map((word) => word.replaceAll(/^[.\-/]+|[.\-/]+$/g, ''))
    .filter((word) => word !== '')
    .slice(0, mostWords);
  if (found.length === 0) return { kind: 'nothing' };
  return {
    kind: 'words',
    words: found.map((whole, index) => ({
      whole,
      parts: whole.split(/[.\-/]+/),
      begins: index === found.length - 1 && whole.length >= shortestBeginning,
    })),
  };
}

/** The words as PostgreSQL's tsquery, all of them wanted; lexemes quoted, so that no text becomes an operator. */
export function tsqueryOf(words: readonly SearchWord[]): string {
  return words
    .map(({ whole, parts, begins }) => {
      const lastPart = parts.length - 1;
      const split = parts.map((part, index) => lexeme(part, begins && index === lastPart && part.length >= shortestBeginning));
      return parts.length === 1 ? (split[0] ?? '') : `(${lexeme(whole, begins)} | (${split.join(' & ')}))`;
    })
    .join(' & ');
}

function lexeme(text: string, begins: boolean): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'${begins ? ':*' : ''}`;
}
