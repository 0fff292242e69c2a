/**
 * What a check of the provider stands at, as the one line that the widget carries and that nobody else keeps.
 *
 * Fields are length-prefixed, in one order, so no two states share a text and none can be moved into another; the MAC covers all of them and the
 * format's name. `mac` is an argument: the name of the key that it was made with stands before it, so that two may live.
 * Not here: whether a line was used before (captcha/provider/check/spent-lines.ts); what a step asks (core/captcha/plan.ts).
 * After: the ALTCHA advisory of 2025, fields without a boundary.
 */
import { readPuzzle, writePuzzle } from './puzzle.ts';
import type { Puzzle } from './puzzle.ts';
import { plans } from './plan.ts';
import type { Plan } from './plan.ts';

/** A place in the waiting line: hop `at` of `of`, each of so many seconds, to be brought back at `readyMs` and not before. */
export type Hop = {
  readonly kind: 'wait';
  readonly readyMs: number;
  readonly at: number;
  readonly of: number;
  readonly seconds: number;
};

export type CheckState = {
  /** Of this line alone: 32 hex digits. What is spent. */
  readonly lineId: string;
  readonly siteKey: string;
  readonly hostname: string;
  readonly action: string;
  readonly cData: string;
  readonly beganMs: number;
  readonly plan: Plan;
  /** Whether nothing spoke against the network when the check began: only those say that the work is too hard. */
  readonly calm: boolean;
  /** The step that is asked, from 1. */
  readonly at: number;
  /** What one hash took on the device, as far as it was believed; null before the first answer. */
  readonly hashMs: number | null;
  readonly work: Puzzle | Hop;
};

/** The MAC of a text, in letters, digits, `_` and `-`, with the key of this name; null when no live key bears it. */
export type LineMac = (keyName: string, text: string) => string | null;

/** Never said by MACs of other things (tokens, seals), so that none of them can be taken for a line. */
const domain = 'portcullis captcha check 1\n';
const mostCharacters = 2048;

/** Signs a state with a live key. Every field is visible ASCII; throws RangeError for others, which schemas at the door have refused. */
export function writeLine(state: CheckState, keyName: string, mac: LineMac): string {
  const { work } = state;
  const fields = [
    state.lineId,
    state.siteKey,
    state.hostname,
    state.action,
    state.cData,
    String(state.beganMs),
    state.plan,
    state.calm ? '1' : '0',
    String(state.at),
    state.hashMs === null ? '' : String(state.hashMs),
    work.kind === 'wait' ? `w-${work.readyMs}-${work.at}-${work.of}-${work.seconds}` : writePuzzle(work),
  ];
  if (!fields.every((field) => /^[\x20-\x7e]*$/.test(field))) throw new RangeError('a field of a line is not visible ASCII');
  const body = fields.map((field) => `${field.length}:${field}`).join('');
  const signed = mac(keyName, domain + body);
  if (signed === null) throw new RangeError('no live key bears this name');
  return `${keyName}.${signed}.${body}`;
}

/** Reads a line that a live key signed; null for everything else. `same` compares without saying where texts differ. */
export function readLine(line: string, mac: LineMac, same: (one: string, other: string) => boolean): CheckState | null {
  if (line.length > mostCharacters) return null;
  const [, keyName, signed, body] = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,128})\.([\x20-\x7e]+)$/.exec(line) ?? [];
  if (keyName === undefined || signed === undefined || body === undefined) return null;
  const wanted = mac(keyName, domain + body);
  if (wanted === null || !same(wanted, signed)) return null;
  return stateOf(fieldsOf(body));
}

function fieldsOf(body: string): string[] | null {
  const fields: string[] = [];
  for (let from = 0; from < body.length;) {
    const [prefix, length] = /^(0|[1-9][0-9]{0,3}):/.exec(body.slice(from, from + 5)) ?? [];
    if (prefix === undefined) return null;
    const start = from + prefix.length;
    from = start + Number(length);
    if (from > body.length) return null;
    fields.push(body.slice(start, from));
  }
  return fields;
}

function stateOf(fields: readonly string[] | null): CheckState | null {
  if (fields?.length !== 11) return null;
  const [lineId = '', siteKey = '', hostname = '', action = '', cData = ''] = fields;
  const [began = '', planText = '', calm = '', at = '', hashMs = '', workText = ''] = fields.slice(5);
  const plan = plans.find((one) => one === planText);
  const work = hopOf(workText) ?? readPuzzle(workText);
  // Signed by us, so only a line of another version of this program gets so far and does not read.
  if (plan === undefined || work === null || !/^[0-9a-f]{32}$/.test(lineId)) return null;
  const state = { lineId, siteKey, hostname, action, cData, beganMs: Number(began), plan, calm: calm === '1', at: Number(at) };
  return { ...state, hashMs: hashMs === '' ? null : Number(hashMs), work };
}

function hopOf(text: string): Hop | null {
  const [, readyMs, at, of, seconds] = /^w-([1-9][0-9]{12})-([1-9])-([1-9])-([1-9][0-9]{0,3})$/.exec(text) ?? [];
  if (readyMs === undefined) return null;
  return { kind: 'wait', readyMs: Number(readyMs), at: Number(at), of: Number(of), seconds: Number(seconds) };
}
