/**
 * Sentences of the public door in English, for the API. The pages say the same in the reader's language (control/pages/words).
 */
import type { NextStep } from '../../../core/desk/report-next.ts';

/** What happens next, after which the API gives the time apart. */
export const nextSentences = {
  read: 'A person reads your report. How many others report the same plays no part.',
  'your-turn': 'We asked you something. Your answer here is what we need to go on.',
  decide: 'Your report is being looked into. What can be shown counts, not how many report it.',
  answer: 'It is decided. You will be told here what was decided and why.',
  done: 'This is answered. New words or evidence from you open it again.',
  withdrawn: 'You withdrew this report. What you showed stays as evidence; who you are was deleted.',
} as const satisfies Record<NextStep, string>;

export const childAbuseFiles =
  'Files were not kept: holding pictures of child abuse is a crime, also for us and for you. Your words and addresses were taken, and are passed to a hotline. Report the material itself to the hotline of your country: inhope.org lists them; in the United Kingdom report.iwf.org.uk, in the United States report.cybertip.org (NCMEC). Do not send, save or share the files.';

export const filesOverLimit =
  'Your words were taken. The files were not kept, because more came from your network than can be taken at once. Open your private link in an hour and add them there.';
