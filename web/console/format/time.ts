/**
 * Instants and durations in words. Pure: "now", the zone and the language are arguments.
 *
 * A relative time is for reading at a glance; wherever one is shown, the exact instant is one hover or focus away (parts/when.tsx).
 */
const steps = [
  { unit: 'second', ms: 1000, below: 60_000 },
  { unit: 'minute', ms: 60_000, below: 3_600_000 },
  { unit: 'hour', ms: 3_600_000, below: 86_400_000 },
  { unit: 'day', ms: 86_400_000, below: Number.POSITIVE_INFINITY },
] as const;

/** `3 min ago`, `in 2 days`, `now`. Rounded to the nearest, but never to zero: what is still to come is never said to be over. */
export function relativeTime(instantMs: number, nowMs: number, language: string): string {
  const away = instantMs - nowMs;
  if (Math.abs(away) < 1000) return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(0, 'second');
  const step = steps.find((candidate) => Math.abs(away) < candidate.below) ?? steps[3];
  return new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'short' }).format(
    Math.sign(away) * Math.max(1, Math.round(Math.abs(away) / step.ms)),
    step.unit,
  );
}

/** How long a relative time stays true, so that a screen repaints no oftener than it must. */
export function relativeStepMs(instantMs: number, nowMs: number): number {
  const away = Math.abs(instantMs - nowMs);
  return away < 60_000 ? 1000 : away < 3_600_000 ? 15_000 : 60_000;
}

/** The exact instant in the viewer's zone with its name, to the second: `22 Nov 2026, 17:03:09 CET`. */
export function exactTime(instantMs: number, language: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(instantMs);
}

/** The exact instant in UTC, as it crosses wires but readable: `2026-11-22 16:03:09 UTC`. */
export function utcTime(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The clock alone, for axes and dense rows: `17:03:09`. */
export function clockTime(instantMs: number, language: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(instantMs);
}

/** The clock to the minute for axes and long tables, with the day where a range is of several: `17:03`, `22 Nov 17:03`; to the second where those count. */
export function shortTime(instantMs: number, language: string, withDay: boolean, timeZone?: string): string {
  const clock = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    ...(instantMs % 60_000 === 0 ? {} : { second: '2-digit' }),
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(instantMs);
  if (!withDay) return clock;
  const day = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(instantMs);
  return `${day} ${clock}`;
}

/** A measured duration with its unit: `31 ms`, `1.4 s`, `2 min`. */
export function duration(ms: number, language: string): string {
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  if (ms < 10) return `${number(ms, 1)} ms`;
  if (ms < 1000) return `${number(ms, 0)} ms`;
  if (ms < 60_000) return `${number(ms / 1000, 1)} s`;
  if (ms < 3_600_000) return `${number(ms / 60_000, 0)} min`;
  if (ms < 172_800_000) return `${number(ms / 3_600_000, 1)} h`;
  return `${number(ms / 86_400_000, 1)} d`;
}

/** What an `<input type="datetime-local">` holds for an instant, in the browser's zone, to the minute. */
export function toLocalInput(instantMs: number): string {
  const date = new Date(instantMs);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The instant that a `datetime-local` value means in the browser's zone, as the wire wants it; null when it is not a date. */
export function fromLocalInput(value: string): string | null {
  const ms = new Date(value).getTime();
  return value === '' || Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
