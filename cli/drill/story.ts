/**
 * The week of the story, played against the running system: a campaign of thousands, quiet; then few, specific, verified incidents within 48 hours;
 * alarm, grades, two people, orders at every edge, captcha keys, statement with its proof, appeal by somebody else, lifting, and what stays.
 *
 * The steps depend on each other and run as they are written. Times of the story are those of the people in it (`Scene.at`); how long the machine took
 * stands beside each promise. Not here: what is made and taken away for it (house.ts), how it is told (commands/drill.ts). The escalation counts event
 * times, so incidents are dated back within the two days before the drill, whatever the speed.
 */
import { z } from 'zod';
import { Instant } from '../../contract/ids.ts';
import type { CaseId, EvidenceId } from '../../contract/ids.ts';
import { readStatementLeaf } from '../../contract/record/statement.ts';
import { addIncident, assess, getEscalation } from '../../contract/routes/desk/assessments.ts';
import { actOnCase, addTarget, getCase, listCases, settleTask } from '../../contract/routes/desk/cases.ts';
import * as decisions from '../../contract/routes/desk/decisions.ts';
import type { DeskDecision } from '../../contract/routes/desk/decisions.ts';
import { addEvidence } from '../../contract/routes/desk/evidence.ts';
import { answerNotice, listOwnerNotices } from '../../contract/routes/desk/owners.ts';
import { getPressure } from '../../contract/routes/desk/pressure.ts';
import { sendReport } from '../../contract/routes/desk/reports.ts';
import { getOrder, PublicDecision } from '../../contract/routes/orders.ts';
import type { Client } from '../client.ts';
import { CommandFailure } from '../exit-codes.ts';
import { visitEdge } from './edge.ts';
import type { Met } from './edge.ts';
import { currentEdges, servedEverywhere } from './house.ts';
import type { DrillHouse } from './house.ts';
import type { Promises } from './promises.ts';
import { axesFor, campaignLetter, danger, measureDraft, sightings } from './texts.ts';

/** A moment of the story: hours since its beginning, as people lived it, and what happens. */
export type Scene = { readonly atHours: number; readonly title: string };

export type StoryParts = {
  readonly operator: Client;
  readonly house: DrillHouse;
  readonly promises: Promises;
  /** Tells of a moment, and waits as long as the speed says. */
  readonly scene: (scene: Scene) => Promise<void>;
  readonly fetch: typeof fetch;
  /** Where a visitor reaches an edge; null: it is left to receipts, which each edge signs after it asked itself. */
  readonly edgeUrl: URL | null;
  readonly captchaUrl: URL | null;
  readonly letters: number;
  readonly nowMs: () => number;
  /** Verifies a published statement by its proof; rejects when it does not hold. */
  readonly verify: (statementUrl: string) => Promise<void>;
  /** What must be in nothing that leaves the house. */
  readonly sealed: { readonly reporter: string; readonly mail: string; readonly target: string };
};

const second = 1000;
const atOnce = 20;
const Siteverify = z.looseObject({ success: z.boolean(), 'error-codes': z.array(z.string()).default([]) });
const Versions = z.looseObject({ versions: z.array(z.looseObject({ version: z.int(), sha256: z.string() })) });

/** The story cannot go on; the promise that broke is told already. */
export class StoryEnded extends Error {
  override readonly name = 'StoryEnded';
}

/** Plays the story to its end. Rejects with StoryEnded when what it needs did not come, and with CommandFailure when the control plane is gone. */
export async function playStory(parts: StoryParts): Promise<void> {
  const { promises, house, scene } = parts;
  const { lead, appeals, decider, owner } = house.cast;

  await scene({ atHours: 0, title: 'A forum asks for the shield, and gets it at every edge.' });
  needed(await promises.within('served-everywhere', 10 * second, () => servedEverywhere(parts.operator, house.site.siteId)));
  await meets(parts, 'visitor-is-served', house.forum, ({ status }) => status === 200);

  await scene({ atHours: 24, title: `A campaign begins: ${parts.letters} letters in one template, about what is years old.` });
  await campaign(parts);

  await scene({ atHours: 96, title: 'Somebody in danger says so.' });
  const caseId = needed(await inDanger(parts));
  await intoOneCase(parts, caseId);

  await scene({
    atHours: 120,
    title: 'Three acts of the last two days are verified and graded by two people who do not see each other’s work.',
  });
  const evidence = await grading(parts, caseId);

  await scene({
    atHours: 121,
    title: 'Two people decide: the captcha keys, and a notice in the place of one hostname, for less than a day.',
  });
  const { notice, keys } = await decide(parts, caseId, evidence);

  await scene({ atHours: 121.2, title: 'The owner is told, the statement is public, and its proof is checked.' });
  const version = await published(parts, notice);

  await scene({ atHours: 122, title: 'The target and the police are warned; how they answered is on record.' });
  await promises.within('warnings-on-record', 10 * second, () => settleTasks(lead, caseId));

  await scene({ atHours: 140, title: 'The owner appeals, and somebody who had no hand in it decides.' });
  await appeal(parts, notice, { owner, decider, appeals });
  await liftKeys(parts, caseId, keys);

  await scene({ atHours: 168, title: 'What was shown stays in the record, flagged as a drill.' });
  await history(parts, notice, version);
}

async function campaign({ house, promises, letters, operator }: StoryParts): Promise<void> {
  const { analyst } = house.cast;
  const numbers = new Set<number>();
  const url = `http://${house.forum}/old/`;
  await promises.within('every-letter-has-its-receipt', 120 * second, async () => {
    for (let at = numbers.size; at < letters; at += atOnce) {
      const part = Array.from({ length: Math.min(atOnce, letters - at) }, (_, n) => at + n);
      // With a token: the limits at the door are for networks of strangers, and a letter that is refused would break the drill and not the product.
      const receipts = await Promise.all(
        part.map((n) =>
          operator.call(sendReport, { body: { class: 'harassment', text: campaignLetter(n), urls: [`${url}${n % 12}`] } }),
        ),
      );
      for (const { number } of receipts) numbers.add(Number(number));
    }
    return numbers.size === letters;
  });
  await promises.within('campaign-stays-quiet', 30 * second, async () => {
    const rows = (await analyst.call(listCases, { query: { open: 'true', limit: 200 } })).items;
    const own = rows.filter(({ siteId }) => siteId === house.site.siteId);
    if (own.length === 0) return false;
    for (const { caseId, lane } of own) {
      const { emergencySince, volume } = await analyst.call(getCase, { params: { caseId } });
      if (lane === 'life-threat' || emergencySince !== null)
        throw new CommandFailure('failed', 'A campaign alone raised an emergency.');
      if (volume !== null) throw new CommandFailure('failed', 'The desk was told how many wrote, before anything was graded.');
      await refused('not-graded', analyst.call(getPressure, { params: { caseId } }));
    }
    return true;
  });
}

async function inDanger({ house, promises, sealed, operator }: StoryParts): Promise<CaseId | null> {
  await operator.call(sendReport, {
    body: {
      class: 'threat-to-life',
      dangerNow: true,
      text: danger,
      urls: [`http://${house.forum}/thread/1`],
      contact: { name: sealed.reporter, mail: sealed.mail },
    },
  });
  return promises.within('danger-comes-first', 5 * second, async () => {
    // Before whatever is not urgent: another life in danger, or another drill, may stand beside it.
    const { items } = await house.cast.analyst.call(listCases, { query: { open: 'true' } });
    for (const { lane, siteId, caseId } of items) {
      if (lane !== 'life-threat') return null;
      if (siteId === house.site.siteId) return caseId;
    }
    return null;
  });
}

/** A lead puts what is about one site and week into one case, before anybody grades. */
async function intoOneCase({ house, sealed }: StoryParts, caseId: CaseId): Promise<void> {
  const { lead } = house.cast;
  const { items } = await lead.call(listCases, { query: { open: 'true', limit: 200 } });
  for (const row of items) {
    if (row.siteId !== house.site.siteId || row.caseId === caseId) continue;
    await lead.call(actOnCase, {
      params: { caseId: row.caseId },
      body: { act: 'merge-into', caseId, why: 'It is about the same site and week.' },
    });
  }
  await lead.call(addTarget, { params: { caseId }, body: { name: sealed.target, redact: [] } });
}

async function grading(parts: StoryParts, caseId: CaseId): Promise<EvidenceId[]> {
  const { house, promises } = parts;
  const { analyst, second: other } = house.cast;
  const held: EvidenceId[] = [];
  for (const { title, text, hoursAgo, grade } of sightings) {
    const eventAt = Instant.parse(new Date(parts.nowMs() - hoursAgo * 3600 * second).toISOString());
    const { evidenceId } = await analyst.call(addEvidence, {
      params: { caseId },
      body: { kind: 'file', title, mediaType: 'text/plain', content: Buffer.from(`${text}\n`).toString('base64'), eventAt },
    });
    held.push(evidenceId);
    const evidence = [evidenceId];
    const { incidentId } = await analyst.call(addIncident, { params: { caseId }, body: { title, eventAt, evidence } });
    const body = { axes: axesFor(grade, evidence), assigned: grade };
    await analyst.call(assess, { params: { incidentId }, body: { ...body, seat: 'first' } });
    await promises.within(`blind-${grade}-${hoursAgo}h`, 5 * second, async () => {
      const seen = (await other.call(getCase, { params: { caseId } })).incidents.find((one) => one.incidentId === incidentId);
      return seen?.assessments.length === 0 && seen.grade === null;
    });
    await other.call(assess, { params: { incidentId }, body: { ...body, seat: 'second' } });
  }
  await promises.within('emergency-opens', 5 * second, async () => {
    const { emergencySince, grade } = await analyst.call(getCase, { params: { caseId } });
    const { alarms } = await analyst.call(getEscalation, { params: { caseId }, query: {} });
    return emergencySince !== null && grade === 'G4' && alarms.length > 0;
  });
  await meets(parts, 'alarm-blocks-nothing', house.forum, ({ status }) => status === 200);
  // Only now, and it is all of them: the letters and the one who is in danger.
  await promises.within('pressure-is-told-afterwards', 120 * second, async () => {
    const { volume } = await analyst.call(getPressure, { params: { caseId } });
    return volume.n === parts.letters + 1;
  });
  return held;
}

type Decided = { readonly notice: DeskDecision; readonly keys: DeskDecision };

async function decide(parts: StoryParts, caseId: CaseId, evidence: readonly EvidenceId[]): Promise<Decided> {
  const { house, promises } = parts;
  const { lead, decider } = house.cast;
  const [criteria] = (await lead.call(decisions.listCriteria, {})).items;
  if (criteria === undefined) throw new CommandFailure('failed', 'No criteria are published: a decision would rest on nothing.');
  const facts = {
    policy: criteria.policyVersionId,
    evidence,
    hostnames: [house.forum],
    // A provisional measure on copies alone ends within a day.
    endsAt: Instant.parse(new Date(parts.nowMs() + 20 * 3600 * second).toISOString()),
  };
  const propose = (step: 'captcha-keys' | 'provisional-notice-page') =>
    lead.call(decisions.proposeDecision, {
      params: { caseId },
      body: measureDraft(step, { ...facts, provisional: step === 'provisional-notice-page' }),
    });
  const keysProposed = await propose('captcha-keys');
  const keys = await lead.call(decisions.confirmDecision, { params: { decisionId: keysProposed.decisionId } }).then(
    () => Promise.reject(new CommandFailure('failed', 'One person alone confirmed what they had proposed.')),
    async (error: unknown) => {
      await promises.within('nobody-decides-alone', second, () => Promise.resolve(codeOf(error) === 'same-person'));
      return decider.call(decisions.confirmDecision, { params: { decisionId: keysProposed.decisionId } });
    },
  );
  await siteverifySays(parts, 'captcha-keys-suspended', true);

  const proposed = await propose('provisional-notice-page');
  const notice = await decider.call(decisions.confirmDecision, { params: { decisionId: proposed.decisionId } });
  // Side by side: a visitor meets it, and every edge signs that it asked itself.
  await Promise.all([
    meets(
      parts,
      'visitor-meets-notice',
      house.forum,
      ({ status, headers }) => status === 403 && headers['portcullis-decision'] === notice.number,
    ),
    promises.within('in-force-at-every-edge', 10 * second, async () => {
      const { order } = await parts.operator.call(getOrder, { params: { orderId: idOf(notice) } });
      const edges = await currentEdges(parts.operator);
      return order.receipts.expected > 0 && order.receipts.enforced >= Math.max(edges, order.receipts.expected);
    }),
  ]);
  await meets(parts, 'nothing-else-is-blocked', house.neighbour, ({ status }) => status === 200);
  return { notice, keys };
}

async function published(parts: StoryParts, notice: DeskDecision): Promise<string | null> {
  const { house, promises, fetch: get, operator, sealed } = parts;
  const number = notice.number ?? '';
  const url = `${operator.controlUrl.replace(/\/+$/, '')}/decisions/${number}`;
  const read = async (address: string): Promise<string> => {
    const answer = await get(address, { redirect: 'error', signal: AbortSignal.timeout(10 * second) });
    if (!answer.ok) throw new CommandFailure('failed', `${address} answered ${answer.status}.`);
    return answer.text();
  };
  const told = await promises.within('owner-is-told', 10 * second, async () => {
    const { items } = await house.cast.owner.call(listOwnerNotices, { query: {} });
    return items.find(({ decision, kind }) => decision === number && kind === 'statement') ?? null;
  });
  const json = await promises.within('statement-is-public', 10 * second, () => read(`${url}.json`));
  await promises.within('statement-is-proved', 60 * second, async () => {
    await parts.verify(url);
    return true;
  });
  const shown = PublicDecision.safeParse(json === null ? null : JSON.parse(json));
  await promises.within('flagged-as-drill', second, () =>
    Promise.resolve(
      shown.success && shown.data.drill === true && readStatementLeaf(shown.data.record?.leaf ?? '')?.drill === true,
    ),
  );
  await promises.within('nobody-is-named', 10 * second, async () => {
    const met = parts.edgeUrl === null ? '' : (await visitEdge(parts.edgeUrl, house.forum)).body;
    const out = [json ?? '', JSON.stringify(told), met, await read(url), await read(new URL('/decisions.atom', url).href)].join(
      '\n',
    );
    for (const secret of Object.values(sealed))
      if (out.includes(secret)) throw new CommandFailure('failed', 'A sealed name stands in what was published.');
    return true;
  });
  return shown.success ? (shown.data.record?.leafSha256 ?? null) : null;
}

/** Says of every task that holds the case that it was done, as a person would after the call; true when none is open. */
async function settleTasks(lead: Client, caseId: CaseId): Promise<boolean> {
  const { tasks } = await lead.call(getCase, { params: { caseId } });
  for (const { taskId, state, kind } of tasks)
    if (state === 'open' && kind !== 'review-7' && kind !== 'review-30' && kind !== 'review-90')
      await lead.call(settleTask, {
        params: { caseId, taskId },
        body: {
          state: 'done',
          record: 'Part of a drill: nobody was called. A person would note here whom they reached, and when.',
        },
      });
  return true;
}

async function appeal(
  parts: StoryParts,
  notice: DeskDecision,
  { owner, decider, appeals }: Pick<DrillHouse['cast'], 'owner' | 'decider' | 'appeals'>,
): Promise<void> {
  const { promises, house } = parts;
  const { items } = await owner.call(listOwnerNotices, { query: {} });
  const told = items.find(({ decision, mayAppeal }) => decision === notice.number && mayAppeal);
  if (told === undefined) throw new StoryEnded('The owner was given no way to appeal.');
  await owner.call(answerNotice, {
    params: { noticeId: told.noticeId },
    body: { act: 'appeal', text: 'The threads were removed and their author is banned since this morning.' },
  });
  const open = needed(
    await promises.within('appeal-reaches-the-desk', 10 * second, async () => {
      const found = await appeals.call(decisions.listAppeals, { query: { open: 'true' } });
      return found.items.find(({ decisionId }) => decisionId === notice.decisionId) ?? null;
    }),
  );
  const params = { appealId: open.appealId };
  await promises.within('whoever-decided-may-not-judge-it', second, () =>
    refused('same-person', decider.call(decisions.takeAppeal, { params })),
  );
  await appeals.call(decisions.takeAppeal, { params });
  await appeals.call(decisions.decideAppeal, {
    params,
    body: { outcome: 'reversed', reasons: 'The threads are gone and their author cannot write any more. The danger is over.' },
  });
  await Promise.all([
    meets(parts, 'visitor-is-served-again', house.forum, ({ status }) => status === 200),
    promises.within('lifted-at-every-edge', 10 * second, async () => {
      const { order } = await parts.operator.call(getOrder, { params: { orderId: idOf(notice) } });
      return order.receipts.lifted >= order.receipts.expected && order.receipts.expected > 0;
    }),
  ]);
}

/** Two people take back what was decided about the keys. */
async function liftKeys(parts: StoryParts, caseId: CaseId, keys: DeskDecision): Promise<void> {
  const { lead, decider } = parts.house.cast;
  const proposed = await lead.call(decisions.proposeDecision, {
    params: { caseId },
    body: {
      kind: 'reverse',
      reverses: keys.decisionId,
      limbs: [],
      whyNotBelow: [],
      evidence: [],
      policyVersionId: keys.policyVersionId ?? '',
      publicReason: 'This is a drill: the danger that was played is over, so the keys are good again.',
      internalReason: 'Part of a drill; the appeal was granted.',
    },
  });
  await decider.call(decisions.confirmDecision, { params: { decisionId: proposed.decisionId } });
  await siteverifySays(parts, 'captcha-keys-good-again', false);
}

async function history(parts: StoryParts, notice: DeskDecision, leafBefore: string | null): Promise<void> {
  const { promises, fetch: get, operator } = parts;
  const url = `${operator.controlUrl.replace(/\/+$/, '')}/decisions/${notice.number ?? ''}`;
  await promises.within('earlier-version-stays', 30 * second, async () => {
    const text = await (await get(`${url}/versions.json`, { signal: AbortSignal.timeout(10 * second) })).text();
    const { versions } = Versions.parse(JSON.parse(text));
    return versions.length > 1 && leafBefore !== null && text.includes(leafBefore);
  });
  await promises.within('reversal-is-proved', 60 * second, async () => {
    await parts.verify(url);
    return true;
  });
}

/** A promise about what a visitor meets at the edge; untried when no edge can be reached from here. */
async function meets(parts: StoryParts, name: string, host: string, holds: (met: Met) => boolean): Promise<void> {
  const { edgeUrl, promises } = parts;
  if (edgeUrl === null) promises.untried(name, 'No address of an edge is known here: give one with --edge.');
  else await promises.within(name, 10 * second, async () => holds(await visitEdge(edgeUrl, host)));
}

/** What siteverify answers to a token that is nonsense: the key's suspension comes before it is looked at. */
async function siteverifySays(
  { captchaUrl, house, promises, fetch: get }: StoryParts,
  name: string,
  suspended: boolean,
): Promise<void> {
  if (captchaUrl === null) {
    promises.untried(name, 'No address of a captcha provider is known here: give one with --captcha.');
    return;
  }
  await promises.within(name, 10 * second, async () => {
    const response = `drill-${'x'.repeat(200)}`;
    const body = new URLSearchParams({ secret: house.captchaSecret, response });
    const answer = await get(new URL('/turnstile/v0/siteverify', captchaUrl), {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(5 * second),
    });
    const { success, 'error-codes': codes } = Siteverify.parse(await answer.json());
    if (success) throw new CommandFailure('failed', 'siteverify passed a token that is nonsense.');
    return codes.includes('sitekey-suspended') === suspended;
  });
}

/** True when the call was refused with this code. */
async function refused(code: string, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
  } catch (error) {
    if (codeOf(error) === code) return true;
    throw error;
  }
  throw new CommandFailure('failed', `Something was allowed that had to be refused (${code}).`);
}

function codeOf(error: unknown): string | null {
  return error instanceof CommandFailure ? (error.problem?.code ?? null) : null;
}

function idOf({ orderId }: DeskDecision) {
  if (orderId === null) throw new StoryEnded('The decision made no order.');
  return orderId;
}

function needed<Thing>(thing: Thing | null): Thing {
  if (thing === null) throw new StoryEnded('What comes next needs what did not come.');
  return thing;
}
