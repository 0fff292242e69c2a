/** Instants from and to milliseconds since 1970: the one place where the text form is made. */
import { Instant } from '../contract/ids.ts';

/** The instant at so many milliseconds since 1970-01-01 UTC. Throws a RangeError beyond the years that ISO text can carry. */
export function instantOf(ms: number): Instant {
  return Instant.parse(new Date(ms).toISOString());
}

/** Milliseconds since 1970-01-01 UTC. */
export function msOf(instant: Instant): number {
  return Date.parse(instant);
}
