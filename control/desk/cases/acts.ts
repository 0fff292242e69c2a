/**
 * The small acts on a case: claim, release, skip, lead, lane, title, site, note, link, police, close, reopen. Merging is merge.ts's.
 *
 * Reading is free; while somebody holds a case, others change nothing of it but may write notes and that the police were told: facts must not
 * wait. A lead may release another's claim. Nothing closes while a task holds the case, or while a reporter has no answer.
 */
import type { z } from 'zod';
import { Hostname, parseHostname } from '../../../contract/hostname.ts';
import { CaseId, PersonId } from '../../../contract/ids.ts';
import type { Instant, SiteId } from '../../../contract/ids.ts';
import { laneOfClass } from '../../../contract/desk/words.ts';
import type { CaseAct, openCase as openCaseRoute } from '../../../contract/routes/desk/cases.ts';
import { scopesOf } from '../../../contract/access.ts';
import { stepCase } from '../../../core/desk/case-states.ts';
import { claimMs } from '../../../core/desk/claim.ts';
import { taskDueAt } from '../../../core/desk/clocks.ts';
import { isMoreUrgent, laneRank } from '../../../core/desk/lane.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { waitsForAnswer } from '../../../store/desk/case-reports.ts';
import { addNoteIn, hasDecision, linkCasesIn } from '../../../store/desk/case-file.ts';
import { changeCase, findCase, openCaseIn, touchDue, touchSearch } from '../../../store/desk/cases.ts';
import { ensureTaskIn, tasksHolding } from '../../../store/desk/tasks.ts';
import { findPerson } from '../../../store/identity/people.ts';
import { findSite, hostnameOwners } from '../../../store/sites.ts';
import { transact } from '../../../store/transact.ts';
import type { Tx, Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { mergeCase } from './merge.ts';
import { hold, mustBeOpen, mustHold, mustNotBeAnothers, settle } from './work.ts';
import type { Deps, Held } from './work.ts';

type Act<Name extends CaseAct['act']> = Extract<CaseAct, { act: Name }>;

/** Does one act. Throws Failure: see the route's errors. */
export async function actOnCase(deps: Deps, caller: Caller, caseId: CaseId, act: CaseAct): Promise<void> {
  if (act.act === 'merge-into') return mergeCase(deps, caller, caseId, act);
  return transact(deps.store, async (unit) => {
    const held = await hold(deps, unit, caller, caseId);
    if (act.act === 'reopen') return reopen(held, act);
    if (act.act === 'note') return note(held, act);
    if (act.act === 'link') return link(held, act);
    mustBeOpen(held);
    if (act.act === 'law-enforcement-contacted') return police(held, act);
    if (act.act === 'release') return release(held, act);
    mustNotBeAnothers(held);
    switch (act.act) {
      case 'claim':
        return claim(held);
      case 'skip':
        return skip(held, act);
      case 'assign-lead':
        return assignLead(held, act);
      case 'lane':
        return changeLane(deps, held, act);
      case 'title':
        return retitle(held, act);
      case 'site':
        return changeSite(held, act);
      case 'close':
        return close(held, act);
      default:
        return act satisfies never;
    }
  });
}

async function claim(held: Held): Promise<void> {
  const { who, at } = held;
  await settle(held, {
    act: 'case.claim',
    change: { claimed_by: who.personId, claimed_name: who.name, claimed_until: instantOf(msOf(at) + claimMs) },
  });
}

const unclaimed = { claimed_by: null, claimed_name: null, claimed_until: null };

async function release(held: Held, { why }: Act<'release'>): Promise<void> {
  const { claim: verdict, found, clean } = held;
  if (verdict === 'free') throw new Failure('wrong-state', 'Nobody holds this case. Nothing was changed.');
  if (verdict === 'other' && !held.caller.scopes.has('desk:lead')) mustNotBeAnothers(held);
  await settle(held, {
    act: 'case.release',
    change: unclaimed,
    detail: { heldBy: found.claimed_by, why: clean(why) },
    keepsClaim: false,
  });
}

async function skip(held: Held, { why }: Act<'skip'>): Promise<void> {
  const { unit, found, who, at, clean } = held;
  await addNoteIn(unit.tx, { caseId: found.case_id, at, who, text: `Passed on: ${why}` });
  await settle(held, {
    act: 'case.skip',
    ...(held.claim === 'own' ? { change: unclaimed } : {}),
    detail: { why: clean(why) },
    keepsClaim: false,
  });
}

async function assignLead(held: Held, act: Act<'assign-lead'>): Promise<void> {
  const personId = PersonId.safeParse(act.personId);
  if (!personId.success) throw notFound('person');
  if (personId.data !== held.who.personId) mustHold(held, 'desk:lead');
  const person = await findPerson(held.unit.tx, personId.data);
  if (person === null) throw notFound('person');
  if (person.state === 'disabled' || !scopesOf(person.roles).has('desk:work')) {
    throw new Failure('wrong-state', `${person.name} does not work at the desk. Nothing was changed.`);
  }
  await settle(held, {
    act: 'case.lead',
    change: { lead_id: person.personId, lead_name: person.name },
    detail: { leadId: person.personId },
  });
}

async function changeLane(deps: Deps, held: Held, { lane, why }: Act<'lane'>): Promise<void> {
  mustHold(held, 'desk:lead');
  const { unit, found, at, clean } = held;
  if (found.lane === lane) throw new Failure('wrong-state', 'The case is in this lane already. Nothing was changed.');
  const reason = clean(why);
  const isEmergency = lane === 'life-threat';
  await settle(held, {
    act: 'case.lane',
    change: {
      lane,
      lane_rank: laneRank[lane],
      lane_reason: reason,
      emergency_since: isEmergency ? at : null,
      // Clocks of a more urgent lane begin now; those of a calmer one are counted from where they began.
      ...(isMoreUrgent(lane, found.lane) ? { clock_since: at } : {}),
    },
    detail: { from: found.lane, to: lane, why: reason },
  });
  if (!isEmergency) return;
  await deps.outbox.wake(unit, {
    dedupe: `lane ${found.case_id} ${at}`,
    sentence: `${found.number} was put into the lane life-threat by ${held.who.name}.`,
    caseId: found.case_id,
  });
}

async function retitle(held: Held, { title }: Act<'title'>): Promise<void> {
  const { unit, found, clean } = held;
  await settle(held, { act: 'case.title', change: { title: clean(title) } });
  await touchSearch(unit.tx, found.case_id);
}

async function changeSite(held: Held, { siteId, why }: Act<'site'>): Promise<void> {
  const { unit, found, clean } = held;
  const site = await findSite(unit.tx, siteId, null);
  if (site === null) throw notFound('site');
  if (await hasDecision(unit.tx, found.case_id)) {
    throw new Failure(
      'wrong-state',
      'A measure was decided or proposed for its site of today. Nothing was changed; open a case of its own.',
    );
  }
  await settle(held, {
    act: 'case.site',
    change: { site_id: site.siteId, account_id: site.accountId, site_name: site.name },
    detail: { from: found.site_id, to: site.siteId, why: clean(why) },
  });
  await touchSearch(unit.tx, found.case_id);
}

async function note(held: Held, { text }: Act<'note'>): Promise<void> {
  const { unit, found, who, at } = held;
  await addNoteIn(unit.tx, { caseId: found.case_id, at, who, text });
  await settle(held, { act: 'case.note' });
}

async function link(held: Held, { caseId: other, why }: Act<'link'>): Promise<void> {
  const { unit, found, at, clean } = held;
  if (other === found.case_id) throw new Failure('wrong-state', 'A case is not linked with itself. Nothing was changed.');
  if ((await findCase(unit.tx, other)) === null) throw notFound('case');
  await linkCasesIn(unit.tx, { one: found.case_id, other, why: clean(why), at });
  await settle(held, { act: 'case.link', detail: { otherId: other, why: clean(why) } });
  unit.tellAfter({ kind: 'case', caseId: other });
}

async function police(held: Held, { agency, record }: Act<'law-enforcement-contacted'>): Promise<void> {
  const { unit, found, who, at, clean } = held;
  await addNoteIn(unit.tx, { caseId: found.case_id, at, who, text: `Law enforcement contacted (${agency}): ${record}` });
  await settle(held, {
    act: 'case.law-enforcement',
    change: { law_enforcement_at: found.law_enforcement_at ?? at },
    detail: { agency: clean(agency) },
  });
}

async function close(held: Held, { why }: Act<'close'>): Promise<void> {
  mustHold(held, 'desk:lead');
  const { unit, found, at, clean } = held;
  const stepped = stepCase(found.state, 'close');
  if (!stepped.ok) throw new Failure('wrong-state', `${stepped.why} Nothing was changed.`);
  const holding = await tasksHolding(unit.tx, found.case_id);
  if (holding.length > 0) {
    const named = holding.map((task) => (task.subject === null ? task.kind : `${task.kind} (${clean(task.subject)})`));
    throw new Failure(
      'task-open',
      `These tasks keep the case open: ${named.join(', ')}. Nothing was changed. Settle them first.`,
    );
  }
  if (await waitsForAnswer(unit.tx, found.case_id)) {
    throw new Failure(
      'task-open',
      'Not every reporter of this case has an answer yet, and none is closed silently. Nothing was changed. Send each claim its outcome first.',
    );
  }
  await settle(held, {
    act: 'case.close',
    change: { ...unclaimed, state: stepped.state, closed_at: at },
    detail: { why: clean(why) },
    keepsClaim: false,
  });
}

async function reopen(held: Held, { why }: Act<'reopen'>): Promise<void> {
  const { found, at, clean } = held;
  if (found.merged_into !== null || found.closed_at === null) {
    throw new Failure(
      'wrong-state',
      'Only a closed case is reopened, and a merged one goes on in the other. Nothing was changed.',
    );
  }
  const stepped = stepCase(found.state, 'reopen');
  if (!stepped.ok) throw new Failure('wrong-state', `${stepped.why} Nothing was changed.`);
  await settle(held, {
    act: 'case.reopen',
    change: {
      state: stepped.state,
      closed_at: null,
      clock_since: at,
      emergency_since: found.lane === 'life-threat' ? at : null,
    },
    detail: { why: clean(why) },
  });
}

type OpenDraft = z.output<typeof openCaseRoute.body>;

/** Opens a case by hand. Throws Failure `not-found` for a site that is not there. */
export async function openByHand(deps: Deps, caller: Caller, draft: OpenDraft): Promise<CaseId> {
  return transact(deps.store, async (unit) => {
    const at = nowOf(deps);
    const siteId = draft.siteId ?? (await siteOfHostname(unit.tx, draft.hostname));
    const site = siteId === null ? null : await findSite(unit.tx, siteId, null);
    if (draft.siteId !== undefined && site === null) throw notFound('site');
    const lane = draft.lane ?? laneOfClass[draft.class];
    const caseId = await openCaseIn(unit, {
      at,
      title: redact(draft.title, []),
      class: draft.class,
      lane,
      laneReason: draft.lane === undefined ? null : redact(draft.reason, []),
      site,
      hostname: hostnameIn(draft.hostname),
      reason: redact(draft.reason, []),
      who: { personId: caller.personId, name: caller.name },
    });
    await openWithTasks(unit, { caseId, class: draft.class, lane, at });
    // Whoever opens it has seen it.
    await changeCase(unit.tx, caseId, { first_eyes_at: at });
    await touchDue(unit.tx, caseId);
    return caseId;
  });
}

/** What is criminal to hold goes to a hotline; nothing else is done with it. */
async function openWithTasks(
  unit: Work,
  opened: { caseId: CaseId; class: OpenDraft['class']; lane: keyof typeof laneRank; at: Instant },
): Promise<void> {
  if (opened.class !== 'child-abuse') return;
  const dueAt = taskDueAt('hotline-referral', opened.lane, opened.at);
  await ensureTaskIn(unit.tx, {
    caseId: opened.caseId,
    kind: 'hotline-referral',
    subject: null,
    dueAt,
    holds: true,
    at: opened.at,
  });
}

function hostnameIn(typed: string | undefined): Hostname | null {
  if (typed === undefined || typed === '') return null;
  const parsed = parseHostname(typed);
  if (parsed.ok) return parsed.hostname;
  throw new Failure('bad-request', `hostname: ${parsed.why}. Nothing was changed.`, {
    fields: [{ path: 'hostname', message: parsed.why }],
  });
}

async function siteOfHostname(tx: Tx, typed: string | undefined): Promise<SiteId | null> {
  const hostname = hostnameIn(typed);
  return hostname === null ? null : ((await hostnameOwners(tx, [hostname]))[0] ?? null);
}
