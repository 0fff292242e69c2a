/**
 * The suggested grade: from ten axes to G0–G4 by written rules, and every mistake of an assessment before anybody relies on it.
 *
 * Pure and versioned: the same axes give the same grade for ever under the same version. The only input is what assessors found, axis by axis; there is
 * no input for how many reported, for who they are, or for what a machine thinks of the words, so none of these can raise a grade. Only the first five
 * axes grade: the others speak of proof and of the site and belong to the emergency test ("specific" and "credible" are two things). A person decides;
 * the suggestion is a floor to think against, not a verdict. Fails low on purpose: what has no evidence counts as its bare claim.
 * Hazard: words cannot tell a joke, a quotation or a survivor's account from a threat; whoever grades must.
 * After: O'Toole's low/medium/high, the FBI's "specific" and "credible", TCAP's intent × capability; desk.md 2.1 and 2.2.
 */
import { axisValues, AxisName } from '../../contract/desk/words.ts';
import type { AxisValue, EvidenceLevel, Grade, Indicator } from '../../contract/desk/words.ts';
import type { EvidenceId } from '../../contract/ids.ts';
import type { Axes, TickedIndicator } from '../../contract/desk/shapes.ts';
import type { Mistake } from './ladder.ts';

/** Version of these rules, kept with every assessment. A change of any rule is a new version. */
export const gradeRules = 'grades-1';

/** From least to most. */
export const grades = ['G0', 'G1', 'G2', 'G3', 'G4'] as const satisfies readonly Grade[];

/** Steps from one grade to another; positive when the second is higher. */
export function gradeSteps(from: Grade, to: Grade): number {
  return grades.indexOf(to) - grades.indexOf(from);
}

/** The higher of two grades; null is below all. */
export function worseGrade(one: Grade | null, other: Grade | null): Grade | null {
  if (one === null) return other;
  return other === null || gradeSteps(one, other) <= 0 ? one : other;
}

/** From G3 on a second person grades without seeing the first one's work. */
export function needsSecond(grade: Grade): boolean {
  return gradeSteps('G3', grade) >= 0;
}

/** What each axis says. */
export type AxisFacts = { readonly [Name in AxisName]: AxisValue<Name> };

/**
 * What may be said without evidence: a bare claim, or an act of our own that its reason describes. Everything above needs evidence. `unknown` needs
 * neither evidence nor reason. The last of each list is what a value without evidence counts as.
 */
export const withoutEvidence = {
  target: ['none', 'group'],
  intent: ['none', 'veiled'],
  means: ['none', 'claimed'],
  timePlace: ['none'],
  preparation: ['none', 'claimed'],
  authenticity: ['reporters-copy-only'],
  corroboration: ['none'],
  nexus: ['off-site'],
  operatorResponse: ['asking-would-raise-danger', 'not-asked', 'asked'],
  ongoing: ['past-act', 'standing'],
} as const satisfies { readonly [Name in AxisName]: readonly (typeof axisValues)[Name][number][] };

/** Fewest characters of an axis' reason. */
const shortestReason = 3;

/** The level that at least one piece of evidence must have for what is said of authenticity. */
const authenticityNeeds = {
  'reporters-copy-only': 'A0',
  'our-capture': 'A2',
  'second-capture': 'A3',
  'author-continuity': 'A2',
} as const satisfies Record<(typeof axisValues)['authenticity'][number], EvidenceLevel>;

/** How many pieces of evidence corroboration must name. Whether they are independent is for people to say. */
const corroborationNeeds = {
  none: 0,
  'one-artefact': 1,
  'two-artefacts': 2,
  'three-or-more': 3,
} as const satisfies Record<(typeof axisValues)['corroboration'][number], number>;

export type AssessmentFacts = {
  readonly axes: Axes;
  readonly indicators: readonly TickedIndicator[];
  /** The level of each piece of evidence of the case; what is not in it is not the case's. */
  readonly levels: ReadonlyMap<EvidenceId, EvidenceLevel>;
};

/** Every mistake of an assessment at once, by field; empty when it may be relied on. */
export function assessmentMistakes({ axes, indicators, levels }: AssessmentFacts): Mistake[] {
  const found: Mistake[] = [];
  const say = (path: string, message: string) => void found.push({ path, message });
  const check = (path: string, evidence: readonly EvidenceId[]) => {
    if (evidence.some((id) => !levels.has(id))) say(path, 'holds something that is not evidence of this case');
  };
  for (const name of AxisName.options) {
    const { value, reason, evidence } = axes[name];
    const path = `axes.${name}.evidence`;
    check(path, evidence);
    if (value === 'unknown') continue;
    if (reason.trim().length < shortestReason) say(`axes.${name}.reason`, `say why it is “${value}”, or choose “unknown”`);
    if (evidence.length === 0 && !isBareClaim(name, value)) say(path, `“${value}” needs evidence`);
  }
  const { authenticity, corroboration } = axes;
  if (authenticity.value !== 'unknown' && authenticity.evidence.length > 0) {
    const needed = authenticityNeeds[authenticity.value];
    const has = authenticity.evidence.some((id) => (levels.get(id) ?? 'A0') >= needed);
    if (!has) say('axes.authenticity.evidence', `“${authenticity.value}” needs evidence of level ${needed} or better`);
  }
  if (corroboration.value !== 'unknown' && corroboration.evidence.length > 0) {
    const needed = corroborationNeeds[corroboration.value];
    const named = new Set(corroboration.evidence).size;
    if (named < needed) say('axes.corroboration.evidence', `“${corroboration.value}” needs ${needed} pieces of evidence`);
  }
  const ticked = new Set<Indicator>();
  for (const [index, { indicator, evidence }] of indicators.entries()) {
    const path = `indicators.${index}.evidence`;
    check(path, evidence);
    if (ticked.has(indicator)) say(`indicators.${index}`, `${indicator} is ticked more than once`);
    if (evidence.length === 0) say(path, `${indicator} needs evidence`);
    ticked.add(indicator);
  }
  return found;
}

function isBareClaim(name: AxisName, value: string): boolean {
  const bare: readonly string[] = withoutEvidence[name];
  return bare.includes(value);
}

/** What the axes say as far as evidence carries them: a value that lacks its evidence counts as the bare claim below it. */
export function creditedFacts(axes: Axes): AxisFacts {
  return {
    target: credited('target', axes.target),
    intent: credited('intent', axes.intent),
    means: credited('means', axes.means),
    timePlace: credited('timePlace', axes.timePlace),
    preparation: credited('preparation', axes.preparation),
    authenticity: credited('authenticity', axes.authenticity),
    corroboration: credited('corroboration', axes.corroboration),
    nexus: credited('nexus', axes.nexus),
    operatorResponse: credited('operatorResponse', axes.operatorResponse),
    ongoing: credited('ongoing', axes.ongoing),
  };
}

function credited<Name extends AxisName>(
  name: Name,
  axis: { readonly value: AxisValue<Name>; readonly evidence: readonly unknown[] },
): AxisValue<Name> {
  if (axis.value === 'unknown' || axis.evidence.length > 0 || isBareClaim(name, axis.value)) return axis.value;
  const bare: readonly AxisValue<Name>[] = withoutEvidence[name];
  return bare.at(-1) ?? 'unknown';
}

export type Suggestion = { readonly grade: Grade; readonly because: readonly string[] };

/** The grade that the rules suggest, with every rule of that grade that holds. */
export function suggestGrade(facts: AxisFacts): Suggestion {
  for (const { grade, rules } of table) {
    const holding = rules.filter(({ holds }) => holds(facts));
    if (holding.length > 0) return { grade, because: holding.map(({ sentence }) => sentence) };
  }
  return { grade: 'G0', because: ['No axis says that anybody is threatened.'] };
}

/** Whether an axis says at least this much. `unknown` claims nothing. */
function atLeast<Name extends AxisName>(facts: AxisFacts, name: Name, least: (typeof axisValues)[Name][number]): boolean {
  const order: readonly string[] = axisValues[name];
  return order.indexOf(facts[name]) >= order.indexOf(least);
}

type Rule = { readonly sentence: string; readonly holds: (facts: AxisFacts) => boolean };

const locatable = (facts: AxisFacts) => atLeast(facts, 'target', 'named-and-locatable');
const named = (facts: AxisFacts) => atLeast(facts, 'target', 'named-person');
const somebody = (facts: AxisFacts) => atLeast(facts, 'target', 'group');
const hinted = (facts: AxisFacts) => atLeast(facts, 'intent', 'veiled');
const conditional = (facts: AxisFacts) => atLeast(facts, 'intent', 'conditional');
const outright = (facts: AxisFacts) => atLeast(facts, 'intent', 'direct');
const usedBefore = (facts: AxisFacts) => atLeast(facts, 'means', 'used-before');
const able = (facts: AxisFacts) => atLeast(facts, 'means', 'shown') || atLeast(facts, 'preparation', 'evidenced');
const claimsAble = (facts: AxisFacts) => atLeast(facts, 'means', 'claimed') || atLeast(facts, 'preparation', 'claimed');
const prepared = (facts: AxisFacts) => atLeast(facts, 'preparation', 'evidenced');
const placed = (facts: AxisFacts) => atLeast(facts, 'timePlace', 'place');

/** The rules, from the highest grade down; a grade is suggested when any of its rules holds. Each rule only ever asks for "at least". */
const table: readonly { readonly grade: Grade; readonly rules: readonly Rule[] }[] = [
  {
    grade: 'G4',
    rules: [
      {
        sentence: 'A named and locatable person is threatened outright, with a time or a place.',
        holds: (facts) => locatable(facts) && outright(facts) && placed(facts),
      },
      {
        sentence: 'A named and locatable person is threatened outright, and preparation is in evidence.',
        holds: (facts) => locatable(facts) && outright(facts) && prepared(facts),
      },
      {
        sentence: 'A named and locatable person is threatened outright, with means that were used before.',
        holds: (facts) => locatable(facts) && outright(facts) && usedBefore(facts),
      },
    ],
  },
  {
    grade: 'G3',
    rules: [
      {
        sentence: 'A named and locatable person is threatened outright.',
        holds: (facts) => locatable(facts) && outright(facts),
      },
      {
        sentence: 'A named person is threatened outright, and means or preparation are at least claimed.',
        holds: (facts) => named(facts) && outright(facts) && claimsAble(facts),
      },
      {
        sentence: 'A group is threatened outright, and means or preparation are in evidence.',
        holds: (facts) => somebody(facts) && outright(facts) && able(facts),
      },
      {
        sentence: 'A named and locatable person is threatened, if not outright, and means or preparation are in evidence.',
        holds: (facts) => locatable(facts) && hinted(facts) && able(facts),
      },
    ],
  },
  {
    grade: 'G2',
    rules: [
      { sentence: 'Somebody is threatened outright.', holds: outright },
      { sentence: 'It says where a named person can be found.', holds: locatable },
      {
        sentence: 'A named person is threatened under a condition.',
        holds: (facts) => named(facts) && conditional(facts),
      },
      {
        sentence: 'There is a threat of some kind, and means are in evidence.',
        holds: (facts) => hinted(facts) && able(facts),
      },
      {
        sentence: 'There is a threat of some kind, with a time or a place.',
        holds: (facts) => hinted(facts) && placed(facts),
      },
      { sentence: 'Preparation is in evidence.', holds: prepared },
    ],
  },
  {
    grade: 'G1',
    rules: [
      { sentence: 'There is a threat, but vague or indirect.', holds: hinted },
      { sentence: 'Means are shown.', holds: (facts) => atLeast(facts, 'means', 'shown') },
      { sentence: 'Preparation is claimed.', holds: (facts) => atLeast(facts, 'preparation', 'claimed') },
    ],
  },
];

/** Ticks that an axis does not reflect: a question to whoever grades, never a change of the grade. */
export function questions(facts: AxisFacts, indicators: readonly { readonly indicator: Indicator }[]): string[] {
  const ticked = new Set(indicators.map(({ indicator }) => indicator));
  const found: string[] = [];
  const whereabouts: readonly Indicator[] = ['home-address', 'workplace-or-school', 'live-location'];
  if (whereabouts.some((one) => ticked.has(one)) && !locatable(facts)) {
    found.push('Whereabouts are ticked, but the target is not “named and locatable”: is that right?');
  }
  if ((ticked.has('call-to-act') || ticked.has('bounty')) && !atLeast(facts, 'intent', 'instruction-to-others')) {
    found.push('A call to act is ticked, but the intent is not “instruction to others”: is that right?');
  }
  if ((ticked.has('hoax-call-script') || ticked.has('surveillance-photo')) && !prepared(facts)) {
    found.push('A sign of preparation is ticked, but preparation is not “evidenced”: is that right?');
  }
  if (ticked.has('earlier-swatting') && !usedBefore(facts)) {
    found.push('An earlier swatting is ticked, but the means are not “used before”: is that right?');
  }
  if (ticked.has('countdown') && !placed(facts)) {
    found.push('A countdown is ticked, but there is no time or place: is that right?');
  }
  return found;
}
