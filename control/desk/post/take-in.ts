/**
 * Makes a report, a message on a report, or an authority's request of one mail; or nothing, of loops and auto-replies.
 *
 * Resolves when what it made is durable: only then may the sender's server be told that we have it. Nothing of a mail reaches the log but ids
 * and words of our own. The receipt goes out only to a sender who was proved (DKIM or SPF of the domain in From): to everybody else it
 * would be mail that a stranger makes us send to a victim (backscatter). It is also limited by address and hour.
 * Decided: the class of a mail that a person wrote is `other`, and no word in it makes it urgent; the mailbox danger@ does.
 */
import type { ReportId } from '../../../contract/ids.ts';
import { languageHint } from '../../../core/desk/language.ts';
import { foremostUse, ignoredNatures, mailboxAt, natureOf, reportText } from '../../../core/desk/mail.ts';
import type { MailNature } from '../../../core/desk/mail.ts';
import type { XarfReport } from '../../../core/desk/xarf.ts';
import { reporterSealOf } from '../../../store/desk/case-reports.ts';
import { acknowledgeByMail } from '../../../store/desk/outbox.ts';
import { transact } from '../../../store/transact.ts';
import { takeAuthorityMail } from '../authority/by-mail.ts';
import type { Accepted, DeskDeps, Incoming, IncomingFile } from '../deps.ts';
import { sendCourtesy } from './courtesy.ts';
import { proveMail } from './mail-proof.ts';
import type { MailProof } from './mail-proof.ts';
import type { MailReader } from './mail-reader.ts';
import type { ReadMail } from './read-mail.ts';
import { receiptMail } from './receipt-mail.ts';
import { addReply } from './reply.ts';

export type Envelope = {
  /** Empty for the null return path. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly ip: string;
  readonly helo: string;
};

export type Taken =
  | { readonly kind: 'report'; readonly reportId: ReportId }
  | { readonly kind: 'added'; readonly reportId: ReportId }
  | { readonly kind: 'authority'; readonly authorityId: string }
  | { readonly kind: 'ignored'; readonly nature: MailNature };

/** Rejects when nothing was kept. */
export async function takeIn(deps: DeskDeps, envelope: Envelope, raw: Buffer, read: MailReader): Promise<Taken> {
  const ownDomain = deps.desk.mailDomain;
  const uses = envelope.recipients.map((address) => mailboxAt(address, ownDomain)).filter((use) => use !== null);
  const use = foremostUse(uses);
  const mail = await read(raw, use === 'danger' ? 'danger' : 'other');
  const isReport = mail.feedback !== null || mail.xarf !== null;
  const nature = natureOf({ headers: mail.headers, envelopeFrom: envelope.sender, ownDomain, isReport });
  if (ignoredNatures.includes(nature)) return { kind: 'ignored', nature };
  const proof = await proveMail({ resolver: deps.resolver, mailDomain: ownDomain }, raw, {
    envelope,
    from: mail.from?.address ?? null,
    signatures: mail.headers.filter(({ key }) => key === 'dkim-signature').length,
  });
  const original = { name: 'mail.eml', mediaType: 'message/rfc822', bytes: withTrace(proof, raw) };
  if (use === 'authority') {
    return { kind: 'authority', authorityId: await takeAuthorityMail(deps, { mail, proof, original }) };
  }
  // What somebody writes to danger@ is always a report of its own, so that nobody's alarm ends as a note on an old one.
  if (!isReport && use !== 'danger' && proof.senderProved) {
    const added = await addReply(deps, mail);
    if (added !== null) return { kind: 'added', reportId: added };
  }
  const fastLane = use === 'danger' && nature === 'person' && !isReport;
  const accepted = await deps.intake.accept(incomingOf(mail, { proof, original, fastLane, nature }));
  if (proof.senderProved && nature === 'person' && mail.from !== null) {
    // The report is kept already: what fails here must not make the sender's server send it again.
    await sendReceipt(deps, accepted, mail).catch((error: unknown) =>
      deps.log.warn({ report: accepted.reportId, code: codeOf(error) }, 'the receipt of a mailed report was not sent'),
    );
  }
  return { kind: 'report', reportId: accepted.reportId };
}

type Judged = {
  readonly proof: MailProof;
  readonly original: IncomingFile;
  readonly fastLane: boolean;
  readonly nature: MailNature;
};

function incomingOf(mail: ReadMail, { proof, original, fastLane, nature }: Judged): Incoming {
  const { xarf, feedback } = mail;
  const text = reportText(mail.subject, mail.body);
  const name = mail.from?.name ?? '';
  const common = {
    fastLane,
    role: 'unsaid',
    proof: proof.senderProved ? 'mail' : 'none',
    wantsSafetyContact: false,
    contact: mail.from === null ? null : { mail: mail.from.address, ...(name === '' ? {} : { name }) },
    raw: original,
  } as const;
  const machine = {
    mail: {
      spf: proof.spf,
      dkim: proof.dkim,
      dmarc: proof.dmarc,
      arc: proof.arc,
      byMachine: nature === 'machine',
      ...(mail.broken ? { broken: true } : {}),
      ...(mail.filesLeftOut > 0 ? { filesLeftOut: mail.filesLeftOut } : {}),
    },
  };
  if (xarf !== null) {
    return {
      ...common,
      channel: xarf.channel,
      class: xarf.class,
      text: xarf.text,
      urls: xarf.urls,
      hostname: xarf.hostname,
      happenedAt: xarf.happenedAt,
      contact: common.contact ?? xarf.contact,
      forwardConsent: xarf.forwardConsent,
      files: [...mail.files, ...filesOf(xarf)].slice(0, 20),
      machine: { ...machine, xarf: xarf.machine },
    };
  }
  if (feedback !== null) {
    const { class: kind, urls, hostname, happenedAt } = feedback;
    const told = { ...machine, arf: feedback.machine };
    return {
      ...common,
      channel: 'arf',
      class: kind,
      text,
      urls,
      hostname,
      happenedAt,
      forwardConsent: false,
      files: mail.files,
      machine: told,
    };
  }
  return {
    ...common,
    channel: 'mail',
    class: fastLane ? 'threat-to-life' : 'other',
    text,
    urls: [],
    hostname: null,
    happenedAt: null,
    forwardConsent: false,
    files: mail.files,
    machine,
  };
}

function filesOf(xarf: XarfReport): IncomingFile[] {
  return xarf.files.map(({ name, mediaType, payload, encoding }) => ({
    name,
    mediaType,
    bytes: Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8'),
  }));
}

/** The mail as it came, below the lines that a mail server puts on top. Its own bytes are not touched. */
function withTrace(proof: MailProof, raw: Buffer): Buffer {
  return proof.headers === '' ? raw : Buffer.concat([Buffer.from(proof.headers), raw]);
}

async function sendReceipt(deps: DeskDeps, accepted: Accepted, mail: ReadMail): Promise<void> {
  const address = mail.from?.address ?? '';
  await transact(deps.store, async ({ tx }) => {
    const sealedId = await reporterSealOf(tx, accepted.reportId);
    if (sealedId === null) return;
    const letter = receiptMail(accepted, languageHint(mail.body), {
      provider: deps.provider,
      publicUrl: deps.publicUrl,
      domain: deps.desk.mailDomain,
    });
    if (await sendCourtesy(deps, tx, { sealedId, address, ...letter })) await acknowledgeByMail(tx, accepted.reportId);
  });
}

/** What may be logged of an error here: its own words can hold parts of a mail. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
