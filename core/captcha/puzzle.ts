/**
 * What a puzzle of stronger work is, as the one line of text that HAProxy signs and carries for us.
 *
 * Two kinds follow each other: `time`, squarings that only one after the other can be done, and `memory`, a chain of Argon2id searches. A
 * puzzle holds all that is needed to check its answer, so nobody keeps it between question and answer. HAProxy signs
 * `captcha|site|key id.time.random.PUZZLE` and takes each signature once (edge/render/skeleton/strong.ts): a puzzle is therefore written in letters,
 * digits and hyphens alone, every field has one spelling and its own place, and no two puzzles or sites share a line. What does not read back to
 * the very same line is none.
 * After: the ALTCHA advisory of 2025, where fields without a boundary could be moved into one another.
 */

/** The format. A line of another version is no puzzle: whoever brings one is asked anew. */
const version = '1';

export type TimePuzzle = {
  readonly kind: 'time';
  readonly issuedMs: number;
  /** Sixteen bytes in hex, from which the number to be squared is made. */
  readonly seed: string;
  /** Of the modulus, whose factors the process that made the puzzle keeps. */
  readonly modulusId: string;
  readonly squarings: number;
};

export type MemoryPuzzle = {
  readonly kind: 'memory';
  readonly issuedMs: number;
  /** When the first puzzle of this visitor was made. */
  readonly beganMs: number;
  /** Sixteen bytes in hex: the salt, and what the first search of the chain hangs on. */
  readonly seed: string;
  readonly searches: number;
  /** Mean number of tries that a search takes. */
  readonly tries: number;
  readonly kib: number;
};

export type Puzzle = TimePuzzle | MemoryPuzzle;

const seedPattern = '[0-9a-f]{32}';
const number = '(0|[1-9][0-9]{0,8})';
const instant = '([1-9][0-9]{12})';
const timePattern = new RegExp(`^${version}-t-${instant}-(${seedPattern})-([0-9a-f]{16})-${number}$`);
const memoryPattern = new RegExp(`^${version}-m-${instant}-${instant}-(${seedPattern})-${number}-${number}-${number}$`);

export function writePuzzle(puzzle: Puzzle): string {
  const fields =
    puzzle.kind === 'time'
      ? ['t', puzzle.issuedMs, puzzle.seed, puzzle.modulusId, puzzle.squarings]
      : ['m', puzzle.issuedMs, puzzle.beganMs, puzzle.seed, puzzle.searches, puzzle.tries, puzzle.kib];
  return [version, ...fields].join('-');
}

/** Reads a line back; null for everything that `writePuzzle` would not have written. */
export function readPuzzle(text: string): Puzzle | null {
  const [, timeIssued, timeSeed, modulusId, squarings] = timePattern.exec(text) ?? [];
  if (timeSeed !== undefined && modulusId !== undefined)
    return { kind: 'time', issuedMs: Number(timeIssued), seed: timeSeed, modulusId, squarings: Number(squarings) };
  const [, issued, began, seed, searches, tries, kib] = memoryPattern.exec(text) ?? [];
  if (seed === undefined) return null;
  return {
    kind: 'memory',
    issuedMs: Number(issued),
    beganMs: Number(began),
    seed,
    searches: Number(searches),
    tries: Number(tries),
    kib: Number(kib),
  };
}
