/**
 * What errors and edges' own answers mean, in English: reference for people who program against the API or read a problem document.
 *
 * Not in other languages: the codes, titles and sentences that these pages explain are English too (contract/errors.ts).
 */
import type { ErrorCode } from '../../../contract/errors.ts';

const errors: Record<ErrorCode, { readonly means: string; readonly todo: string }> = {
  'bad-request': {
    means: 'What was sent does not have the form that this address takes. Nothing was changed.',
    todo: 'The answer lists every mistake by its field. Mend them and send it again.',
  },
  'not-signed-in': {
    means: 'Only people who are signed in, or programs with a token, may do this.',
    todo: 'Sign in, or send a token that has not expired or been revoked.',
  },
  'bad-sign-in': {
    means: 'Name, password, code or passkey were not right. Which of them is not said, so that nobody can find out names.',
    todo: 'Try again. A six-digit code works once: wait for the next. An operator can send a new link to somebody who lost every key.',
  },
  'not-allowed': {
    means:
      'You are known, but your role or token does not hold the right that this needs, or the request came from another site’s page.',
    todo: 'Ask an operator for the role, or use a token that holds the scope.',
  },
  'sign-in-again': {
    means: 'Keys and passwords can be changed only shortly after signing in, so that a session left open cannot be taken over.',
    todo: 'Sign in again and repeat the step.',
  },
  'certificate-refused': {
    means: 'The certificate or its private key has a mistake, or it is for none of the site’s hostnames. Nothing was changed.',
    todo: 'The answer names every mistake. Mend them and upload both again.',
  },
  'not-found': {
    means: 'There is nothing at this address, or it is not yours to see.',
    todo: 'Check the address or the id.',
  },
  conflict: {
    means: 'Somebody else changed the same thing since you looked. Nothing of yours was stored.',
    todo: 'Look at the present state, then decide again.',
  },
  'hostname-taken': {
    means:
      'A hostname can belong to one site only, and another site has shown that it owns it, or your account has it on another site.',
    todo: 'Look through your own sites. If the hostname is yours and another has it, tell the operator of this provider.',
  },
  'name-taken': {
    means: 'Another person or account has this name.',
    todo: 'Choose another name.',
  },
  'site-under-order': {
    means: 'A decision is in force on this site, so it cannot be removed or renamed: that would be a way around the decision.',
    todo: 'The decision says how to appeal and when it ends.',
  },
  'same-person': {
    means: 'Nobody blocks alone: who proposed a decision cannot also confirm it.',
    todo: 'Ask another person with the right to confirm.',
  },
  'wrong-state': {
    means: 'What was asked does not fit the state that the thing is in.',
    todo: 'The answer says which state that is.',
  },
  'origin-refused': {
    means: 'The server given for this site has an address inside a network that is not open to sites.',
    todo: 'Give a public address, or ask the operator to allow the range.',
  },
  'origin-unresolved': {
    means: 'The name of the site’s server has no address in the DNS.',
    todo: 'Check the name; a new record can take a while to be seen.',
  },
  'rules-refused': {
    means: 'A rule cannot be read, or the rules are too many together for an edge. Nothing was changed.',
    todo: 'The answer says which rule and where. Mend it, or join rules that do the same.',
  },
  'ownership-unproved': {
    means: 'Neither the DNS record nor the file that proves ownership was found.',
    todo: 'Publish one of them exactly as shown and check again.',
  },
  'setup-done': {
    means: 'The first account was created already.',
    todo: 'Sign in, or ask an operator for an invitation.',
  },
  'link-expired': {
    means: 'A one-time link works once and for a limited time. This one was used, replaced or has expired.',
    todo: 'Ask an operator for a new one.',
  },
  'password-refused': {
    means: 'This password is among those that guessers try first.',
    todo: 'Choose one with words that only you would think of.',
  },
  'too-large': {
    means: 'More was sent than this address takes. Nothing was stored.',
    todo: 'Send less at once.',
  },
  'too-many-requests': {
    means: 'There were too many attempts in a short time.',
    todo: 'Wait as long as the answer says. A passkey is not held up by other people’s attempts.',
  },
  'token-refused': {
    means: 'An edge tried to enrol with a token that is unknown, used or expired.',
    todo: 'Make a new enrolment token.',
  },
  'report-refused': {
    means:
      'The report could not be taken as it was sent: it is too large, holds a file that cannot be kept, or too many came from one place.',
    todo: 'Read the sentence in the answer, change what it names, and send it again. If somebody is in danger now, leave files out: that door always takes words.',
  },
  'claimed-by-another': {
    means: 'Somebody else works on this case at the moment.',
    todo: 'Wait until they release it or their time runs out, or ask them.',
  },
  'task-open': {
    means: 'A task that holds the case, such as warning a person in danger, is still open.',
    todo: 'Do it and record how it was acknowledged, or have a lead say why it is not possible.',
  },
  'not-graded': {
    means: 'The grade of this case is not locked, so this is not shown or not possible yet.',
    todo: 'Grade its incidents first; from G3 on a second person grades too.',
  },
  'assessment-incomplete': {
    means: 'An axis claims more than its evidence carries, or a reason is missing.',
    todo: 'Mend what the answer names field by field.',
  },
  'decision-incomplete': {
    means: 'A limb of the test, a narrower step or a date was left empty.',
    todo: 'Mend what the answer names field by field. “Not met” with a sentence is an answer.',
  },
  'criteria-unpublished': {
    means: 'The decision cites criteria that are not published.',
    todo: 'Cite a published version, or publish one; a version that is younger than the case is said to be so in public.',
  },
  'exposure-cap': {
    means: 'You have looked at as much as your own limit for today allows.',
    todo: 'Hand the case over, or read the text without opening media.',
  },
  'hold-in-force': {
    means: 'A legal hold keeps this from being deleted.',
    todo: 'Wait until the hold ends, or have a lead release it with a reason.',
  },
  'sealed-away': {
    means: 'The key of this record was deleted, so nobody can read it any more.',
    todo: 'Nothing can bring it back. Its hashes and its custody lines remain.',
  },
  internal: {
    means: 'This is a fault of ours. What you sent may or may not have been stored.',
    todo: 'Look at the present state before you try again, and tell the operator the reference.',
  },
  'store-down': {
    means: 'The control plane’s database does not answer. Protected sites are served and decisions stay in force meanwhile.',
    todo: 'Try again in a moment.',
  },
};

export const reference = {
  error: {
    means: 'What it means',
    todo: 'What to do',
    status: 'HTTP status',
    code: 'Code',
    reference: 'Reference',
    errors,
    all: 'All kinds of answers',
    listTitle: 'What the answers mean',
    listLede: 'Each error that this provider’s API answers has a code, an HTTP status and a page.',
  },
  edgeAnswers: {
    title: 'Answers of an edge',
    lede: 'An edge answers by itself, without asking the site behind it, in these cases. Programs find the kind in the header Portcullis-Action.',
    whose: 'Whose doing it is',
    kinds: {
      notice: ['A notice', 'A decision of the provider or a legal order; the notice leads to it.'],
      challenge: ['A check', 'The site is under attack, or its owner asked for it. A browser passes by itself.'],
      limit: ['Too many requests', 'Yours, or of somebody who shares your address. Wait a few seconds.'],
      deny: ['Network refused', 'The site’s owner closed it to your network.'],
      busy: ['Site very busy', 'Nobody’s: more people are waiting than the site can serve.'],
      unknown: ['No such site here', 'The address, or a site owner who has not added the name yet.'],
      'origin-down': ['Site does not answer', 'The site’s own server.'],
      other: ['Anything else', 'The answer’s own text says whose doing it is.'],
    },
  },
} as const;
