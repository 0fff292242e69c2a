/**
 * Rules evaluated as written: the oracle for the compiler and for HAProxy, and the engine of the dry run.
 *
 * Inert rules: one that asks for a country or an AS number where there is no such data is passed over, whatever it does. For deny and
 * challenge that is open (limits and mode still hold), for allow it is closed. Whoever shows rules says which are inert.
 */
import type { Rule, Verdict } from '../../../contract/rules.ts';
import type { SiteRules } from '../../../contract/rules.ts';
import { parseCondition } from './parse.ts';
import { networkPrefixes } from '../networks.ts';
import type { RuleRequest } from './request.ts';
import type { Condition, Test } from './syntax.ts';
import { testsOf, unknownAsn, unknownCountry } from './syntax.ts';

/** Which network data the machine has that evaluates. */
export type NetworkData = { readonly countries: boolean; readonly asns: boolean };
export const allNetworkData: NetworkData = { countries: true, asns: true };

export type ParsedRule = { readonly rule: Rule; readonly condition: Condition };

export type Decision = { readonly verdict: Verdict; readonly rule: Rule | null };

/** The rules that count: enabled and not inert. Throws RangeError for a condition that does not parse: it was checked at the door. */
export function activeRules(rules: readonly Rule[], data: NetworkData): ParsedRule[] {
  return rules
    .filter((rule) => rule.enabled)
    .map((rule) => {
      const parsed = parseCondition(rule.when);
      if (parsed.kind === 'mistake') throw new RangeError(`The rule ${rule.ruleId} does not parse: ${parsed.mistake.message}`);
      return { rule, condition: parsed.condition };
    })
    .filter(({ condition }) => !isInert(condition, data));
}

/** Whether a condition asks for data that is not there. */
export function isInert(condition: Condition, data: NetworkData): boolean {
  return [...testsOf(condition)].some(({ field }) => (field === 'country' && !data.countries) || (field === 'asn' && !data.asns));
}

/** What rules and maintenance make of a request; the first rule that is true decides. */
export function decide(active: readonly ParsedRule[], maintenance: SiteRules['maintenance'], request: RuleRequest): Decision {
  const found = active.find(({ condition }) => holds(condition, request))?.rule ?? null;
  return outcome(found, maintenance !== null);
}

/** What is done for the rule that was found (or none). During maintenance only what is allowed or refused anyway is as without. */
export function outcome(found: Rule | null, maintenance: boolean): Decision {
  if (maintenance && found?.then.do !== 'allow' && found?.then.do !== 'deny') return { verdict: 'maintenance', rule: null };
  return { verdict: found?.then.do ?? 'pass', rule: found };
}

export function holds(condition: Condition, request: RuleRequest): boolean {
  switch (condition.kind) {
    case 'test':
      return testHolds(condition.test, request[condition.test.field]);
    case 'not':
      return !holds(condition.part, request);
    case 'and':
      return condition.parts.every((part) => holds(part, request));
    case 'or':
      return condition.parts.some((part) => holds(part, request));
    default:
      return condition satisfies never;
  }
}

function testHolds(test: Test, value: string): boolean {
  const { field, operator, values } = test;
  if (field === 'network') return prefixesOf(test).some((key) => value.startsWith(key));
  switch (operator) {
    case 'is':
      return values.includes(value);
    case 'starts':
      return values.some((start) => value.startsWith(start));
    case 'contains':
      return values.some((part) => value.includes(part));
    default:
      return operator satisfies never;
  }
}

/** Reading networks costs far more than comparing them, and a dry run asks the same test thousands of times. */
const prefixes = new WeakMap<Test, readonly string[]>();
function prefixesOf(test: Test): readonly string[] {
  const known = prefixes.get(test) ?? test.values.flatMap((cidr) => networkPrefixes(cidr));
  prefixes.set(test, known);
  return known;
}

/** The countries (capital letters) and AS numbers that rules name. */
export type NamedNetworks = { readonly countries: ReadonlySet<string>; readonly asns: ReadonlySet<string> };

/** What enabled rules name; conditions that do not parse name nothing. */
export function namedNetworks(rules: readonly Rule[]): NamedNetworks {
  const countries = new Set<string>();
  const asns = new Set<string>();
  for (const { when, enabled } of rules) {
    const parsed = parseCondition(when);
    if (!enabled || parsed.kind === 'mistake') continue;
    for (const { field, values } of testsOf(parsed.condition)) {
      if (field === 'country') for (const value of values) if (value !== unknownCountry) countries.add(value.toUpperCase());
      if (field === 'asn') for (const value of values) if (value !== unknownAsn) asns.add(value);
    }
  }
  return { countries, asns };
}
