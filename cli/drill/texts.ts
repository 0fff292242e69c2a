/**
 * What people of the drill write: invented, mild, and the same each time. Nothing in it names anybody; a threat is a placeholder in brackets.
 *
 * The two sealed strings stand for a reporter's and a target's identity: the drill looks for them in everything that leaves the house.
 */
import type { Axes } from '../../contract/desk/shapes.ts';
import { LadderStep, Limb } from '../../contract/desk/words.ts';
import type { Grade } from '../../contract/desk/words.ts';
import type { EvidenceId, Instant, PolicyVersionId } from '../../contract/ids.ts';
import type { DecisionDraft } from '../../contract/routes/desk/decisions.ts';

const slots = [
  ['Please', 'Kindly', 'I ask you to', 'You must'],
  ['drop', 'stop shielding', 'remove', 'cut off'],
  ['harmful', 'awful', 'notorious', 'terrible'],
] as const;

/** One of the campaign's letters: the same claim with other words in three places. */
export function campaignLetter(n: number): string {
  const word = (slot: number, every: number): string => slots[slot]?.[Math.floor(n / every) % 4] ?? '';
  return `${word(0, 1)} ${word(1, 4)} this ${word(2, 16)} forum now. It hosts posts that hurt people and your company protects it. Do the right thing today. #DropTheForum`;
}

/** What three people saw, each something of their own, hours before now, and how two people grade it. */
export const sightings: readonly {
  readonly title: string;
  readonly text: string;
  readonly hoursAgo: number;
  readonly grade: Grade;
}[] = [
  {
    title: 'A post names a person and shows the means',
    text: 'A member put a photograph of a front door into the thread. [threat naming a person]',
    hoursAgo: 40,
    grade: 'G3',
  },
  {
    title: 'A script for a false emergency call',
    text: 'The second post holds the words that they will read to the police on the telephone. [hoax call script]',
    hoursAgo: 20,
    grade: 'G3',
  },
  {
    title: 'A post names the place and the time',
    text: 'A countdown began this morning. [threat naming a place and time]',
    hoursAgo: 2,
    grade: 'G4',
  },
];

export const danger = 'They name my street and a day there. [threat naming a place and time]';

export const publicReason =
  'This is a drill and nobody is in danger: it is played as if threats against a person had been organised on this site and had grown within two days.';

/** Axes for which the rules suggest this grade, each resting on the evidence. */
export function axesFor(grade: Grade, evidence: readonly EvidenceId[]): Axes {
  const on = <Value extends string>(value: Value) => ({
    value,
    reason: 'Read on the copy, in a drill.',
    evidence: [...evidence],
  });
  const unknown = { value: 'unknown' as const, reason: '', evidence: [] };
  const specific = grade === 'G4';
  return {
    target: on(specific ? 'named-and-locatable' : 'named-person'),
    intent: on('direct'),
    means: on('shown'),
    timePlace: specific ? on('both') : unknown,
    preparation: unknown,
    authenticity: on('reporters-copy-only'),
    corroboration: on('one-artefact'),
    nexus: on('posted-there'),
    operatorResponse: unknown,
    ongoing: specific ? on('imminent') : unknown,
  };
}

/** A measure that says everything it must: each limb with its evidence, each narrower step with the reason why it would not do. */
export function measureDraft(
  step: LadderStep,
  facts: {
    readonly policy: PolicyVersionId;
    readonly evidence: readonly EvidenceId[];
    readonly hostnames: readonly string[];
    readonly endsAt: Instant;
    readonly provisional: boolean;
  },
): DecisionDraft {
  const { policy, evidence, hostnames, endsAt, provisional } = facts;
  return {
    kind: 'measure',
    step,
    limbs: Limb.options.map((limb) => ({
      limb,
      finding: 'met',
      reason: 'As the evidence of the drill shows.',
      evidence: [...evidence],
    })),
    measure: { endsAt, hostnames: [...hostnames] },
    whyNotBelow: LadderStep.options
      .slice(0, LadderStep.options.indexOf(step))
      .map((narrower) => ({ step: narrower, why: 'It would leave the threat where it is read and acted on.' })),
    evidence: [...evidence],
    policyVersionId: policy,
    publicReason,
    internalReason: 'Part of a drill; nobody is in danger.',
    provisional,
  };
}
