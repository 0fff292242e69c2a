/** From a report to evidence that verifies: what a stranger names is captured within a minute, and the same page in two reports is one item. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCustody, readEvidence } from '../../contract/routes/desk/evidence.ts';
import { startDeskHouse } from '../harness/desk-house.ts';
import type { DeskHouse } from '../harness/desk-house.ts';
import { removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { embeddedAddress } from '../harness/stores.ts';

describe('a reported page', () => {
  const folder = temporaryFolder('evidence-story');
  let house: DeskHouse;
  beforeAll(async () => {
    house = await startDeskHouse(await embeddedAddress(folder));
  });
  afterAll(async () => {
    await house.stop();
    removeFolder(folder);
  });

  it('is captured once, however many report it, and shows no reporter', async () => {
    house.pages.set('/thread/9', '<title>Thread 9</title><p>[threat naming a place and time]</p>');
    const urls = [house.pageUrl('/thread/9')];
    for (const who of ['one', 'two']) {
      await house.report({
        class: 'threat-to-life',
        text: 'Somebody is threatened on this page, please look at it soon.',
        urls,
        contact: { name: `Reporter ${who}`, mail: `${who}@reporter.example` },
      });
    }
    const [row] = await house.cases();
    if (row === undefined) throw new Error('a case was opened');
    const item = await until(
      'the page is captured',
      async () => {
        const { evidence } = await house.case(row.caseId);
        const found = evidence.filter((one) => one.kind === 'url');
        return found.length === 1 && found[0]?.captureState === 'captured' && found[0];
      },
      { timeoutMs: 60_000, everyMs: 200 },
    );
    expect(item.level).toBe('A2');
    const { text } = await house.analyst.call(readEvidence, { params: { evidenceId: item.evidenceId } });
    expect(text).toContain('[threat naming a place and time]');
    const { lines, intact } = await house.analyst.call(listCustody, { params: { evidenceId: item.evidenceId } });
    expect(intact).toBe(true);
    expect(lines.map(({ act }) => act)).toEqual(['create', 'capture', 'view']);
    expect(`${JSON.stringify(lines)} ${house.logged.join()}`).not.toContain('reporter.example');
  });
});
