/**
 * The claims on which the desk rests, each against somebody who tries to fool it: a campaign, a shuffled order, a forged clock, one person with
 * two hats, and whoever reads everything that leaves the house.
 *
 * Through the API of a whole control plane. That an edge which was away during the block enforces it before it serves is told in
 * tests/stories/offline-edge and tests/agent-survival.
 */
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { CaseId, EvidenceId } from '../../contract/ids.ts';
import { getEscalation } from '../../contract/routes/desk/assessments.ts';
import { actOnCase } from '../../contract/routes/desk/cases.ts';
import {
  confirmDecision,
  decideAppeal,
  listDecisions,
  proposeDecision,
  takeAppeal,
} from '../../contract/routes/desk/decisions.ts';
import { listAppeals } from '../../contract/routes/desk/decisions.ts';
import { getPressure } from '../../contract/routes/desk/pressure.ts';
import { addToReport } from '../../contract/routes/desk/reports.ts';
import { getOrder } from '../../contract/routes/orders.ts';
import { refusalOf } from '../harness/api.ts';
import { decisionDraft, startDeskHouse } from '../harness/desk-house.ts';
import type { DeskHouse } from '../harness/desk-house.ts';
import { removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { describeOnBoth, embeddedAddress } from '../harness/stores.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** What a campaign's form sends: the same claim with other words in a few slots, and one of twelve old addresses. */
function templated(n: number, about: (n: number) => string): { text: string; urls: string[] } {
  const pick = (words: readonly string[], salt: number): string => words[Math.floor(n / salt) % words.length] ?? '';
  const please = pick(['Please', 'Kindly', 'I ask you to', 'You must'], 1);
  const drop = pick(['drop', 'stop shielding', 'remove', 'block'], 3);
  const awful = pick(['harmful', 'awful', 'dangerous', 'terrible'], 7);
  return {
    text: `${please} ${drop} this ${awful} forum now. It hosts posts that hurt people and your company protects it. Do the right thing today. #DropTheForum`,
    urls: [about(n)],
  };
}

/** Six people who each saw something of their own. */
const accounts = [
  'I live on the street that was named there this morning. [threat naming a place and time]',
  'My sister works at the school in the post. Somebody wrote when she leaves. [threat naming a person]',
  'A member counts the hours until the meeting and asks who brings tools. [threat with a countdown]',
  'They posted the script that they will read to the police on the telephone. [hoax call script]',
  'The moderator pinned a photograph taken from across the road of her door. [photograph described]',
  'Last night two of them wrote that they drove past the house. [account of a visit]',
] as const;

let house: DeskHouse | null = null;
afterEach(async () => {
  await house?.stop();
  house = null;
});

async function inParts<Item>(items: readonly Item[], size: number, send: (item: Item) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += size) await Promise.all(items.slice(at, at + size).map(send));
}

/** Evidence of a case whose address ends so, once it was read. */
function evidenceOf(desk: DeskHouse, caseId: CaseId, ending: string): Promise<EvidenceId> {
  return until(
    `${ending} is in evidence`,
    async () => {
      const { evidence } = await desk.case(caseId);
      return evidence.find(({ url }) => url?.endsWith(ending))?.evidenceId;
    },
    { timeoutMs: 60_000, everyMs: 100 },
  );
}

async function caseWith(desk: DeskHouse, ending: string): Promise<CaseId> {
  return until(
    `a case holds ${ending}`,
    async () => {
      for (const { caseId } of await desk.cases()) {
        const { evidence } = await desk.case(caseId);
        if (evidence.some(({ url }) => url?.endsWith(ending) === true)) return caseId;
      }
      return false;
    },
    { timeoutMs: 60_000, everyMs: 200 },
  );
}

/** `old` reports about twelve old posts, `fresh` about six new threats; what the desk finds when people have verified both. */
async function week(desk: DeskHouse, { old, fresh }: { readonly old: number; readonly fresh: number }) {
  const oldUrl = (n: number) => desk.pageUrl(`/old/${n % 12}`);
  const freshUrl = (n: number) => desk.pageUrl(`/fresh/${n % 6}`);
  for (let n = 0; n < 12; n += 1) desk.pages.set(`/old/${n}`, `<h1>Old post ${n}</h1>`);
  for (let n = 0; n < 6; n += 1) desk.pages.set(`/fresh/${n}`, `<h1>New post ${n}</h1>`);
  const oldReports = Array.from({ length: old }, (_, n) => ({ class: 'harassment' as const, ...templated(n, oldUrl) }));
  const freshReports = Array.from({ length: fresh }, (_, n) => ({
    // Many say it after each of the six, each with a word of their own; none of them in the campaign's words.
    text: n < 6 ? (accounts[n] ?? '') : `${accounts[n % 6] ?? ''} I read it too, as number ${n}.`,
    urls: [freshUrl(n)],
  }));
  await inParts([...oldReports, ...freshReports], 50, (draft) => desk.report(draft));

  const oldCase = await caseWith(desk, '/old/0');
  const quiet = [];
  for (let n = 0; n < Math.min(12, old); n += 1) {
    const eventAt = new Date(desk.now() - (2 + (n % 4)) * 365 * day - n * day).toISOString();
    const evidence = [await evidenceOf(desk, oldCase, `/old/${n}`)];
    quiet.push(await desk.incident(oldCase, { title: `Old post ${n}`, eventAt, grade: 'G2', evidence }));
  }
  const calm = await desk.analyst.call(getEscalation, { params: { caseId: oldCase } });
  const before = { alarms: calm.alarms.length, emergency: (await desk.case(oldCase)).emergencySince };

  let loudCase = await caseWith(desk, '/fresh/0');
  for (let n = 0; n < 6; n += 1) {
    loudCase = await caseWith(desk, `/fresh/${n}`);
    const eventAt = new Date(desk.now() - (40 - 6 * n) * hour).toISOString();
    const evidence = [await evidenceOf(desk, loudCase, `/fresh/${n}`)];
    await desk.incident(loudCase, { title: `New post ${n}`, eventAt, grade: n < 2 ? 'G3' : 'G4', evidence });
  }
  const loud = await desk.analyst.call(getEscalation, { params: { caseId: loudCase } });
  return { oldCase, loudCase, before, loud, after: await desk.case(loudCase) };
}

describeOnBoth('a campaign against a mass report', (databases) => {
  it('two thousand reports about twelve old posts move nothing; six about six new threats open the emergency clock; swapping the volumes changes no outcome', async () => {
    const outcome = [];
    for (const volumes of [
      { old: 2000, fresh: 6 },
      { old: 6, fresh: 600 },
    ]) {
      house = await startDeskHouse(await databases.fresh());
      const { oldCase, before, loud, after } = await week(house, volumes);
      const desk = house;
      outcome.push({
        quietAlarms: before.alarms,
        quietEmergency: before.emergency,
        alarmed: loud.alarms.length > 0,
        emergency: after.emergencySince !== null,
        lane: after.lane,
        grade: after.grade,
      });
      if (volumes.old === 2000) {
        const pressure = await until(
          'every report was read',
          async () => {
            const found = await desk.analyst.call(getPressure, { params: { caseId: oldCase } });
            return found.volume.n === 2000 && found;
          },
          { timeoutMs: 90_000, everyMs: 200 },
        );
        expect(pressure.volume.m).toBeLessThanOrEqual(3);
        expect(pressure.volume.k).toBe(12);
        expect(pressure.volume.w).toBe(0);
      }
      await house.stop();
      house = null;
    }
    expect(outcome[0]).toEqual({
      quietAlarms: 0,
      quietEmergency: null,
      alarmed: true,
      emergency: true,
      lane: 'life-threat',
      grade: 'G4',
    });
    expect(outcome[1]).toEqual(outcome[0]);
  }, 300_000);

  it('the order in which the same reports arrive changes neither claims nor counts', async () => {
    const drafts = [
      ...Array.from({ length: 30 }, (_, n) => templated(n, (m) => `https://forum.example/old/${m % 12}`)),
      ...accounts.map((text, n) => ({ text, urls: [`https://forum.example/fresh/${n}`] })),
    ];
    const found = [];
    for (const order of [drafts, drafts.toReversed(), drafts.toSorted((a, b) => (a.text.slice(3) < b.text.slice(3) ? -1 : 1))]) {
      house = await startDeskHouse(await databases.fresh());
      const desk = house;
      for (const draft of order) await desk.report(draft);
      const claims = await until(
        'every report was read',
        async () => {
          const volumes = [];
          for (const { caseId } of await desk.cases()) {
            const { incidents, evidence } = await desk.case(caseId);
            const first = evidence[0];
            if (incidents.length === 0 && first !== undefined) {
              await desk.incident(caseId, {
                title: 'Looked at',
                eventAt: new Date(desk.now() - day).toISOString(),
                grade: 'G0',
                evidence: [first.evidenceId],
              });
            }
            const { clusters } = await desk.analyst.call(getPressure, { params: { caseId } });
            volumes.push(...clusters.map(({ n, k, w }) => `${n} ${k} ${w}`));
          }
          const total = volumes.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0);
          return total === drafts.length && volumes.toSorted();
        },
        { timeoutMs: 60_000, everyMs: 200 },
      );
      found.push(claims);
      await house.stop();
      house = null;
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  }, 300_000);

  it('an alarm’s explanation replays byte for byte in another process', async () => {
    house = await startDeskHouse(await databases.fresh());
    const { loud } = await week(house, { old: 2, fresh: 6 });
    const alarm = loud.alarms[0];
    if (alarm === undefined) throw new Error('there is no alarm');
    const script = `
      import { replay } from './core/desk/escalation/monitor.ts';
      import { readFileSync } from 'node:fs';
      process.stdout.write(replay(readFileSync(0, 'utf8')));`;
    const again = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      input: alarm.explanation,
      encoding: 'utf8',
    });
    expect(again.stderr).toBe('');
    expect(again.stdout).toBe(alarm.explanation);
  }, 120_000);
});

describeOnBoth('people and clocks', (databases) => {
  /** A case graded G4 on our own capture, and what a decision on it needs. */
  async function graded(desk: DeskHouse) {
    desk.pages.set('/fresh/0', '<h1>New post</h1>');
    const report = await desk.report({ text: accounts[0], urls: [desk.pageUrl('/fresh/0')] });
    const caseId = await caseWith(desk, '/fresh/0');
    const evidenceId = await evidenceOf(desk, caseId, '/fresh/0');
    await until('our own copy exists', async () => (await desk.case(caseId)).evidence[0]?.level === 'A2', { timeoutMs: 60_000 });
    await desk.incident(caseId, {
      title: 'New post',
      eventAt: new Date(desk.now() - hour).toISOString(),
      grade: 'G4',
      evidence: [evidenceId],
    });
    return { caseId, evidenceId, report, policy: await desk.criteria() };
  }

  it('a provisional measure ends by itself when no second panel confirms it', async () => {
    house = await startDeskHouse(await databases.fresh());
    const desk = house;
    const { caseId, evidenceId, policy } = await graded(desk);
    const endsAt = new Date(desk.now() + 71 * hour).toISOString();
    const draft = decisionDraft('provisional-notice-page', policy, [evidenceId], { endsAt, provisional: true });
    const proposed = await desk.analyst.call(proposeDecision, { params: { caseId }, body: draft });
    const confirmed = await desk.decider.call(confirmDecision, { params: { decisionId: proposed.decisionId } });
    const { orderId } = confirmed;
    if (orderId === null) throw new Error('the decision made no order');
    expect((await desk.boss.call(getOrder, { params: { orderId } })).order.inForce).toBe(true);
    desk.pass(72 * hour);
    await until('it has ended', async () => (await desk.boss.call(getOrder, { params: { orderId } })).order.state === 'expired');
    await until(
      'the case says so',
      async () => !['provisional', 'enforced', 'confirmed'].includes((await desk.case(caseId)).state),
    );
  }, 120_000);

  it('nobody confirms what they proposed, and nobody decides an appeal of what they decided', async () => {
    house = await startDeskHouse(await databases.fresh());
    const desk = house;
    const { caseId, evidenceId, policy, report } = await graded(desk);
    const all = await desk.person('Ona Onehand', ['lead', 'decider', 'appeals', 'analyst']);
    const endsAt = new Date(desk.now() + 20 * day).toISOString();
    const draft = decisionDraft('protection-withdrawn', policy, [evidenceId], { endsAt });
    const { decisionId } = await all.call(proposeDecision, { params: { caseId }, body: draft });
    expect(await refusalOf(all.call(confirmDecision, { params: { decisionId } }))).toBe('same-person');
    await desk.decider.call(confirmDecision, { params: { decisionId } });
    const token = report.statusUrl.split('/').at(-1) ?? '';
    const appealed = await fetch(`${desk.url()}${addToReport.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-report-token': token },
      body: JSON.stringify({ act: 'appeal', text: 'The measure is too narrow: a mirror of it stays up.' }),
    });
    expect(appealed.status).toBe(200);
    const { items } = await desk.appeals.call(listAppeals);
    const appeal = items[0];
    if (appeal === undefined) throw new Error('there is no appeal');
    const params = { appealId: appeal.appealId };
    const decide = { outcome: 'upheld' as const, reasons: 'The mirror is another site; a case of its own was opened.' };
    expect(await refusalOf(all.call(takeAppeal, { params }))).toBe('same-person');
    await desk.appeals.call(takeAppeal, { params });
    expect(await refusalOf(all.call(decideAppeal, { params, body: decide }))).toBe('same-person');
    expect((await desk.appeals.call(decideAppeal, { params, body: decide })).state).toBe('upheld');
    const { items: decisions } = await desk.analyst.call(listDecisions, { params: { caseId } });
    expect(decisions[0]?.state).toBe('confirmed');
  }, 120_000);

  it('two people cannot hold one case, and a claim that nobody renews runs out', async () => {
    house = await startDeskHouse(await databases.fresh());
    const desk = house;
    await desk.report({ text: accounts[1] });
    const caseId = (await desk.cases())[0]?.caseId;
    if (caseId === undefined) throw new Error('there is no case');
    await desk.analyst.call(actOnCase, { params: { caseId }, body: { act: 'claim' } });
    expect(await refusalOf(desk.second.call(actOnCase, { params: { caseId }, body: { act: 'claim' } }))).toBe(
      'claimed-by-another',
    );
    desk.pass(2 * hour);
    const taken = await desk.second.call(actOnCase, { params: { caseId }, body: { act: 'claim' } });
    expect(taken.claim?.by.name).toBe('Sam Second');
  }, 60_000);
});

describe('before the grade is locked', () => {
  it('nobody is told how many reported, whatever they ask', async () => {
    const seen = [];
    for (const copies of [1, 40]) {
      const folder = temporaryFolder('count-blind');
      house = await startDeskHouse(await embeddedAddress(folder));
      const desk = house;
      for (let n = 0; n < copies; n += 1) await desk.report({ text: accounts[2], urls: ['https://forum.example/post/1'] });
      // The number on the receipt is the reporter's; what the desk is shown must not grow with it.
      const [row] = await desk.cases();
      if (row === undefined) throw new Error('there is no case');
      await until('the last report was read', async () => {
        const last = await desk.report({ text: `Another thing entirely, number ${copies}.`, hostname: 'other.example' });
        return last.number > copies && (await desk.cases()).length > 1;
      });
      const whole = await desk.case(row.caseId);
      const answers = [await refusalOf(desk.analyst.call(getPressure, { params: { caseId: row.caseId } })), whole.volume];
      const chart = await desk.analyst.call(getEscalation, { params: { caseId: row.caseId } });
      seen.push({
        answers,
        reports: chart.points.filter(({ reports }) => reports !== null).length,
        evidence: whole.evidence.length,
        openTasks: whole.openTasks,
        lane: whole.lane,
        keys: Object.keys(row).toSorted(),
      });
      await house.stop();
      house = null;
      removeFolder(folder);
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]?.answers).toEqual(['not-graded', null]);
  }, 120_000);
});
