/**
 * What rules and a mode would do to requests that were seen: counts, and a few examples for each rule.
 *
 * It answers for the site's own settings only: orders, limits of the whole site and clearances are not in it. A limit is counted as
 * such for every request that its rule names, since a sample does not say how fast they came. Country and AS number are what the edge noted.
 */
import type { SiteMode } from '../../../contract/policy.ts';
import type { SampledRequest, SiteRules, Verdict } from '../../../contract/rules.ts';
import { addressDigits } from '../networks.ts';
import { activeRules, allNetworkData, decide } from './evaluate.ts';
import { ruleRequest, sampledRequest } from './request.ts';

export type DryRunResult = {
  readonly verdicts: Record<Verdict, number>;
  readonly rules: readonly {
    readonly ruleId: SiteRules['list'][number]['ruleId'];
    readonly verdict: Verdict;
    readonly requests: number;
    readonly examples: readonly SampledRequest[];
  }[];
  readonly ambiguous: number;
};

const mostExamples = 5;

const noVerdicts: Readonly<Record<Verdict, number>> = {
  pass: 0,
  allow: 0,
  challenge: 0,
  deny: 0,
  limit: 0,
  password: 0,
  redirect: 0,
  maintenance: 0,
};

type Count = { requests: number; examples: SampledRequest[] };

function emptyCount(): Count {
  return { requests: 0, examples: [] };
}

/** Rules that do not parse throw a RangeError: they are checked at the door. */
export function dryRun(
  rules: Pick<SiteRules, 'list' | 'maintenance'>,
  mode: SiteMode,
  samples: readonly SampledRequest[],
): DryRunResult {
  const active = activeRules(rules.list, allNetworkData);
  const met = new Map(rules.list.map((rule) => [rule.ruleId, emptyCount()]));
  const verdicts: Record<Verdict, number> = { ...noVerdicts };
  let ambiguous = 0;
  for (const sample of samples) {
    const request = ruleRequest(sampledRequest(sample, addressDigits));
    if (request === null) {
      ambiguous += 1;
      continue;
    }
    const { verdict, rule } = decide(active, rules.maintenance, request);
    const shown = verdict === 'pass' && mode === 'attack' ? 'challenge' : verdict;
    verdicts[shown] += 1;
    const counted = rule === null ? undefined : met.get(rule.ruleId);
    if (counted === undefined) continue;
    counted.requests += 1;
    if (counted.examples.length < mostExamples) counted.examples.push(sample);
  }
  return {
    verdicts,
    rules: rules.list.map(({ ruleId, then }) => {
      const { requests, examples } = met.get(ruleId) ?? emptyCount();
      return { ruleId, verdict: then.do, requests, examples };
    }),
    ambiguous,
  };
}
