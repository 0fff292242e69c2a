/**
 * What a mail is before anybody reads it: for which of our mailboxes, written by a person or a machine, a loop, a bounce, an auto-reply.
 *
 * Loops, bounces and auto-replies make no report and are never answered. What a machine sent of its own accord (a list, a newsletter, a feed of
 * complaints) is taken like any report, because a complaint may be in it, but it is not answered and it wakes nobody. A report in a
 * machine's format (ARF, XARF) is taken whatever else its headers say, unless it came from ourselves.
 * Hazard: who writes such headers on purpose loses their own report; nobody else's.
 * After: RFC 3834 (automatic responses), RFC 5230 4.6, RFC 2142 (mailbox names), RFC 6650 (creating abuse reports by machine).
 */

/** `key` in lower case; `value` unfolded. */
export type MailHeader = { readonly key: string; readonly value: string };

export type MailNature = 'loop' | 'bounce' | 'auto-reply' | 'machine' | 'person';
/** Natures of which no report is made. */
export const ignoredNatures: readonly MailNature[] = ['loop', 'bounce', 'auto-reply'];

export type MailSigns = {
  readonly headers: readonly MailHeader[];
  /** The envelope's sender; empty for the null return path. */
  readonly envelopeFrom: string;
  readonly ownDomain: string;
  /** Whether it holds a report in ARF or XARF. */
  readonly isReport: boolean;
};

const mostHops = 60;

export function natureOf({ headers, envelopeFrom, ownDomain, isReport }: MailSigns): MailNature {
  const all = (key: string) => headers.filter((header) => header.key === key).map((header) => header.value.trim().toLowerCase());
  const own = `@${ownDomain.toLowerCase()}`;
  if (all('x-loop').some((value) => value.endsWith(own))) return 'loop';
  if (all('message-id').some((value) => /^<page_/.test(value) && value.endsWith(`${own}>`))) return 'loop';
  if (all('received').length > mostHops) return 'loop';
  if (isReport) return 'person';
  const kind = all('content-type')[0] ?? '';
  if (kind.startsWith('multipart/report') && /report-type\s*=\s*"?(delivery-status|disposition-notification)/.test(kind)) {
    return 'bounce';
  }
  const submitted = all('auto-submitted').map((value) => /^[a-z-]*/.exec(value)?.[0] ?? '');
  if (submitted.some((value) => value === 'auto-replied' || value === 'auto-notified')) return 'auto-reply';
  if (['x-autoreply', 'x-autorespond'].some((key) => all(key).some((value) => value !== '' && value !== 'no')))
    return 'auto-reply';
  const precedence = all('precedence');
  if (precedence.includes('auto_reply')) return 'auto-reply';
  if (envelopeFrom === '') return 'bounce';
  const bulk = precedence.some((value) => value === 'bulk' || value === 'junk' || value === 'list');
  if (bulk || submitted.some((value) => value !== '' && value !== 'no')) return 'machine';
  return ['list-id', 'list-unsubscribe', 'feedback-id'].some((key) => all(key).length > 0) ? 'machine' : 'person';
}

/** What a mailbox of ours is for. */
export type MailboxUse = 'report' | 'danger' | 'authority';

/** Our mailboxes: the names of RFC 2142, the desk's own, and two for those who cannot wait and for authorities. The one table. */
const mailboxes: Readonly<Record<string, MailboxUse>> = {
  abuse: 'report',
  report: 'report',
  desk: 'report',
  postmaster: 'report',
  danger: 'danger',
  urgent: 'danger',
  authority: 'authority',
};

/** What the mailbox at this address is for; null when it is none of ours. Case and `+tag` do not matter. */
export function mailboxAt(address: string, ownDomain: string): MailboxUse | null {
  const at = address.lastIndexOf('@');
  const local = (at === -1 ? address : address.slice(0, at)).toLowerCase();
  // RFC 5321 4.5.1: `postmaster` is taken without a domain too.
  if (at === -1 && local !== 'postmaster') return null;
  if (at !== -1 && address.slice(at + 1).toLowerCase() !== ownDomain.toLowerCase()) return null;
  const name = local.split('+')[0] ?? '';
  return Object.hasOwn(mailboxes, name) ? (mailboxes[name] ?? null) : null;
}

/** One mailbox and nothing that a header or an SMTP line would read as more. */
export function isOneMailbox(address: string): boolean {
  return address.length <= 254 && /^[^\s\p{Cc}<>,;:"\\@()[\]]+@[^\s\p{Cc}<>,;:"\\@()[\]]+$/u.test(address);
}

/** Of several recipients the one that asks for most: danger, then authority, then report. */
export function foremostUse(uses: readonly MailboxUse[]): MailboxUse {
  return (['danger', 'authority'] as const).find((use) => uses.includes(use)) ?? 'report';
}

/** Ids of our own messages that a mail answers, as `In-Reply-To` and `References` name them; newest last. */
export function answeredPages(headers: readonly MailHeader[], ownDomain: string): string[] {
  const named = headers
    .filter(({ key }) => key === 'references' || key === 'in-reply-to')
    .map(({ value }) => value.slice(0, 20_000));
  const found: string[] = [];
  for (const [, id = '', domain = ''] of named.join(' ').matchAll(/<(page_[0-9a-z]{12})@([^<>@\s]{1,253})>/g)) {
    if (domain.toLowerCase() === ownDomain.toLowerCase()) found.push(id);
  }
  return [...new Set(found)].slice(-20);
}

const longestText = 20_000;

/** A mail's words as a report's text: its subject, a blank line, its body; cut where the desk's texts end. Never empty. */
export function reportText(subject: string, body: string): string {
  const head = subject.replaceAll(/\s+/g, ' ').trim().slice(0, 500);
  const words = body.trim();
  const text = head === '' ? words : words === '' ? head : `${head}\n\n${words}`;
  if (text === '') return '[a mail without words]';
  return text.length <= longestText ? text : `${text.slice(0, longestText - 40).toWellFormed()}\n[cut; the mail itself is kept]`;
}

/**
 * What a sender without a machine's format seems to ask for, of those who write to the authorities' mailbox. A suggestion: people at the desk
 * correct it. The urgent kind wins, because reading an emergency late costs most.
 */
export function suggestAuthorityKind(subject: string, body: string): 'order' | 'emergency-request' | 'preservation' {
  const text = `${subject}\n${body.slice(0, 20_000)}`.toLowerCase();
  if (/emergency|imminent|danger to life|\bedr\b|2702|gefahr im verzug|danger imminent|urgencia/.test(text))
    return 'emergency-request';
  return /preserv|2703\(f\)|sicherung|retain|conservation des données/.test(text) ? 'preservation' : 'order';
}
