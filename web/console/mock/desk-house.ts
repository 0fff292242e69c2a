/** The mock's decisions, criteria, appeals, pressure, people on call, authorities, and the owner's notices. */
import { DecisionNumber, Instant } from '../../../contract/ids.ts';
import * as aftermath from '../../../contract/routes/desk/aftermath.ts';
import * as decisions from '../../../contract/routes/desk/decisions.ts';
import * as owners from '../../../contract/routes/desk/owners.ts';
import * as pressure from '../../../contract/routes/desk/pressure.ts';
import type { LiveEvent } from '../../../contract/routes/house.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

export function registerDeskHouse(on: On, state: MockState, emit: (event: LiveEvent) => void): void {
  const desk = state.desk;
  const now = () => Instant.parse(new Date(state.nowMs()).toISOString());
  const later = (ms: number) => Instant.parse(new Date(state.nowMs() + ms).toISOString());
  const me = () => ({ personId: state.me.personId, name: state.me.name });
  let made = 0;
  const fresh = (prefix: string) => mockId(prefix, `h${(made += 1)}`);
  const caseAt = (caseId: string) => {
    const found = desk.cases.find((held) => held.caseId === caseId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such case.');
    return found;
  };
  const setCase = (caseId: string, change: Partial<(typeof desk.cases)[number]>) => {
    desk.cases = desk.cases.map((held) => (held.caseId === caseId ? { ...held, ...change } : held));
    emit({ kind: 'case', caseId: caseAt(caseId).caseId });
  };
  const decisionAt = (decisionId: string) => {
    const found = desk.decisions.find((decision) => decision.decisionId === decisionId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such decision.');
    return found;
  };
  const keep = (decision: decisions.DeskDecision) => {
    desk.decisions = desk.decisions.map((old) => (old.decisionId === decision.decisionId ? decision : old));
    emit({ kind: 'case', caseId: decision.caseId });
    return decision;
  };
  /** The edges answer a moment later. */
  const enforce = (decision: decisions.DeskDecision) => {
    if (decision.receipts === null) return;
    setTimeout(() => keep({ ...decision, receipts: { expected: 2, enforced: 2, lifted: 0, failed: 0, tookMs: 38 } }), 60);
  };

  on(decisions.listDecisions, ({ params }) => ({
    items: desk.decisions.filter((decision) => decision.caseId === params.caseId),
  }));
  on(decisions.previewDecision, ({ body }) => ({
    mistakes:
      body.limbs.length < 10 && body.kind === 'measure' ? [{ path: 'limbs', message: 'Every limb needs an answer.' }] : [],
    noticePage:
      body.kind === 'measure' && body.step !== 'owner-notice'
        ? `Example Hosting Co-op decided this.\n\n${body.publicReason}\n\nThe number of reports played no part.`
        : null,
    statement: `Decision of Example Hosting Co-op.\n\n${body.publicReason}`,
    ownerNotice: `Dear owner,\n\nwe decided about your site.\n\n${body.publicReason}\n\nYou can appeal for six months.`,
  }));
  on(decisions.proposeDecision, ({ params, body }) => {
    const held = caseAt(params.caseId);
    if (body.kind === 'measure' && held.gradeLockedAt === null && !body.provisional)
      throw new MockFailure('not-graded', 'The grade is not locked, so no measure can be proposed. Nothing was saved.');
    const effective = body.kind === 'measure' && body.step !== 'owner-notice';
    const decision = decisions.DeskDecision.parse({
      ...{
        decisionId: fresh('dec'),
        caseId: held.caseId,
        kind: body.kind,
        state: body.breakGlass === undefined ? 'proposed' : 'alone',
      },
      ...{
        number: null,
        limbs: body.limbs,
        step: body.step ?? null,
        whyNotBelow: body.whyNotBelow,
        measure: body.measure ?? null,
      },
      ...{ evidence: body.evidence, publicReason: body.publicReason, internalReason: body.internalReason },
      ...{ policyVersionId: body.policyVersionId, criteriaAfterCase: false, provisional: body.provisional },
      ...{ confirms: body.confirms ?? null, recheckAt: body.recheckAt ?? null, namedUrls: body.namedUrls },
      ...{ deadline: body.deadline ?? null, ownerNoticeDelayReason: body.ownerNoticeDelayReason ?? null },
      ...{ proposer: me(), proposedAt: now(), confirmer: null, confirmedAt: null, breakGlass: body.breakGlass ?? null },
      ...{ lapsesAt: body.provisional ? later(72 * 3_600_000) : null, orderId: effective ? mockId('order', 'wait') : null },
      ...{ receipts: effective ? { expected: 2, enforced: 0, lifted: 0, failed: 0, tookMs: null } : null, volume: null },
    });
    desk.decisions = [decision, ...desk.decisions];
    setCase(held.caseId, { state: 'measure-proposed' });
    if (decision.state === 'alone') enforce(decision);
    return decision;
  });
  on(decisions.confirmDecision, ({ params }) => {
    const decision = decisionAt(params.decisionId);
    if (decision.proposer.personId === state.me.personId)
      throw new MockFailure('same-person', 'You proposed this, so somebody else has to confirm it. Nothing was changed.');
    const confirmed = keep({
      ...decision,
      state: 'confirmed',
      number: DecisionNumber.parse('D-2026-0009'),
      confirmer: me(),
      confirmedAt: now(),
    });
    setCase(decision.caseId, { state: decision.kind === 'no-action' ? 'no-action' : 'enforced' });
    enforce(confirmed);
    return confirmed;
  });
  on(decisions.withdrawDecision, ({ params }) => keep({ ...decisionAt(params.decisionId), state: 'withdrawn' }));
  on(decisions.listCriteria, () => ({ items: desk.criteria }));
  on(decisions.publishCriteria, ({ body }) => {
    const version = { policyVersionId: fresh('polv'), ...body, sha256: '3f'.repeat(32), publishedAt: now(), publishedBy: me() };
    const published = decisions.Criteria.parse(version);
    desk.criteria = [published, ...desk.criteria];
    return published;
  });
  const keepAppeal = (appealId: string, change: Partial<decisions.Appeal>) => {
    const old = desk.appeals.find((appeal) => appeal.appealId === appealId);
    if (old === undefined) throw new MockFailure('not-found', 'There is no such appeal.');
    const appeal = { ...old, ...change };
    desk.appeals = desk.appeals.map((other) => (other.appealId === appealId ? appeal : other));
    return appeal;
  };
  on(decisions.listAppeals, ({ query }) => {
    const items = desk.appeals.filter(
      (appeal) => query.open === undefined || (query.open === 'true') === ['open', 'taken'].includes(appeal.state),
    );
    return { items, next: null, total: items.length };
  });
  on(decisions.listAppealWords, ({ params }) => {
    const appeal = desk.appeals.find(({ appealId }) => appealId === params.appealId);
    if (appeal === undefined) throw new MockFailure('not-found', 'There is no such appeal.');
    const items = [{ n: 1, text: appeal.text, at: appeal.openedAt, times: appeal.joined }];
    return { items, next: null, total: appeal.joined === null ? 0 : 1 };
  });
  on(decisions.takeAppeal, ({ params }) => keepAppeal(params.appealId, { state: 'taken', takenBy: me() }));
  on(decisions.decideAppeal, ({ params, body }) =>
    keepAppeal(params.appealId, { state: body.outcome, decider: me(), decidedAt: now(), reasons: body.reasons }),
  );
  on(aftermath.listStrikes, () => ({ items: desk.strikes }));
  on(aftermath.listReviews, ({ params }) => ({ items: desk.reviews.get(params.caseId) ?? [] }));
  on(aftermath.addReview, ({ params, body }) => {
    const review = aftermath.Review.parse({ reviewId: fresh('rev'), at: now(), by: me(), ...body });
    desk.reviews.set(params.caseId, [...(desk.reviews.get(params.caseId) ?? []), review]);
    return review;
  });
  on(owners.listOwnerNotices, () => ({ items: desk.notices, next: null, total: desk.notices.length }));
  on(owners.listCaseNotices, ({ params }) => ({ items: desk.caseNotices.get(params.caseId) ?? [] }));
  on(owners.askOwner, ({ params, body }) => {
    const notice = owners.CaseNotice.parse({
      ...{ noticeId: fresh('notice'), kind: 'question', subject: body.subject, text: body.text, namedUrls: body.namedUrls },
      ...{ deadline: body.deadline ?? null, at: now(), readAt: null, decision: null, replies: [] },
    });
    desk.caseNotices.set(params.caseId, [notice, ...(desk.caseNotices.get(params.caseId) ?? [])]);
    return notice;
  });
  on(owners.answerNotice, ({ params, body }) => {
    const old = desk.notices.find((notice) => notice.noticeId === params.noticeId);
    if (old === undefined) throw new MockFailure('not-found', 'There is no such notice.');
    const appeal = { appealId: fresh('appeal'), state: 'open', openedAt: now(), dueAt: later(72 * 3_600_000), reasons: null };
    const notice =
      body.act === 'reply'
        ? { ...old, replies: [...old.replies, { at: now(), text: body.text }] }
        : owners.OwnerNotice.parse({ ...old, mayAppeal: false, appeals: [...old.appeals, appeal] });
    desk.notices = desk.notices.map((other) => (other.noticeId === notice.noticeId ? notice : other));
    return notice;
  });
  on(decisions.tellOwner, ({ params }) => keep({ ...decisionAt(params.decisionId), ownerToldAt: now() }));
  on(decisions.enterAppeal, ({ params, body }) => {
    const { caseId, number } = decisionAt(params.decisionId);
    const appeal = decisions.Appeal.parse({
      ...{ appealId: fresh('appeal'), caseId, decisionId: params.decisionId, decision: number, by: body.by, state: 'open' },
      ...{ text: body.text, openedAt: now(), dueAt: later(72 * 3_600_000), takenBy: null, decider: null, decidedAt: null },
      ...{ reasons: null, joined: body.by === 'reporter' ? 1 : null, mayDecide: false },
    });
    desk.appeals = [...desk.appeals, appeal];
    return { appealId: appeal.appealId, dueAt: appeal.dueAt };
  });
  on(owners.getAccountContact, () => ({ hint: desk.contactHint }));
  on(owners.setAccountContact, ({ body }) => {
    desk.contactHint = body.mail === null ? null : `${body.mail.slice(0, 1)}…@${body.mail.split('@')[1] ?? ''}`;
    return { hint: desk.contactHint };
  });
  on(owners.exportSite, ({ params }) => ({
    site: { siteId: params.siteId, hostnames: ['forum.example'] },
    zone: 'forum.example. 300 IN A 192.0.2.7\n',
  }));

  on(pressure.logPressure, ({ body }) => {
    const entry = pressure.PressureEntry.parse({
      ...{ pressureId: fresh('press'), siteId: body.siteId ?? null, caseId: body.caseId ?? null, kind: body.kind, at: body.at },
      ...{ description: body.description, count: body.count ?? null, source: body.source ?? null, by: me() },
    });
    desk.pressure = [entry, ...desk.pressure];
    return { pressureId: entry.pressureId };
  });
  on(pressure.getPressure, ({ params }) => {
    const held = caseAt(params.caseId);
    if (held.gradeLockedAt === null) throw new MockFailure('not-graded', 'Pressure is withheld until the grade is locked.');
    return { volume: held.volume ?? { n: 0, m: 0, k: 0, w: 0 }, clusters: desk.clusters, entries: desk.pressure };
  });
  on(pressure.getOnCall, () => ({ people: desk.onCall, pages: desk.pages, mailFinding: desk.mailFinding }));
  on(pressure.setOnCall, ({ body }) => {
    const name = state.people.find((person) => person.personId === body.personId)?.name ?? 'Somebody';
    const { address: _address, ...rest } = body;
    const person = { ...rest, name, addressHint: 'x…@mail.example' };
    const others = desk.onCall.filter((other) => other.personId !== body.personId || other.channel !== body.channel);
    desk.onCall = [...others, person].toSorted((one, other) => one.position - other.position);
    return person;
  });
  on(pressure.testOnCall, () => ({ sent: desk.onCall.filter((person) => person.active).length }));
  on(pressure.acknowledgePage, ({ params }) => {
    const old = desk.pages.find((page) => page.pageId === params.pageId);
    if (old === undefined) throw new MockFailure('not-found', 'There is no such page.');
    const page = { ...old, acknowledgedBy: me(), acknowledgedAt: now() };
    desk.pages = desk.pages.map((other) => (other.pageId === page.pageId ? page : other));
    return page;
  });
  on(pressure.listAuthority, ({ query }) => {
    const items = desk.authority.filter(
      (request) => query.open === undefined || (query.open === 'true') === !['answered', 'refused'].includes(request.state),
    );
    return { items, next: null, total: items.length };
  });
  on(pressure.unsealAuthority, () => ({ fields: [{ name: 'contact', value: 'duty@police.example' }] }));
  on(pressure.enterAuthority, ({ body }) => {
    const { contact: _contact, ...rest } = body;
    const request = pressure.AuthorityRequest.parse({
      ...{ authorityId: fresh('auth'), state: body.kind === 'order' ? 'incomplete' : 'call-back-due', ...rest },
      ...{
        law: body.law ?? null,
        reference: body.reference ?? null,
        caseId: body.caseId ?? null,
        receivedAt: now(),
        channel: 'hand',
      },
      ...{ missing: [], callBack: null, second: null, answeredAt: null, answer: null, preserveUntil: null },
    });
    desk.authority = [request, ...desk.authority];
    return request;
  });
  on(pressure.actOnAuthority, ({ params, body }) => {
    const old = desk.authority.find((request) => request.authorityId === params.authorityId);
    if (old === undefined) throw new MockFailure('not-found', 'There is no such request.');
    const changed = pressure.AuthorityRequest.parse({
      ...old,
      ...(body.act === 'complete'
        ? { law: body.law, reference: body.reference, urls: body.urls, state: 'complete', missing: [] }
        : {}),
      ...(body.act === 'call-back'
        ? { callBack: { by: me(), at: now(), numberSource: body.numberSource, record: body.record } }
        : {}),
      ...(body.act === 'second' ? { second: me(), state: 'complete', missing: [] } : {}),
      ...(body.act === 'link' ? { caseId: body.caseId } : {}),
      ...(body.act === 'preserve' ? { preserveUntil: later(body.days * 86_400_000) } : {}),
      ...(body.act === 'answer' || body.act === 'refuse'
        ? { state: body.act === 'answer' ? 'answered' : 'refused', answer: body.text, answeredAt: now() }
        : {}),
    });
    desk.authority = desk.authority.map((request) => (request.authorityId === changed.authorityId ? changed : request));
    return changed;
  });
}
