/**
 * What the mock's desk holds: five invented cases on reserved names, mild placeholders instead of what people would really write.
 *
 * `forum` is being graded, so nothing of its volume may be told; `harbour` is locked at G4 and under a provisional measure;
 * the others fill the queue. Long because cases name their evidence, people and reports. Built through the contract's schemas, so that it cannot drift from them.
 */
import type { z } from 'zod';
import { AxisName } from '../../../contract/desk/words.ts';
import { Assessment, CustodyLine, Evidence, Incident } from '../../../contract/desk/shapes.ts';
import type { Volume } from '../../../contract/desk/shapes.ts';
import { Case, DeskReport } from '../../../contract/routes/desk/cases.ts';
import type { Appeal, Criteria, DeskDecision } from '../../../contract/routes/desk/decisions.ts';
import type { Review, Strike } from '../../../contract/routes/desk/aftermath.ts';
import type { CaseNotice, OwnerNotice } from '../../../contract/routes/desk/owners.ts';
import type { Wellness } from '../../../contract/routes/desk/evidence.ts';
import { ClusterRow } from '../../../contract/routes/desk/pressure.ts';
import type { AuthorityRequest, OnCallPerson, Page, PressureEntry } from '../../../contract/routes/desk/pressure.ts';
import { decidedDesk } from './desk-decided.ts';
import { reportedDesk } from './desk-reported.ts';
import { mockId } from './state.ts';

export type DeskState = {
  cases: Case[];
  reports: Map<string, DeskReport[]>;
  /** What the text of an item says, redacted. */
  texts: Map<string, string>;
  custody: Map<string, z.infer<typeof CustodyLine>[]>;
  volumes: Map<string, Volume>;
  clusters: z.infer<typeof ClusterRow>[];
  pressure: PressureEntry[];
  decisions: DeskDecision[];
  criteria: Criteria[];
  appeals: Appeal[];
  strikes: z.infer<typeof Strike>[];
  reviews: Map<string, z.infer<typeof Review>[]>;
  notices: OwnerNotice[];
  /** By case: what its owner was told, as the desk reads it. */
  caseNotices: Map<string, CaseNotice[]>;
  contactHint: string | null;
  onCall: OnCallPerson[];
  pages: Page[];
  mailFinding: string | null;
  authority: AuthorityRequest[];
  wellness: Wellness;
};

const hour = 3600;
const sha256 = '3f'.repeat(32);

/** The axes of an assessment: what is given, all else unknown. */
function axesOf(given: Partial<Record<AxisName, { value: string; reason: string; evidence: string[] }>>): unknown {
  return Object.fromEntries(
    AxisName.options.map((axis) => [axis, given[axis] ?? { value: 'unknown', reason: '', evidence: [] }]),
  );
}

/** A desk in the middle of a working day. */
export function workingDesk(nowMs: () => number): DeskState {
  const ago = (seconds: number) => new Date(nowMs() - seconds * 1000).toISOString();
  const soon = (seconds: number) => ago(-seconds);
  const ada = { personId: mockId('person', 'ada'), name: 'Ada Okafor' };
  const ben = { personId: mockId('person', 'ben'), name: 'Ben Sørensen' };
  const house = mockId('acct', 'house');
  const criteriaId = mockId('polv', 'first');

  const evidence = (given: { id: string } & Partial<z.input<typeof Evidence>>) => {
    const { id, ...rest } = given;
    return Evidence.parse({
      evidenceId: mockId('evid', id),
      kind: 'url',
      level: 'A2',
      title: 'Thread on the board',
      url: 'https://forum.example/board/threats/17',
      sha256,
      mediaType: 'text/html',
      bytes: 48_213,
      eventAt: ago(9 * hour),
      firstSeenAt: ago(8 * hour),
      addedBy: null,
      sensitive: false,
      captureState: 'captured',
      captures: [
        {
          captureId: mockId('cap', id),
          state: 'captured',
          askedAt: ago(8 * hour),
          dueAt: ago(8 * hour - 300),
          finishedAt: ago(8 * hour - 41),
          finding: 'The page answered; two images were kept with it.',
          httpStatus: 200,
          waczSha256: sha256,
          timestampedAt: ago(8 * hour - 42),
          hasScreenshot: true,
        },
      ],
      holdUntil: null,
      deleteAfter: soon(80 * 24 * hour),
      note: null,
      ...rest,
    });
  };
  const thread = evidence({ id: 'thread' });
  const photo = evidence({
    id: 'photo',
    kind: 'file',
    level: 'A1',
    title: 'Photograph that a reporter handed in',
    url: null,
    mediaType: 'image/png',
    bytes: 212_007,
    sensitive: true,
    captureState: 'none',
    captures: [],
    holdUntil: soon(60 * 24 * hour),
  });
  const gone = evidence({
    id: 'gone',
    level: 'A1',
    title: 'Second thread',
    url: 'https://forum.example/board/threats/19',
    captureState: 'gone',
    eventAt: ago(3 * hour),
    captures: [
      {
        captureId: mockId('cap', 'gone'),
        state: 'gone',
        askedAt: ago(2 * hour),
        dueAt: ago(2 * hour - 300),
        finishedAt: ago(2 * hour - 12),
        finding: 'The address answers 404.',
        httpStatus: 404,
        waczSha256: null,
        timestampedAt: null,
        hasScreenshot: false,
      },
    ],
  });
  const never = evidence({
    id: 'never',
    level: 'A0',
    title: 'Address of a report, as a hash',
    url: null,
    mediaType: null,
    bytes: null,
    captureState: 'never',
    captures: [],
    sensitive: true,
  });

  const assessment = (id: string, incident: string, seat: 'first' | 'second', who: typeof ada, assigned: 'G3' | 'G4') =>
    Assessment.parse({
      assessmentId: mockId('assess', id),
      incidentId: mockId('inc', incident),
      seat,
      axes: axesOf({
        target: {
          value: 'named-and-locatable',
          reason: 'Name, street and school stand in the post.',
          evidence: [thread.evidenceId],
        },
        intent: { value: 'instruction-to-others', reason: '“Somebody should …”', evidence: [thread.evidenceId] },
        timePlace: { value: 'both', reason: 'A day and a street.', evidence: [thread.evidenceId] },
        authenticity: { value: 'our-capture', reason: 'Captured an hour after it was posted.', evidence: [thread.evidenceId] },
        nexus: { value: 'posted-there', reason: 'On the board itself.', evidence: [thread.evidenceId] },
        ongoing: { value: 'imminent', reason: 'The day is tomorrow.', evidence: [thread.evidenceId] },
      }),
      indicators: [
        { indicator: 'home-address', evidence: [thread.evidenceId] },
        { indicator: 'call-to-act', evidence: [thread.evidenceId] },
      ],
      suggested: 'G4',
      rules: 'grades-1',
      assigned,
      differsReason: assigned === 'G4' ? null : 'The street is given without a number; the means are unknown.',
      assessor: who,
      at: ago(5 * hour),
    });
  const incident = (given: { id: string } & Partial<z.input<typeof Incident>>) => {
    const { id, ...rest } = given;
    return Incident.parse({
      incidentId: mockId('inc', id),
      title: '[threat naming a place and time]',
      eventAt: ago(9 * hour),
      eventAtSource: 'stated',
      firstSeenAt: ago(8 * hour),
      target: { targetId: mockId('targ', 'a'), label: 'Target A' },
      offlineAct: false,
      evidence: [thread.evidenceId],
      verifiedBy: ben,
      verifiedAt: ago(7 * hour),
      retractedAt: null,
      retractedWhy: null,
      grading: 'none',
      grade: null,
      assessments: [],
      ...rest,
    });
  };
  const made = (given: { id: string; number: string; title: string } & Partial<z.input<typeof Case>>) => {
    const { id, ...rest } = given;
    return Case.parse({
      caseId: mockId('case', id),
      state: 'open',
      lane: 'serious',
      class: 'doxxing',
      siteId: mockId('site', 'forum'),
      siteName: 'Harbour Forum',
      openedAt: ago(8 * hour),
      due: { at: soon(hour), what: 'grade' },
      grade: null,
      emergencySince: null,
      claim: null,
      lead: null,
      openTasks: 0,
      hostname: 'forum.example',
      accountId: house,
      laneReason: null,
      gradeLockedAt: null,
      closedAt: null,
      recheckAt: null,
      mergedInto: null,
      policyVersionId: criteriaId,
      lawEnforcementAt: null,
      clocks: [],
      tasks: [],
      evidence: [],
      incidents: [],
      targets: [],
      notes: [],
      links: [],
      notices: [],
      volume: null,
      ...rest,
    });
  };
  const task = (
    id: string,
    kind: 'warn-target' | 'warn-police' | 'hotline-referral' | 'recheck' | 'law-enforcement-referral',
  ) => ({
    taskId: mockId('task', id),
    kind,
    subject: kind === 'recheck' ? null : 'Target A',
    state: 'open' as const,
    holds: kind !== 'recheck',
    createdAt: ago(5 * hour),
    dueAt: kind === 'recheck' ? soon(9 * 24 * hour) : ago(600),
    doneAt: null,
    doneBy: null,
    record: null,
  });
  const volume = { n: 2041, m: 9, k: 12, w: 2 };

  const cases = [
    made({
      id: 'forum',
      number: 'C-2026-0007',
      title: 'Threats: forum.example',
      lane: 'life-threat',
      class: 'threat-to-life',
      state: 'assessing',
      laneReason: 'A reporter said that somebody is in danger now.',
      claim: { by: ada, until: soon(22 * 60) },
      lead: ada,
      openTasks: 2,
      due: { at: soon(24 * 60), what: 'grade' },
      clocks: [
        { what: 'capture', dueAt: ago(8 * hour - 300), metAt: ago(8 * hour - 41) },
        { what: 'eyes', dueAt: ago(8 * hour - 900), metAt: ago(8 * hour - 420) },
        { what: 'grade', dueAt: soon(24 * 60), metAt: null },
        { what: 'warn-target', about: 'Target A', dueAt: ago(600), metAt: null },
        { what: 'warn-police', about: 'Target A', dueAt: ago(600), metAt: null },
        { what: 'decision', dueAt: soon(40 * 60), metAt: null },
      ],
      tasks: [task('w1', 'warn-target'), task('w2', 'warn-police')],
      evidence: [thread, photo, gone],
      incidents: [
        incident({ id: 'post', grading: 'second-needed', assessments: [assessment('a1', 'post', 'first', ada, 'G4')] }),
        incident({
          id: 'older',
          title: '[older post naming a person]',
          eventAt: ago(40 * 24 * hour),
          eventAtSource: 'first-seen',
          evidence: [gone.evidenceId],
          target: null,
          verifiedBy: ada,
        }),
      ],
      targets: [{ targetId: mockId('targ', 'a'), label: 'Target A', warned: false }],
      notes: [
        { messageId: mockId('msg', 'n1'), at: ago(6 * hour), by: ben, text: 'The second thread went while I was reading it.' },
        { messageId: mockId('msg', 'n2'), at: ago(5 * hour), by: null, text: 'Lane set by the fast lane of the report form.' },
      ],
      links: [{ caseId: mockId('case', 'harbour'), number: 'C-2026-0005', why: 'Same board, another target.' }],
    }),
    made({
      id: 'harbour',
      number: 'C-2026-0005',
      title: 'Doxxing and a set day: forum.example',
      lane: 'life-threat',
      class: 'doxxing',
      state: 'provisional',
      grade: 'G4',
      gradeLockedAt: ago(26 * hour),
      emergencySince: ago(26 * hour),
      claim: { by: ben, until: soon(9 * 60) },
      lead: ada,
      openTasks: 1,
      openedAt: ago(30 * hour),
      due: { at: ago(35 * 60), what: 'warn-target' },
      lawEnforcementAt: ago(25 * hour),
      clocks: [
        { what: 'eyes', dueAt: ago(30 * hour - 900), metAt: ago(30 * hour - 300) },
        { what: 'grade', dueAt: ago(29 * hour), metAt: ago(26 * hour) },
        { what: 'warn-target', about: 'Target B', dueAt: ago(35 * 60), metAt: null },
        { what: 'law-enforcement-referral', dueAt: ago(25 * hour), metAt: ago(25 * hour + 60) },
        { what: 'provisional-end', dueAt: soon(47 * hour), metAt: null },
      ],
      tasks: [{ ...task('w3', 'warn-target'), subject: 'Target B' }],
      evidence: [thread, evidence({ id: 'second', level: 'A3', title: 'The same thread, captured again' })],
      incidents: [
        incident({
          id: 'named',
          eventAt: ago(31 * hour),
          grading: 'locked',
          grade: 'G4',
          assessments: [assessment('a2', 'named', 'first', ben, 'G4'), assessment('a3', 'named', 'second', ada, 'G3')],
        }),
      ],
      targets: [
        { targetId: mockId('targ', 'b'), label: 'Target A', warned: true },
        { targetId: mockId('targ', 'c'), label: 'Target B', warned: false },
      ],
      notices: [
        {
          noticeId: mockId('notice', 'one'),
          subject: 'Provisional measure on Harbour Forum',
          at: ago(24 * hour),
          readAt: ago(20 * hour),
          replies: 1,
        },
      ],
      volume,
    }),
    made({
      id: 'doxx',
      number: 'C-2026-0006',
      title: 'Doxxing: wiki.example',
      siteName: 'Commons Wiki',
      siteId: mockId('site', 'wiki'),
      hostname: 'wiki.example',
      due: { at: ago(90 * 60), what: 'eyes' },
      clocks: [{ what: 'eyes', dueAt: ago(90 * 60), metAt: null }],
    }),
    made({
      id: 'child',
      number: 'C-2026-0003',
      title: 'Abuse of a child: elsewhere.example',
      class: 'child-abuse',
      siteId: null,
      siteName: '',
      hostname: 'elsewhere.example',
      openTasks: 1,
      due: { at: soon(3 * hour), what: 'hotline-referral' },
      tasks: [{ ...task('h1', 'hotline-referral'), subject: null, dueAt: soon(3 * hour) }],
      evidence: [never],
    }),
    made({
      id: 'phish',
      number: 'C-2026-0004',
      title: 'Phishing: radio.example',
      lane: 'routine',
      class: 'phishing',
      state: 'no-action',
      grade: 'G0',
      gradeLockedAt: ago(50 * hour),
      siteName: 'radio.example',
      siteId: mockId('site', 'new'),
      hostname: 'radio.example',
      due: null,
      openTasks: 1,
      recheckAt: soon(9 * 24 * hour),
      tasks: [task('r1', 'recheck')],
      volume: { n: 3, m: 2, k: 1, w: 0 },
    }),
  ];

  return {
    cases,
    ...reportedDesk(nowMs),
    pressure: [],
    ...decidedDesk(nowMs),
    wellness: {
      dailyCapMinutes: 60,
      optedOut: [],
      blur: true,
      greyscale: true,
      mute: true,
      minutesToday: 12.5,
      minutesByGrade: { G3: 4, G4: 8.5 },
    },
  };
}

/** A desk on its first day: criteria are published, nothing else is there. */
export function emptyDesk(nowMs: () => number): DeskState {
  const busy = workingDesk(nowMs);
  return {
    ...busy,
    cases: [],
    reports: new Map(),
    clusters: [],
    decisions: [],
    appeals: [],
    notices: [],
    onCall: [],
    pages: [],
    mailFinding: null,
    authority: [],
    wellness: { ...busy.wellness, minutesToday: 0, minutesByGrade: {} },
  };
}
