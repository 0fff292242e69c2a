/**
 * The one door to media: a reveal with a reason, within the person's cap, answered with a link that lives for a minute and belongs to whoever asked.
 *
 * The link is a sealed box (no row, no memory, works in every control process): item, person, credential and end. It opens for the same person with
 * the same session or token and nobody else. What comes is inert: sandboxed, no scripts, nothing loaded, never kept by a browser; only kinds that
 * cannot act are shown inline, everything else is a download. Fails closed. A reveal is in custody before the link is handed out.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BlobId, EvidenceId, Instant, PersonId } from '../../../contract/ids.ts';
import type { revealEvidence as revealRoute } from '../../../contract/routes/desk/evidence.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { addAudit } from '../../../store/audit.ts';
import { captureRecordsOf } from '../../../store/desk/captures.ts';
import { addCustodyIn } from '../../../store/desk/custody.ts';
import { addExposure } from '../../../store/desk/exposure.ts';
import { findEvidence } from '../../../store/desk/evidence.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller, RequestFacts } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { shreddedAway } from '../seal.ts';
import { secretOf } from '../../identity/cookie.ts';
import { caseOf, holdItem } from './service.ts';
import { mustBeBelowCap } from './wellness.ts';

export const mediaPath = '/api/v1/desk/media';

export type Deps = Pick<DeskDeps, 'store' | 'now' | 'seal' | 'publicUrl'>;

const linkMs = 60_000;
/** What a look counts for at least, so that a console which tells nothing counts too. */
const leastSeconds = 5;

const Ticket = z.strictObject({
  evidenceId: EvidenceId,
  blobId: BlobId,
  personId: PersonId,
  credential: z.string(),
  until: Instant,
});

/** Kinds that show without acting. No SVG, no HTML, no XML; PDF readers run their own sandbox. */
const inline =
  /^(image\/(png|jpeg|gif|webp|avif)|video\/(mp4|webm|quicktime)|audio\/(mpeg|ogg|wav)|application\/pdf|text\/plain)$/;

export async function reveal(
  deps: Deps,
  caller: Caller,
  request: RequestFacts,
  evidenceId: EvidenceId,
  { what, reason }: z.output<typeof revealRoute.body>,
): Promise<z.input<typeof revealRoute.answer>> {
  const wellness = await mustBeBelowCap(deps, caller.personId);
  const { blobId, mediaType } = await transact(deps.store, async (unit) => {
    const { item, found, at, clean } = await holdItem(deps, unit, evidenceId);
    if (item.captureState === 'shredded') throw shreddedAway();
    if (wellness.optedOut.includes(found.class)) {
      throw new Failure(
        'wrong-state',
        'You chose not to see media of this class. Nothing was opened. Hand the case over, go on with its text, or change it under “My limits”.',
      );
    }
    const captures = await captureRecordsOf(unit.tx, [evidenceId]);
    const picture = captures.findLast((one) => one.screenshot_blob_id !== null)?.screenshot_blob_id ?? null;
    const blob = what === 'file' ? item.blobId : picture;
    if (blob === null) {
      throw new Failure(
        'wrong-state',
        `This item has no ${what === 'file' ? 'file' : 'picture of the page'}. Nothing was opened.`,
      );
    }
    const who = { personId: caller.personId, name: caller.name };
    await addCustodyIn(unit.tx, {
      evidenceId,
      at,
      personId: who.personId,
      personName: who.name,
      act: 'reveal',
      why: `${what}: ${clean(reason)}`,
      sha256: what === 'file' ? item.sha256 : null,
    });
    await addAudit(unit.tx, { at, who, act: 'evidence.reveal', subject: evidenceId, detail: { caseId: found.case_id, what } });
    return { blobId: blob, mediaType: what === 'file' ? (item.mediaType ?? 'application/octet-stream') : 'image/png' };
  });
  const expiresAt = instantOf(deps.now() + linkMs);
  const ticket = { evidenceId, blobId, personId: caller.personId, credential: credentialOf(deps, request), until: expiresAt };
  const key = deps.seal.encrypt(JSON.stringify(ticket)).toString('base64url');
  return {
    url: `${mediaPath}?key=${key}`,
    expiresAt,
    mediaType,
    minutesToday: wellness.minutesToday,
    capMinutes: wellness.dailyCapMinutes,
  };
}

/** Serves what a link opens. Throws Failure `link-expired` for every link that is not this caller's, now. */
export async function serveMedia(deps: Deps, caller: Caller, request: RequestFacts, key: string): Promise<Response> {
  const ticket = readTicket(deps, key);
  const mine =
    ticket !== null &&
    ticket.personId === caller.personId &&
    ticket.credential === credentialOf(deps, request) &&
    msOf(ticket.until) > deps.now();
  if (ticket === null || !mine) {
    throw new Failure('link-expired', 'This link lives for a minute and only for whoever asked for it. Reveal the item again.');
  }
  const item = await findEvidence(deps.store.db, ticket.evidenceId);
  if (item === null) throw notFound('item of evidence');
  const blob = item.captureState === 'shredded' ? null : await deps.seal.openBlob(deps.store.db, ticket.blobId);
  if (blob === null) throw shreddedAway();
  await addExposure(deps.store.db, {
    personId: caller.personId,
    evidenceId: ticket.evidenceId,
    caseId: item.caseId,
    at: nowOf(deps),
    seconds: leastSeconds,
    mode: 'plain',
    grade: (await caseOf(deps, item))?.grade ?? null,
  });
  const type = blob.mediaType.split(';')[0]?.trim() ?? '';
  const shown = inline.test(type);
  return new Response(new Uint8Array(blob.bytes), {
    headers: {
      'content-type': shown ? (type === 'text/plain' ? 'text/plain; charset=utf-8' : type) : 'application/octet-stream',
      'content-disposition': shown ? 'inline' : `attachment; filename="${ticket.evidenceId}.bin"`,
      'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  });
}

function readTicket(deps: Deps, key: string): z.output<typeof Ticket> | null {
  const box = Buffer.from(key, 'base64url');
  if (box.toString('base64url') !== key) return null;
  try {
    return Ticket.parse(JSON.parse(deps.seal.decrypt(box)));
  } catch {
    return null;
  }
}

/** Tells the same session or token again; never the secret itself. */
function credentialOf(deps: Deps, request: RequestFacts): string {
  const secret = request.headers.get('authorization') ?? secretOf(deps.publicUrl, request) ?? '';
  return createHash('sha256').update(secret).digest('hex');
}
