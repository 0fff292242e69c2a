import { afterAll, beforeAll, expect, it } from 'vitest';
import { Instant } from '../../../contract/ids.ts';
import type { CaseId } from '../../../contract/ids.ts';
import { lockNoThreat } from '../../../contract/routes/desk/assessments.ts';
import { getCase, listCaseReports, listCases } from '../../../contract/routes/desk/cases.ts';
import { getPressure, logPressure } from '../../../contract/routes/desk/pressure.ts';
import { sendReport } from '../../../contract/routes/desk/reports.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { campaigns, fill, picker } from '../../../tests/harness/desk-texts.ts';
import { removeFolder, temporaryFolder, until } from '../../../tests/harness/ports.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';

const folder = temporaryFolder('pressure');
let house: ControlHouse;
let analyst: Api;

beforeAll(async () => {
  house = await startControlHouse(await embeddedAddress(folder));
  analyst = await house.person('Ada Analyst', ['analyst']);
}, 60_000);
afterAll(async () => {
  await house.stop();
  removeFolder(folder);
});

const write = (caseId: CaseId, description = 'A letter that asks to drop the site.') =>
  analyst.call(logPressure, {
    body: { caseId, kind: 'letter', at: Instant.parse('2026-03-04T10:00:00.000Z'), description, count: 500 },
  });

it('volume and pressure are kept from everybody until the grade is locked, and are whole afterwards', async () => {
  const text = fill(campaigns.en, picker(2));
  for (let index = 0; index < 24; index += 1) {
    await house.stranger().call(sendReport, {
      body: {
        class: 'phishing',
        text,
        urls: [`https://forum.example/t/${index % 3}`],
        contact: { name: 'Rae Porter', mail: `rae${index}@mail.example` },
      },
    });
  }
  const [row] = await until(
    'the reports are read',
    async () => {
      const { items } = await analyst.call(listCases);
      const seen = items[0] === undefined ? null : await analyst.call(getCase, { params: { caseId: items[0].caseId } });
      return seen !== null && seen.evidence.length === 3 && items;
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
  if (row === undefined) throw new Error('there is no case');
  const { caseId } = row;
  await write(caseId);
  await write(caseId, 'Tell jane.doe@mail.example, says Rae.');
  expect(await refusalOf(analyst.call(getPressure, { params: { caseId } }))).toBe('not-graded');
  const before = await analyst.call(getCase, { params: { caseId } });
  expect(before.volume).toBeNull();
  const listed = await analyst.call(listCaseReports, { params: { caseId } });
  expect(listed.total).toBe(0);

  await analyst.call(lockNoThreat, { params: { caseId }, body: { reason: 'A letter campaign; no threat is named.' } });
  const shown = await until(
    'all reports are read',
    async () => {
      const pressure = await analyst.call(getPressure, { params: { caseId } });
      return pressure.volume.n === 24 && pressure;
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
  expect(shown.volume).toEqual({ n: 24, m: 1, k: 3, w: 0 });
  expect(shown.clusters).toMatchObject([{ n: 24, k: 3, w: 0 }]);
  expect(shown.entries.map(({ description }) => description)).toEqual([
    'Tell [mail], says Rae.',
    'A letter that asks to drop the site.',
  ]);
  expect(JSON.stringify(shown)).not.toMatch(/Rae Porter|rae\d+@/);
  expect((await analyst.call(getCase, { params: { caseId } })).volume).toEqual(shown.volume);
}, 120_000);

it('pressure on a case or site that is not there is refused', async () => {
  expect(
    await refusalOf(
      analyst.call(logPressure, {
        body: {
          caseId: 'case_000000000000',
          kind: 'call',
          at: Instant.parse('2026-03-04T10:00:00.000Z'),
          description: 'A call.',
        },
      }),
    ),
  ).toBe('not-found');
});
