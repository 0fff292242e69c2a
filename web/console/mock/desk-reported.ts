/** What was reported to the mock's desk, what its evidence says, who touched it, and how the reports fall together. */
import type { z } from 'zod';
import { CustodyLine } from '../../../contract/desk/shapes.ts';
import { DeskReport } from '../../../contract/routes/desk/cases.ts';
import { ClusterRow } from '../../../contract/routes/desk/pressure.ts';
import type { DeskState } from './desk-state.ts';
import { mockId } from './state.ts';

const hour = 3600;
const sha256 = '3f'.repeat(32);

export function reportedDesk(nowMs: () => number): Pick<DeskState, 'reports' | 'texts' | 'custody' | 'volumes' | 'clusters'> {
  const ago = (seconds: number) => new Date(nowMs() - seconds * 1000).toISOString();
  const ada = { personId: mockId('person', 'ada'), name: 'Ada Okafor' };
  const ben = { personId: mockId('person', 'ben'), name: 'Ben Sørensen' };
  const thread = mockId('evid', 'thread');
  const volume = { n: 2041, m: 9, k: 12, w: 2 };

  const report = (given: { id: string; number: number; text: string } & Partial<z.input<typeof DeskReport>>) => {
    const { id, ...rest } = given;
    return DeskReport.parse({
      reportId: mockId('rep', id),
      channel: 'form',
      class: 'threat-to-life',
      fastLane: false,
      state: 'linked',
      receivedAt: ago(8 * hour),
      happenedAt: ago(9 * hour),
      reporter: 'Reporter 7KQ2',
      role: 'family',
      proof: 'mail',
      wantsSafetyContact: true,
      forwardConsent: false,
      urls: ['https://forum.example/board/threats/17'],
      lang: 'en',
      evidence: [thread],
      messages: [],
      outcome: null,
      ...rest,
    });
  };
  const reports = new Map([
    [
      mockId('case', 'forum'),
      [
        report({
          id: 'one',
          number: 4117,
          fastLane: true,
          text: 'They posted [name] and [address] and a day. [threat naming a place and time]',
          messages: [
            { at: ago(7 * hour), sender: 'desk', text: 'Thank you. Did it stand there before Friday?', by: ada },
            { at: ago(6 * hour), sender: 'reporter', text: 'No, it is new.', by: null },
          ],
        }),
        report({
          id: 'two',
          number: 4122,
          channel: 'mail',
          reporter: 'Reporter X0B9',
          role: 'bystander',
          proof: 'none',
          wantsSafetyContact: false,
          forwardConsent: true,
          text: 'This site must go offline! Same text as everybody. [link]',
          evidence: [],
        }),
      ],
    ],
    [
      mockId('case', 'harbour'),
      [report({ id: 'three', number: 3980, text: 'My street and my school are on that board.', role: 'target' })],
    ],
  ]);

  return {
    reports,
    texts: new Map([
      [thread, '[name] lives at [address].\n[threat naming a place and time]\nSomebody should …'],
      [mockId('evid', 'photo'), 'This is an image. Its text layer is empty.'],
      [mockId('evid', 'gone'), 'The capture found nothing to read.'],
    ]),
    custody: new Map([
      [
        thread,
        [
          { act: 'create' as const, who: null, why: 'Reported address' },
          { act: 'capture' as const, who: null, why: 'Queued at intake' },
          { act: 'timestamp' as const, who: null, why: 'RFC 3161' },
          { act: 'view' as const, who: ben, why: 'Read as text' },
        ].map((line, index) =>
          CustodyLine.parse({
            custodyId: mockId('cust', `l${index}`),
            at: ago(8 * hour - index * 60),
            sha256,
            lineHash: `${index}`.repeat(64),
            ...line,
          }),
        ),
      ],
    ]),
    volumes: new Map([[mockId('case', 'harbour'), volume]]),
    clusters: [
      { sample: 'This site must go offline! Same text as everybody.', n: 2029, k: 1, w: 0 },
      { sample: 'They posted [name] and [address] and a day.', n: 4, k: 6, w: 2 },
      { sample: 'My street and my school are on that board.', n: 1, k: 2, w: 1 },
    ].map((row, index) =>
      ClusterRow.parse({
        clusterId: mockId('clus', `c${index}`),
        ...row,
        firstAt: ago(30 * hour),
        lastAt: ago(hour * (index + 1)),
      }),
    ),
  };
}
