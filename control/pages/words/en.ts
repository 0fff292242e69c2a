/**
 * Every word of the public pages for visitors, in English. What errors mean is in reference.ts.
 *
 * Another language is another object of the same shape (`Words`). Short, exact, never moralising. `…At` arguments are `<time>` elements,
 * so a sentence that holds one is a function that gets it as a piece of the page and returns the pieces in its own order.
 */
import type { Measure } from '../../../contract/policy.ts';

/** A text and what stands inside it, in order. */
export type Pieces<Part> = readonly (string | Part)[];

const measures = {
  'notice-on-host': {
    now: (where: string) => `Visitors to ${where} meet a notice instead of the site`,
    past: (where: string) => `Visitors to ${where} met a notice instead of the site`,
    what: 'Every page of it is answered with a notice. Nothing is deleted, and its owner can move it elsewhere.',
  },
  'notice-on-path': {
    now: (where: string) => `Visitors to ${where} meet a notice`,
    past: (where: string) => `Visitors to ${where} met a notice`,
    what: 'This part of the site is answered with a notice. The rest of the site is served and protected as before.',
  },
  challenge: {
    now: (where: string) => `Visitors to ${where} pass a check first`,
    past: (where: string) => `Visitors to ${where} passed a check first`,
    what: 'Each visitor’s browser must pass a check before the site is shown. Nothing is withheld from those who pass.',
  },
  'rate-limit': {
    now: (where: string) => `${where} answers each visitor more slowly`,
    past: (where: string) => `${where} answered each visitor more slowly`,
    what: 'Each visitor gets only so many requests in ten seconds. Nothing is withheld.',
  },
  'suspend-captcha-keys': {
    now: (where: string) => `The captcha keys of ${where} are suspended`,
    past: (where: string) => `The captcha keys of ${where} were suspended`,
    what: 'The site cannot use our captcha. The site itself is served as before.',
  },
} as const satisfies Record<Measure, { now: (where: string) => string; past: (where: string) => string; what: string }>;

export const english = {
  language: 'en',
  direction: 'ltr',
  locale: 'en-GB',
  frame: {
    skip: 'Skip to the page',
    navigation: 'Pages',
    status: 'Status',
    decisions: 'Decisions',
    help: 'Help',
    appeal: 'Appeal',
    signIn: 'Sign in',
    software: (provider: string) =>
      `${provider} runs Portcullis, free software. These pages set no cookies and ask no other server.`,
    data: 'This page as data',
    feed: 'As a feed',
  },
  status: {
    title: (provider: string) => `${provider}: status`,
    eyebrow: 'Status',
    noEdges: 'No edge is enrolled yet',
    allCurrent: (edges: number) => (edges === 1 ? 'The edge is up to date' : `All ${edges} edges are up to date`),
    someBehind: (current: number, edges: number) => `${current} of ${edges} edges are up to date`,
    good: 'Working',
    caution: 'Partly behind',
    alarm: 'Disturbed',
    ledeNone: 'No site is protected before an edge is enrolled.',
    ledeGood: 'Each edge has confirmed the newest policy: every protected site, every setting and every decision.',
    ledeBehind:
      'An edge that is behind or away goes on protecting sites and keeps every decision that it has. It catches up before it takes on anything new.',
    edges: 'edges up to date',
    edgesOf: (edges: number) => `of ${edges}`,
    median: 'from a change to the edge, median',
    slowest: 'or less for 99 of 100 changes',
    inForce: 'decisions in force',
    sites: 'sites protected',
    ms: 'ms',
    none: 'none yet',
    measured: (at: string): Pieces<'at'> => ['Measured at ', 'at', ` (${at}).`],
    incidents: 'Incidents of our own',
    incidentsNone: 'None in the last 14 days.',
    incident: {
      'edge-away': 'An edge lost its connection to the control plane. It went on serving with what it had.',
      'edge-nack': 'An edge refused a change and kept its last good state.',
      'receipt-failed': 'An edge checked itself and found that a decision was not enforced as it should be.',
    },
    open: 'Open',
    seen: 'Looked at',
    latest: 'Decisions in force',
    latestNone: 'No restriction is in force.',
    allDecisions: 'All decisions',
    what: 'What this is',
    whatText: (provider: string) => [
      `${provider} stands in front of other people’s sites and shields them from floods, bots and attacks. It does not host them and does not choose what they say.`,
      'When a shielded site is used to put somebody’s life in danger, the shield can be withdrawn: on evidence and not on pressure, as narrowly as possible, by two people, with an end date, and in public. Each such decision has a page here that says why, how widely, until when, and how to appeal.',
      'Security is not endorsement. That a site is protected says nothing about whether we like it.',
    ],
  },
  decisions: {
    title: 'Decisions',
    lede: 'Every restriction that people of this provider have put in force, with its reason, its scope and its end. A decision stays listed after it has ended.',
    inForce: 'In force',
    inForceNone: 'No restriction is in force.',
    over: 'Ended',
    overNone: 'None has ended yet.',
    since: (): Pieces<'from'> => ['since ', 'from'],
    until: (): Pieces<'to'> => ['ends ', 'to'],
    ended: (): Pieces<'to'> => ['ended ', 'to'],
    older: 'Older decisions',
    legal: 'legal order',
    own: 'own decision',
    gaps: 'Numbers follow one another without gaps. A number that is not listed is a proposal that is not in force, or was withdrawn or refused.',
  },
  decision: {
    title: (number: string) => `Decision ${number}`,
    state: { 'in-force': 'In force', lifted: 'Lifted', expired: 'Ended' },
    drill: 'This was a drill.',
    drillMore:
      'Nobody was in danger, and nobody’s site was restricted: it was played on a hostname that nobody can own, to find out whether everything works and how fast.',
    measures,
    where: (hosts: readonly string[], more: number) => (more > 0 ? `${hosts.join(', ')} and ${more} more` : hosts.join(', ')),
    reasonBy: (provider: string) => `The reason, in the words of ${provider}`,
    began: 'In force since',
    ends: 'Ends by itself',
    liftedAt: 'Lifted',
    endedAt: 'Ended',
    restricted: 'What is restricted',
    scope: 'How widely',
    wholeSite: (site: string) => `The whole site “${site}”, with every hostname that it has`,
    part: (path: string) => `Only addresses below ${path}`,
    hostnames: 'These hostnames and no other part of the site:',
    basis: 'Basis',
    ownBasis: 'A decision of our own',
    ownBasisMore: 'No court or authority ordered it. Visitors get the status 403.',
    legalBasis: (authority: string) => `An order of ${authority}`,
    legalReference: (reference: string) => `Reference: ${reference}.`,
    legalMore: 'The law required it. Visitors get the status 451.',
    authority: 'The authority',
    who: 'Who decided',
    twoPeople: 'Two people',
    twoPeopleMore: (provider: string) =>
      `One person of ${provider} proposed it and another confirmed it. Their names are kept in the audit trail and not published, so that nobody is pressed.`,
    breakGlass: 'One person, in an emergency',
    breakGlassMore:
      'The danger would not wait for a second person. Everybody on duty was alarmed, and the decision ends by itself soon unless a second person confirms it.',
    breakGlassOver:
      'The danger would not wait for a second person. Everybody on duty was alarmed; no second person confirmed it.',
    recordTitle: 'In the record',
    recordFirst: 'This is how it was first published: nothing was changed since.',
    recordLater: (version: number) => `This is version ${version}. The earlier ones stand in the record too.`,
    recordProof: 'Proof file',
    recordVersions: 'All versions',
    proof: 'Proof',
    proofNone: 'No edge takes part in this measure.',
    enforced: (done: number, all: number) =>
      `${done} of ${all} ${all === 1 ? 'edge has' : 'edges have'} signed that it is enforced`,
    liftedProof: (done: number, all: number) =>
      `${done} of ${all} ${all === 1 ? 'edge has' : 'edges have'} signed that it is lifted`,
    failed: (count: number) => `${count} found it not enforced; the operator was alarmed`,
    proofMore: (took: string) =>
      `Each asked its own front door for the restricted address first. The last answer came after ${took}.`,
    proofPlain: 'Each asks its own front door for the restricted address before it signs.',
    captchaProof: {
      enforced: (done: number, all: number) =>
        `${done} of ${all} ${all === 1 ? 'process of the captcha has' : 'processes of the captcha have'} signed that it is enforced`,
      liftedProof: (done: number, all: number) =>
        `${done} of ${all} ${all === 1 ? 'process of the captcha has' : 'processes of the captcha have'} signed that it is lifted`,
      failed: (count: number) => `${count} found it not enforced; the operator was alarmed`,
      plain: 'Each asks its own front door about the suspended keys before it signs.',
    },
    pressureTitle: 'What played no part',
    pressure:
      'The number of reports played no part, nor did campaigns. Reports are read for evidence; that there are many of them is not evidence.',
    dangerTitle: 'If you are in danger',
    danger: 'Whatever this page says: if somebody is in danger now, call the emergency number first.',
    dangerLink: 'Numbers and what else helps',
    appealTitle: 'If you think it is wrong',
    appeal:
      'The site’s owner, and anybody who is affected, may ask for it to be looked at again by somebody who did not decide it.',
    appealLink: 'How to appeal',
    notFoundTitle: 'There is no public decision with this number',
    notFound:
      'A proposal becomes public when it comes into force; until then, and if it never does, its number has no page. Check the number for a slip.',
  },
  help: {
    title: 'Help',
    now: 'Is somebody in danger now?',
    nowText: 'Call the emergency number of the country where the danger is. Do not wait for us: we are not an emergency service.',
    numbersCaption: 'Emergency numbers. In most places a mobile phone reaches help under 112 even without credit.',
    place: 'Where',
    number: 'Number',
    numbers: [
      ['European Union, and most of Europe', '112'],
      ['United Kingdom, Ireland', '999 or 112'],
      ['United States, Canada', '911'],
      ['Australia', '000'],
      ['New Zealand', '111'],
      ['India', '112'],
      ['Japan', '110 (police), 119 (ambulance)'],
      ['Brazil', '190 (police), 192 (ambulance)'],
      ['South Africa', '10111 or 112'],
    ],
    targetedTitle: 'If you are threatened or targeted',
    targeted: [
      'Tell the police where you live, and if your address was published, tell them that a false emergency call may come.',
      'Keep what you saw: pictures of the screen with the address line and the time. Ask somebody you trust to collect it, so that you need not read on.',
      'Do not answer those who threaten you, and do not go where they gather.',
      'Change what opens doors: passwords, recovery questions, who can see where you are. Ask your phone company to forbid moving your number.',
    ],
    mindTitle: 'If you think of ending your life',
    mind: 'You are not alone with this. Emergency numbers help here too, and there are people who listen, day and night, in most countries:',
    mindLink: 'findahelpline.com',
    visitorTitle: 'If a page of ours stopped you',
    visitor: [
      ['A notice', 'The page names a decision. Its number leads to the reason, the scope, the end date and the appeal.'],
      [
        'A check',
        'Your browser does some work and goes on by itself. No puzzle, no account. If it does not go on, load the page again.',
      ],
      ['“Too many requests”', 'Wait a few seconds. Others may share your address.'],
      ['The site does not answer', 'The site’s own server is at fault. We cannot mend it; its owner can.'],
    ],
    referenceText: 'Every page that we serve ourselves ends with a reference. Keep it when you write to anybody about it.',
  },
  appeal: {
    title: 'Appeal a decision',
    lede: 'The owner of a restricted site, and anybody who is affected, may ask that a decision be looked at again.',
    how: 'How',
    toContact: (): Pieces<'link'> => ['Write to ', 'link', '.'],
    noContact:
      'This provider has not published an address for appeals here yet. Use the contact that you have from your agreement with it.',
    say: 'Say three things',
    points: [
      'The number of the decision, such as D-2026-0001.',
      'What is wrong: the facts, the scope, or that the danger is over. What you can show counts, how many people ask does not.',
      'How to reach you.',
    ],
    then: 'What happens then',
    thenText: [
      'Somebody who did not decide looks at it. The decision stays in force meanwhile, and ends at its end date whatever happens.',
      'For now appeals are taken by hand, by mail: there is no form and no page that shows how far yours has come.',
    ],
    money: 'An appeal costs nothing and needs no lawyer.',
  },
  missing: {
    title: 'There is no such page',
    text: 'Nothing is at this address. It may have been typed wrongly, or be out of date.',
    start: 'Go to the start',
  },
} as const;

export type Loose<T> = T extends string
  ? string
  : T extends (...args: infer Args) => infer Result
    ? (...args: Args) => Loose<Result>
    : { readonly [Key in keyof T]: Loose<T[Key]> };
/** What a catalogue of another language must hold. */
export type Words = Loose<typeof english>;
