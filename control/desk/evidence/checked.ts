/**
 * A lead says that an address which was reported as child abuse was checked and is not, or takes that back.
 *
 * Until somebody says so the address is fetched for no case, because fetching may be a crime; without this act one false report would keep us
 * from ever capturing it (fails closed first, and then a person decides). What was checked is fetched again in every case of another class, also after the
 * same report comes in once more; items of that class stay never fetched. How to check: never by opening it here. The hotline that has
 * the task says so, or the police, or somebody who saw the page elsewhere.
 */
import { artefactOfHiddenUrl, artefactOfUrl, canonicalUrl } from '../../../core/desk/urls.ts';
import { later, timings } from '../../../core/desk/clocks.ts';
import type { EvidenceId, Instant } from '../../../contract/ids.ts';
import { askCaptureIn } from '../../../store/desk/captures.ts';
import { lockCase, touchDue } from '../../../store/desk/cases.ts';
import { addCustodyIn } from '../../../store/desk/custody.ts';
import { changeEvidenceIn, findEvidence } from '../../../store/desk/evidence.ts';
import { checkAddressIn, itemsOfAddress, uncheckAddressIn } from '../../../store/desk/checked-addresses.ts';
import type { ItemOfAddress } from '../../../store/desk/checked-addresses.ts';
import { hiddenAmong, stopCaptures } from '../../../store/desk/reading.ts';
import type { Work } from '../../../store/transact.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { sha256 } from './hash.ts';

/** The hash under which an item's address is known as criminal to hold; null for what is no address. */
export function hiddenArtefactOf(artefact: string): string | null {
  if (artefact.startsWith('url-sha256:')) return artefact;
  return artefact.startsWith('url:') ? artefactOfHiddenUrl(artefact.slice('url:'.length), sha256) : null;
}

/** What is to be fetched: as it was typed when that was kept, otherwise in its canonical form; null when neither is known. */
function addressOf({ artefact, url }: ItemOfAddress): string | null {
  const canonical = canonicalUrl(url);
  if (canonical !== null && artefactOfUrl(canonical, sha256) === artefact) return url;
  return artefact.startsWith('url:') ? artefact.slice('url:'.length) : null;
}

/**
 * Locks every case that holds the address (and the item's own, in the order of their ids), and opens or stops its captures. The caller writes the audit line
 * in the same transaction. Throws Failure `not-found`, `not-allowed`, `wrong-state`.
 */
export async function setChecked(
  unit: Work,
  caller: Pick<Caller, 'personId' | 'name' | 'scopes'>,
  evidenceId: EvidenceId,
  isChildAbuse: boolean,
  at: Instant,
): Promise<void> {
  const { tx } = unit;
  if (!caller.scopes.has('desk:lead')) {
    throw new Failure('not-allowed', 'Only a lead says what was checked. Nothing was changed.');
  }
  const item = await findEvidence(tx, evidenceId);
  if (item === null || item.caseId === null) throw notFound('item of evidence');
  const hidden = hiddenArtefactOf(item.artefact);
  if (hidden === null) throw new Failure('wrong-state', 'This item is no address. Nothing was changed.');
  const seen = await itemsOfAddress(tx, hidden);
  for (const caseId of [...new Set([item.caseId, ...seen.map((one) => one.caseId)])].toSorted()) await lockCase(tx, caseId);
  const who = { personId: caller.personId, name: caller.name };
  if (isChildAbuse) {
    if (!(await uncheckAddressIn(tx, hidden))) {
      throw new Failure('wrong-state', 'Nobody said that this address was checked. Nothing was changed.');
    }
    await stopCaptures(
      tx,
      seen.map((one) => one.artefact),
    );
  } else {
    if ((await hiddenAmong(tx, [hidden])).size === 0) {
      throw new Failure('wrong-state', 'Captures of this address are not stopped. Nothing was changed.');
    }
    await checkAddressIn(tx, hidden, who, at);
  }
  const why = isChildAbuse
    ? 'A lead took back that this address was checked: it is not fetched.'
    : 'A lead says that this address was checked: it is not child abuse.';
  for (const one of seen) {
    const now = await findEvidence(tx, one.evidenceId, 'lock');
    if (now === null || now.captureState === 'shredded') continue;
    const url = addressOf(one);
    if (!isChildAbuse && now.captureState === 'never' && url !== null) {
      await changeEvidenceIn(tx, one.evidenceId, { captureState: 'none' });
      const dueAt = later(at, timings[one.lane].capture);
      await askCaptureIn(tx, { evidenceId: one.evidenceId, url, urgent: one.lane === 'life-threat', at, dueAt });
    }
    const line = { evidenceId: one.evidenceId, at, personId: who.personId, personName: who.name, sha256: now.sha256 };
    await addCustodyIn(tx, { ...line, act: 'relabel', why });
    await touchDue(tx, one.caseId);
    unit.tellAfter({ kind: 'case', caseId: one.caseId });
  }
}
