/**
 * Mails that a machine of ours writes because somebody wrote to us: few per mailbox and hour, so that two machines never talk for long.
 *
 * The caller has proved the sender. Fails closed: what is over the limit is not sent, and the report or request stands all the same.
 * After: RFC 3834, section 2 (limits of automatic answers).
 */
import { PageId, idPrefix } from '../../../contract/ids.ts';
import type { SealedId } from '../../../contract/ids.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addToOutbox } from '../../../store/desk/outbox.ts';
import type { Tx } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { PostDeps } from './outbox.ts';

const courtesiesPerHour = 5;
const hourMs = 3_600_000;

type Letter = { readonly sealedId: SealedId; readonly address: string; readonly subject: string; readonly body: string };

/** True when it will be sent. */
export async function sendCourtesy(deps: PostDeps, tx: Tx, letter: Letter): Promise<boolean> {
  const slot = `courtesy ${deps.seal.mark(letter.address.trim().toLowerCase())} ${Math.floor(deps.now() / hourMs)}`;
  const draft = {
    pageId: PageId.parse(randomId(idPrefix.page)),
    channel: 'mail',
    to: { sealedId: letter.sealedId },
    subject: letter.subject,
    body: deps.seal.encrypt(letter.body),
    urgent: false,
    caseId: null,
    person: null,
    wake: null,
    at: nowOf(deps),
  } as const;
  // The key is the limit: the sixth of an hour finds no free one.
  for (let n = 0; n < courtesiesPerHour; n += 1) {
    if ((await addToOutbox(tx, [{ ...draft, dedupe: `${slot} ${n}` }])) === 1) return true;
  }
  return false;
}
