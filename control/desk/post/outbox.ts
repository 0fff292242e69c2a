/**
 * What leaves the house: kept in the caller's transaction, sent by control/desk/post/sender.ts.
 *
 * Bodies and plain addresses are encrypted with the installation's key while they wait, because a body may hold a private link; the body is
 * deleted when it was sent. Waking goes to everybody who is active at once, in the order of their positions, and is said again every few
 * minutes until one of them acknowledges (control/desk/post/paging.ts). Nobody on call: an alarm, because then nobody else would know.
 */
import { PageId, idPrefix } from '../../../contract/ids.ts';
import type { CaseId, Instant } from '../../../contract/ids.ts';
import { instantOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { activeOnCall } from '../../../store/desk/on-call.ts';
import { addToOutbox, waitForNextPage, wokenSince } from '../../../store/desk/outbox.ts';
import type { OutboxDraft } from '../../../store/desk/outbox.ts';
import { raiseAlarm } from '../../../store/house.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { DeskDeps, Outbox, Outgoing } from '../deps.ts';

export type PostDeps = Omit<DeskDeps, 'intake' | 'outbox'>;

export function openOutbox(deps: PostDeps): Outbox {
  return {
    async send(unit, message) {
      await addToOutbox(unit.tx, [draftOf(deps, message)]);
    },
    async wake(unit, page) {
      await wakeAll(deps, unit, { ...page, repeats: true, round: 0 });
    },
    async wakeFastLane(unit, { sentence, caseId, notBefore }) {
      const at = nowOf(deps);
      if (notBefore > at) return waitForNextPage(unit.tx, caseId, notBefore);
      const since = instantOf(deps.now() - oncePerMs);
      if (await wokenSince(unit.tx, fastLane, since)) return waitForNextPage(unit.tx, caseId, at);
      // With its time: a case may wake people again.
      await wakeAll(deps, unit, { dedupe: `${fastLane}:${caseId}:${at}`, sentence, caseId, repeats: true, round: 0 });
    },
  };
}

/** How the cause of every page of the fast lane begins. */
export const fastLane = 'fast-lane';
/** Anybody can send a hundred different reports: a hundred pages would bury the one that is true. */
export const oncePerMs = 60_000;

function draftOf(deps: PostDeps, message: Outgoing): OutboxDraft {
  return {
    pageId: PageId.parse(randomId(idPrefix.page)),
    dedupe: message.dedupe,
    channel: message.channel,
    to: message.to.kind === 'sealed' ? { sealedId: message.to.sealedId } : { encrypted: deps.seal.encrypt(message.to.address) },
    subject: oneLine(message.subject),
    body: deps.seal.encrypt(message.body),
    urgent: message.urgent,
    caseId: message.caseId,
    person: null,
    wake: null,
    at: nowOf(deps),
  };
}

export type WakeDraft = {
  readonly dedupe: string;
  readonly sentence: string;
  readonly caseId: CaseId | null;
  /** Whether it is said again until somebody acknowledges. */
  readonly repeats: boolean;
  readonly round: number;
};

/** One page for each active way of everybody on call. Returns how many are new; the same `dedupe` and `round` wakes once. */
export async function wakeAll(deps: PostDeps, unit: Pick<Work, 'tx' | 'tellAfter'>, draft: WakeDraft): Promise<number> {
  const at: Instant = nowOf(deps);
  const ways = await activeOnCall(unit.tx);
  if (ways.length === 0) {
    await raiseAlarm(unit, {
      kind: 'page-failed',
      at,
      sentence: `Nobody is on call, so nobody was woken: ${oneLine(draft.sentence)} Add people under “On call” in the console.`,
      ...(draft.caseId === null ? {} : { caseId: draft.caseId }),
    });
    return 0;
  }
  const link = draft.caseId === null ? `${deps.publicUrl}/console/desk` : `${deps.publicUrl}/console/desk/cases/${draft.caseId}`;
  const body = deps.seal.encrypt(
    `${oneLine(draft.sentence)}\n\n${link}\n\nSay that you have it: ${deps.publicUrl}/console/desk/on-call\n`,
  );
  return addToOutbox(
    unit.tx,
    ways.map((way) => ({
      pageId: PageId.parse(randomId(idPrefix.page)),
      dedupe: `wake ${draft.dedupe} ${draft.round} ${way.personId} ${way.channel}`,
      channel: way.channel,
      to: { encrypted: way.address },
      subject: oneLine(draft.sentence),
      body,
      urgent: true,
      caseId: draft.caseId,
      person: way.personId,
      wake: draft.repeats ? { about: draft.dedupe, round: draft.round } : null,
      at,
    })),
  );
}

const longestSubject = 200;

/** Without line breaks and control characters, which would end a header; cut at a length that mail programs show. */
function oneLine(text: string): string {
  const flat = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return flat.length <= longestSubject ? flat : `${flat.slice(0, longestSubject - 1)}…`;
}
