/**
 * Words of the report form and of private links, in English. Shape of the other languages: `ReportWords`.
 *
 * Read by people who may be frightened: short sentences, what happens next, no law, no blame. Never says how many others reported.
 */
import type { ReportClass, ReporterRole, ReportState } from '../../../../contract/desk/words.ts';
import type { NextStep } from '../../../../core/desk/report-next.ts';
import type { Loose, Pieces } from '../en.ts';

const classes = {
  'threat-to-life': ['A threat to somebody’s life or body', 'Somebody says that a person will or should be hurt or killed.'],
  doxxing: ['Private details published', 'A home address, phone number, workplace, school, papers or family of somebody.'],
  swatting: ['False emergency calls', 'Armed police or rescue sent to somebody’s door, or plans for it.'],
  stalking: ['Stalking', 'Somebody is followed, watched or sought out, online or at home.'],
  'intimate-images': [
    'Intimate pictures without consent',
    'Real or made by a machine. Do not attach the pictures: the address is enough.',
  ],
  'child-abuse': ['Sexual abuse of children', 'Give words and addresses only. Never attach, save or share such pictures.'],
  harassment: ['Harassment', 'A campaign of insults, hate or pressure against somebody.'],
  phishing: ['Phishing or fraud', 'A site that pretends to be another, or cheats people out of money or passwords.'],
  malware: ['Harmful software', 'A site that spreads or controls it.'],
  spam: ['Spam', 'Unwanted mails or messages that lead to a site.'],
  attack: ['An attack on computers', 'Floods, break-ins, scans that come from or are sold on a site.'],
  copyright: ['Copyright or trademark', 'You hold the right, or act for who does.'],
  other: ['Something else', 'Say it in your own words on the next page.'],
} as const satisfies Record<ReportClass, readonly [string, string]>;

const roles = {
  target: 'It is about me',
  family: 'I am family or a close friend of who it is about',
  employer: 'I am their employer, school or colleague',
  helper: 'I help them: lawyer, counsellor, shelter',
  police: 'I am with the police or another authority',
  witness: 'I saw it and know more than what is public',
  bystander: 'I came across it',
  unsaid: 'I do not want to say',
} as const satisfies Record<ReporterRole, string>;

const states = {
  received: 'Received',
  acknowledged: 'Received',
  'more-asked': 'We asked you something',
  linked: 'Being looked into',
  decided: 'Decided',
  answered: 'Answered',
  closed: 'Closed',
  withdrawn: 'Withdrawn by you',
} as const satisfies Record<ReportState, string>;

const next = {
  read: 'A person reads your report.',
  'your-turn': 'Please answer below. We need it to go on.',
  decide: 'Your report is being looked into and decided. What can be shown counts.',
  answer: 'You will be told here what was decided, and why.',
  done: 'Nothing more is needed. New words or evidence from you open it again.',
  withdrawn: 'Nothing more happens for you. What you showed stays as evidence; who you are was deleted.',
} as const satisfies Record<NextStep, string>;

export const reportEnglish = {
  nav: 'Report',
  /** The foot of pages that keep the private link for an hour. */
  softwareCookie: (provider: string) =>
    `${provider} runs Portcullis, free software. This page keeps your private link for one hour in a cookie, so that it stands in no address. It asks no other server.`,
  start: {
    title: 'Report a site',
    question: 'Is somebody in danger now?',
    yes: 'Yes, somebody is in danger now',
    yesText: 'One page. People on duty are woken at once, day and night.',
    no: 'No',
    noText: 'Six short questions. Most answers can be left out.',
    unsure: 'If you are not sure, choose “yes”. Nobody will blame you.',
    knowTitle: 'Good to know',
    know: [
      'You need no account and no name. Who you are is sealed and never passed on.',
      'Reports are read for evidence. How many people report plays no part, so one good report is enough.',
      'You get a receipt and a private link, where you see what happens and can add more.',
      'Nothing is kept before you press “Send”.',
    ],
    haveLink: 'I reported before and have a private link',
    programs: 'For programs: an API takes JSON and XARF.',
  },
  now: {
    title: 'Somebody is in danger now',
    callFirst: 'Call the emergency number first: 112 in Europe and most places, 911 in North America, 999 in the United Kingdom.',
    callText:
      'If speaking is not safe, send a text message to the emergency number where that works (in Ireland and the United Kingdom 112 or 999 after registering, in the United States and Canada 911). We are not an emergency service and can send nobody.',
    numbers: 'Numbers of other countries, and what else helps',
    text: 'What is happening?',
    textHint: 'Who is in danger, where, when. A few words are enough; you can add more later.',
    where: 'On which page or site?',
    whereHint: 'An address, if you have one.',
    contact: 'How can we reach you safely? (not required)',
    contactHint: 'A mail address, a phone number, and when it is safe. It is sealed.',
    send: 'Send now',
  },
  step: {
    of: (step: number, steps: number) => `Question ${step} of ${steps}`,
    back: 'Back',
    go: 'Continue',
    nowLink: 'Somebody is in danger now',
    optional: '(not required)',
  },
  class: { title: 'What is it about?', list: classes },
  what: {
    title: 'What happened?',
    hint: 'In your own words: who is affected, what was said or done, what may come next. You need not look at it again to describe it.',
    abuseTitle: 'Words and addresses only',
    abuse:
      'Do not attach, save or share pictures of child abuse: that is a crime even with good intent. We do not open the address either. A hotline does:',
    abuseHotlines: [
      'the hotline of your country: inhope.org',
      'United Kingdom: report.iwf.org.uk',
      'United States: report.cybertip.org (NCMEC)',
    ],
    urgent: 'If it may happen today, use the fast lane:',
  },
  where: {
    title: 'Where is it?',
    urls: 'Addresses of the pages',
    urlsHint: 'One to a line, at most 250, copied from the address line. We make our own copy of each, so you need not.',
    hostname: 'Or the name of the site',
    hostnameHint: 'Such as forum.example, if you have no address of a page.',
  },
  when: {
    title: 'When did it happen, or when was it posted?',
    hint: 'When it happened matters more than when you report it.',
    known: 'I know the day',
    unknown: 'I do not know',
    day: 'Day',
    time: 'Time, in UTC (not required)',
    timeHint: 'If you only know your local time, write it in your words instead.',
  },
  who: { title: 'Who are you in this?', hint: 'So that we know what you can tell us. It is never passed on.', list: roles },
  contact: {
    title: 'How can we reach you?',
    lede: 'Leave everything empty to stay anonymous. You can still read our answers by your private link.',
    name: 'Name',
    mail: 'Mail address',
    phone: 'Phone number',
    safe: 'How and when is it safe to reach you?',
    safeHint: 'Such as “only by mail, never call”, or who must not see it.',
    wants: 'Somebody may be watching what I do: reach me only in this way',
    forward: 'You may pass on my words, without anything that names me, to the site’s owner or its host',
    sealed: 'All of this is sealed. Opening it takes a reason and leaves an entry that nobody can remove.',
  },
  check: {
    title: 'Check your answers',
    change: 'Change',
    changeWhat: (what: string) => `Change: ${what}`,
    none: 'Left out',
    anonymous: 'Anonymous',
    files: 'Pictures or files (not required)',
    filesHint:
      'At most 10, each up to 10 MB, 25 MB together. Pictures of the screen with the address line help. Archives are not opened.',
    noFiles: 'Files cannot be attached to this kind of report.',
    send: 'Send the report',
    yes: 'Yes',
    no: 'No',
    honey: 'Leave this empty',
  },
  sent: {
    title: 'Your report has arrived',
    titleNow: 'Your report has arrived. People on duty are being woken.',
    number: 'Number of the receipt',
    at: 'Received',
    linkTitle: 'Your private link',
    linkText:
      'Keep it: save it, print this page, or write it down. It is the only way back to your report. Whoever has it can read our answers, so share it with nobody whom you do not trust.',
    linkSafe: 'If somebody else uses this device, close this page and delete it from the history.',
    abuseFiles:
      'The files were not kept: holding pictures of child abuse is a crime, also for us. Your words and addresses were taken. Please report the material itself to a hotline:',
    filesOver:
      'Your words were taken. The files were not kept, because more came from your network than can be taken at once. Open your private link in an hour and add them there.',
    proof:
      'This line belongs into our record. It names nobody and says nothing of what you wrote; with your link and your own copy you can show that it is yours.',
    leaf: 'Line of the record',
    sha256: 'Its SHA-256',
    print: 'This page can be printed.',
    dangerFirst: 'If somebody is in danger, call the emergency number now. Do not wait for us.',
  },
  status: {
    title: 'Your report',
    openTitle: 'Open your report',
    openText: 'Paste the private link that you got with your receipt.',
    openLabel: 'Private link',
    openButton: 'Open',
    unknown: 'No report has this link. Check that it was copied whole. Without it nobody can find a report, not even we.',
    states,
    next,
    nextBy: (): Pieces<'at'> => ['By ', 'at', '.'],
    late: (): Pieces<'at'> => ['This was due by ', 'at', '. We are late.'],
    number: 'Receipt',
    about: 'About',
    files: 'Files added',
    outcome: 'Outcome',
    messages: 'Messages',
    noMessages: 'None yet.',
    you: 'You',
    desk: 'The desk',
    addTitle: 'Add something',
    addText: 'Message',
    addUrls: 'More addresses',
    addFiles: 'Pictures or files',
    addButton: 'Send',
    safeTitle: 'Safe contact',
    safeLede: 'Tell us how and when it is safe to reach you. It is sealed with your report.',
    safeOn: 'We reach you only in the way that you said.',
    safeButton: 'Save',
    withdrawTitle: 'Withdraw the report',
    withdrawText:
      'What you showed stays as evidence. Who you are is deleted, and we stop writing to you. A report cannot be brought back.',
    withdrawLink: 'Withdraw the report',
    withdrawWhy: 'Why? (not required)',
    withdrawButton: 'Yes, withdraw it',
    withdrawBack: 'No, back',
    appealTitle: 'You think that the decision is wrong',
    appealText: (): Pieces<'number' | 'until'> => [
      'Somebody who did not take part in decision ',
      'number',
      ' looks at it again. Possible until ',
      'until',
      '.',
    ],
    appealLabel: 'What is wrong with it?',
    appealButton: 'Appeal',
    appealStands: {
      open: 'Your appeal is open. Somebody who did not take part in the decision answers it here.',
      answered: 'Your appeal was answered. The answer stands under the messages.',
    },
    appealBack: 'Take the appeal back',
    leave: 'Leave this page',
    leaveText: 'Deletes the private link from this browser.',
    receipt: 'Receipt and proof',
    done: {
      added: 'It was added.',
      'safe-contact': 'It was saved.',
      withdrawn: 'Your report is withdrawn.',
      appealed: 'Your appeal was received.',
      'appeal-withdrawn': 'You took your appeal back.',
      left: 'The private link is deleted from this browser.',
    },
  },
  errors: {
    title: 'Something is missing or not right',
    class: 'Choose what it is about',
    text: 'Say what happened, in a few words',
    textLong: 'That is too long: at most 20,000 characters',
    urls: 'Give at most 250 addresses, one to a line; more can be attached as a file',
    when: 'Choose whether you know the day',
    day: 'Give a day, such as 2026-01-31, that is not in the future',
    role: 'Choose one of these, or “I do not want to say”',
    mail: 'This does not look like a mail address, such as name@mail.example',
    long: 'That is too long',
    files:
      'A file is larger than 10 MB, or they are larger than 25 MB together, or more than 10. Please choose others; your answers are kept',
    tooMany: (minutes: number) =>
      `Many reports came from your network. Yours was not sent yet: press “Send” again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}. If somebody is in danger now, use the fast lane: it is always open`,
    store: 'It could not be stored. Nothing was lost: press “Send” again in a moment',
    expired: 'This page was too old or changed on its way. Please begin again',
    appeal: 'Say in at least ten characters what is wrong',
    state: 'That is not possible any more',
    link: 'This is not a private link',
  },
  fromHelp: 'Report a site that puts somebody in danger',
  fromAppeal: 'If you reported the site and think that the decision is wrong, appeal with your private link:',
} as const;

/** What a catalogue of another language must hold. */
export type ReportWords = Loose<typeof reportEnglish>;
