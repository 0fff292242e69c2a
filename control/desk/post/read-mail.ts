/**
 * Takes a mail apart: headers, who wrote, words, files. Whatever comes is read as far as it goes; nothing here throws.
 *
 * A mail that the parser refuses (nested too deep, headers without end) keeps its first words as they stand, so that it still makes a report;
 * the mail itself is kept whole by the caller. HTML becomes text and nothing is loaded from anywhere. Mails inside the mail stay files.
 * Files are never unpacked.
 * Hazard: the parser needs seconds for many megabytes of short lines; large mails are read in a process of their own (mail-reader.ts).
 */
import PostalMime from 'postal-mime';
import type { Attachment } from 'postal-mime';
import { isOneMailbox } from '../../../core/desk/mail.ts';
import type { MailHeader } from '../../../core/desk/mail.ts';
import { parseXarf } from '../../../core/desk/xarf.ts';
import type { XarfReport } from '../../../core/desk/xarf.ts';
import { parseFeedback } from '../../../core/desk/arf.ts';
import type { Feedback } from '../../../core/desk/arf.ts';
import { textOfHtml } from '../../../kit/html-text.ts';
import type { IncomingFile } from '../deps.ts';

export type ReadMail = {
  readonly headers: readonly MailHeader[];
  /** Who says to have written it; null when nobody does or it is no mailbox. */
  readonly from: { readonly address: string; readonly name: string } | null;
  readonly subject: string;
  readonly body: string;
  readonly files: readonly IncomingFile[];
  /** How many files were left out of `files`; they stand in the mail itself. */
  readonly filesLeftOut: number;
  readonly feedback: Feedback | null;
  readonly xarf: XarfReport | null;
  /** The parser refused it. */
  readonly broken: boolean;
};

const mostHeaderBytes = 1024 * 1024;
const mostFiles = 10;
const mostJsonBytes = 5 * 1024 * 1024;
const longestBroken = 15_000;
/** With some links behind it, still a report's text. */
const longestWords = 15_000;
const mostLinks = 30;

export async function readMail(raw: Buffer): Promise<ReadMail> {
  try {
    const mail = await PostalMime.parse(raw, {
      forceRfc822Attachments: true,
      attachmentEncoding: 'arraybuffer',
      maxNestingDepth: 40,
      maxHeadersSize: mostHeaderBytes,
    });
    const parts = mail.attachments.map((part) => ({ part, bytes: bytesOf(part) }));
    const feedback = parts.find(({ part }) => part.mimeType === 'message/feedback-report');
    const whole = parts.filter((one) => one !== feedback);
    const xarf = firstXarf(whole);
    const files = whole.map(({ part, bytes }) => ({ name: part.filename ?? nameFor(part), mediaType: part.mimeType, bytes }));
    const from = mail.from?.address ?? '';
    return {
      headers: mail.headers.map(({ key, value }) => ({ key, value })),
      from: isOneMailbox(from) ? { address: from, name: mail.from?.name ?? '' } : null,
      subject: mail.subject ?? '',
      body: wordsOf(mail.text ?? '', mail.html ?? ''),
      files: files.slice(0, mostFiles),
      filesLeftOut: Math.max(0, files.length - mostFiles),
      feedback: feedback === undefined ? null : parseFeedback(latin(feedback.bytes)),
      xarf,
      broken: false,
    };
  } catch {
    return readBroken(raw);
  }
}

/** The plain text; of HTML alone what a person reads; of both, the text and where links lead that it does not name. */
function wordsOf(text: string, html: string): string {
  if (html === '') return text;
  const read = textOfHtml(html, longestWords);
  if (text.trim() === '') return read;
  const links = new Set([...read.matchAll(/\[link: (\S{1,4000})\]/g)].map(([, url = '']) => url));
  const unsaid = [...links].filter((url) => !text.includes(url)).slice(0, mostLinks);
  return unsaid.length === 0 ? text : `${text.slice(0, longestWords)}\n\n[links in its HTML]\n${unsaid.join('\n')}`;
}

/** What can be had of a mail without its parser: the first headers, and the words as they stand. */
export function readBroken(raw: Buffer): ReadMail {
  const start = raw.subarray(0, 64 * 1024).toString('utf8');
  const end = /\r?\n\r?\n/.exec(start)?.index ?? start.length;
  const headers = start
    .slice(0, end)
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .flatMap((line): MailHeader[] => {
      const colon = line.indexOf(':');
      return colon <= 0 ? [] : [{ key: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1).trim() }];
    });
  const typed = headers.find(({ key }) => key === 'from')?.value ?? '';
  const address = /<([^<>]*)>\s*$/.exec(typed)?.[1] ?? typed.trim();
  return {
    headers,
    from: isOneMailbox(address) ? { address, name: '' } : null,
    subject: headers.find(({ key }) => key === 'subject')?.value ?? '',
    body: `[This mail could not be taken apart. It is kept as it came; this is how it begins.]\n\n${start.slice(end).trim().slice(0, longestBroken)}`,
    files: [],
    filesLeftOut: 0,
    feedback: null,
    xarf: null,
    broken: true,
  };
}

function firstXarf(parts: readonly { part: Attachment; bytes: Uint8Array }[]): XarfReport | null {
  for (const { part, bytes } of parts) {
    const named = /\.json$/i.test(part.filename ?? '') || /[/+]json$/.test(part.mimeType);
    if (!named || bytes.byteLength > mostJsonBytes) continue;
    try {
      const report = parseXarf(JSON.parse(Buffer.from(bytes).toString('utf8')));
      if (report !== null) return report;
    } catch {
      // Not JSON: then it is a file like any other.
    }
  }
  return null;
}

function bytesOf({ content }: Attachment): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 256 * 1024)).toString('utf8');
}

function nameFor(part: Attachment): string {
  return part.mimeType === 'message/rfc822' ? 'mail.eml' : part.mimeType === 'text/rfc822-headers' ? 'headers.txt' : 'attachment';
}
