/**
 * The mailbox that gets a link to each notice. Encrypted with the installation's own key; only a hint is ever shown.
 *
 * Nobody proves that the mailbox is theirs: an owner sets it for their own account, and what is sent to it holds a link and no reasons. Hazard: an
 * owner who types somebody else's address sends that person the links to their own notices.
 */
import type { AccountId } from '../../../contract/ids.ts';
import { addAudit } from '../../../store/audit.ts';
import { findContact, setContact } from '../../../store/desk/owner-notices.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import type { DeskDeps } from '../deps.ts';

/** `a…@mail.example`: enough to know one's own. */
export function hintOf(mail: string): string {
  const at = mail.lastIndexOf('@');
  return `${[...mail][0] ?? ''}…${mail.slice(at)}`;
}

export async function contactHint(deps: Pick<DeskDeps, 'store'>, accountId: AccountId): Promise<string | null> {
  return (await findContact(deps.store.db, accountId))?.hint ?? null;
}

export async function changeContact(
  deps: Pick<DeskDeps, 'store' | 'seal' | 'now'>,
  caller: Caller,
  accountId: AccountId,
  mail: string | null,
): Promise<string | null> {
  const contact = mail === null ? null : { address: deps.seal.encrypt(mail), hint: hintOf(mail) };
  const at = nowOf(deps);
  await transact(deps.store, async ({ tx }) => {
    await setContact(tx, accountId, contact, { at, by: caller.personId });
    const detail = { set: contact !== null };
    await addAudit(tx, { at, who: caller, act: 'account.contact', subject: accountId, detail });
  });
  return contact?.hint ?? null;
}
