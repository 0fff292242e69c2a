/**
 * Every word that a visitor reads on a page which the edge serves itself, in one catalogue per language: English here, the others beside.
 *
 * A notice's own text is English only: it is the decision, rendered once when it comes into force. Words are short, exact, never moralising, and each page says
 * whose doing it is: ours, the site's, or the visitor's. No page echoes what the visitor sent.
 */

/** One page that is the same for every site. `status` and `action` are the skeleton's (config.ts). */
export type StandingPageWords = { readonly title: string; readonly lines: readonly string[] };

export type PageWords = {
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  readonly reference: string;
  readonly servedBy: (provider: string) => string;
  readonly help: string;
  readonly standing: Readonly<Record<StandingPage, StandingPageWords>>;
  /** What became of a form while its sender passes the check, and the button that sends it. */
  readonly kept: { readonly kept: string; readonly long: string; readonly unkept: string; readonly send: string };
  readonly challenge: {
    readonly title: string;
    readonly what: (provider: string) => string;
    readonly why: string;
    readonly privacy: string;
    readonly working: string;
    readonly half: string;
    readonly done: string;
    readonly failed: string;
    /** When stronger work takes longer than people bear. */
    readonly slow: string;
    readonly cookies: string;
    readonly form: string;
    readonly formDone: string;
    readonly again: string;
    readonly noScript: string;
    /** The second door, and the sentence before it. */
    readonly door: string;
    readonly doorLink: string;
    readonly frame: string;
    readonly frameLink: string;
  };
  /** `{hop}` and `{seconds}` are filled in by HAProxy. */
  readonly wait: {
    readonly title: string;
    readonly what: string;
    readonly next: string;
    readonly nothing: string;
    readonly fullTitle: string;
    readonly full: string;
    readonly fullLink: string;
    readonly cookiesTitle: string;
    readonly cookies: readonly string[];
    readonly cookiesLink: string;
    readonly newWindow: string;
    readonly usedTitle: string;
    readonly used: string;
    readonly onward: string;
    readonly anew: string;
  };
  readonly noticeTitle: string;
  /** Above a notice's text in pages that are not English. */
  readonly noticeLanguage: string;
};

/** What stands in a notice itself; rendered once for each order. */
export type NoticeWords = {
  readonly titleHost: string;
  readonly titlePath: string;
  readonly byUs: (provider: string) => string;
  readonly byLaw: (provider: string, authority: string, reference: string) => string;
  readonly scopeSite: string;
  readonly scopeHosts: (hosts: string, more: number) => string;
  readonly scopePath: (path: string) => string;
  readonly decidedBy: string;
  readonly blocked: string;
  readonly reason: string;
  readonly basis: string;
  readonly basisOwn: string;
  readonly basisLaw: (authority: string, reference: string) => string;
  readonly since: string;
  readonly until: string;
  readonly decision: string;
  readonly statement: string;
  readonly pressure: string;
  readonly appeal: string;
  readonly appealLink: string;
  readonly danger: string;
  readonly dangerLink: string;
  readonly privacy: string;
};

export const standingPages = [
  'unknown',
  'ambiguous',
  'deny',
  'rule-deny',
  'gate',
  'maintenance',
  'limit',
  'busy',
  'form-send',
  'form-used',
  'form-gone',
  'form-again',
  'form-unsure',
  'no-key',
  'not-ours',
  'origin-bad',
  'origin-down',
  'origin-slow',
  'malformed',
  'timeout',
] as const;
export type StandingPage = (typeof standingPages)[number];

export const english: PageWords & { readonly notice: NoticeWords } = {
  language: 'en',
  direction: 'ltr',
  reference: 'Reference',
  servedBy: (provider) => `This page comes from ${provider}, which protects sites, and not from the site itself.`,
  help: 'Help',
  standing: {
    unknown: {
      title: 'No such site here',
      lines: [
        'We do not protect a site by this name. Nothing is wrong with your device.',
        'If you typed the address, check it. If this is your site, add its name in your settings with us.',
      ],
    },
    ambiguous: {
      title: 'This address can be read in two ways',
      lines: [
        'The path of your request holds characters that different programs read differently, so we did not pass it on.',
        'Follow a link from the site’s front page instead. A browser never sends such an address by itself.',
      ],
    },
    deny: {
      title: 'This site does not accept your network',
      lines: [
        'The site’s owner closed it to the network that you are using. This is the owner’s setting, not a decision of ours.',
        'Try another network, or ask the owner by another way.',
      ],
    },
    'rule-deny': {
      title: 'This site does not accept this request',
      lines: [
        'A rule that the site’s owner made refuses requests like yours. This is the owner’s setting, not a decision of ours.',
        'If you think that it is a mistake, tell the owner the reference below.',
      ],
    },
    gate: {
      title: 'A password is needed here',
      lines: [
        'The site’s owner opens this part to people who know its password. Any user name will do.',
        'Ask the owner for it. We cannot tell it to you.',
      ],
    },
    maintenance: {
      title: 'This site is closed for a while',
      lines: ['Its owner is working on it. Come back later; nothing is wrong with your device.'],
    },
    limit: {
      title: 'Too many requests',
      lines: [
        'Your address sent more requests than this site allows in ten seconds.',
        'Wait a little and load the page again. Nothing that you sent before is lost.',
      ],
    },
    busy: {
      title: 'This site is very busy',
      lines: [
        'More people are waiting for this site than it can serve at once. It is not your doing.',
        'Load the page again in a few seconds.',
      ],
    },
    'form-send': {
      title: 'What you were sending is ready',
      lines: ['You passed the check. What you were sending is kept here, sealed; the button sends it on, once.'],
    },
    'form-used': {
      title: 'This was sent already',
      lines: ['What you were sending went on to the site once, and is not sent a second time. Nothing is lost.'],
    },
    'form-gone': {
      title: 'What you were sending is no longer here',
      lines: [
        'It is kept for fifteen minutes, and only the browser that sent it can open it. Nothing of it went to the site. Your browser’s Back button may still have it.',
      ],
    },
    'form-again': {
      title: 'It could not be sent just now',
      lines: [
        'The site’s server could not be reached, or asked for a pause. Nothing went out, and what you were sending is still kept. Try again in a moment.',
      ],
    },
    'form-unsure': {
      title: 'We do not know whether it arrived',
      lines: [
        'What you were sending left us, but no answer came back. It is not sent a second time by us: look at the site before you send it again.',
      ],
    },
    'no-key': {
      title: 'We cannot check visitors at the moment',
      lines: [
        'This is a fault of ours: the site asks for a check that we cannot run just now, so we let nobody in unchecked.',
        'Load the page again in a minute.',
      ],
    },
    'not-ours': { title: 'Nothing here', lines: ['There is no such page among those that we serve ourselves.'] },
    'origin-bad': {
      title: 'The site gave a broken answer',
      lines: [
        'We reached the site’s own server, but its answer was broken off or made no sense. The fault is there, not with you.',
        'Try again in a minute.',
      ],
    },
    'origin-down': {
      title: 'The site’s server does not answer',
      lines: [
        'We are here, but the server behind this site refused the connection. The fault is there, not with you.',
        'Try again in a few minutes.',
      ],
    },
    'origin-slow': {
      title: 'The site’s server took too long',
      lines: [
        'We passed your request on, but no answer came in time. What you sent may or may not have arrived: look before you send it again.',
      ],
    },
    malformed: {
      title: 'That was not a valid request',
      lines: ['What your program sent does not follow HTTP, so we did not pass it on.'],
    },
    timeout: {
      title: 'Your request did not arrive in time',
      lines: ['We waited for the rest of your request and closed the connection. Send it again.'],
    },
  },
  kept: {
    kept: 'What you were sending is kept, sealed, for fifteen minutes. After the check it is sent on by itself.',
    long: 'What you were sending is too large to be kept during the check. Keep a copy of what you wrote, or go back now: your browser’s Back button has it.',
    unkept:
      'What you were sending was not kept and has not reached the site. Your browser’s Back button has it; after the check it can be sent again.',
    send: 'Send it now',
  },
  challenge: {
    title: 'A short check before you enter',
    what: (provider) =>
      `${provider} protects this site. It is under attack just now, so every browser does a small calculation first.`,
    why: 'You need not do anything. It takes a few seconds, and you will see the page that you asked for.',
    privacy: 'It sets one cookie, which says that this browser passed, and tells nobody else.',
    working: 'Checking…',
    half: 'More than half done.',
    done: 'Done. Opening the page.',
    failed: 'The check did not work this time. Load the page again to retry, or take the waiting line.',
    slow: 'This takes longer on your device than it should. It goes on, or you can take the waiting line.',
    cookies:
      'Your browser does not keep our cookie, so we could not tell that you passed, and would ask again for ever. Allow cookies for this site, then load the page again.',
    form: 'You were sending a form. After the check you can send it again, and nothing is lost.',
    formDone: 'Done. Press the button, and let your browser send the form once more.',
    again: 'Continue',
    noScript: 'The calculation needs JavaScript, which is off in your browser. The waiting line does not.',
    door: 'Rather not? You can wait instead: about twelve seconds, no calculation, no JavaScript.',
    doorLink: 'Wait in line',
    frame: 'This page is shown inside another site, where browsers keep no cookies of ours.',
    frameLink: 'Open it in a window of its own',
  },
  wait: {
    title: 'Waiting line: step {hop} of 3',
    what: 'This page moves on by itself in {seconds} seconds. If it does not, follow the link then.',
    next: 'Next step',
    nothing: 'You need not do anything else. If you are early, you keep your place; if you are late, the line begins again.',
    fullTitle: 'The waiting line is full for a moment',
    full: 'Many people from your network are waiting. This page tries again by itself in ten seconds. It is not your doing, and nothing is blocked.',
    fullLink: 'Try again',
    cookiesTitle: 'Your browser does not keep our cookie',
    cookies: [
      'We could not tell that you waited, and would ask you again for ever. So we stop here; you are not blocked.',
      'Allow cookies for this site, then start again. The only one that we set says that this browser passed.',
    ],
    cookiesLink: 'Start again',
    newWindow: 'If this page is shown inside another site: open it in a window of its own',
    usedTitle: 'You are already through',
    used: 'This place in the line has been used. Your browser should have its pass.',
    onward: 'Go on to the page',
    anew: 'Wait in line again',
  },
  noticeTitle: 'Access is withdrawn',
  noticeLanguage: 'The decision is in English.',
  notice: {
    titleHost: 'Access to this site is withdrawn',
    titlePath: 'Access to this part of the site is withdrawn',
    byUs: (provider) => `${provider}, which protects this site, decided this. It is our decision, not the site’s.`,
    byLaw: (provider, authority, reference) =>
      `${provider}, which protects this site, follows a legal order of ${authority} (${reference}). It is not the site’s decision.`,
    scopeSite: 'This site, all of it.',
    scopeHosts: (hosts, more) =>
      `All pages of ${hosts}${more > 0 ? ` and ${more} more` : ''}. Other names of the site are not touched.`,
    scopePath: (path) => `Pages whose address begins with ${path}. The rest of the site is not touched.`,
    decidedBy: 'Who decided',
    blocked: 'What is blocked',
    reason: 'Why',
    basis: 'Basis',
    basisOwn: 'Our own terms. No authority ordered it.',
    basisLaw: (authority, reference) => `Legal order of ${authority}, ${reference}.`,
    since: 'Since',
    until: 'Until, unless it is lifted before',
    decision: 'Decision',
    statement: 'Read the statement of reasons',
    pressure: 'The number of reports played no part in it.',
    appeal: 'If this is your site',
    appealLink: 'You can appeal',
    danger: 'If you are in danger, or know somebody who is',
    dangerLink: 'Find help now',
    privacy: 'We keep no list of who saw this page. It set no cookie.',
  },
};
