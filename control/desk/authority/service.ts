/**
 * Requests of authorities: entered by hand or taken from a mail, then acted on until they are answered or refused.
 *
 * What a request says of its sender is a claim; core/desk/authority.ts decides by what our own people did. Contacts are sealed. The answer
 * is kept here and handed over by people on the way that they verified: nothing is mailed out by itself, because the mailbox that wrote
 * may be a stolen one. A preservation holds the case's evidence, also what is added while it runs, for at most 90 days at a time.
 */
import type { z } from 'zod';
import { AuthorityId, idPrefix } from '../../../contract/ids.ts';
import type { BlobId, CaseId, SealedId } from '../../../contract/ids.ts';
import type { Json } from '../../../contract/canonical.ts';
import type { AuthorityKind } from '../../../contract/desk/words.ts';
import type { actOnAuthority, enterAuthority } from '../../../contract/routes/desk/pressure.ts';
import { mayAct, stateOf } from '../../../core/desk/authority.ts';
import type { AuthorityFacts } from '../../../core/desk/authority.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { instantOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { findAuthority, insertAuthority, replaceAuthority, runningPreservations } from '../../../store/desk/authority.ts';
import type { AuthorityRecord } from '../../../store/desk/authority.ts';
import { findCase, lockCase } from '../../../store/desk/cases.ts';
import { addEvidenceIn, holdCaseIn } from '../../../store/desk/evidence.ts';
import type { NamedPerson } from '../../../store/orders.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { shreddedAway } from '../seal.ts';

type Entered = z.output<typeof enterAuthority.body>;
type Act = z.output<typeof actOnAuthority.body>;

const dayMs = 86_400_000;
const wakeAgainMs = 600_000;

export type NewRequest = {
  readonly authorityId: AuthorityId;
  readonly kind: AuthorityKind;
  readonly agency: string;
  readonly law: string | null;
  readonly reference: string | null;
  readonly urls: readonly string[];
  readonly text: string;
  readonly caseId: CaseId | null;
  readonly channel: AuthorityRecord['channel'];
  readonly contactSealedId: SealedId | null;
  readonly blobId: BlobId | null;
  readonly mailProof: Readonly<Record<string, Json>>;
  /** Null: it came by mail. */
  readonly who: NamedPerson | null;
};

export function newAuthorityId(): AuthorityId {
  return AuthorityId.parse(randomId(idPrefix.authority));
}

/** Keeps a request in the caller's transaction. An emergency request wakes the people on call: somebody has to call back. */
export async function addRequestIn(deps: DeskDeps, unit: Work, request: NewRequest): Promise<AuthorityRecord> {
  const at = nowOf(deps);
  const { mailProof, who, ...known } = request;
  const bare = { ...known, receivedAt: at, callBack: null, second: null, answeredAt: null, answer: null, preserveUntil: null };
  const record: AuthorityRecord = { ...bare, state: stateOf(factsOf({ ...bare, state: 'incomplete' })) };
  await insertAuthority(unit.tx, record, mailProof);
  await addAudit(unit.tx, {
    at,
    who,
    act: 'authority.enter',
    subject: record.authorityId,
    detail: { kind: record.kind, state: record.state, channel: record.channel, caseId: record.caseId },
  });
  if (record.kind === 'emergency-request') {
    // Anybody can write to the mailbox: a flood of such mails wakes people once in ten minutes, and each still waits on the list.
    const cause = record.channel === 'mail' ? `by mail ${Math.floor(deps.now() / wakeAgainMs)}` : record.authorityId;
    await deps.outbox.wake(unit, {
      dedupe: `authority ${cause}`,
      sentence: 'An emergency request of an authority waits for a call back on a number that we find ourselves.',
      caseId: record.caseId,
    });
  }
  if (record.caseId !== null) unit.tellAfter({ kind: 'case', caseId: record.caseId });
  return record;
}

/** Enters what came by hand, post or telephone. Throws Failure `not-found`. */
export async function enterRequest(deps: DeskDeps, caller: Caller, body: Entered): Promise<AuthorityRecord> {
  const authorityId = newAuthorityId();
  return transact(deps.store, async (unit) => {
    const caseId = body.caseId ?? null;
    if (caseId !== null && (await findCase(unit.tx, caseId)) === null) throw notFound('case');
    const contact = body.contact.trim();
    const contactSealedId = contact === '' ? null : await deps.seal.keep(unit.tx, authorityId, 'authority', { contact });
    return addRequestIn(deps, unit, {
      authorityId,
      kind: body.kind,
      agency: body.agency,
      law: body.law ?? null,
      reference: body.reference ?? null,
      urls: body.urls,
      text: body.text,
      caseId,
      channel: 'hand',
      contactSealedId,
      blobId: null,
      mailProof: {},
      who: { personId: caller.personId, name: caller.name },
    });
  });
}

/** One act on a request. Throws Failure `not-found`, `wrong-state`, `same-person`. */
export async function actOnRequest(deps: DeskDeps, caller: Caller, authorityId: AuthorityId, act: Act): Promise<AuthorityRecord> {
  const who: NamedPerson = { personId: caller.personId, name: caller.name };
  return transact(deps.store, async (unit) => {
    // A case is locked before what hangs on it; so its id is read first and looked at again under the lock.
    const seen = await findAuthority(unit.tx, authorityId);
    const caseId = act.act === 'link' ? act.caseId : (seen?.caseId ?? null);
    if (act.act === 'link' || act.act === 'preserve') {
      if (caseId !== null && (await lockCase(unit.tx, caseId)) === null) throw notFound('case');
    }
    const record = await findAuthority(unit.tx, authorityId, 'lock');
    if (record === null) throw notFound('request');
    if (act.act === 'preserve' && record.caseId !== caseId) {
      throw new Failure('wrong-state', 'It was linked with another case meanwhile. Nothing was changed: look at it again.');
    }
    const verdict = mayAct(factsOf(record), act.act, who.personId);
    if (!verdict.ok) throw new Failure(verdict.code, `${verdict.why} Nothing was changed.`);
    const changed = await apply(deps, unit, record, act, who);
    const after: AuthorityRecord = { ...changed, state: stateOf(factsOf(changed)) };
    await replaceAuthority(unit.tx, after);
    await addAudit(unit.tx, {
      at: nowOf(deps),
      who,
      act: `authority.${act.act}`,
      subject: authorityId,
      detail: { kind: after.kind, before: record.state, after: after.state, caseId: after.caseId },
    });
    if (after.caseId !== null) unit.tellAfter({ kind: 'case', caseId: after.caseId });
    return after;
  });
}

async function apply(deps: DeskDeps, unit: Work, record: AuthorityRecord, act: Act, who: NamedPerson): Promise<AuthorityRecord> {
  const at = nowOf(deps);
  switch (act.act) {
    case 'complete':
      return { ...record, law: act.law, reference: act.reference, urls: act.urls };
    case 'call-back':
      return { ...record, callBack: { by: who, at, numberSource: act.numberSource, record: act.record } };
    case 'second':
      return { ...record, second: who };
    case 'link':
      await addOriginalIn(deps, unit, record, act.caseId, who);
      return { ...record, caseId: act.caseId };
    case 'preserve': {
      const until = instantOf(deps.now() + act.days * dayMs);
      if (record.caseId === null) throw new Error('a request without a case was preserved');
      // A renewal never shortens what was promised before.
      const preserveUntil = record.preserveUntil !== null && record.preserveUntil > until ? record.preserveUntil : until;
      const why = `preservation asked for by request ${record.authorityId}`;
      await holdCaseIn(unit.tx, { caseId: record.caseId, until: preserveUntil, at, who, why });
      return { ...record, preserveUntil };
    }
    case 'answer':
      return { ...record, state: 'answered', answer: act.text, answeredAt: at };
    case 'refuse':
      return { ...record, state: 'refused', answer: act.text, answeredAt: at };
    default:
      return act satisfies never;
  }
}

/** Who sent a request. The entry in the audit trail is committed before anything is opened. Throws Failure `not-found`, `sealed-away`. */
export async function openContact(
  deps: DeskDeps,
  caller: Caller,
  authorityId: AuthorityId,
  reason: string,
): Promise<{ name: string; value: string }[]> {
  const sealedId = await transact(deps.store, async (unit) => {
    const record = await findAuthority(unit.tx, authorityId);
    if (record === null) throw notFound('request');
    if (record.contactSealedId === null) {
      throw new Failure('not-found', 'Nobody wrote down who sent this request. Nothing was opened.');
    }
    const who = { personId: caller.personId, name: caller.name };
    const detail = { kind: record.kind, caseId: record.caseId, reason: redact(reason, []) };
    await addAudit(unit.tx, { at: nowOf(deps), who, act: 'authority.unseal', subject: authorityId, detail });
    return record.contactSealedId;
  });
  const fields = await deps.seal.open(deps.store.db, sealedId);
  if (fields === null) throw shreddedAway();
  return Object.entries(fields).map(([name, value]) => ({ name, value }));
}

/** Puts the mail of a request among the evidence of its case, under the case's key, so that it can be opened and is shredded with it. */
async function addOriginalIn(
  deps: DeskDeps,
  unit: Work,
  record: AuthorityRecord,
  caseId: CaseId,
  who: NamedPerson,
): Promise<void> {
  const original = record.blobId === null ? null : await deps.seal.openBlob(unit.tx, record.blobId);
  if (original === null) return;
  const { mediaType, sha256, bytes } = original;
  const kept = await deps.seal.keepBlob(unit.tx, caseId, mediaType, bytes);
  await addEvidenceIn(unit.tx, {
    caseId,
    kind: 'order',
    // What a stranger sent: an authority confirms by the call back, which is on the request's record.
    level: 'A1',
    artefact: `authority request ${sha256}`,
    title: `Request of an authority ${record.authorityId}`,
    url: null,
    blob: { blobId: kept.blobId, sha256: kept.sha256, mediaType, bytes: kept.bytes },
    eventAt: null,
    firstSeenAt: record.receivedAt,
    at: nowOf(deps),
    addedBy: who,
    sensitive: true,
    captureState: 'none',
    why: 'the request was linked with the case',
  });
}

/** Holds what came into a case while a preservation runs on it. Safe to run twice: what is held long enough is left alone. */
export async function holdNewEvidence(deps: Pick<DeskDeps, 'store' | 'now'>): Promise<void> {
  for (const { authorityId, caseId, until } of await runningPreservations(deps.store.db, nowOf(deps))) {
    await transact(deps.store, async (unit) => {
      if ((await lockCase(unit.tx, caseId)) === null) return;
      const why = `preservation asked for by request ${authorityId}`;
      await holdCaseIn(unit.tx, { caseId, until, at: nowOf(deps), who: null, why });
    });
  }
}

export function factsOf(record: Omit<AuthorityRecord, 'receivedAt'>): AuthorityFacts {
  return {
    kind: record.kind,
    state: record.state,
    agency: record.agency,
    law: record.law,
    reference: record.reference,
    urls: record.urls,
    hasCase: record.caseId !== null,
    callBackBy: record.callBack?.by.personId ?? null,
    secondBy: record.second?.personId ?? null,
  };
}
