/** The rules tab's draft: what is typed, and what becomes of it. An action is a word and a detail, as a person would say it. */
import { HeaderChange, RuleActionDraft, RuleDraft } from '../../../../contract/rules.ts';
import type { AnswerHeader } from '../../../../contract/rules.ts';
import { HeadersDraft } from '../../../../contract/routes/rules.ts';
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

/** A header of answers, set to a value or taken away. */
export type TypedHeader = { readonly header: AnswerHeader; readonly value: string; readonly away: boolean };

export type TypedRules = {
  readonly rules: readonly TypedRule[];
  readonly headers: readonly TypedHeader[];
  /** A new secret for the origin; empty keeps the one that is held, unless it is switched off. */
  readonly secret: string;
  readonly secretOff: boolean;
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
    headers: view.headers.answers.map(({ header, value }) => ({ header, value: value ?? '', away: value === null })),
    secret: '',
    secretOff: false,
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
  return { body: { version, rules, headers: headersOf(typed, mistakes), maintenance }, mistakes };
}

function headersOf({ headers, secret, secretOff }: TypedRules, mistakes: FieldMistake[]): RulesDraft['headers'] {
  const answers = headers.flatMap(({ header, value, away }, index) => {
    const parsed = HeaderChange.safeParse({ header, value: away ? null : value });
    if (parsed.success) return [parsed.data];
    mistakes.push({ path: `headers.answers.${index}.value`, message: parsed.error.issues[0]?.message ?? '' });
    return [];
  });
  const wanted = secretOff ? null : secret.trim() === '' ? undefined : secret.trim();
  const originSecret = HeadersDraft.shape.originSecret.safeParse(wanted);
  if (!originSecret.success)
    mistakes.push({ path: 'headers.originSecret', message: originSecret.error.issues[0]?.message ?? '' });
  return { answers, ...(wanted === undefined ? {} : { originSecret: wanted }) };
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
