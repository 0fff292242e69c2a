/**
 * Days and times of day that a text names, so that none is overlooked: a threat that names a day is another one.
 *
 * Only what is written out in full: 2026-05-12, 12.05.2026, 12 May 2026, May 12, 2026, 12. Mai 2026, 12 de mayo de 2026, 12 mai 2026. Days with slashes are read
 * one way here and another there, so they are left to people. No time zone is guessed: it is what the text says.
 */
const months: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'january januar enero janvier',
    'february februar febrero février',
    'march märz marzo mars',
    'april abril avril',
    'may mai mayo',
    'june juni junio juin',
    'july juli julio juillet',
    'august agosto août',
    'september septiembre septembre',
    'october oktober octubre octobre',
    'november noviembre novembre',
    'december dezember diciembre décembre',
  ].flatMap((names, index) => names.split(' ').map((name) => [name, index + 1])),
);
const month = `(${Object.keys(months).join('|')})`;
const clock = String.raw`(?:[T,]?\s{0,2}(?:at|um|a las|à|@)?\s{0,2}([01]?\d|2[0-3])[:.h]([0-5]\d)(?!\d))?`;
const start = String.raw`(?<![\p{L}\p{N}./-])`;
const forms: readonly {
  readonly pattern: RegExp;
  readonly order: readonly ['year' | 'month' | 'day', 'year' | 'month' | 'day', 'year' | 'month' | 'day'];
}[] = [
  { pattern: new RegExp(`${start}(\\d{4})-(\\d{2})-(\\d{2})(?!\\d)${clock}`, 'giu'), order: ['year', 'month', 'day'] },
  {
    pattern: new RegExp(`${start}(\\d{1,2})\\.\\s?(\\d{1,2})\\.\\s?(\\d{4})(?!\\d)${clock}`, 'giu'),
    order: ['day', 'month', 'year'],
  },
  {
    pattern: new RegExp(
      `${start}(\\d{1,2})(?:st|nd|rd|th|\\.|er)?\\s(?:de\\s|of\\s)?${month}\\s(?:de\\s)?(\\d{4})(?!\\d)${clock}`,
      'giu',
    ),
    order: ['day', 'month', 'year'],
  },
  {
    pattern: new RegExp(`${start}${month}\\s(\\d{1,2})(?:st|nd|rd|th)?,?\\s(\\d{4})(?!\\d)${clock}`, 'giu'),
    order: ['month', 'day', 'year'],
  },
];
const mostTimes = 10;

/** Each once, in order: `2026-05-12` or `2026-05-12 18:30`. */
export function timesInText(text: string): string[] {
  const found = new Set<string>();
  for (const { pattern, order } of forms) {
    for (const match of text.matchAll(pattern)) {
      const values = { year: 0, month: 0, day: 0 };
      for (const [index, name] of order.entries()) {
        const typed = match[index + 1] ?? '';
        values[name] = months[typed.toLowerCase()] ?? Number(typed);
      }
      const { year, month: inYear, day } = values;
      if (year < 1990 || year > 2100 || inYear < 1 || inYear > 12 || day < 1 || day > 31) continue;
      const [, , , , hour, minute] = match;
      const time = hour === undefined || minute === undefined ? '' : ` ${hour.padStart(2, '0')}:${minute}`;
      found.add(`${year}-${String(inYear).padStart(2, '0')}-${String(day).padStart(2, '0')}${time}`);
    }
  }
  return [...found].sort().slice(0, mostTimes);
}
