/**
 * How long after the incident that confirms an escalation are people woken? Through a whole control plane on PostgreSQL: five quiet incidents are on
 * record, the sixth is graded by its second assessor, and a webhook of somebody on call waits.
 *
 * Timed from just before the request that locks the grade: to its answer (the alarm is written in the same transaction) and to the arrival of the page.
 */
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { EvidenceId } from '../../contract/ids.ts';
import { Cidr } from '../../contract/network.ts';
import { addIncident, assess, getEscalation } from '../../contract/routes/desk/assessments.ts';
import { addEvidence } from '../../contract/routes/desk/evidence.ts';
import { openCase } from '../../contract/routes/desk/cases.ts';
import { setOnCall } from '../../contract/routes/desk/pressure.ts';
import { getMe } from '../../contract/routes/identity.ts';
import { axesFor, startDeskHouse } from '../../tests/harness/desk-house.ts';
import { freePort, until } from '../../tests/harness/ports.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';

export type AlarmFigures = { readonly tries: number; readonly lockedMs: readonly number[]; readonly wokenMs: readonly number[] };

const hour = 3_600_000;

/** Lets `tries` cases escalate, one after another. */
export async function measureAlarm(tries: number): Promise<AlarmFigures> {
  const server = await startPostgres();
  const woken: number[] = [];
  const webhook = createServer((request, response) => {
    woken.push(performance.now());
    request.resume().once('end', () => response.end());
  });
  const port = await freePort();
  await new Promise<void>((resolve) => webhook.listen(port, '127.0.0.1', resolve));
  const house = await startDeskHouse(await server.database(), { allowNotify: [Cidr.parse('127.0.0.0/8')] });
  try {
    const { personId } = await house.boss.call(getMe);
    const onCall = { personId, channel: 'webhook' as const, address: `http://127.0.0.1:${port}/`, position: 1, active: true };
    await house.boss.call(setOnCall, { body: onCall });
    const lockedMs: number[] = [];
    const wokenMs: number[] = [];
    for (let n = 0; n < tries; n += 1) {
      const opened = await house.analyst.call(openCase, {
        body: { title: `Rehearsal ${n}`, class: 'harassment', hostname: `forum${n}.example`, reason: 'To measure the alarm.' },
      });
      const { caseId } = opened;
      const { evidenceId } = await house.analyst.call(addEvidence, {
        params: { caseId },
        body: { kind: 'text', title: 'What was written', text: '[threat naming a place and time]' },
      });
      const evidence = [EvidenceId.parse(evidenceId)];
      const hoursAgo = (hours: number) => new Date(house.now() - hours * hour).toISOString();
      for (let old = 0; old < 5; old += 1) {
        await house.incident(caseId, { title: `Old post ${old}`, eventAt: hoursAgo(24 * (20 + old)), grade: 'G1', evidence });
      }
      const { incidentId } = await house.analyst.call(addIncident, { params: { caseId }, body: { title: 'New post', evidence } });
      const body = { axes: axesFor('G4', evidence), assigned: 'G4' as const };
      await house.analyst.call(assess, { params: { incidentId }, body: { ...body, seat: 'first' } });
      const before = woken.length;
      const began = performance.now();
      await house.second.call(assess, { params: { incidentId }, body: { ...body, seat: 'second' } });
      lockedMs.push(performance.now() - began);
      const { alarms } = await house.analyst.call(getEscalation, { params: { caseId } });
      if (alarms.length === 0) throw new Error('the case did not escalate');
      await until('somebody was woken', () => woken.length > before, { timeoutMs: 30_000, everyMs: 5 });
      wokenMs.push((woken[before] ?? Number.NaN) - began);
    }
    return { tries, lockedMs, wokenMs };
  } finally {
    await house.stop();
    await server.stop();
    webhook.closeAllConnections();
    await new Promise((resolve) => webhook.close(resolve));
  }
}
