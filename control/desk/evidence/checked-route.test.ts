/** A lead says over the API that an address which was reported as child abuse was checked, or takes that back; nobody else does. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeEvidence, listCustody } from '../../../contract/routes/desk/evidence.ts';
import type { ReportClass } from '../../../contract/desk/words.ts';
import { listAudit } from '../../../contract/routes/house.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { startDeskHouse } from '../../../tests/harness/desk-house.ts';
import type { DeskHouse } from '../../../tests/harness/desk-house.ts';
import { removeFolder, temporaryFolder, until } from '../../../tests/harness/ports.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';

const folder = temporaryFolder('checked-route');
let house: DeskHouse;
beforeAll(async () => {
  house = await startDeskHouse(await embeddedAddress(folder));
}, 60_000);
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

it('an address that was checked is fetched again when a lead says so, with a line in its custody and in the audit trail', async () => {
  const url = 'https://checked.example/t/1';
  await house.report({ class: 'child-abuse', text: 'a false report', urls: [url], hostname: 'checked.example' });
  const caseOf = (kind: ReportClass) =>
    until(`the case of ${kind} has its evidence`, async () => {
      const found = (await house.cases()).find((one) => one.class === kind);
      return found !== undefined && (await house.case(found.caseId)).evidence.length > 0 && found.caseId;
    });
  await caseOf('child-abuse');
  await house.report({
    class: 'phishing',
    text: 'it copies a page where people sign in',
    urls: [url],
    hostname: 'checked.example',
  });
  const caseId = await caseOf('phishing');
  const [item] = (await house.case(caseId)).evidence;
  if (item === undefined) throw new Error('there is no item');
  expect(item.captureState).toBe('never');
  const params = { evidenceId: item.evidenceId };
  const say = (who: Api, childAbuse: boolean) =>
    who.call(changeEvidence, { params, body: { childAbuse, why: 'the hotline says that it is none' } });
  expect(await refusalOf(say(house.analyst, false))).toBe('not-allowed');
  expect(await refusalOf(say(house.boss, true))).toBe('wrong-state');
  expect((await say(house.boss, false)).captureState).not.toBe('never');
  expect(await refusalOf(say(house.boss, false))).toBe('wrong-state');
  const custody = await house.analyst.call(listCustody, { params });
  expect(custody.intact).toBe(true);
  expect(custody.lines.map(({ why }) => why).join(' ')).toContain('address checked: not child abuse. the hotline says');
  const { items } = await house.boss.call(listAudit, { query: { subject: item.evidenceId } });
  expect(items.filter(({ act }) => act === 'evidence.change').map(({ who, detail }) => [who?.name, detail])).toEqual([
    ['Bo Boss', { caseId, changed: ['item'], childAbuse: false, reason: 'the hotline says that it is none' }],
  ]);
  // Nobody is told the address by it.
  expect(JSON.stringify(items)).not.toContain('checked.example');
  await say(house.boss, true);
  expect(await refusalOf(say(house.boss, true))).toBe('wrong-state');
}, 60_000);
