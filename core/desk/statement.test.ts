/** What the texts of a decision say, and what none of them says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantOf } from '../instant.ts';
import { noticePageText, ownerNoticeText, publishedVolume, statementText } from './statement.ts';
import type { OwnerFacts } from './statement.ts';

const at = (hours: number) => instantOf(Date.UTC(2026, 2, 4) + hours * 3_600_000);

const facts: OwnerFacts = {
  provider: 'Example Shield',
  number: 'D-2026-0001',
  kind: 'measure',
  step: 'protection-withdrawn',
  siteName: 'forum.example',
  hostnames: [],
  path: null,
  basis: { kind: 'own-decision' },
  publicReason: 'Specific threats against a named person.',
  whyNotBelow: [{ step: 'owner-notice', why: 'The owner takes part.' }],
  limbs: [
    { limb: 'threat-to-life', finding: 'met' },
    { limb: 'escalating-in-window', finding: 'not-met' },
  ],
  criteria: { title: 'Criteria', sha256: 'ab'.repeat(32), publishedAt: at(-100) },
  criteriaAfterCase: false,
  startsAt: at(0),
  endsAt: at(72),
  provisional: false,
  alone: null,
  recheckAt: null,
  volume: { n: 2000, m: 4, k: 12, w: 1 },
  statementUrl: 'https://shield.example/decisions/D-2026-0001',
  appealUrl: 'https://shield.example/appeal',
  namedUrls: ['https://forum.example/t/1'],
  deadline: at(24),
};

describe('a statement of reasons', () => {
  it('says what, how widely, why, how long, why nothing narrower, on which criteria, who and where to appeal', () => {
    const text = statementText(facts);
    for (const part of [
      'Decision D-2026-0001',
      'the whole site “forum.example”',
      'Specific threats against a named person.',
      'until 2026-03-07 00:00 UTC',
      'Why not asking the owner: The owner takes part.',
      '[met] a threat to human life',
      '[not met] escalating within 48 hours',
      'They were published before the case was opened.',
      'Two people of Example Shield',
      'https://shield.example/appeal',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('says it when the criteria are younger than the case, and when one person stands alone', () => {
    expect(statementText({ ...facts, criteriaAfterCase: true })).toContain('AFTER the case was opened');
    expect(statementText({ ...facts, alone: at(1) })).toContain('ends by itself at 2026-03-04 01:00 UTC unless a second person');
  });

  it('withholds every number below five, since one witness is a person', () => {
    expect(statementText(facts)).toContain(
      'Reports: 2000. Different claims: fewer than 5. Independent pieces of evidence: 12. First-hand witnesses: fewer than 5.',
    );
    fc.assert(
      fc.property(fc.record({ n: fc.nat(), m: fc.nat(), k: fc.nat(), w: fc.nat() }), (volume) => {
        for (const [name, count] of Object.entries(publishedVolume(volume))) {
          const given = Object.entries(volume).find(([key]) => key === name)?.[1] ?? 0;
          expect(count).toBe(given < 5 ? null : given);
        }
      }),
    );
  });
});

describe('what the owner reads', () => {
  it('names the addresses and the deadline, the way to answer and to take everything along, and no number of reports', () => {
    const text = ownerNoticeText(facts);
    expect(text).toContain('until 2026-03-05 00:00 UTC:\n- https://forum.example/t/1');
    expect(text).toContain('can be exported at any time');
    expect(text).not.toMatch(/2000|witness/);
  });
});

describe('the notice page', () => {
  it('is 403 for a decision of ours, 451 for a legal order, and none when visitors meet none', () => {
    expect(noticePageText(facts)).toContain('403');
    const basis = { kind: 'legal-order' as const, authority: 'Court', reference: '1', authorityUrl: 'https://court.example/' };
    expect(noticePageText({ ...facts, basis })).toContain('451');
    for (const step of ['owner-notice', 'limit-or-challenge', 'captcha-keys'] as const) {
      expect(noticePageText({ ...facts, step })).toBeNull();
    }
  });
});
