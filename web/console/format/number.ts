/** Numbers with their units, as the viewer's language writes them. Pure. */

/** `12,345` */
export function whole(value: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

/** A rate with two significant digits below ten and none above: `0.4`, `3.2`, `250`, `12k`. */
export function rate(value: number, language: string): string {
  if (value >= 10_000) return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
  return new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** `42 %`; a share that is neither nothing nor all never reads as 0 or 100. */
export function share(part: number, of: number, language: string): string {
  if (of === 0) return '–';
  const exact = (part / of) * 100;
  const shown = part > 0 && exact < 1 ? '<1' : part < of && exact > 99 ? '>99' : whole(exact, language);
  return `${shown} %`;
}

const sizes = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1000],
] as const;

/** A size in bytes with its unit: `48.2 kB`. */
export function bytes(value: number, language: string): string {
  const [unit, per] = sizes.find(([, per]) => value >= per) ?? (['B', 1] as const);
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value / per)} ${unit}`;
}
