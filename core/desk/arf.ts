/**
 * Reads the machine's part of an ARF report (`message/feedback-report`) into what the desk takes in.
 *
 * Lenient: fields that we do not know are left out, broken lines are skipped, nothing throws. What names people stays out of `machine`: the
 * addresses of the original mail's sender and recipient stand in the sealed original only. `Incidents` (how often it happened,
 * as the sender counts) is left out too: it would be a volume that somebody reads before the grade is locked.
 * After: RFC 5965 (format), RFC 6590 (redaction), RFC 6591 (`auth-failure`), RFC 6692 (`Source-Port`).
 */
import { Instant } from '../../contract/ids.ts';
import type { Json } from '../../contract/canonical.ts';
import type { ReportClass } from '../../contract/desk/words.ts';
import { instantOf } from '../instant.ts';

export type Feedback = {
  readonly class: ReportClass;
  readonly urls: readonly string[];
  readonly hostname: string | null;
  readonly happenedAt: Instant | null;
  readonly machine: Readonly<Record<string, Json>>;
};

const classOfType: Readonly<Record<string, ReportClass>> = { abuse: 'spam', fraud: 'phishing', virus: 'malware' };

const mostLines = 500;
const mostUrls = 250;
const longestValue = 4000;

export function parseFeedback(text: string): Feedback {
  const fields = fieldsOf(text);
  const first = (name: string) => fields.get(name)?.[0] ?? null;
  const type = (first('feedback-type') ?? '').toLowerCase();
  const machine: Record<string, Json> = {};
  for (const name of ['feedback-type', 'version', 'user-agent', 'source-ip', 'source-port', 'auth-failure'] as const) {
    const value = first(name);
    if (value !== null && !value.includes('@')) machine[name] = value.slice(0, 200);
  }
  return {
    class: Object.hasOwn(classOfType, type) ? (classOfType[type] ?? 'other') : 'other',
    urls: (fields.get('reported-uri') ?? []).slice(0, mostUrls),
    hostname: (first('reported-domain') ?? '').replace(/\.$/, '').toLowerCase() || null,
    happenedAt: instantIn(first('arrival-date') ?? first('received-date')),
    machine,
  };
}

/** Header-like fields, unfolded, by lower-case name. */
function fieldsOf(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  let name = '';
  for (const line of text.split(/\r\n|\n|\r/, mostLines)) {
    const values = fields.get(name);
    if (/^[ \t]/.test(line) && values !== undefined) {
      const last = values.pop() ?? '';
      values.push(`${last} ${line.trim()}`.slice(0, longestValue));
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) {
      name = '';
      continue;
    }
    name = line.slice(0, colon).trim().toLowerCase();
    const value = line
      .slice(colon + 1)
      .trim()
      .slice(0, longestValue);
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  return fields;
}

/** A date as mails write it; null when it is none or lies outside what a date can be. */
export function instantIn(text: string | null): Instant | null {
  if (text === null || text.length > 100) return null;
  const ms = Date.parse(text.replaceAll(/\([^()]*\)/g, ' ').trim());
  // Years of four digits, so that the text sorts as the time does.
  return Number.isFinite(ms) && ms > 0 && ms < 253_402_300_800_000 ? instantOf(ms) : null;
}
