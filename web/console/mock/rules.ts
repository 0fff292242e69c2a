/** The mock's rules: kept as they are sent; a condition is read when it begins with a field, which is all that the console's tests need. */
import type { z } from 'zod';
import type { RulesView } from '../../../contract/routes/rules.ts';
import { applyPreset, checkCondition, getRules, previewPreset, setRules, undoPreset } from '../../../contract/routes/rules.ts';
import { defaultChallengeSettings, defaultSiteLimits } from '../../../contract/policy.ts';
import type { On } from './mock.ts';
import { MockFailure } from './mock.ts';

type View = z.input<typeof RulesView>;

export function registerRules(on: On): void {
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
      needs: [],
    }));
    return keep({
      ...view,
      rules: rules ?? view.rules,
      maintenance: body.maintenance === undefined ? view.maintenance : body.maintenance,
    });
  });
  on(checkCondition, ({ body }) => ({
    mistake: mistakeIn(body.when),
    needs: body.when.includes('country') ? ['countries' as const] : [],
  }));
  on(previewPreset, ({ params }) => ({
    preset: params.preset,
    limits: defaultSiteLimits,
    challenge: defaultChallengeSettings,
    differences: [{ what: 'Requests of one client in ten seconds', before: '500', after: '150' }],
  }));
  on(applyPreset, ({ params }) => keep({ ...of(params.siteId), preset: params.preset }));
  on(undoPreset, ({ params }) => keep({ ...of(params.siteId), preset: null }));
}
