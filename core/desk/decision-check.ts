/**
 * Whether a draft of a decision may be proposed: every mistake at once, by field, from the facts of its case.
 *
 * The rules of the ladder and the limbs are theirs (ladder.ts, limbs.ts); here is what joins them: which kind needs what, which evidence carries it,
 * what may be read outside. Fails closed: what is not known of a case counts against the draft. Pure: time and names are arguments.
 *
 * A broad measure (a notice instead of a whole site) that says that a life is in danger needs the levels of limbs.ts on graded incidents. A broad one
 * that does not say so rests on at least one own capture (A2). Break-glass before the grade is locked is provisional and needs an own capture: one
 * person alone with a screenshot that anybody can make is what a rival would use (desk.md 2.5 and 5.10).
 */
import type { z } from 'zod';
import type { EvidenceLevel, LadderStep } from '../../contract/desk/words.ts';
import type { EvidenceId, Instant } from '../../contract/ids.ts';
import type { DecisionDraft } from '../../contract/routes/desk/decisions.ts';
import { msOf } from '../instant.ts';
import { evidenceCarries, levelMistakes, limbMistakes } from './limbs.ts';
import type { GradedIncident } from './limbs.ts';
import { ladderMistakes, stepMakes } from './ladder.ts';
import type { Mistake } from './ladder.ts';
import { namePatterns, namesOut } from './redaction-names.ts';
import { redact } from './redaction.ts';

export type Draft = z.output<typeof DecisionDraft>;

export type DecisionFactsOfCase = {
  readonly openedAt: Instant;
  /** Whether it names a site that we shield. */
  readonly hasSite: boolean;
  readonly gradeLocked: boolean;
  /** Sites of the site's account. */
  readonly accountSites: number;
  /** Level of each evidence item that belongs to the case. */
  readonly levels: ReadonlyMap<EvidenceId, EvidenceLevel>;
  readonly incidents: readonly GradedIncident[];
  /** Sealed in this case: may stand in nothing that leaves the desk. */
  readonly names: readonly string[];
  /** When the cited criteria were published; null when there are no such criteria. */
  readonly criteriaAt: Instant | null;
  /** What stands behind `reverses` and `confirms`; null when there is no such decision in this case. */
  readonly reverses: { readonly inForce: boolean } | null;
  readonly confirms: { readonly isProvisional: boolean; readonly inForce: boolean } | null;
};

export type Check =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: 'not-graded' | 'criteria-unpublished' | 'decision-incomplete';
      readonly mistakes: Mistake[];
    };

const broadSteps: readonly LadderStep[] = ['provisional-notice-page', 'protection-withdrawn', 'account-closed'];
const ownCopies: readonly EvidenceLevel[] = ['A2', 'A3', 'A4'];
const longestRecheckDays = 366;
const dayMs = 86_400_000;

/** Everything that is wrong with a draft; `ok` when it may be proposed. */
export function checkDecision(draft: Draft, facts: DecisionFactsOfCase, atMs: number): Check {
  const { criteriaAt } = facts;
  if (criteriaAt === null) {
    const message = 'name criteria that are published: a decision rests on what everybody could read before';
    return { ok: false, code: 'criteria-unpublished', mistakes: [{ path: 'policyVersionId', message }] };
  }
  const mistakes = [...ofKind(draft, facts, atMs), ...ofWords(draft, facts), ...ofEvidence(draft, facts)];
  if (needsLimbs(draft) || draft.limbs.length > 0) {
    mistakes.push(...limbMistakes(draft.limbs, { publishedAt: criteriaAt, caseOpenedAt: facts.openedAt }));
  }
  if (mistakes.length > 0) return { ok: false, code: 'decision-incomplete', mistakes };
  if (acts(draft) && !facts.gradeLocked && draft.breakGlass === undefined) {
    const message = 'lock the grade of every incident first: whoever measures must not know how many reported';
    return { ok: false, code: 'not-graded', mistakes: [{ path: 'kind', message }] };
  }
  return { ok: true };
}

/** Whether the draft restricts something or asks an owner to. */
function acts({ kind }: Draft): boolean {
  return kind === 'measure' || kind === 'modify';
}

function needsLimbs(draft: Draft): boolean {
  return acts(draft);
}

function reachesEdges(step: LadderStep | undefined): boolean {
  return step !== undefined && stepMakes[step].makes === 'order';
}

function ofKind(draft: Draft, facts: DecisionFactsOfCase, atMs: number): Mistake[] {
  const found: Mistake[] = [];
  const say = (path: string, message: string) => void found.push({ path, message });
  const unwanted = (path: string, given: boolean) => {
    if (given) say(path, `does not belong to a decision of the kind ${draft.kind}`);
  };
  if (acts(draft)) {
    if (!facts.hasSite) say('measure', 'the case names no site of ours: set the site of the case first');
    if (draft.step === undefined) say('step', 'is needed: which step of the ladder');
    else found.push(...ofStep(draft, draft.step, facts, atMs));
    unwanted('recheckAt', draft.recheckAt !== undefined);
  } else {
    unwanted('step', draft.step !== undefined);
    unwanted('measure', draft.measure !== undefined);
    unwanted('whyNotBelow', draft.whyNotBelow.length > 0);
    unwanted('provisional', draft.provisional);
    unwanted('strike', draft.strike);
    unwanted('namedUrls', draft.namedUrls.length > 0);
    unwanted('ownerNoticeDelayReason', draft.kind === 'no-action' && draft.ownerNoticeDelayReason !== undefined);
  }
  if (draft.kind === 'no-action') {
    const recheckMs = draft.recheckAt === undefined ? null : msOf(draft.recheckAt);
    if (recheckMs === null) say('recheckAt', 'is needed: when it is looked at again');
    else if (recheckMs <= atMs) say('recheckAt', 'must be in the future');
    else if (recheckMs > atMs + longestRecheckDays * dayMs) say('recheckAt', `must be within ${longestRecheckDays} days`);
  }
  if (draft.kind === 'modify' || draft.kind === 'reverse') {
    if (draft.reverses === undefined) say('reverses', 'is needed: which decision it ends');
    else if (facts.reverses === null) say('reverses', 'is no decision of this case');
    else if (!facts.reverses.inForce) say('reverses', 'is not in force any more');
  } else unwanted('reverses', draft.reverses !== undefined);
  if (draft.confirms !== undefined) {
    if (draft.kind !== 'measure') unwanted('confirms', true);
    else if (facts.confirms === null) say('confirms', 'is no decision of this case');
    else if (!facts.confirms.isProvisional) say('confirms', 'is not provisional');
    else if (!facts.confirms.inForce) say('confirms', 'has lapsed: decide anew, without it');
    if (draft.provisional) say('provisional', 'a second panel makes a measure lasting: it is not provisional again');
    if (draft.breakGlass !== undefined) say('breakGlass', 'a second panel is two people');
  }
  if (draft.breakGlass !== undefined) {
    if (draft.kind !== 'measure' || !reachesEdges(draft.step)) say('breakGlass', 'is for a measure that reaches the edges');
    else if (!facts.gradeLocked && !draft.provisional) {
      say('provisional', 'break-glass before the grade is locked is provisional: set it');
    }
  }
  if (draft.deadline !== undefined) {
    if (draft.namedUrls.length === 0) say('deadline', 'needs the addresses that the owner is asked to act on');
    if (msOf(draft.deadline) <= atMs) say('deadline', 'must be in the future');
  }
  return found;
}

function ofStep(draft: Draft, step: LadderStep, facts: DecisionFactsOfCase, atMs: number): Mistake[] {
  const { measure } = draft;
  const lastsHours = measure === undefined ? null : (msOf(measure.endsAt) - atMs) / 3_600_000;
  const found = ladderMistakes({
    step,
    provisional: draft.provisional,
    whyNotBelow: draft.whyNotBelow,
    path: measure?.path ?? null,
    requestsPer10s: measure?.requestsPer10s ?? null,
    lastsHours,
    onCopyOnly: restsOnCopies(draft, facts),
  });
  if (lastsHours !== null && lastsHours <= 0) found.push({ path: 'measure.endsAt', message: 'must be in the future' });
  if (step === 'account-closed') {
    if (facts.accountSites > 1) {
      found.push({
        path: 'step',
        message: `the account has ${facts.accountSites} sites, and one decision restricts one site: withdraw protection from each by a decision of its own, on evidence about that site`,
      });
    }
    if ((measure?.hostnames.length ?? 0) > 0) {
      found.push({ path: 'measure.hostnames', message: 'account-closed is about the whole site: leave them out' });
    }
  }
  return found;
}

/** Nothing that carries the draft is above a reporter's own copy. */
function restsOnCopies(draft: Draft, facts: DecisionFactsOfCase): boolean {
  if (isLegal(draft)) return false;
  if (saysLifeInDanger(draft) && facts.gradeLocked) return evidenceCarries(facts.incidents) !== 'emergency';
  return !citesOwnCopy(draft, facts);
}

function isLegal({ measure }: Draft): boolean {
  return measure?.basis.kind === 'legal-order';
}

function saysLifeInDanger({ limbs }: Draft): boolean {
  return limbs.some(({ limb, finding }) => limb === 'threat-to-life' && finding === 'met');
}

function citesOwnCopy({ evidence }: Draft, { levels }: DecisionFactsOfCase): boolean {
  return evidence.some((evidenceId) => ownCopies.includes(levels.get(evidenceId) ?? 'A0'));
}

function ofEvidence(draft: Draft, facts: DecisionFactsOfCase): Mistake[] {
  const found: Mistake[] = [];
  const foreign = (path: string, ids: readonly EvidenceId[]) => {
    for (const [index, evidenceId] of ids.entries()) {
      if (!facts.levels.has(evidenceId)) found.push({ path: `${path}.${index}`, message: 'is no evidence of this case' });
    }
  };
  foreign('evidence', draft.evidence);
  for (const [index, limb] of draft.limbs.entries()) {
    if (limb.finding === 'met') foreign(`limbs.${index}.evidence`, limb.evidence);
  }
  if (!acts(draft) || draft.step === undefined || isLegal(draft)) return found;
  if (draft.evidence.length === 0) {
    found.push({ path: 'evidence', message: 'a measure of our own rests on evidence: cite at least one item' });
  } else if (draft.breakGlass !== undefined && !citesOwnCopy(draft, facts)) {
    found.push({
      path: 'breakGlass',
      message: 'one person alone needs our own capture (A2 or better): propose it, or capture first',
    });
  }
  if (!broadSteps.includes(draft.step)) return found;
  if (saysLifeInDanger(draft) && facts.gradeLocked) {
    found.push(...levelMistakes(facts.incidents, { provisional: draft.provisional, alone: draft.breakGlass !== undefined }));
  } else if (!citesOwnCopy(draft, facts) && !draft.provisional) {
    found.push({ path: 'evidence', message: 'a notice instead of the whole site needs our own capture (A2 or better)' });
  }
  return found;
}

/** What is read outside may hold nothing that names or locates people. */
function ofWords(draft: Draft, { names }: DecisionFactsOfCase): Mistake[] {
  const found: Mistake[] = [];
  const read = (path: string, text: string | undefined) => {
    if (text === undefined) return;
    const black = blackened(text, names);
    if (black.length > 0) {
      found.push({
        path,
        message: `is read outside and holds what names or locates a person (${black.join(', ')}): say it without`,
      });
    }
  };
  read('publicReason', draft.publicReason);
  for (const [index, { why }] of draft.whyNotBelow.entries()) read(`whyNotBelow.${index}.why`, why);
  read('breakGlass.reason', draft.breakGlass?.reason);
  found.push(...urlMistakes(draft.namedUrls, names));
  // What only the desk reads may hold numbers and addresses, but a sealed name leaves its seal by a logged act and no other way.
  const patterns = namePatterns(names);
  const inside: [string, string | undefined][] = [
    ['internalReason', draft.internalReason],
    ['ownerNoticeDelayReason', draft.ownerNoticeDelayReason],
    ...draft.limbs.map(({ reason }, index): [string, string] => [`limbs.${index}.reason`, reason]),
  ];
  for (const [path, text] of inside) {
    if (text !== undefined && namesOut(text, patterns) !== text) {
      found.push({ path, message: 'holds a name that is sealed in this case: say “Target A”' });
    }
  }
  return found;
}

/** Addresses for an owner hold no name that is sealed. Numbers in them stay: an address without its numbers leads nowhere. */
function urlMistakes(urls: readonly string[], names: readonly string[]): Mistake[] {
  const patterns = namePatterns(names);
  const message =
    'holds a name that is sealed in this case: name the page by an address without it, such as the number of its post';
  return urls.flatMap((url, index) => (namesOut(url, patterns) === url ? [] : [{ path: `namedUrls.${index}`, message }]));
}

export type QuestionDraft = {
  readonly subject: string;
  readonly text: string;
  readonly namedUrls: readonly string[];
  readonly deadline?: Instant | undefined;
};

/** Every mistake of a question to an owner. */
export function checkQuestion(draft: QuestionDraft, names: readonly string[], atMs: number): Mistake[] {
  const found = urlMistakes(draft.namedUrls, names);
  for (const path of ['subject', 'text'] as const) {
    const black = blackened(draft[path], names);
    if (black.length > 0) {
      found.push({
        path,
        message: `leaves the desk and holds what names or locates a person (${black.join(', ')}): say it without`,
      });
    }
  }
  if (draft.deadline !== undefined && msOf(draft.deadline) <= atMs)
    found.push({ path: 'deadline', message: 'must be in the future' });
  return found;
}

/** The kinds of what redaction would take out of a text, such as `[mail]`; empty when nothing. */
export function blackened(text: string, names: readonly string[]): string[] {
  const redacted = redact(text, names);
  if (redacted === text) return [];
  const before = tally(text);
  return [...tally(redacted)].flatMap(([token, count]) => (count > (before.get(token) ?? 0) ? [token] : []));
}

function tally(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [token] of text.matchAll(/\[[a-z]+\]/g)) found.set(token, (found.get(token) ?? 0) + 1);
  return found;
}
