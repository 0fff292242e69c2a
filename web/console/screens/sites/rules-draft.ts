/** The rules tab's draft: what is typed, and what becomes of it. An action is a word and a detail, as a person would say it. */
import { RuleActionDraft, RuleDraft } from '../../../../contract/rules.ts';
import type { RulesDraft, RulesView, ShownRule } from '../../../../contract/routes/rules.ts';
import type { FieldMistake } from '../../api/client.ts';

export const actionWords = ['allow', 'challenge', 'deny', 'limit', 'password', 'redirect', 'redirect-all'] as const;
export type ActionWord = (typeof actionWords)[number];

export type TypedRule = {
  /** Stays with the rule while it is moved and renamed. */
  readonly key: number;
  readonly name: string;
  readonly when: string;
  readonly action: ActionWord;
  readonly detail: string;
  readonly enabled: boolean;
};

export type TypedRules = {
  readonly rules: readonly TypedRule[];
  readonly maintenance: boolean;
  readonly sentence: string;
  readonly retryAfter: string;
};

export function typedRules(view: RulesView): TypedRules {
  return {
    rules: view.rules.map((rule, key) => ({
      key,
      name: rule.ruleId,
      when: rule.when,
      enabled: rule.enabled,
      ...typedAction(rule.then),
    })),
    maintenance: view.maintenance !== null,
    sentence: view.maintenance?.sentence ?? '',
    retryAfter: String(view.maintenance?.retryAfterSeconds ?? 3600),
  };
}

function typedAction(then: ShownRule['then']): Pick<TypedRule, 'action' | 'detail'> {
  if (then.do === 'limit') return { action: 'limit', detail: String(then.requestsPer10s) };
  if (then.do === 'redirect') return { action: then.keepPath ? 'redirect-all' : 'redirect', detail: `${then.status} ${then.to}` };
  return { action: then.do, detail: '' };
}

/** What is sent, or the mistakes by the path of their field. */
export function draftOfTyped(
  typed: TypedRules,
  version: number,
): { readonly body: RulesDraft; readonly mistakes: readonly FieldMistake[] } {
  const mistakes: FieldMistake[] = [];
  const rules = typed.rules.flatMap((rule, index) => {
    const action = RuleActionDraft.safeParse(actionOf(rule));
    if (!action.success) {
      mistakes.push({ path: `rules.${index}.then`, message: action.error.issues[0]?.message ?? '' });
      return [];
    }
    const parsed = RuleDraft.safeParse({ ruleId: rule.name.trim(), when: rule.when, enabled: rule.enabled, then: action.data });
    if (parsed.success) return [parsed.data];
    for (const { path, message } of parsed.error.issues) mistakes.push({ path: `rules.${index}.${path.join('.')}`, message });
    return [];
  });
  const maintenance = typed.maintenance ? { sentence: typed.sentence.trim(), retryAfterSeconds: Number(typed.retryAfter) } : null;
  return { body: { version, rules, maintenance }, mistakes };
}

function actionOf({ action, detail }: TypedRule): unknown {
  const [status = '', to = ''] = detail.trim().split(/\s+/);
  switch (action) {
    case 'limit':
      return { do: 'limit', requestsPer10s: Number(detail) };
    case 'password':
      return detail === '' ? { do: 'password' } : { do: 'password', password: detail };
    case 'redirect':
    case 'redirect-all':
      return { do: 'redirect', status: Number(status), to, keepPath: action === 'redirect-all' };
    case 'allow':
    case 'challenge':
    case 'deny':
      return { do: action };
    default:
      return action satisfies never;
  }
}

/** A condition with a mistake's place replaced by what was meant. */
export function mended(when: string, { start, end }: { start: number; end: number }, suggestion: string): string {
  return `${when.slice(0, start)}${suggestion}${when.slice(end)}`;
}
