/**
 * A mail to authority@ becomes a request that is not complete: who sent it, and what DKIM says, is kept and proves nothing.
 *
 * The kind is suggested from the words; people correct it by refusing this one and entering the right one. Who wrote is sealed; the desk
 * reads the host of their mailbox, because finding the agency's number elsewhere begins with knowing whom they claim to be.
 */
import { reportText, suggestAuthorityKind } from '../../../core/desk/mail.ts';
import { transact } from '../../../store/transact.ts';
import type { AuthorityId } from '../../../contract/ids.ts';
import { cleanText } from '../intake/clean.ts';
import type { DeskDeps, IncomingFile } from '../deps.ts';
import { sendCourtesy } from '../post/courtesy.ts';
import type { MailProof } from '../post/mail-proof.ts';
import type { ReadMail } from '../post/read-mail.ts';
import { addRequestIn, newAuthorityId } from './service.ts';

type Came = { readonly mail: ReadMail; readonly proof: MailProof; readonly original: IncomingFile };

/** Durable when it resolves. */
export async function takeAuthorityMail(deps: DeskDeps, { mail, proof, original }: Came): Promise<AuthorityId> {
  const authorityId = newAuthorityId();
  await transact(deps.store, async (unit) => {
    const { tx } = unit;
    const { from } = mail;
    const { blobId } = await deps.seal.keepBlob(tx, authorityId, original.mediaType, original.bytes);
    const fields = from === null ? null : { mail: from.address, ...(from.name === '' ? {} : { name: cleanText(from.name) }) };
    const contactSealedId = fields === null ? null : await deps.seal.keep(tx, authorityId, 'authority', fields);
    const host = from === null ? 'no mailbox' : from.address.slice(from.address.lastIndexOf('@') + 1).toLowerCase();
    await addRequestIn(deps, unit, {
      authorityId,
      kind: suggestAuthorityKind(mail.subject, mail.body),
      agency: `unverified, by mail from ${host}`,
      law: null,
      reference: null,
      urls: [],
      text: cleanText(reportText(mail.subject, mail.body)),
      caseId: null,
      channel: 'mail',
      contactSealedId,
      blobId,
      mailProof: { spf: proof.spf, dkim: proof.dkim, dmarc: proof.dmarc, arc: proof.arc },
      who: null,
    });
    if (from === null || contactSealedId === null || !proof.senderProved) return;
    await sendCourtesy(deps, tx, {
      sealedId: contactSealedId,
      address: from.address,
      subject: 'We have your request',
      body: `${deps.provider} has received your request; its id is ${authorityId}.

We call back before we act on a request: on a number that we find ourselves, not on one that stands in your mail. An order is complete when it names the agency, the law that it rests on, your reference, and the addresses that it is about; send what is missing to this mailbox.

If somebody is in danger now, write to danger@${deps.desk.mailDomain} as well: that wakes the people on call.
`,
    });
  });
  return authorityId;
}
