/**
 * Acts on evidence: add, capture again, read as text, mend, hold. Each in one transaction with its audit line and its line of custody.
 *
 * What comes back is redacted with the names of the case. Reasons are redacted before they are kept: a line of custody leaves the house with every
 * export and can never be taken back. Whoever may read may read text of every item; media are behind media.ts.
 */
import type { z } from 'zod';
import type { Evidence } from '../../../contract/desk/shapes.ts';
import type { CaseId, EvidenceId, Instant } from '../../../contract/ids.ts';
import type {
  addEvidence as addEvidenceRoute,
  changeEvidence as changeEvidenceRoute,
} from '../../../contract/routes/desk/evidence.ts';
import { later, timings } from '../../../core/desk/clocks.ts';
import { whyNotLevel } from '../../../core/desk/evidence-level.ts';
import { redact, redactUrl } from '../../../core/desk/redaction.ts';
import { artefactOfFile, artefactOfHiddenUrl, artefactOfUrl, canonicalUrl } from '../../../core/desk/urls.ts';
import { instantOf } from '../../../core/instant.ts';
import { sniffType } from '../../../kit/sniff.ts';
import { addAudit } from '../../../store/audit.ts';
import { askCaptureIn, captureRecordsOf } from '../../../store/desk/captures.ts';
import { findCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { addCustodyIn, listCustody } from '../../../store/desk/custody.ts';
import { addEvidenceIn, changeEvidenceIn, findEvidence, withCaptures } from '../../../store/desk/evidence.ts';
import type { EvidenceRecord } from '../../../store/desk/evidence.ts';
import { hiddenAmong } from '../../../store/desk/reading.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { hiddenArtefactOf, setChecked } from './checked.ts';
import { sha256 } from './hash.ts';
import { namesOfCase } from '../names.ts';
import { shreddedAway } from '../seal.ts';

export type Deps = Pick<DeskDeps, 'store' | 'now' | 'seal'>;

export type HeldItem = {
  readonly unit: Work;
  readonly item: EvidenceRecord;
  readonly found: CaseRecord;
  readonly at: Instant;
  readonly clean: (text: string) => string;
};

/** One item as routes show it. */
async function viewEvidence(deps: Deps, evidenceId: EvidenceId): Promise<Evidence> {
  const { db } = deps.store;
  const record = await findEvidence(db, evidenceId);
  const [item] = record === null ? [] : await withCaptures(db, [record]);
  if (record === null || item === undefined) throw notFound('item of evidence');
  const names = record.caseId === null ? [] : await namesOfCase(db, deps.seal, record.caseId);
  return redacted(item, names);
}

function redacted(item: Evidence, names: readonly string[]): Evidence {
  return {
    ...item,
    title: redact(item.title, names),
    url: item.url === null ? null : redactUrl(item.url, names),
    note: item.note === null ? null : redact(item.note, names),
    captures: item.captures.map((capture) => ({
      ...capture,
      finding: capture.finding === null ? null : redact(capture.finding, names),
    })),
  };
}

/** Locks an item's case and then the item. Throws Failure `not-found`. */
export async function holdItem(deps: Deps, unit: Work, evidenceId: EvidenceId): Promise<HeldItem> {
  const seen = await findEvidence(unit.tx, evidenceId);
  const found = seen === null || seen.caseId === null ? null : await lockCase(unit.tx, seen.caseId);
  const item = found === null ? null : await findEvidence(unit.tx, evidenceId, 'lock');
  if (found === null || item === null) throw notFound('item of evidence');
  const names = await namesOfCase(unit.tx, deps.seal, found.case_id);
  return { unit, item, found, at: nowOf(deps), clean: (text) => redact(text, names) };
}

export async function addEvidence(
  deps: Deps,
  caller: Caller,
  caseId: CaseId,
  draft: z.output<typeof addEvidenceRoute.body>,
): Promise<Evidence> {
  const evidenceId = await transact(deps.store, async (unit) => {
    const found = await lockCase(unit.tx, caseId);
    if (found === null) throw notFound('case');
    if (found.closed_at !== null) {
      throw new Failure('wrong-state', 'This case is closed. Nothing was added; reopen it first.');
    }
    const at = nowOf(deps);
    const who = { personId: caller.personId, name: caller.name };
    const base = {
      caseId,
      eventAt: draft.eventAt ?? null,
      firstSeenAt: at,
      at,
      addedBy: who,
      why: 'added at the desk',
    };
    const added =
      draft.kind === 'url' ? await addAddress(deps, unit, found, base, draft) : await addWords(deps, unit, found, base, draft);
    await addAudit(unit.tx, {
      at,
      who,
      act: 'evidence.add',
      subject: added.evidenceId,
      detail: { caseId, number: found.number, kind: draft.kind, known: !added.isNew },
    });
    await touchDue(unit.tx, caseId);
    unit.tellAfter({ kind: 'case', caseId });
    return added.evidenceId;
  });
  return viewEvidence(deps, evidenceId);
}

type Base = Pick<Parameters<typeof addEvidenceIn>[1], 'caseId' | 'eventAt' | 'firstSeenAt' | 'at' | 'addedBy' | 'why'>;
type Draft<Kind extends string> = Extract<z.output<typeof addEvidenceRoute.body>, { kind: Kind }>;

async function addAddress(deps: Deps, unit: Work, found: CaseRecord, base: Base, draft: Draft<'url'>) {
  const canonical = canonicalUrl(draft.url);
  if (canonical === null) {
    throw new Failure('report-refused', 'This is not an address of the web (http or https). Nothing was added.');
  }
  const names = await namesOfCase(unit.tx, deps.seal, found.case_id);
  const note = draft.note === undefined ? null : redact(draft.note, names);
  const hidden = artefactOfHiddenUrl(canonical, sha256);
  const never = found.class === 'child-abuse' || (await hiddenAmong(unit.tx, [hidden])).size > 0;
  if (never) {
    return addEvidenceIn(unit.tx, {
      ...base,
      kind: 'url',
      level: 'A0',
      artefact: hidden,
      title: 'An address that is not kept: only its hash',
      url: null,
      blob: null,
      sha256: sha256(canonical),
      sensitive: true,
      captureState: 'never',
      note,
    });
  }
  const added = await addEvidenceIn(unit.tx, {
    ...base,
    kind: 'url',
    level: 'A0',
    artefact: artefactOfUrl(canonical, sha256),
    title: `Address at ${new URL(canonical).hostname}`,
    url: redactUrl(draft.url, names),
    blob: null,
    sensitive: false,
    captureState: 'waiting',
    note,
  });
  if (added.isNew) await ask(unit, found, added.evidenceId, draft.url, base.at);
  return added;
}

async function addWords(deps: Deps, unit: Work, found: CaseRecord, base: Base, draft: Draft<'text' | 'call' | 'file'>) {
  if (draft.kind === 'file' && found.class === 'child-abuse') {
    throw new Failure(
      'report-refused',
      'Files are never taken into a case of this class: holding them may be a crime. Report the address to the hotline of your country ' +
        '(inhope.org lists them) or to the police. Nothing was kept.',
    );
  }
  const bytes = draft.kind === 'file' ? Buffer.from(draft.content, 'base64') : Buffer.from(draft.text);
  if (bytes.byteLength === 0) throw new Failure('report-refused', 'The file is empty. Nothing was added.');
  const mediaType = draft.kind === 'file' ? sniffType(bytes) : 'text/plain; charset=utf-8';
  const names = await namesOfCase(unit.tx, deps.seal, found.case_id);
  const kept = await deps.seal.keepBlob(unit.tx, found.case_id, mediaType, bytes);
  return addEvidenceIn(unit.tx, {
    ...base,
    kind: draft.kind,
    // A note of a call is what somebody said to us; a file is a copy that somebody made.
    level: draft.kind === 'file' ? 'A1' : 'A0',
    artefact: artefactOfFile(kept.sha256),
    title: redact(draft.title, names),
    url: null,
    blob: { ...kept, mediaType },
    sensitive: draft.kind === 'file' && !mediaType.startsWith('text/'),
    captureState: 'none',
  });
}

async function ask(unit: Work, found: CaseRecord, evidenceId: EvidenceId, url: string, at: Instant): Promise<void> {
  const dueAt = later(at, timings[found.lane].capture);
  await askCaptureIn(unit.tx, { evidenceId, url, urgent: found.lane === 'life-threat', at, dueAt });
}

/** Asks for one more copy of an address. */
export async function captureAgain(deps: Deps, caller: Caller, evidenceId: EvidenceId): Promise<Evidence> {
  await transact(deps.store, async (unit) => {
    const { item, found, at } = await holdItem(deps, unit, evidenceId);
    const url = (await captureRecordsOf(unit.tx, [evidenceId])).at(-1)?.url ?? null;
    const hidden = hiddenArtefactOf(item.artefact);
    const stopped = hidden !== null && (await hiddenAmong(unit.tx, [hidden])).size > 0;
    if (stopped || item.captureState === 'never' || found.class === 'child-abuse') {
      throw new Failure('wrong-state', 'What may be criminal to hold is never fetched. Nothing was changed.');
    }
    if (url === null || item.captureState === 'shredded') {
      throw new Failure('wrong-state', 'This item has no address that could be captured. Nothing was changed.');
    }
    await ask(unit, found, evidenceId, url, at);
    const who = { personId: caller.personId, name: caller.name };
    await addAudit(unit.tx, { at, who, act: 'evidence.capture', subject: evidenceId, detail: { caseId: found.case_id } });
    await touchDue(unit.tx, found.case_id);
    unit.tellAfter({ kind: 'case', caseId: found.case_id });
  });
  return viewEvidence(deps, evidenceId);
}

const mostShown = 100_000;

/** What an item says, redacted. Leaves a line of custody. Throws Failure `wrong-state` when it has no text, `sealed-away` when shredded. */
export async function readEvidence(
  deps: Deps,
  caller: Caller,
  evidenceId: EvidenceId,
): Promise<{ text: string; truncated: boolean }> {
  const { db } = deps.store;
  const item = await findEvidence(db, evidenceId);
  if (item === null || item.caseId === null) throw notFound('item of evidence');
  if (item.captureState === 'shredded') throw shreddedAway();
  const textual = item.mediaType !== null && /^(text\/|message\/|application\/(json|xml))/.test(item.mediaType);
  const captured = (await captureRecordsOf(db, [evidenceId])).findLast((one) => one.text_blob_id !== null);
  const blobId = item.blobId !== null && textual ? item.blobId : (captured?.text_blob_id ?? null);
  if (blobId === null) {
    throw new Failure('wrong-state', 'This item has no text to read: it is a picture or a file, or was not captured yet.');
  }
  const blob = await deps.seal.openBlob(db, blobId);
  if (blob === null) throw shreddedAway();
  const whole = new TextDecoder().decode(blob.bytes).replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, ' ');
  const names = await namesOfCase(db, deps.seal, item.caseId);
  const text = redact(whole.slice(0, mostShown), names);
  await transact(deps.store, async ({ tx }) => {
    await addCustodyIn(tx, {
      evidenceId,
      at: nowOf(deps),
      personId: caller.personId,
      personName: caller.name,
      act: 'view',
      why: 'read as text, redacted',
      sha256: blob.sha256,
    });
  });
  return { text, truncated: whole.length > mostShown };
}

/** Mends an item, or sets or releases its hold. Throws Failure `wrong-state`, `not-allowed`. */
export async function changeEvidence(
  deps: Deps,
  caller: Caller,
  evidenceId: EvidenceId,
  change: z.output<typeof changeEvidenceRoute.body>,
): Promise<Evidence> {
  await transact(deps.store, async (unit) => {
    if (change.childAbuse !== undefined) await setChecked(unit, caller, evidenceId, change.childAbuse, nowOf(deps));
    const { item, found, at, clean } = await holdItem(deps, unit, evidenceId);
    if (item.captureState === 'shredded') throw new Failure('wrong-state', 'This was shredded; nothing of it can be changed.');
    const who = { personId: caller.personId, name: caller.name };
    const why = clean(change.why);
    const line = { evidenceId, at, personId: who.personId, personName: who.name, sha256: item.sha256 };
    const told: string[] = [];
    if (change.level !== undefined) {
      const refused = whyNotLevel(item.level, change.level.to);
      if (refused !== null) throw new Failure('wrong-state', `${refused} Nothing was changed.`);
      told.push(`level ${item.level} to ${change.level.to}, confirmed by: ${clean(change.level.confirmedBy)}`);
    }
    if (change.title !== undefined) told.push('title');
    if (change.eventAt !== undefined) told.push(`event time ${item.eventAt ?? 'unknown'} to ${change.eventAt}`);
    if (change.sensitive !== undefined) told.push(change.sensitive ? 'closed as media' : 'opened as text');
    if (change.childAbuse !== undefined)
      told.push(change.childAbuse ? 'address not checked' : 'address checked: not child abuse');
    await changeEvidenceIn(unit.tx, evidenceId, {
      ...(change.title === undefined ? {} : { title: clean(change.title) }),
      ...(change.eventAt === undefined ? {} : { eventAt: change.eventAt }),
      ...(change.level === undefined ? {} : { level: change.level.to, confirmedBy: clean(change.level.confirmedBy) }),
      ...(change.sensitive === undefined ? {} : { sensitive: change.sensitive }),
    });
    if (told.length > 0) await addCustodyIn(unit.tx, { ...line, act: 'relabel', why: `${told.join('; ')}. ${why}` });
    if (change.holdDays !== undefined) await changeHold(deps, unit, caller, item, change.holdDays, line, why);
    await addAudit(unit.tx, {
      at,
      who,
      act: 'evidence.change',
      subject: evidenceId,
      detail: {
        caseId: found.case_id,
        changed: [...(told.length > 0 ? ['item'] : []), ...(change.holdDays === undefined ? [] : ['hold'])],
        ...(change.level === undefined ? {} : { from: item.level, to: change.level.to }),
        ...(change.holdDays === undefined ? {} : { holdDays: change.holdDays }),
        ...(change.childAbuse === undefined ? {} : { childAbuse: change.childAbuse, reason: why }),
      },
    });
    unit.tellAfter({ kind: 'case', caseId: found.case_id });
  });
  return viewEvidence(deps, evidenceId);
}

async function changeHold(
  deps: Deps,
  unit: Work,
  caller: Caller,
  item: EvidenceRecord,
  days: number,
  line: Pick<Parameters<typeof addCustodyIn>[1], 'evidenceId' | 'at' | 'personId' | 'personName' | 'sha256'>,
  why: string,
): Promise<void> {
  const until = days === 0 ? null : instantOf(deps.now() + days * 86_400_000);
  const inForce = item.holdUntil !== null && item.holdUntil > nowOf(deps);
  const shorter = inForce && (until === null || (item.holdUntil ?? '') > until);
  if (shorter && !caller.scopes.has('desk:lead')) {
    throw new Failure('not-allowed', 'Only a lead releases or shortens a hold. Nothing was changed.');
  }
  await changeEvidenceIn(unit.tx, item.evidenceId, { holdUntil: until });
  await addCustodyIn(unit.tx, {
    ...line,
    act: until === null ? 'release' : 'hold',
    why: until === null ? why : `until ${until}: ${why}`,
  });
}

/** The chain of an item, its reasons redacted once more, and whether its hashes hold. */
export async function viewCustody(deps: Deps, evidenceId: EvidenceId) {
  const { db } = deps.store;
  const item = await findEvidence(db, evidenceId);
  if (item === null) throw notFound('item of evidence');
  const names = item.caseId === null ? [] : await namesOfCase(db, deps.seal, item.caseId);
  const { lines, intact } = await listCustody(db, evidenceId);
  return { lines: lines.map((line) => ({ ...line, why: redact(line.why, names) })), intact };
}

/** The case of an item, for what must know its grade or class. */
export async function caseOf(deps: Deps, item: EvidenceRecord): Promise<CaseRecord | null> {
  return item.caseId === null ? null : findCase(deps.store.db, item.caseId);
}
