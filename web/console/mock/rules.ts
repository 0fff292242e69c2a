/** The mock's rules: kept as they are sent; a condition is read when it begins with a field, which is all that the console's tests need. */
import type { z } from 'zod';
import type { RulesView } from '../../../contract/routes/rules.ts';
import {
  applyPreset,
  checkCondition,
  dryRun,
  getRules,
  previewPreset,
  setRules,
  undoPreset,
} from '../../../contract/routes/rules.ts';
import { defaultChallengeSettings, defaultSiteLimits } from '../../../contract/policy.ts';
import type { On } from './mock.ts';
import { MockFailure } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

type View = z.input<typeof RulesView>;

export function registerRules(on: On, state: MockState): void {
  const held = new Map<string, View>();
  const of = (siteId: string): View =>
    held.get(siteId) ?? {
      siteId,
      version: 1,
      rules: [],
      headers: { answers: [], originSecretSet: false },
      maintenance: null,
      preset: null,
      entries: 0,
      networkData: { edges: 3, withCountries: 2, withAsns: 0, unknown: 0 },
    };
  const keep = (view: View): View => {
    const next = { ...view, version: view.version + 1 };
    held.set(view.siteId, next);
    return next;
  };
  const mistakeIn = (when: string) => {
    const word = /^\S*/.exec(when)?.[0] ?? '';
    if (/^(method|host|path|extension|query|network|country|asn|not|header\(|\()/.test(word)) return null;
    return {
      start: 0,
      end: Math.max(1, word.length),
      message: `There is no “${word}”; there are method, host, path.`,
      suggestion: 'path',
    };
  };
  const needsOf = (when: string) => [
    ...(when.includes('country') ? ['countries' as const] : []),
    ...(when.includes('asn') ? ['asns' as const] : []),
  ];
  on(getRules, ({ params }) => of(params.siteId));
  on(setRules, ({ params, body }) => {
    const view = of(params.siteId);
    const fields = (body.rules ?? []).flatMap(({ when }, index) => {
      const mistake = mistakeIn(when);
      return mistake === null ? [] : [{ path: `rules.${index}.when`, message: mistake.message }];
    });
    const [first] = fields;
    if (first !== undefined) throw new MockFailure('rules-refused', `${first.message} Nothing was changed.`, fields);
    const rules = body.rules?.map((rule) => ({
      ...rule,
      then: rule.then.do === 'password' ? { do: rule.then.do } : rule.then,
      needs: needsOf(rule.when),
    }));
    const { headers } = body;
    return keep({
      ...view,
      rules: rules ?? view.rules,
      headers: {
        answers: headers?.answers ?? view.headers.answers,
        originSecretSet: headers?.originSecret === undefined ? view.headers.originSecretSet : headers.originSecret !== null,
      },
      maintenance: body.maintenance === undefined ? view.maintenance : body.maintenance,
    });
  });
  on(checkCondition, ({ body }) => ({
    mistake: mistakeIn(body.when),
    needs: needsOf(body.when),
  }));
  on(previewPreset, ({ params }) => ({
    preset: params.preset,
    limits: defaultSiteLimits,
    challenge: defaultChallengeSettings,
    differences: [{ what: 'Requests of one client in ten seconds', before: '500', after: '150' }],
  }));
  on(applyPreset, ({ params }) => keep({ ...of(params.siteId), preset: params.preset }));
  on(undoPreset, ({ params }) => keep({ ...of(params.siteId), preset: null }));
  on(dryRun, ({ params, body }) => {
    const list = body.rules ?? of(params.siteId).rules;
    const attack = body.mode === 'attack';
    // As many requests for each rule that denies as its name has letters: enough to see rows of different length.
    const hits = list.map((rule) => ({ rule, sampled: rule.enabled === false ? 0 : Math.min(40, rule.ruleId.length) }));
    const met = hits.reduce((sum, { sampled }) => sum + sampled, 0);
    const seen = params.siteId === mockId('site', 'wiki') ? 0 : 412;
    const rest = Math.max(0, seen - met) * 32;
    const at = (minutesAgo: number) => new Date(state.nowMs() - minutesAgo * 60_000).toISOString();
    const example = { method: 'GET', host: 'www.forum.example', path: '/.git/config', country: 'DE' };
    const zero = { pass: 0, allow: 0, challenge: 0, deny: 0, limit: 0, password: 0, redirect: 0, maintenance: 0, ambiguous: 0 };
    const some = (sampled: number) => (sampled === 0 || seen === 0 ? [] : [example]);
    const change = (from: 'pass', to: 'deny' | 'challenge', sampled: number) => ({
      from,
      to,
      requests: sampled * 32,
      sampled,
      examples: [example],
    });
    return {
      requests: seen,
      standFor: seen * 32,
      ownHour: {
        from: seen === 0 ? null : at(58),
        until: seen === 0 ? null : at(0),
        edges: [
          { edgeId: mockId('edge', 'one'), said: 'told' as const, requests: seen, since: at(60) },
          { edgeId: mockId('edge', 'three'), said: 'away' as const, requests: 0, since: null },
        ],
        notAsked: 0,
      },
      mode: body.mode ?? ('off' as const),
      presentMode: 'off' as const,
      verdicts: { ...zero, pass: attack ? 0 : rest, challenge: attack ? rest : 0, deny: met * 32 },
      present: { ...zero, pass: seen * 32 },
      changes: [
        ...(attack && seen > 0 ? [change('pass', 'challenge', Math.max(0, seen - met))] : []),
        ...(met > 0 && seen > 0 ? [change('pass', 'deny', met)] : []),
      ],
      rules: hits.map(({ rule, sampled }) => ({
        ruleId: rule.ruleId,
        verdict: rule.then.do,
        requests: seen === 0 ? 0 : sampled * 32,
        sampled: seen === 0 ? 0 : sampled,
        examples: some(sampled),
        unsure: rule.when.includes('country') ? ['network-data' as const] : [],
      })),
    };
  });
}
