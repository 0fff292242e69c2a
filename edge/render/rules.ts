/**
 * A site's rules, headers and maintenance as map entries: the table that skeleton/rules.ts runs.
 *
 * In `rules`, looked up by the longest prefix: `site:` → what is read, first state, bucket; `site|STATE FIELD VALUE` → next state;
 * `site!N` → a decision. Values of a table hold no separator: what comes from an owner is a path, an address, hex or base64.
 */
import { createHash } from 'node:crypto';
import type { SitePolicy } from '../../contract/policy.ts';
import { answerHeaders } from '../../contract/rules.ts';
import type { AnswerHeader, Rule, SiteRules } from '../../contract/rules.ts';
import { compileRules } from '../../core/shield/rules/compile.ts';
import type { Machine } from '../../core/shield/rules/compile.ts';
import { activeRules } from '../../core/shield/rules/evaluate.ts';
import type { Decision, NetworkData } from '../../core/shield/rules/evaluate.ts';
import { field } from './maps.ts';
import { html, line } from './pages/escape.ts';
import type { MapEntry } from './types.ts';
import { wordBuckets } from './types.ts';

export { wordBuckets };

/** Fields of a decision: the act (or `allow`, `challenge`, `limit`), the rule, its number, and what the act needs. */
export const ruleField = { act: 1, ruleId: 2, number: 3, first: 4, second: 5, third: 6 } as const;

/** Fields of a site's value in `rule-headers`: the secret for the origin (or `0`), a small letter per header to set, a capital per one to take away. */
export const ruleHeaderField = { secret: 1, letters: 2 } as const;

export function headerLetter(name: AnswerHeader): string {
  return String.fromCharCode('a'.charCodeAt(0) + answerHeaders.indexOf(name));
}

/** Whether HAProxy has anything to look up for a site: its flag `r`. */
export function hasRules(rules: SiteRules | undefined): rules is SiteRules {
  if (rules === undefined) return false;
  const { list, headers, maintenance } = rules;
  return (
    list.some(({ enabled }) => enabled) || maintenance !== null || headers.originSecret !== null || headers.answers.length > 0
  );
}

/** All entries of a site's rules; `usualState` is what follows a state's first two fields (site.ts). Throws RangeError for rules that do not parse or compile: the control plane let none through. */
export function ruleEntries(site: SitePolicy, data: NetworkData, usualState: string): MapEntry[] {
  const { rules, siteId } = site;
  if (!hasRules(rules)) return [];
  return [
    ...machineEntries(site, rules, data, usualState),
    ...headerEntries(siteId, rules),
    ...maintenanceEntries(siteId, rules),
  ];
}

function machineEntries(site: SitePolicy, rules: SiteRules, data: NetworkData, usualState: string): MapEntry[] {
  const active = activeRules(rules.list, data);
  if (active.length === 0 && rules.maintenance === null) return [];
  const machine = compileRules(active, rules.maintenance);
  const { siteId } = site;
  const bucket = Number.parseInt(createHash('sha256').update(siteId).digest('hex').slice(0, 6), 16) % wordBuckets.length;
  const map = wordBuckets[bucket] ?? wordBuckets[0];
  return [
    ...[...machine.patterns].map(([pattern, value]): MapEntry => ({ map, key: `^${siteId}\\|${pattern}`, value })),
    ...machine.decisions.map((decision, index): MapEntry => ({
      map: 'rules',
      key: `${siteId}!${index}`,
      value: `${decisionText(site, rules, decision)}${stateOf(decision, usualState)}`,
    })),
    ...[...machine.entries].map(([key, to]): MapEntry => ({ map: 'rules', key: `${siteId}|${latin(key)}`, value: to })),
    { map: 'rules', key: `${siteId}:`, value: head(machine, machine.patterns.size > 0 ? bucket : '-') },
  ];
}

function head({ reads, start }: Machine, bucket: number | '-'): string {
  return `${reads === '' ? '-' : reads}|${start}|${bucket}`;
}

/** One character for each byte becomes text again; entries are written as UTF-8. */
function latin(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  // A beginning that ends within a letter cannot be written as text: it never comes from a text that an owner typed.
  if (Buffer.from(text, 'utf8').toString('latin1') !== bytes) throw new RangeError('a rule holds bytes that are not UTF-8');
  return text;
}

function decisionText(site: SitePolicy, rules: SiteRules, { verdict, rule }: Decision): string {
  if (verdict === 'maintenance') return `maintenance|-|0|${rules.maintenance?.retryAfterSeconds ?? 600}`;
  if (rule === null) return 'pass|-|0';
  const number = rules.list.indexOf(rule).toString(36);
  const parts = actParts(site, rule);
  return [parts[0], rule.ruleId, number, ...parts.slice(1)].map((part) => field(String(part))).join('|');
}

/** A challenge or limit becomes a state of its own where there is none: what follows the state's first two fields. */
function stateOf({ verdict }: Decision, usualState: string): string {
  return verdict === 'challenge' || verdict === 'limit' ? `|${usualState}` : '';
}

function actParts(site: SitePolicy, { then }: Rule): readonly [string, ...(string | number)[]] {
  switch (then.do) {
    case 'allow':
      return ['allow'];
    case 'challenge':
      return ['challenge', 0];
    case 'deny':
      return ['rule-deny'];
    case 'limit':
      return ['limit', Math.min(then.requestsPer10s, site.limits.requestsPer10s ?? then.requestsPer10s)];
    case 'password':
      return ['gate', then.salt, then.hash];
    case 'redirect':
      return ['rule-redirect', then.status, then.to, then.keepPath ? 'keep' : 'drop'];
    default:
      return then satisfies never;
  }
}

function headerEntries(siteId: string, { headers }: SiteRules): MapEntry[] {
  const { answers, originSecret } = headers;
  if (answers.length === 0 && originSecret === null) return [];
  const letters = answers.map(({ header, value }) =>
    value === null ? headerLetter(header).toUpperCase() : headerLetter(header),
  );
  const values = answers.flatMap(({ header, value }): MapEntry[] =>
    value === null ? [] : [{ map: 'rule-headers', key: `${siteId}|${header}`, value: line(value) }],
  );
  return [...values, { map: 'rule-headers', key: siteId, value: `${originSecret ?? '0'}|${letters.join('') || '-'}` }];
}

function maintenanceEntries(siteId: string, { maintenance }: SiteRules): MapEntry[] {
  if (maintenance === null) return [];
  const sentence = line(maintenance.sentence);
  const text = { html: html(sentence), json: JSON.stringify(sentence).slice(1, -1), txt: sentence };
  return Object.entries(text).map(([form, value]): MapEntry => ({ map: 'maintenance', key: `${siteId}|${form}`, value }));
}
