/**
 * Telling an owner: a notice in their console, a signed link, and a mail that holds nothing but the link, when the account named a mailbox.
 *
 * The link's token is 256 random bits; only its hash is kept, so a notice's link exists once, in the mail. An account without a mailbox reads its
 * notices in the console. Mail bodies hold no reason, no address and no name: mail is read by others on its way.
 */
import { createHash, randomBytes } from 'node:crypto';
import { NoticeId, idPrefix } from '../../../contract/ids.ts';
import type { Instant } from '../../../contract/ids.ts';
import type { OwnerNotice } from '../../../contract/routes/desk/owners.ts';
import { ownerNoticeText } from '../../../core/desk/statement.ts';
import { randomId } from '../../../kit/random-id.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { findContact, insertNotice } from '../../../store/desk/owner-notices.ts';
import type { OrderRecord } from '../../../store/orders.ts';
import type { Work } from '../../../store/transact.ts';
import type { DeskDeps } from '../deps.ts';
import { statementOf } from '../decisions/facts.ts';

export type TellDeps = Pick<DeskDeps, 'seal' | 'outbox' | 'now' | 'publicUrl' | 'provider'>;

export function hashOfLink(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export type NoticeDraft = {
  readonly kind: OwnerNotice['kind'];
  readonly decision: DecisionRecord | null;
  readonly subject: string;
  readonly text: string;
  readonly namedUrls: readonly string[];
  readonly deadline: Instant | null;
  readonly at: Instant;
};

/** Tells the owner of a case's site. Does nothing for a case without one. */
export async function tellOwner(unit: Work, deps: TellDeps, found: CaseRecord, draft: NoticeDraft): Promise<void> {
  const { site_id: siteId, account_id: accountId } = found;
  if (accountId === null) return;
  const token = randomBytes(32).toString('base64url');
  const noticeId = NoticeId.parse(randomId(idPrefix.notice));
  await insertNotice(unit.tx, {
    noticeId,
    accountId,
    siteId,
    caseId: found.case_id,
    decisionId: draft.decision?.decisionId ?? null,
    kind: draft.kind,
    subject: draft.subject,
    text: draft.text,
    namedUrls: draft.namedUrls,
    deadline: draft.deadline,
    at: draft.at,
    readAt: null,
    linkHash: hashOfLink(token),
  });
  if (siteId !== null) unit.tellAfter({ kind: 'notice', siteId });
  const contact = await findContact(unit.tx, accountId);
  if (contact === null) return;
  await deps.outbox.send(unit, {
    channel: 'mail',
    to: { kind: 'address', address: deps.seal.decrypt(contact.address) },
    subject: `A notice from ${deps.provider} about one of your sites`,
    body: [
      `${deps.provider} has told you something about one of your sites. Read and answer it here:`,
      '',
      `${deps.publicUrl}/n/${token}`,
      '',
      'Whoever has this link can read the notice, answer it and appeal in your name: keep it to yourselves. The same notice is in the console.',
    ].join('\n'),
    dedupe: `owner-notice:${noticeId}`,
    urgent: false,
    caseId: found.case_id,
  });
}

/** The statement of reasons to the owner. */
export async function tellOwnerOf(
  unit: Work,
  deps: TellDeps,
  found: CaseRecord,
  decision: DecisionRecord,
  order: OrderRecord | null,
  at: Instant,
): Promise<void> {
  const facts = await statementOf(deps, unit.tx, found, decision, order);
  const asks = decision.step === 'owner-notice';
  await tellOwner(unit, deps, found, {
    kind: decision.kind === 'reverse' ? 'ended' : asks && decision.deadline !== null ? 'deadline' : 'statement',
    decision,
    subject: `${decision.number ?? 'Decision'} about ${found.site_name}`,
    text: ownerNoticeText(facts),
    namedUrls: decision.namedUrls,
    deadline: decision.deadline,
    at,
  });
}
