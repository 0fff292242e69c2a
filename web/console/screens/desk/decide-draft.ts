/**
 * A decision as it is typed, and as it is sent: which fields its kind and step need, when it ends, and where the server's mistakes belong on
 * the form. Pure; whether it may be proposed is core/desk/decision-check.ts's to say.
 */
import { LadderStep, Limb } from '../../../../contract/desk/words.ts';
import type { DeskDecisionKind } from '../../../../contract/desk/words.ts';
import { DecisionDraft } from '../../../../contract/routes/desk/decisions.ts';
import { mistakesIn } from '../../api/client.ts';
import type { FieldMistake } from '../../api/client.ts';
import { fromLocalInput } from '../../format/time.ts';
import { linesOf } from '../sites/typed.ts';

/** Lengths in hours, and a set time. */
export const lengths = ['24', '72', '336', '720', 'exact'] as const;
export type Length = (typeof lengths)[number];

export type TypedLimb = {
  readonly finding: '' | 'met' | 'not-met';
  readonly reason: string;
  readonly evidence: readonly string[];
};

export type TypedDecision = {
  readonly kind: DeskDecisionKind;
  readonly limbs: ReadonlyMap<Limb, TypedLimb>;
  readonly step: LadderStep | null;
  readonly whyNot: ReadonlyMap<LadderStep, string>;
  readonly evidence: readonly string[];
  readonly hostnames: string;
  readonly path: string;
  readonly requestsPer10s: string;
  readonly basis: 'own-decision' | 'legal-order';
  readonly authority: string;
  readonly reference: string;
  readonly authorityUrl: string;
  readonly length: Length;
  readonly endsLocal: string;
  readonly provisional: boolean;
  readonly confirms: string;
  readonly reverses: string;
  readonly policyVersionId: string;
  readonly publicReason: string;
  readonly internalReason: string;
  readonly recheckLocal: string;
  readonly namedUrls: string;
  readonly deadlineLocal: string;
  readonly delay: boolean;
  readonly delayReason: string;
  readonly strike: boolean;
  readonly breakGlass: boolean;
  readonly breakGlassReason: string;
};

export function emptyDecision(given: Partial<TypedDecision>): TypedDecision {
  return {
    kind: 'measure',
    limbs: new Map(),
    step: null,
    whyNot: new Map(),
    evidence: [],
    hostnames: '',
    path: '',
    requestsPer10s: '',
    basis: 'own-decision',
    authority: '',
    reference: '',
    authorityUrl: '',
    length: '72',
    endsLocal: '',
    provisional: false,
    confirms: '',
    reverses: '',
    policyVersionId: '',
    publicReason: '',
    internalReason: '',
    recheckLocal: '',
    namedUrls: '',
    deadlineLocal: '',
    delay: false,
    delayReason: '',
    strike: false,
    breakGlass: false,
    breakGlassReason: '',
    ...given,
  };
}

/** Whether the kind restricts something or asks an owner to. */
export function acts(kind: DeskDecisionKind): boolean {
  return kind === 'measure' || kind === 'modify';
}

/** The steps below one, from narrow to broad. */
export function below(step: LadderStep | null): readonly LadderStep[] {
  return step === null ? [] : LadderStep.options.slice(0, LadderStep.options.indexOf(step));
}

/** Whether a step sends an order to the edges or the captcha service. */
export function reaches(step: LadderStep | null): boolean {
  return step !== null && step !== 'owner-notice';
}

/** Whether a step is provisional by itself, may be, or never is. */
export function provisionalOf(step: LadderStep | null): 'always' | 'may-be' | 'never' {
  if (step === 'provisional-notice-page') return 'always';
  return step === 'notice-on-path' || step === 'limit-or-challenge' || step === 'captcha-keys' ? 'may-be' : 'never';
}

/** Limbs that have an answer. */
export function answered(typed: TypedDecision): number {
  return Limb.options.filter((limb) => (typed.limbs.get(limb)?.finding ?? '') !== '').length;
}

/** When the measure would end if it were proposed at `nowMs`; null while a date is missing. */
export function endOf(typed: TypedDecision, nowMs: number): string | null {
  if (typed.length === 'exact') return fromLocalInput(typed.endsLocal);
  // A minute less: a browser's clock that is ahead must not exceed the most that a provisional measure may last.
  return new Date(nowMs + Number(typed.length) * 3_600_000 - 60_000).toISOString();
}

export type DecideWords = {
  readonly finding: string;
  readonly step: string;
  readonly instant: string;
  readonly reverses: string;
};

export type Drafted = { readonly body: DecisionDraft; readonly mistakes: readonly FieldMistake[] };

/** The decision as the contract wants it, and every mistake that can be seen from here, by the form's own paths. */
export function draftFrom(typed: TypedDecision, nowMs: number, words: DecideWords): Drafted {
  const mistakes: FieldMistake[] = [];
  const measures = acts(typed.kind);
  const step = measures ? typed.step : null;
  if (measures && step === null) mistakes.push({ path: 'step', message: words.step });
  if (measures) {
    for (const limb of Limb.options) {
      if ((typed.limbs.get(limb)?.finding ?? '') === '') mistakes.push({ path: `limb.${limb}`, message: words.finding });
    }
  }
  const endsAt = endOf(typed, nowMs);
  if (reaches(step) && endsAt === null) mistakes.push({ path: 'measure.endsAt', message: words.instant });
  const ends = typed.kind === 'modify' || typed.kind === 'reverse';
  if (ends && typed.reverses === '') mistakes.push({ path: 'reverses', message: words.reverses });
  const recheckAt = typed.kind === 'no-action' ? fromLocalInput(typed.recheckLocal) : null;
  if (typed.kind === 'no-action' && recheckAt === null) mistakes.push({ path: 'recheckAt', message: words.instant });

  const provisional = measures && (provisionalOf(step) === 'always' || (provisionalOf(step) === 'may-be' && typed.provisional));
  const hostnames = step === 'account-closed' ? [] : linesOf(typed.hostnames);
  const namedUrls = measures ? linesOf(typed.namedUrls) : [];
  const deadline = namedUrls.length > 0 ? fromLocalInput(typed.deadlineLocal) : null;
  const body: DecisionDraft = {
    kind: typed.kind,
    limbs: measures ? Limb.options.flatMap((limb) => findingOf(limb, typed.limbs.get(limb))) : [],
    ...(step === null ? {} : { step }),
    ...(reaches(step)
      ? {
          measure: {
            hostnames,
            ...(step === 'notice-on-path' ? { path: typed.path.trim() } : {}),
            ...(step === 'limit-or-challenge' && typed.requestsPer10s.trim() !== ''
              ? { requestsPer10s: Number(typed.requestsPer10s) }
              : {}),
            basis:
              typed.basis === 'own-decision'
                ? { kind: 'own-decision' }
                : {
                    kind: 'legal-order',
                    authority: typed.authority,
                    reference: typed.reference,
                    authorityUrl: typed.authorityUrl,
                  },
            endsAt: endsAt ?? new Date(nowMs).toISOString(),
          },
        }
      : {}),
    whyNotBelow: below(step).map((narrower) => ({ step: narrower, why: typed.whyNot.get(narrower) ?? '' })),
    evidence: [...typed.evidence],
    policyVersionId: typed.policyVersionId,
    publicReason: typed.publicReason,
    internalReason: typed.internalReason,
    provisional,
    ...(typed.kind === 'measure' && typed.confirms !== '' ? { confirms: typed.confirms } : {}),
    ...(ends && typed.reverses !== '' ? { reverses: typed.reverses } : {}),
    ...(recheckAt === null ? {} : { recheckAt }),
    namedUrls,
    ...(deadline === null ? {} : { deadline }),
    ...(measures && typed.delay ? { ownerNoticeDelayReason: typed.delayReason } : {}),
    strike: measures && typed.strike,
    ...(typed.kind === 'measure' && reaches(step) && typed.breakGlass ? { breakGlass: { reason: typed.breakGlassReason } } : {}),
  };
  const known = new Set(mistakes.map((mistake) => mistake.path));
  mistakes.push(...onForm(body, mistakesIn(DecisionDraft, body)).filter((mistake) => !known.has(mistake.path)));
  return { body, mistakes };
}

/** Mistakes by the form's own paths: a limb and a step by its name instead of its place in the list. */
export function onForm(body: DecisionDraft, mistakes: readonly FieldMistake[]): readonly FieldMistake[] {
  return mistakes.map(({ path, message }) => {
    const [, list, index] = /^(?:body\.)?(limbs|whyNotBelow)\.(\d+)/.exec(path) ?? [];
    if (list === 'limbs') return { path: `limb.${body.limbs[Number(index)]?.limb ?? ''}`, message };
    if (list === 'whyNotBelow') return { path: `whyNot.${body.whyNotBelow[Number(index)]?.step ?? ''}`, message };
    return { path, message };
  });
}

function findingOf(limb: Limb, typed: TypedLimb | undefined): DecisionDraft['limbs'] {
  if (typed === undefined || typed.finding === '') return [];
  if (typed.finding === 'met') return [{ limb, finding: 'met', reason: typed.reason, evidence: [...typed.evidence] }];
  return [{ limb, finding: 'not-met', reason: typed.reason }];
}
