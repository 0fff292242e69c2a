/**
 * Certificates decided: which one serves a name, when one is replaced, when to try again, when to raise an alarm.
 *
 * Pure: time and chance are arguments. Which one serves depends on no clock, so every edge decides alike and nothing has to happen when one
 * expires: of those that cover a name the one that is valid longest serves, so an expired one never stands before a valid one.
 * Not here: what a certificate holds (kit/certificate-pem.ts), asking an authority (control/certificates).
 * After: RFC 9773 (renewal information), RFC 6125 6.4.3 (a wildcard is one label), Let's Encrypt's advice to renew with a third left.
 */

export type Candidate = { readonly certificateId: string; readonly names: readonly string[]; readonly notAfter: string };

/** Whether a certificate's name covers a hostname of a site, which may itself be a wildcard: then only the same wildcard does. */
export function nameCovers(name: string, hostname: string): boolean {
  if (name === hostname) return true;
  if (!name.startsWith('*.') || hostname.startsWith('*.')) return false;
  const dot = hostname.indexOf('.');
  return dot > 0 && hostname.slice(dot) === name.slice(1);
}

/** The certificate that serves a hostname: valid longest, then the exact name before the wildcard, then the smaller id; null: none. */
export function certificateFor<One extends Candidate>(hostname: string, candidates: readonly One[]): One | null {
  let best: One | null = null;
  for (const one of candidates) {
    if (!one.names.some((name) => nameCovers(name, hostname))) continue;
    if (best === null || isBetter(one, best, hostname)) best = one;
  }
  return best;
}

function isBetter(one: Candidate, other: Candidate, hostname: string): boolean {
  if (one.notAfter !== other.notAfter) return one.notAfter > other.notAfter;
  const exact = one.names.includes(hostname);
  if (exact !== other.names.includes(hostname)) return exact;
  return one.certificateId < other.certificateId;
}

/** The authority's word on when to renew (RFC 9773): in milliseconds since 1970. */
export type RenewalWindow = { readonly startMs: number; readonly endMs: number };

/**
 * When to replace a certificate. In the authority's window, if it named one, at a point that `chance` (0 to 1) picks; else when a third of
 * its life is left, and up to a fiftieth of its life earlier, so that certificates of one day are not renewed in one hour.
 */
export function renewAtMs(
  { notBeforeMs, notAfterMs }: { readonly notBeforeMs: number; readonly notAfterMs: number },
  window: RenewalWindow | null,
  chance: number,
): number {
  if (window !== null && window.endMs > window.startMs)
    return Math.round(window.startMs + (window.endMs - window.startMs) * chance);
  const lifeMs = notAfterMs - notBeforeMs;
  return Math.round(notAfterMs - lifeMs / 3 - (lifeMs / 50) * chance);
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Waits after the first, second … failure of one name. Authorities allow few failures: Let's Encrypt five an hour for one name. */
const waitsMs = [5 * minuteMs, 15 * minuteMs, hourMs, 4 * hourMs, 12 * hourMs, 24 * hourMs] as const;

/** How long to wait after the n-th failure in a row, spread by a tenth; never sooner than the authority asks (`notBeforeMs` from now). */
export function retryInMs(failures: number, chance: number, notBeforeMs = 0): number {
  const waitMs = waitsMs[Math.min(Math.max(1, failures), waitsMs.length) - 1] ?? 24 * hourMs;
  return Math.max(notBeforeMs, Math.round(waitMs * (1 + chance / 10)));
}

const dayMs = 24 * hourMs;
/** Days before the end of a certificate at which people are told. */
export const alarmDays = [30, 14, 7, 2] as const;

/**
 * The narrowest threshold (days) that a certificate has reached, or null. One that renews itself is looked after until a third of its life is
 * left: nobody is told before a good deal of that has passed without a new one.
 */
export function alarmThreshold(
  { notBeforeMs, notAfterMs, renewsItself }: { notBeforeMs: number; notAfterMs: number; renewsItself: boolean },
  atMs: number,
): number | null {
  const lifeMs = notAfterMs - notBeforeMs;
  const longestMs = renewsItself ? lifeMs / 3 : lifeMs;
  const reached = alarmDays.filter((days) => days * dayMs < longestMs && notAfterMs - atMs <= days * dayMs);
  if (reached.length > 0) return reached.at(-1) ?? null;
  // One that lives for days only is late when a tenth of its life is left.
  return notAfterMs - atMs <= lifeMs / 10 && lifeMs < 7 * dayMs ? 0 : null;
}
