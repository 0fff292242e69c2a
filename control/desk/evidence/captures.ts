/**
 * The job that turns asked captures into evidence: claims one, has a worker fetch it, packs, stamps with an outside time, seals, writes custody.
 *
 * Urgent ones have a slot of their own, so that a slow server never keeps a life-threat waiting. What fails is tried four times with growing
 * pauses; what is gone or refused is said so at once. What is criminal to hold is never fetched (fails closed: an unknown class is not
 * that class, a case that is gone is not fetched). Log lines carry ids and outcomes, never an address.
 */
import { readFile } from 'node:fs/promises';
import type { CaptureState, EvidenceLevel } from '../../../contract/desk/words.ts';
import { canonicalUrl } from '../../../core/desk/urls.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { askTimestamp } from '../../../kit/timestamp.ts';
import {
  captureRecordsOf,
  claimCapturesIn,
  hasCaptureDue,
  returnCapture,
  settleCaptureIn,
  urgeCaptures,
} from '../../../store/desk/captures.ts';
import type { CaptureOutcome, CaptureTurn } from '../../../store/desk/captures.ts';
import { lockCase, touchDue } from '../../../store/desk/cases.ts';
import { addCustodyIn } from '../../../store/desk/custody.ts';
import { changeEvidenceIn, findEvidence } from '../../../store/desk/evidence.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { packCapture } from './pack.ts';
import type { Captured } from './pack.ts';
import { takeScreenshot } from './screenshot.ts';
import { runCapture } from './worker-process.ts';
import type { WorkerResult } from './worker-process.ts';

export type CaptureNeeds = Pick<DeskDeps, 'store' | 'now' | 'log' | 'desk' | 'seal' | 'processName' | 'version' | 'dnsServers'>;

const limits = {
  mostBytes: 10 * 1024 * 1024,
  mostHeadBytes: 64 * 1024,
  mostRedirects: 5,
  mostCharacters: 300_000,
  timeoutMs: 20_000,
};
const pictureMs = 25_000;
const stampMs = 8_000;
/** Longer than everything above together. */
const claimMs = 180_000;
const mostAttempts = 4;
const urgentMs = 60_000;
/** A second copy is one of another time only when an hour lies between. */
const independentMs = 3_600_000;

/** Slots: one for urgent captures alone, two for all; and a look for cases that came to be a matter of life. */
export function captureJobs(deps: CaptureNeeds): Job[] {
  const urge = {
    name: 'captures of a life in danger',
    everyMs: 5000,
    afterMs: 1000,
    run: () => urgeCaptures(deps.store.db, instantOf(deps.now() + urgentMs)),
  };
  const slots = [true, false, false].map((urgentOnly, index) => {
    const stopping = new AbortController();
    return {
      name: `captures ${index + 1}`,
      everyMs: urgentOnly ? 300 : 700,
      afterMs: 100 * index,
      run: async () => {
        while (!stopping.signal.aborted && (await captureNext(deps, urgentOnly, stopping.signal)));
      },
      cut: () => stopping.abort(),
    };
  });
  return [urge, ...slots];
}

/** Does one capture; false when none is due. */
export async function captureNext(deps: CaptureNeeds, urgentOnly: boolean, signal: AbortSignal): Promise<boolean> {
  const at = nowOf(deps);
  if (!(await hasCaptureDue(deps.store.db, at, urgentOnly))) return false;
  const [turn] = await transact(deps.store, ({ tx }) =>
    claimCapturesIn(tx, {
      by: deps.processName,
      at,
      until: instantOf(deps.now() + claimMs),
      limit: 1,
      urgentOnly,
    }),
  );
  if (turn === undefined) return false;
  try {
    await work(deps, turn, signal);
  } catch (error) {
    if (signal.aborted) await returnCapture(deps.store.db, turn, nowOf(deps));
    else {
      deps.log.warn({ err: error, capture: turn.captureId }, 'a capture failed on our side and is tried again');
      await settleWithout(deps, turn, { state: 'failed', finding: 'The capture failed on our side.' });
    }
  }
  return true;
}

async function work(deps: CaptureNeeds, turn: CaptureTurn, signal: AbortSignal): Promise<void> {
  if (turn.class === 'child-abuse' || turn.itemState === 'never') {
    const finding = 'What may be criminal to hold is never fetched; the hotlines have the task.';
    await settleWithout(deps, turn, { state: 'never', finding });
    return;
  }
  if (turn.caseId === null || turn.url === null) {
    await settleWithout(deps, turn, { state: 'refused', finding: 'Its case or its address is gone.' });
    return;
  }
  const rules = { allowed: [...deps.desk.allowCaptures], dnsServers: [...deps.dnsServers] };
  const result = await fetchAny(addressesOf(turn.url), (url) => runCapture({ kind: 'capture', url, rules, ...limits }, signal));
  if (signal.aborted) throw new Error('stopping');
  const { answer } = result;
  deps.log.debug({ capture: turn.captureId, outcome: answer.kind }, 'a capture came back');
  switch (answer.kind) {
    case 'captured':
      await settleWith(deps, turn, answer, result, signal);
      return;
    case 'gone':
    case 'refused':
      await settleWithout(deps, turn, { state: answer.kind, finding: answer.why });
      return;
    case 'failed':
    case 'listening':
      await settleWithout(deps, turn, {
        state: 'failed',
        finding: answer.kind === 'failed' ? answer.why : 'The capture broke off.',
      });
      return;
    default:
      answer satisfies never;
  }
}

/**
 * What to ask for: the address as it was typed. One without a scheme, or written so that nobody opens it by mistake (`hxxp`), is read as
 * evidence reads it, first over TLS and then in the clear.
 */
function addressesOf(typed: string): string[] {
  if (/^https?:\/\//i.test(typed.trim()) && URL.canParse(typed.trim())) return [typed];
  const canonical = canonicalUrl(typed);
  if (canonical === null) return [typed];
  return canonical.startsWith('https:') ? [canonical, canonical.replace(/^https:/, 'http:')] : [canonical];
}

async function fetchAny(urls: readonly string[], fetchOne: (url: string) => Promise<WorkerResult>): Promise<WorkerResult> {
  let result: WorkerResult = { answer: { kind: 'failed', why: 'There is no address.', parts: [] }, parts: [] };
  for (const url of urls) {
    result = await fetchOne(url);
    if (result.answer.kind !== 'failed') break;
  }
  return result;
}

/** Pauses before the second, third and fourth try, in seconds. */
function pauseMs(turn: CaptureTurn): number {
  return (turn.urgent ? 10_000 : 60_000) * 4 ** (turn.attempts - 1);
}

async function settleWithout(
  deps: CaptureNeeds,
  turn: CaptureTurn,
  { state, finding }: { state: 'gone' | 'refused' | 'failed' | 'never'; finding: string },
): Promise<void> {
  const again = state === 'failed' && turn.attempts < mostAttempts;
  const outcome: CaptureOutcome = again
    ? { state: 'waiting', finding: `${finding} Tried again soon.`, nextAt: instantOf(deps.now() + pauseMs(turn)) }
    : { state, finding };
  await transact(deps.store, async (unit) => {
    await write(deps, unit, turn, outcome);
  });
}

/** Roots that cannot be read any more vouch for nobody: then there is no outside time (fails closed). */
async function outsideTime({ desk }: CaptureNeeds, wacz: Buffer) {
  const { timestampUrls: urls, timestampRootFile: file } = desk;
  if (file === null) return { ...(await askTimestamp(urls, wacz, stampMs)), vouched: 'chain not checked, no root is configured' };
  const roots = await readFile(file, 'utf8').catch(() => null);
  if (roots === null) return { stamp: null, failures: ['the file of roots cannot be read'], vouched: '' };
  return { ...(await askTimestamp(urls, wacz, stampMs, roots)), vouched: 'verified to the root that you configured' };
}

async function settleWith(
  deps: CaptureNeeds,
  turn: CaptureTurn,
  captured: Captured,
  { parts }: WorkerResult,
  signal: AbortSignal,
): Promise<void> {
  const { caseId } = turn;
  const last = captured.hops.at(-1);
  if (caseId === null || last === undefined) throw new Error('a capture has a case and a hop');
  const shown = /^(text\/|image\/|application\/xhtml)/.test(last.mime) && last.status < 400;
  const screenshot =
    deps.desk.chromium === null || !shown
      ? null
      : await takeScreenshot(
          {
            chromium: deps.desk.chromium,
            url: last.url,
            rules: { allowed: [...deps.desk.allowCaptures], dnsServers: [...deps.dnsServers] },
            timeoutMs: pictureMs,
          },
          signal,
        );
  if (signal.aborted) throw new Error('stopping');
  const wacz = await packCapture({ captureId: turn.captureId, version: deps.version, captured, parts, screenshot });
  const { stamp, failures, vouched } = await outsideTime(deps, wacz);
  const gone = last.status === 404 || last.status === 410;
  const text = captured.text === null ? null : (parts[captured.text] ?? null);
  const withoutTime = failures.length === 0 ? 'no authority is configured' : failures.join('; ');
  const finding = [
    gone ? `Gone: HTTP ${last.status} from ${last.address}.` : `HTTP ${last.status} from ${last.address}.`,
    ...(captured.hops.length > 1 ? [`After ${captured.hops.length - 1} redirects.`] : []),
    ...captured.hops.flatMap((hop) => (hop.tls?.problem ? [`A certificate on the way is not valid (${hop.tls.problem}).`] : [])),
    ...(captured.truncated === 'length' ? ['Cut off: only the first part was kept.'] : []),
    ...(captured.truncated === 'time' ? ['Cut off when the time was over.'] : []),
    ...captured.notes,
    stamp === null ? `No outside time: ${withoutTime}.` : `Outside time by ${stamp.authority}: ${vouched}.`,
  ].join(' ');
  await transact(deps.store, async (unit) => {
    // Before anything is sealed: the case first, then its items, then their captures.
    await lockCase(unit.tx, caseId);
    const item = await findEvidence(unit.tx, turn.evidenceId, 'lock');
    if (item === null || item.captureState === 'never' || item.captureState === 'shredded') {
      // Reported as criminal to hold, or shredded, while it was fetched: nothing of it is kept.
      await write(deps, unit, turn, { state: 'never', finding: 'What was fetched meanwhile was not kept.' });
      return;
    }
    const keep = async (mediaType: string, bytes: Buffer | null) =>
      bytes === null || bytes.byteLength === 0 ? null : deps.seal.keepBlob(unit.tx, caseId, mediaType, bytes);
    const waczBlob = await deps.seal.keepBlob(unit.tx, caseId, 'application/wacz', wacz);
    const stampBlob = await keep('application/timestamp-reply', stamp?.reply ?? null);
    const written = await write(deps, unit, turn, {
      state: gone ? 'gone' : 'captured',
      finding,
      httpStatus: last.status,
      address: last.address,
      bodySha256: captured.bodySha256,
      wacz: waczBlob,
      screenshot: (await keep('image/png', screenshot))?.blobId ?? null,
      text: (await keep('text/plain; charset=utf-8', text))?.blobId ?? null,
      timestamp: stamp === null || stampBlob === null ? null : { blobId: stampBlob.blobId, at: instantOf(stamp.atMs) },
    });
    // Another process took the turn: what was sealed here goes away with the transaction.
    if (!written) throw new Error('the turn of this capture had run out');
    const line = { evidenceId: turn.evidenceId, at: nowOf(deps), personId: null, personName: null, sha256: waczBlob.sha256 };
    await addCustodyIn(unit.tx, { ...line, act: 'capture', why: `${turn.captureId}: ${finding}` });
    if (stamp !== null) {
      const why = `${turn.captureId}: ${stamp.authority} says ${instantOf(stamp.atMs)}; certificate ${stamp.signer}; ${vouched}`;
      await addCustodyIn(unit.tx, { ...line, act: 'timestamp', why });
    }
  });
}

/** Writes the outcome and what it means for the item; false when it was no longer this process's turn. */
async function write(deps: CaptureNeeds, unit: Work, turn: CaptureTurn, outcome: CaptureOutcome): Promise<boolean> {
  if (turn.caseId !== null) await lockCase(unit.tx, turn.caseId);
  const item = await findEvidence(unit.tx, turn.evidenceId, 'lock');
  if (item === null) return false;
  const earlier = await captureRecordsOf(unit.tx, [turn.evidenceId]);
  if (!(await settleCaptureIn(unit.tx, turn, outcome, nowOf(deps)))) return false;
  const kept = item.captureState === 'captured' || item.captureState === 'never' || item.captureState === 'shredded';
  const state: CaptureState = kept ? item.captureState : outcome.state;
  const copies = earlier.filter((one) => one.state === 'captured' && one.capture_id !== turn.captureId);
  const independent = copies.some((one) => one.finished_at !== null && deps.now() - msOf(one.finished_at) >= independentMs);
  const reached: EvidenceLevel = outcome.state !== 'captured' ? item.level : independent ? 'A3' : 'A2';
  await changeEvidenceIn(unit.tx, turn.evidenceId, {
    captureState: state,
    ...(reached > item.level ? { level: reached } : {}),
  });
  if (turn.caseId === null) return true;
  await touchDue(unit.tx, turn.caseId);
  unit.tellAfter({ kind: 'case', caseId: turn.caseId });
  return true;
}
