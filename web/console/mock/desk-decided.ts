/** What the mock's desk has decided, and its other rooms: decisions, criteria, appeals, notices, people on call, authorities. */
import { DeskDecision, Appeal, Criteria } from '../../../contract/routes/desk/decisions.ts';
import { CaseNotice, OwnerNotice } from '../../../contract/routes/desk/owners.ts';
import { Limb } from '../../../contract/desk/words.ts';
import { AuthorityRequest, OnCallPerson, Page } from '../../../contract/routes/desk/pressure.ts';
import type { DeskState } from './desk-state.ts';
import { mockId } from './state.ts';

type Decided = Omit<DeskState, 'cases' | 'reports' | 'texts' | 'custody' | 'volumes' | 'clusters' | 'pressure' | 'wellness'>;

const hour = 3600;
const sha256 = '3f'.repeat(32);

export function decidedDesk(nowMs: () => number): Decided {
  const ago = (seconds: number) => new Date(nowMs() - seconds * 1000).toISOString();
  const soon = (seconds: number) => ago(-seconds);
  const ada = { personId: mockId('person', 'ada'), name: 'Ada Okafor' };
  const ben = { personId: mockId('person', 'ben'), name: 'Ben Sørensen' };
  const ceren = { personId: mockId('person', 'ceren'), name: 'Ceren Aydın' };
  const criteriaId = mockId('polv', 'first');
  const thread = mockId('evid', 'thread');
  const limbs = Limb.options.map((limb): unknown =>
    limb === 'legal-process-too-slow'
      ? { limb, finding: 'not-met', reason: 'Police were told at once; no court was asked yet.' }
      : { limb, finding: 'met', reason: 'As graded by two people.', evidence: [thread] },
  );
  const whyNotBelow: unknown[] = [
    { step: 'owner-notice', why: 'The owner was asked twice and posted the address again.' },
    { step: 'notice-on-path', why: 'The same was posted on three other boards within an hour.' },
    { step: 'limit-or-challenge', why: 'A slower page still shows the address.' },
    { step: 'captcha-keys', why: 'Posting needs no captcha on that site.' },
  ];
  const decision = (given: Record<string, unknown>) =>
    DeskDecision.parse({
      kind: 'measure',
      state: 'confirmed',
      number: 'D-2026-0005',
      limbs,
      step: 'provisional-notice-page',
      whyNotBelow,
      measure: { hostnames: [], basis: { kind: 'own-decision' }, endsAt: soon(47 * hour) },
      evidence: [thread],
      publicReason: 'A board of this site was used to threaten a named person, with a place and a day.',
      internalReason: 'Graded G4 and G3 blind; the lead settled G4. The operator answered once and did nothing.',
      policyVersionId: criteriaId,
      criteriaAfterCase: false,
      provisional: true,
      confirms: null,
      recheckAt: null,
      namedUrls: ['https://forum.example/board/threats/17'],
      deadline: soon(20 * hour),
      ownerNoticeDelayReason: null,
      proposer: ben,
      proposedAt: ago(25 * hour),
      confirmer: ada,
      confirmedAt: ago(25 * hour - 240),
      breakGlass: null,
      lapsesAt: soon(47 * hour),
      orderId: mockId('order', 'threats'),
      receipts: { expected: 2, enforced: 2, lifted: 0, failed: 0, tookMs: 44 },
      volume: { n: 2041, m: 9, k: 12, w: 2 },
      ...given,
    });
  const harbour = decision({ decisionId: mockId('dec', 'harb'), caseId: mockId('case', 'harbour') });
  const none = decision({
    decisionId: mockId('dec', 'none'),
    caseId: mockId('case', 'phish'),
    kind: 'no-action',
    number: 'D-2026-0004',
    limbs: [],
    step: null,
    whyNotBelow: [],
    measure: null,
    provisional: false,
    publicReason: 'The page was gone when we looked; nothing is left to act on.',
    recheckAt: soon(9 * 24 * hour),
    lapsesAt: null,
    orderId: null,
    receipts: null,
    volume: { n: 3, m: 2, k: 1, w: 0 },
  });
  return {
    decisions: [harbour, none],
    criteria: [
      Criteria.parse({
        policyVersionId: criteriaId,
        title: 'Criteria of the desk, first version',
        text: 'A measure rests on verified incidents, never on the number of reports. It is taken only when all that is narrower would not do, and it ends by itself.\n\nA threat to life counts when it is specific, aimed at named persons, and tied to the shielded site. It is graded by two people who do not see each other’s grade.',
        sha256,
        publishedAt: ago(60 * 24 * hour),
        publishedBy: null,
      }),
    ],
    appeals: [
      Appeal.parse({
        appealId: mockId('appeal', 'one'),
        caseId: mockId('case', 'harbour'),
        decisionId: mockId('dec', 'harb'),
        decision: 'D-2026-0005',
        by: 'owner',
        state: 'open',
        text: 'We removed the thread within the hour. The whole site is blocked for one board.',
        openedAt: ago(20 * hour),
        dueAt: soon(40 * hour),
        takenBy: null,
        decider: null,
        decidedAt: null,
        reasons: null,
        joined: null,
        mayDecide: true,
      }),
      Appeal.parse({
        appealId: mockId('appeal', 'two'),
        caseId: mockId('case', 'phish'),
        decisionId: mockId('dec', 'none'),
        decision: 'D-2026-0004',
        by: 'reporter',
        state: 'open',
        text: 'You decided not to act. It is back.',
        openedAt: ago(2 * hour),
        dueAt: soon(12 * 24 * hour),
        takenBy: null,
        decider: null,
        decidedAt: null,
        reasons: null,
        joined: 3,
        mayDecide: false,
      }),
    ],
    strikes: [],
    reviews: new Map(),
    notices: [
      OwnerNotice.parse({
        noticeId: mockId('notice', 'one'),
        siteName: 'Harbour Forum',
        kind: 'statement',
        subject: 'Provisional measure on Harbour Forum',
        text: 'We decided that the site answers with a notice for 72 hours.\n\nWhy: a board of this site was used to threaten a named person, with a place and a day.\n\nThe number of reports played no part.',
        namedUrls: ['https://forum.example/board/threats/17'],
        deadline: soon(20 * hour),
        at: ago(24 * hour),
        readAt: null,
        decision: 'D-2026-0005',
        replies: [{ at: ago(20 * hour), text: 'The thread is gone.' }],
        mayAppeal: true,
        appeals: [],
      }),
    ],
    caseNotices: new Map([
      [
        mockId('case', 'harbour'),
        [
          CaseNotice.parse({
            noticeId: mockId('notice', 'one'),
            kind: 'statement',
            subject: 'Provisional measure on Harbour Forum',
            text: 'We decided that the site answers with a notice for 72 hours.',
            namedUrls: ['https://forum.example/board/threats/17'],
            deadline: soon(20 * hour),
            at: ago(24 * hour),
            readAt: ago(20 * hour),
            decision: 'D-2026-0005',
            replies: [{ at: ago(20 * hour), text: 'The thread is gone.', by: null }],
          }),
        ],
      ],
    ]),
    contactHint: 'o…@mail.example',
    onCall: [
      OnCallPerson.parse({
        personId: ada.personId,
        name: ada.name,
        channel: 'push',
        addressHint: 't…@push.example',
        position: 1,
        active: true,
      }),
      OnCallPerson.parse({
        personId: ben.personId,
        name: ben.name,
        channel: 'mail',
        addressHint: 'b…@mail.example',
        position: 2,
        active: true,
      }),
      OnCallPerson.parse({
        personId: ceren.personId,
        name: ceren.name,
        channel: 'mail',
        addressHint: 'c…@mail.example',
        position: 3,
        active: false,
      }),
    ],
    pages: [
      Page.parse({
        pageId: mockId('page', 'one'),
        subject: 'Somebody is in danger now: C-2026-0007',
        caseId: mockId('case', 'forum'),
        createdAt: ago(8 * hour),
        channel: 'push',
        state: 'sent',
        attempts: 1,
        lastError: null,
        sentAt: ago(8 * hour - 1),
        acknowledgedBy: ben,
        acknowledgedAt: ago(8 * hour - 190),
      }),
      Page.parse({
        pageId: mockId('page', 'two'),
        subject: 'Overdue: C-2026-0006',
        caseId: mockId('case', 'doxx'),
        createdAt: ago(1800),
        channel: 'mail',
        state: 'failed',
        attempts: 4,
        lastError: 'The relay does not answer.',
        sentAt: null,
        acknowledgedBy: null,
        acknowledgedAt: null,
      }),
    ],
    mailFinding: 'The relay mail.example:587 does not answer since 09:12.',
    authority: [
      AuthorityRequest.parse({
        authorityId: mockId('auth', 'edr'),
        kind: 'emergency-request',
        state: 'call-back-due',
        agency: 'Police of Example Town',
        law: null,
        reference: 'EX-17/26',
        urls: ['https://forum.example/board/threats/17'],
        text: 'We ask who wrote it. Somebody is in danger.',
        caseId: mockId('case', 'forum'),
        receivedAt: ago(2 * hour),
        channel: 'mail',
        missing: ['A call back on a number that was found independently.', 'A second person.'],
        callBack: null,
        second: null,
        answeredAt: null,
        answer: null,
        preserveUntil: null,
      }),
      AuthorityRequest.parse({
        authorityId: mockId('auth', 'order'),
        kind: 'order',
        state: 'incomplete',
        agency: 'District Court of Example',
        law: null,
        reference: '3 O 17/26',
        urls: [],
        text: 'The page is to be blocked.',
        caseId: null,
        receivedAt: ago(28 * hour),
        channel: 'hand',
        missing: ['The law that it rests on.', 'The addresses that it names.'],
        callBack: null,
        second: null,
        answeredAt: null,
        answer: null,
        preserveUntil: null,
      }),
    ],
  };
}
