/**
 * What a command gets of the outside, handed in: so that a test runs every command in its own process without touching ours.
 *
 * Answers go to `out`, everything else (progress, questions of style, failures) to `err`, so that `--json` can be piped.
 */
export type Terminal = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly nowMs: () => number;
  readonly fetch: typeof fetch;
  /** Aborts when the person presses Ctrl-C. */
  readonly interrupted: AbortSignal;
};

/** Columns as wide as their widest cell, two spaces apart; the last one is not padded. Cells hold no line breaks. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => visible(row[column] ?? '').length)));
  return all
    .map((row) =>
      headings
        .map((_, column) =>
          column === headings.length - 1 ? visible(row[column] ?? '') : visible(row[column] ?? '').padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `name: value` lines with the values in one column. */
export function facts(lines: readonly (readonly [string, string | null])[]): string {
  const shown = lines.filter((line) => line[1] !== null);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .map(
      ([name, value]) =>
        `${name.padEnd(width)}  ${(value ?? '')
          .split('\n')
          .map(visible)
          .join(`\n${' '.repeat(width)}  `)}`,
    )
    .join('\n');
}

/**
 * Text of others (names, reasons, what an edge reported) without what a terminal would obey: control characters, and the
 * marks that turn the writing direction round (Unicode TR 36). Both are shown as �.
 */
function visible(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd').replace(/\n/g, ' ');
}
