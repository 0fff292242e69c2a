/**
 * The texts that a decision makes: the statement of reasons, what its owner reads, what visitors will read. English, plain, the same facts in each.
 *
 * After Article 17 of the Digital Services Act: what is restricted, how widely and how long; the facts; whether a machine found or decided (never);
 * the ground; how to appeal. Numbers of reports are said with those below five withheld: one witness is a person. Pure.
 * Not here: redaction (decision-check.ts refuses a draft that would need it), the public page in five languages (control/pages).
 */
import type { LadderStep, Limb } from '../../contract/desk/words.ts';
import type { Volume } from '../../contract/desk/shapes.ts';
import type { Instant } from '../../contract/ids.ts';
import type { Basis } from '../../contract/policy.ts';

export type StatementFacts = {
  readonly provider: string;
  /** The public number, or null before there is one. */
  readonly number: string | null;
  readonly kind: 'no-action' | 'measure' | 'modify' | 'reverse';
  readonly step: LadderStep | null;
  readonly siteName: string;
  /** Empty: the whole site. */
  readonly hostnames: readonly string[];
  readonly path: string | null;
  readonly basis: Basis;
  readonly publicReason: string;
  readonly whyNotBelow: readonly { readonly step: LadderStep; readonly why: string }[];
  readonly limbs: readonly { readonly limb: Limb; readonly finding: 'met' | 'not-met' }[];
  readonly criteria: { readonly title: string; readonly sha256: string; readonly publishedAt: Instant } | null;
  readonly criteriaAfterCase: boolean;
  readonly startsAt: Instant | null;
  readonly endsAt: Instant | null;
  readonly provisional: boolean;
  /** One person in an emergency; it ends at `alone` unless a second one confirms it. */
  readonly alone: Instant | null;
  readonly recheckAt: Instant | null;
  readonly volume: Volume | null;
  readonly statementUrl: string | null;
  readonly appealUrl: string;
};

/** Below this a number of reports or witnesses is withheld. */
const smallestPublished = 5;

/** The numbers as they may be published; null stands for "fewer than five". */
export function publishedVolume(volume: Volume): { n: number | null; m: number | null; k: number | null; w: number | null } {
  const shown = (count: number) => (count < smallestPublished ? null : count);
  return { n: shown(volume.n), m: shown(volume.m), k: shown(volume.k), w: shown(volume.w) };
}

const stepSays = {
  'owner-notice': 'The owner is asked to act. Nothing is restricted.',
  'notice-on-path': 'Visitors of a part of the site meet a notice. The rest of the site is served and protected as before.',
  'limit-or-challenge': 'Visitors pass a check, or are served more slowly. Nothing is withheld.',
  'captcha-keys': 'The site’s captcha keys are suspended. The site is served and protected as before.',
  'provisional-notice-page':
    'Visitors meet a notice instead of the site, for at most 72 hours unless a second panel confirms it.',
  'protection-withdrawn': 'Visitors meet a notice instead of the site. Nothing is deleted; its owner can move it elsewhere.',
  'account-closed': 'Visitors meet a notice instead of the site, and its account gets no new protection. Nothing is deleted.',
} as const satisfies Record<LadderStep, string>;

const stepName = {
  'owner-notice': 'asking the owner',
  'notice-on-path': 'a notice on one part',
  'limit-or-challenge': 'a limit or a check',
  'captcha-keys': 'suspending captcha keys',
  'provisional-notice-page': 'a provisional notice of 72 hours',
  'protection-withdrawn': 'withdrawing protection',
  'account-closed': 'closing the account',
} as const satisfies Record<LadderStep, string>;

const limbSays = {
  'specific-and-targeted': 'specific, and targeted at named persons',
  'escalating-in-window': 'escalating within 48 hours',
  'threat-to-life': 'a threat to human life',
  'nexus-to-site': 'on the site, or organised through it',
  'legal-process-too-slow': 'legal process was sought and is too slow',
  'stands-without-volume': 'the reasons stand without the number of reports',
  'narrower-would-not-do': 'a narrower measure would not do',
  'end-and-review': 'it has an end date and is reviewed',
  'appeal-open': 'it can be appealed',
  'criteria-before-case': 'the criteria were published before the case',
} as const satisfies Record<Limb, string>;

/** `2026-11-22 16:40 UTC`: instants as everybody reads them alike. */
function plainTime(at: Instant): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

function scopeOf({ siteName, hostnames, path }: StatementFacts): string {
  const where = hostnames.length === 0 ? `the whole site “${siteName}”` : hostnames.join(', ');
  return path === null ? where : `${where}, only addresses below ${path}`;
}

function basisOf({ basis }: StatementFacts): string {
  if (basis.kind === 'own-decision') return 'A decision of our own. No court or authority ordered it.';
  return `An order of ${basis.authority}, reference ${basis.reference} (${basis.authorityUrl}).`;
}

function criteriaOf({ criteria, criteriaAfterCase }: StatementFacts): string {
  if (criteria === null) return 'No published criteria are cited.';
  const when = criteriaAfterCase
    ? 'They were published AFTER the case was opened; we say so because it should not be.'
    : 'They were published before the case was opened.';
  return `“${criteria.title}” of ${plainTime(criteria.publishedAt)} (SHA-256 ${criteria.sha256}). ${when}`;
}

function whoOf({ provider, alone }: StatementFacts): string {
  if (alone === null) return `Two people of ${provider}: one proposed it, another confirmed it. No machine decided anything.`;
  return `One person of ${provider}, in an emergency. It ends by itself at ${plainTime(alone)} unless a second person confirms it. No machine decided anything.`;
}

function volumeOf({ volume }: StatementFacts): string {
  const said = 'The number of reports played no part; it was withheld from those who graded until they had graded.';
  if (volume === null) return said;
  const shown = publishedVolume(volume);
  const word = (count: number | null) => (count === null ? `fewer than ${smallestPublished}` : String(count));
  return `${said} Reports: ${word(shown.n)}. Different claims: ${word(shown.m)}. Independent pieces of evidence: ${word(shown.k)}. First-hand witnesses: ${word(shown.w)}.`;
}

/** The statement of reasons as the public reads it, as text. */
export function statementText(facts: StatementFacts): string {
  const lines: string[] = [facts.number === null ? 'Decision (not numbered yet)' : `Decision ${facts.number}`, ''];
  const say = (head: string, text: string) => void lines.push(`${head}: ${text}`);
  if (facts.kind === 'no-action') {
    say('Decided', 'not to act');
    say('Reason', facts.publicReason);
    if (facts.recheckAt !== null) say('Looked at again', plainTime(facts.recheckAt));
  } else if (facts.kind === 'reverse') {
    say('Decided', 'an earlier decision is reversed; its measure is lifted');
    say('Reason', facts.publicReason);
  } else {
    say('What', facts.step === null ? '' : stepSays[facts.step]);
    say('How widely', scopeOf(facts));
    say('Reason', facts.publicReason);
    if (facts.endsAt !== null) {
      const from = facts.startsAt === null ? 'from its confirmation' : `from ${plainTime(facts.startsAt)}`;
      say('How long', `${from} until ${plainTime(facts.endsAt)}${facts.provisional ? ', provisionally' : ''}`);
    }
    say('Basis', basisOf(facts));
    for (const { step, why } of facts.whyNotBelow) say(`Why not ${stepName[step]}`, why);
    for (const { limb, finding } of facts.limbs) lines.push(`${finding === 'met' ? '[met]' : '[not met]'} ${limbSays[limb]}`);
  }
  say('Criteria', criteriaOf(facts));
  say('Who', whoOf(facts));
  say('Reports', volumeOf(facts));
  say('Appeal', `within six months: ${facts.appealUrl}`);
  return lines.join('\n');
}

export type OwnerFacts = StatementFacts & {
  readonly namedUrls: readonly string[];
  readonly deadline: Instant | null;
};

/** What the owner reads: the same facts, what they are asked to do, and that their settings stay theirs. No number of reports. */
export function ownerNoticeText(facts: OwnerFacts): string {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text, '');
  if (facts.kind === 'reverse') say(`We reversed an earlier decision about ${facts.siteName}. Its measure is lifted.`);
  else say(`We decided about ${facts.siteName}. ${facts.step === null ? '' : stepSays[facts.step]}`);
  say(`How widely: ${scopeOf(facts)}.`);
  say(`The reason: ${facts.publicReason}`);
  if (facts.endsAt !== null)
    say(`It ends by itself at ${plainTime(facts.endsAt)}${facts.provisional ? ' and is provisional' : ''}.`);
  if (facts.namedUrls.length > 0) {
    const until = facts.deadline === null ? '' : ` until ${plainTime(facts.deadline)}`;
    say(`We ask you to act on these addresses${until}:\n${facts.namedUrls.map((url) => `- ${url}`).join('\n')}`);
  }
  say(`Basis: ${basisOf(facts)}`);
  say(`Criteria: ${criteriaOf(facts)}`);
  say(whoOf(facts));
  say('The number of reports played no part. We do not tell who reported, and we do not keep anybody from reporting.');
  say(
    'You can answer this notice, and you can appeal within six months; somebody who did not decide it looks at it again. An appeal costs nothing. Your settings and DNS records can be exported at any time, whatever the decision.',
  );
  if (facts.statementUrl !== null) say(`The public statement: ${facts.statementUrl}`);
  return lines.join('\n').trimEnd();
}

/** The words of the notice page; null when visitors meet none. */
export function noticePageText(facts: StatementFacts): string | null {
  const pages: readonly (LadderStep | null)[] = [
    'notice-on-path',
    'provisional-notice-page',
    'protection-withdrawn',
    'account-closed',
  ];
  if (!pages.includes(facts.step)) return null;
  const lines = [
    facts.basis.kind === 'legal-order' ? '451 Unavailable for legal reasons' : '403 A decision of ours',
    `Visitors to ${scopeOf(facts)} meet this notice.`,
    `This is ${facts.basis.kind === 'legal-order' ? 'an order of ' + facts.basis.authority : 'a decision of ' + facts.provider}, not of the site.`,
    `The reason: ${facts.publicReason}`,
    facts.endsAt === null ? '' : `It ends at ${plainTime(facts.endsAt)}.`,
    `Decision ${facts.number ?? '(number follows)'}. The number of reports played no part.`,
    `Appeal: ${facts.appealUrl}`,
    'If you are in danger, call the emergency number first. We keep no list of who saw this page.',
  ];
  return lines.filter((line) => line !== '').join('\n');
}
