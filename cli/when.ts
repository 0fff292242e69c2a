/**
 * Times as people type them: `72h`, `90s`, `7d`, `2w`, or an ISO instant such as `2026-12-01T12:00:00Z`.
 *
 * Pure: the present is an argument. A bare number is refused, because nobody can see its unit.
 */
import { Instant } from '../contract/ids.ts';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds of a duration such as `90s`, or null when it is none. Parts add up: `1d12h`. */
export function parseDurationMs(typed: string): number | null {
  const text = typed.trim().toLowerCase();
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return null;
  let sum = 0;
  for (const [, number = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    sum += Number(number) * msOf(unit);
  }
  return Number.isFinite(sum) && sum > 0 ? Math.round(sum) : null;
}

function msOf(unit: string): number {
  for (const [name, ms] of Object.entries(unitMs)) if (name === unit) return ms;
  return Number.NaN;
}

/** The instant that was typed: a duration from `nowMs`, or an ISO date and time with a zone. Null when it is neither. */
export function parseWhen(typed: string, nowMs: number): Instant | null {
  const duration = parseDurationMs(typed);
  const atMs = duration === null ? isoMs(typed.trim()) : nowMs + duration;
  if (atMs === null || Math.abs(atMs) > 8.64e15) return null;
  const parsed = Instant.safeParse(new Date(atMs).toISOString());
  return parsed.success ? parsed.data : null;
}

function isoMs(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** An instant with how far away it is: `2026-11-25 16:00:00 UTC (in 3 days)`. */
export function showInstant(instant: string, nowMs: number): string {
  const text = instant.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC');
  return `${text} (${relative(Date.parse(instant) - nowMs)})`;
}

function relative(differenceMs: number): string {
  const distance = Math.abs(differenceMs);
  if (distance < 2000) return 'now';
  const steps: readonly (readonly [string, number])[] = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ];
  for (const [name, ms] of steps) {
    const count = Math.round(distance / ms);
    if (distance >= ms * 1.5 || name === 'second' || count === 1) {
      const amount = `${count} ${name}${count === 1 ? '' : 's'}`;
      return differenceMs < 0 ? `${amount} ago` : `in ${amount}`;
    }
  }
  return 'now';
}

/** Milliseconds for people: `31 ms`, `1.2 s`. */
export function showMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
