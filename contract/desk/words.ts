/**
 * The desk's words: channels, classes, grades, axes, limbs, the ladder, and the states of everything that has one. Said once.
 *
 * Server, console, public pages and the pure rules of core/desk/ read these. Sentences that people read live in the catalogues of
 * each face; here are only the words that are stored and sent. After: desk.md 2.2, 5.2 and 5.4 of the design; product.md's words.
 */
import { z } from 'zod';

/** By which door a report came in. */
export const ReportChannel = z.enum(['form', 'api', 'xarf3', 'xarf4', 'arf', 'mail', 'trusted', 'authority']);
export type ReportChannel = z.infer<typeof ReportChannel>;

/** What a report is about. `child-abuse` is never fetched, previewed or archived: hotline referral only. `other` keeps what we do not know. */
export const ReportClass = z.enum([
  'threat-to-life',
  'doxxing',
  'swatting',
  'stalking',
  'intimate-images',
  'child-abuse',
  'harassment',
  'phishing',
  'malware',
  'spam',
  'attack',
  'copyright',
  'other',
]);
export type ReportClass = z.infer<typeof ReportClass>;

/** Three lanes with clocks of their own; the queue is ordered by lane, then by what is due, never by how many asked. */
export const Lane = z.enum(['life-threat', 'serious', 'routine']);
export type Lane = z.infer<typeof Lane>;

/** The lane in which a case of a class begins. A fast-lane report begins in `life-threat` whatever its class. */
export const laneOfClass: Readonly<Record<ReportClass, Lane>> = {
  'threat-to-life': 'life-threat',
  doxxing: 'serious',
  swatting: 'life-threat',
  stalking: 'serious',
  'intimate-images': 'serious',
  'child-abuse': 'serious',
  harassment: 'serious',
  phishing: 'routine',
  malware: 'routine',
  spam: 'routine',
  attack: 'routine',
  copyright: 'routine',
  other: 'routine',
};

/** Who the reporter says they are. The first five speak of what happened to them or to somebody in their care: first-hand. */
export const ReporterRole = z.enum(['target', 'family', 'employer', 'helper', 'police', 'witness', 'bystander', 'unsaid']);
export type ReporterRole = z.infer<typeof ReporterRole>;
export const firstHandRoles: readonly ReporterRole[] = ['target', 'family', 'employer', 'helper', 'police'];

/** How well we know who a reporter is. `mail`: a mailbox that answered. Never a statement about truth. */
export const ReporterProof = z.enum(['none', 'mail', 'organisation', 'trusted']);
export type ReporterProof = z.infer<typeof ReporterProof>;

/**
 * received → acknowledged → (more-asked) → linked → decided → answered → closed; withdrawn from any open state.
 * `acknowledged`: its receipt was handed out. A cluster never closes its members: each is answered on its own.
 */
export const ReportState = z.enum([
  'received',
  'acknowledged',
  'more-asked',
  'linked',
  'decided',
  'answered',
  'closed',
  'withdrawn',
]);
export type ReportState = z.infer<typeof ReportState>;

export const CaseState = z.enum([
  'open',
  'assessing',
  'no-action',
  'measure-proposed',
  'provisional',
  'confirmed',
  'enforced',
  'appealed',
  'ended',
  'reviewed',
]);
export type CaseState = z.infer<typeof CaseState>;

/** A0 assertion only · A1 a reporter's copy · A2 our own capture of the live address · A3 a second, independent capture · A4 confirmed by platform, operator or police. */
export const EvidenceLevel = z.enum(['A0', 'A1', 'A2', 'A3', 'A4']);
export type EvidenceLevel = z.infer<typeof EvidenceLevel>;

export const EvidenceKind = z.enum(['url', 'file', 'mail', 'text', 'capture', 'call', 'order']);
export type EvidenceKind = z.infer<typeof EvidenceKind>;

/** Whether our own copy exists. `never`: criminal to hold, so it is not fetched. `refused`: the address leads inward or is no web address. */
export const CaptureState = z.enum(['none', 'waiting', 'running', 'captured', 'gone', 'failed', 'refused', 'never', 'shredded']);
export type CaptureState = z.infer<typeof CaptureState>;

/** G0 no present indication of a threat · G1 low · G2 medium · G3 high, unspecific · G4 high, specific. */
export const Grade = z.enum(['G0', 'G1', 'G2', 'G3', 'G4']);
export type Grade = z.infer<typeof Grade>;

/** The ten axes of an assessment and their values, from least to most. `unknown` is a value of every axis and claims nothing. */
export const axisValues = {
  target: ['none', 'group', 'named-person', 'named-and-locatable'],
  intent: ['none', 'veiled', 'conditional', 'direct', 'instruction-to-others'],
  means: ['none', 'claimed', 'shown', 'used-before'],
  timePlace: ['none', 'place', 'time', 'both'],
  preparation: ['none', 'claimed', 'evidenced'],
  authenticity: ['reporters-copy-only', 'our-capture', 'second-capture', 'author-continuity'],
  corroboration: ['none', 'one-artefact', 'two-artefacts', 'three-or-more'],
  nexus: ['off-site', 'linked', 'posted-there', 'organised-there', 'operator-takes-part'],
  operatorResponse: ['not-asked', 'asked', 'removed', 'refused', 'asking-would-raise-danger'],
  ongoing: ['past-act', 'standing', 'imminent'],
} as const satisfies Record<string, readonly string[]>;

export const AxisName = z.enum([
  'target',
  'intent',
  'means',
  'timePlace',
  'preparation',
  'authenticity',
  'corroboration',
  'nexus',
  'operatorResponse',
  'ongoing',
]) satisfies z.ZodType<keyof typeof axisValues>;
export type AxisName = z.infer<typeof AxisName>;
export type AxisValue<Name extends AxisName> = (typeof axisValues)[Name][number] | 'unknown';

/** The doxxing and swatting list: each ticked one needs evidence. */
export const Indicator = z.enum([
  'home-address',
  'phone-number',
  'family',
  'workplace-or-school',
  'live-location',
  'call-to-act',
  'hoax-call-script',
  'surveillance-photo',
  'countdown',
  'earlier-swatting',
  'followed-after-moving',
  'helpers-threatened',
  'bounty',
]);
export type Indicator = z.infer<typeof Indicator>;

/** The ten limbs of the emergency test; each is met with evidence or says "not met", none is left empty. */
export const Limb = z.enum([
  'specific-and-targeted',
  'escalating-in-window',
  'threat-to-life',
  'nexus-to-site',
  'legal-process-too-slow',
  'stands-without-volume',
  'narrower-would-not-do',
  'end-and-review',
  'appeal-open',
  'criteria-before-case',
]);
export type Limb = z.infer<typeof Limb>;

/** The ladder from narrow to broad. Each step taken says why the step below would not do. */
export const LadderStep = z.enum([
  'owner-notice',
  'notice-on-path',
  'limit-or-challenge',
  'captcha-keys',
  'provisional-notice-page',
  'protection-withdrawn',
  'account-closed',
]);
export type LadderStep = z.infer<typeof LadderStep>;

export const DeskDecisionKind = z.enum(['no-action', 'measure', 'modify', 'reverse']);
export type DeskDecisionKind = z.infer<typeof DeskDecisionKind>;

/** `proposed` → `confirmed` | `withdrawn` | `lapsed`; a break-glass decision is `alone` until a second person confirms it or it lapses. */
export const DeskDecisionState = z.enum(['proposed', 'alone', 'confirmed', 'withdrawn', 'lapsed']);
export type DeskDecisionState = z.infer<typeof DeskDecisionState>;

export const TaskKind = z.enum([
  'warn-target',
  'warn-police',
  'law-enforcement-referral',
  'hotline-referral',
  'answer-reporters',
  'recheck',
  'second-panel',
  'review-7',
  'review-30',
  'review-90',
]);
export type TaskKind = z.infer<typeof TaskKind>;

/** `done` needs an acknowledgement on record; `not-possible` needs a reason of a lead. */
export const TaskState = z.enum(['open', 'done', 'not-possible']);
export type TaskState = z.infer<typeof TaskState>;

export const AppealBy = z.enum(['owner', 'reporter', 'target']);
export type AppealBy = z.infer<typeof AppealBy>;
export const AppealState = z.enum(['open', 'taken', 'upheld', 'modified', 'reversed', 'withdrawn']);
export type AppealState = z.infer<typeof AppealState>;

export const PressureKind = z.enum(['campaign', 'letter', 'trending', 'mail-to-staff', 'press', 'call', 'authority-informal']);
export type PressureKind = z.infer<typeof PressureKind>;

export const AuthorityKind = z.enum(['order', 'emergency-request', 'preservation']);
export type AuthorityKind = z.infer<typeof AuthorityKind>;
/** An order is `complete` only with agency, law and the addresses it names; an emergency request only after a call back on a number found independently. */
export const AuthorityState = z.enum(['incomplete', 'call-back-due', 'complete', 'answered', 'refused']);
export type AuthorityState = z.infer<typeof AuthorityState>;
