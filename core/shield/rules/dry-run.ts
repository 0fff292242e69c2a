/**
 * What rules, networks and a mode would do to requests that were seen, and what those in force do to them: counts, and a few examples.
 *
 * It answers for the site's own settings only: orders, limits of the whole site, crawlers that are known and clearances are not in it, so
 * `challenge` means that a visitor without a clearance is asked once. A limit is counted as such for every request that its rule names, since
 * a sample does not say how fast they came. A sampled request counts for as many as it stands for. What a sample cannot say is said:
 * a rule about networks narrower than those that are kept, or about countries and AS numbers that nobody asked about before.
 */
import type { NetworkRule, SiteMode } from '../../../contract/policy.ts';
import type { Rule, RuleId, SampledRequest, SiteRules, TriedVerdict, Unsure, Verdict } from '../../../contract/rules.ts';
import { addressDigits, networkPrefixes } from '../networks.ts';
import { isOpenPath } from '../risk.ts';
import { activeRules, allNetworkData, decide, namedNetworks } from './evaluate.ts';
import type { ParsedRule } from './evaluate.ts';
import { ruleRequest, sampledRequest } from './request.ts';
import type { RawRequest } from './request.ts';
import { testsOf } from './syntax.ts';

/** What decides about a request, as far as it is tried. */
export type Tried = {
  readonly list: readonly Rule[];
  readonly maintenance: SiteRules['maintenance'];
  readonly networks: readonly NetworkRule[];
  readonly mode: SiteMode;
};

/** `requests`: as many as the sampled ones stand for. */
type Count = { requests: number; sampled: number; examples: SampledRequest[] };

export type DryRunResult = {
  readonly requests: number;
  readonly standFor: number;
  readonly verdicts: Readonly<Record<TriedVerdict, number>>;
  readonly present: Readonly<Record<TriedVerdict, number>>;
  readonly changes: readonly (Readonly<Count> & { readonly from: TriedVerdict; readonly to: TriedVerdict })[];
  readonly rules: readonly (Readonly<Count> & {
    readonly ruleId: RuleId;
    readonly verdict: Verdict;
    readonly unsure: readonly Unsure[];
  })[];
};

const mostExamples = 5;

/** Rules that do not parse throw a RangeError: they are checked at the door. */
export function dryRun(present: Tried, tried: Tried, samples: readonly SampledRequest[]): DryRunResult {
  const [judgeNow, judgeThen] = [judge(present), judge(tried)];
  const verdicts = noVerdicts();
  const before = noVerdicts();
  const byRule = new Map<RuleId, Count>();
  const changes = new Map<string, Count & { from: TriedVerdict; to: TriedVerdict }>();
  let standFor = 0;
  for (const sample of samples) {
    const now = judgeNow(sample);
    const then = judgeThen(sample);
    standFor += sample.oneIn;
    before[now.verdict] += sample.oneIn;
    verdicts[then.verdict] += sample.oneIn;
    if (then.ruleId !== null) add(held(byRule, then.ruleId, emptyCount), sample);
    if (now.verdict === then.verdict) continue;
    const change = { from: now.verdict, to: then.verdict };
    add(
      held(changes, `${change.from} ${change.to}`, () => ({ ...emptyCount(), ...change })),
      sample,
    );
  }
  const unsure = doubts(present, samples);
  return {
    requests: samples.length,
    standFor,
    verdicts,
    present: before,
    changes: [...changes.values()].sort((a, b) => b.requests - a.requests),
    rules: tried.list.map((rule) => ({
      ruleId: rule.ruleId,
      verdict: rule.then.do,
      ...(byRule.get(rule.ruleId) ?? emptyCount()),
      unsure: unsure(rule),
    })),
  };
}

type Judged = { readonly verdict: TriedVerdict; readonly ruleId: RuleId | null };

function judge({ list, maintenance, networks, mode }: Tried): (sample: SampledRequest) => Judged {
  const active = activeRules(list, allNetworkData);
  const prefixes = networks
    .flatMap(({ cidr, action }) => networkPrefixes(cidr).map((prefix) => ({ prefix, action })))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return (sample) => {
    const raw = sampledRequest(sample, addressDigits);
    const owner = prefixes.find(({ prefix }) => raw.address.startsWith(prefix))?.action;
    // Neither is asked by rules; an allowed network passes limits, check and maintenance.
    if (owner === 'deny') return { verdict: 'deny', ruleId: null };
    if (owner === 'allow') return { verdict: 'allow', ruleId: null };
    const { verdict, ruleId } = byRules(active, maintenance, raw);
    return { verdict: withMode(verdict, mode, raw), ruleId };
  };
}

function byRules(active: readonly ParsedRule[], maintenance: Tried['maintenance'], raw: RawRequest): Judged {
  const ruled = active.length > 0 || maintenance !== null;
  const request = ruled ? ruleRequest(raw) : null;
  // A site without rules reads no path, so that nothing of it is ambiguous here.
  if (request === null) return { verdict: ruled ? 'ambiguous' : 'pass', ruleId: null };
  const { verdict, rule } = decide(active, maintenance, request);
  return { verdict, ruleId: rule?.ruleId ?? null };
}

/** In attack mode whatever would reach the site meets the check first, and so does what a rule has checked; some paths never do. */
function withMode(verdict: TriedVerdict, mode: SiteMode, raw: RawRequest): TriedVerdict {
  const checked = verdict === 'challenge' || (mode === 'attack' && (verdict === 'pass' || verdict === 'limit'));
  if (!checked) return verdict;
  if (isOpenPath(raw.method, raw.path)) return verdict === 'challenge' ? 'pass' : verdict;
  return 'challenge';
}

/** Why what is said of a rule may not hold. Data about networks is loaded at edges for what rules name, so a new name is unknown in the sample. */
function doubts(present: Tried, samples: readonly SampledRequest[]): (rule: Rule) => Unsure[] {
  const known = namedNetworks(present.list);
  const kept = { v4: 32, v6: 128 };
  for (const { network } of samples) {
    const family = network.includes(':') ? 'v6' : 'v4';
    kept[family] = Math.min(kept[family], bitsOf(network));
  }
  const narrower = (cidr: string) => bitsOf(cidr) > kept[cidr.includes(':') ? 'v6' : 'v4'];
  return (rule) => {
    const tests = activeRules([{ ...rule, enabled: true }], allNetworkData).flatMap(({ condition }) => [...testsOf(condition)]);
    const named = namedNetworks([{ ...rule, enabled: true }]);
    const unknown =
      [...named.countries].some((one) => !known.countries.has(one)) || [...named.asns].some((one) => !known.asns.has(one));
    return [
      ...(tests.some(({ field, values }) => field === 'network' && values.some(narrower)) ? (['networks'] as const) : []),
      ...(unknown ? (['network-data'] as const) : []),
    ];
  };
}

function bitsOf(cidr: string): number {
  return Number(cidr.split('/')[1] ?? (cidr.includes(':') ? 128 : 32));
}

function add(count: Count, sample: SampledRequest): void {
  count.requests += sample.oneIn;
  count.sampled += 1;
  if (count.examples.length < mostExamples) count.examples.push(sample);
}

function held<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function emptyCount(): Count {
  return { requests: 0, sampled: 0, examples: [] };
}

function noVerdicts(): Record<TriedVerdict, number> {
  return { pass: 0, allow: 0, challenge: 0, deny: 0, limit: 0, password: 0, redirect: 0, maintenance: 0, ambiguous: 0 };
}
