/**
 * What DKIM, SPF, DMARC and ARC say of a mail, and whether its sender is who they say: as far as a mailbox goes, and no further.
 *
 * Never a statement about truth, about a person, or about an authority (control/desk/authority). Fails closed: what cannot be asked in time
 * proves nothing. Behind another mail server that passes mail on, SPF sees that server; DKIM still holds.
 */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { authenticate } from 'mailauth';
import { getDomain } from 'tldts';
import type { Resolver } from '../../sites/resolver.ts';

export type MailProof = {
  readonly spf: string;
  readonly dkim: string;
  readonly dmarc: string;
  readonly arc: string;
  /** A passing DKIM signature or SPF of the domain that stands in From. */
  readonly senderProved: boolean;
  /** Header lines with all results, for the sealed original. */
  readonly headers: string;
};

const unproved: MailProof = { spf: 'none', dkim: 'none', dmarc: 'none', arc: 'none', senderProved: false, headers: '' };
const askMs = 10_000;
/** More signatures than any honest mail carries are not looked up. */
const mostSignatures = 10;

type Envelope = { readonly sender: string; readonly ip: string; readonly helo: string };

export async function proveMail(
  deps: { readonly resolver: Resolver; readonly mailDomain: string },
  raw: Buffer,
  mail: { readonly envelope: Envelope; readonly from: string | null; readonly signatures: number },
): Promise<MailProof> {
  if (mail.signatures > mostSignatures) return { ...unproved, dkim: 'policy' };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), askMs);
  });
  try {
    const asked = authenticate(Readable.from(inPieces(raw)), {
      ...mail.envelope,
      mta: deps.mailDomain,
      resolver: dnsFor(deps.resolver),
      disableBimi: true,
    });
    const result = await Promise.race([asked, late]);
    if (result === null) return { ...unproved, dkim: 'temperror', spf: 'temperror' };
    const spf = result.spf ? word(result.spf.status.result) : 'none';
    const dmarc = result.dmarc ? word(result.dmarc.status.result) : 'none';
    const arc = result.arc ? word(result.arc.status.result) : 'none';
    const from = organisation(mail.from);
    const aligned = result.dkim.results.some(
      (one) =>
        one.status.result === 'pass' && one.status.underSized === undefined && sameOrganisation(one.signingDomain ?? '', from),
    );
    const spfAligned =
      spf === 'pass' && sameOrganisation(mail.envelope.sender.slice(mail.envelope.sender.lastIndexOf('@') + 1), from);
    return {
      spf,
      dkim: dkimWord(result.dkim.results.map((one) => word(one.status.result))),
      dmarc,
      arc,
      // RFC 5322 allows one author's field; with more of them nobody knows which one is meant.
      senderProved: result.dkim.fromFields === 1 && dmarc !== 'fail' && (aligned || spfAligned),
      headers: result.headers ?? '',
    };
  } catch {
    return { ...unproved, dkim: 'permerror' };
  } finally {
    clearTimeout(timer);
  }
}

const pieceBytes = 256 * 1024;

/** Bodies are hashed line by line, 40 ms for a million bytes of short lines: between two pieces others have their turn. */
async function* inPieces(raw: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < raw.byteLength; at += pieceBytes) {
    yield raw.subarray(at, at + pieceBytes);
    await setImmediate();
  }
}

function dkimWord(words: readonly string[]): string {
  return words.includes('pass') ? 'pass' : (words[0] ?? 'none');
}

function word(text: string): string {
  return /^[a-z]{1,20}$/.test(text) ? text : 'none';
}

function organisation(address: string | null): string | null {
  if (address === null) return null;
  return getDomain(address.slice(address.lastIndexOf('@') + 1), { allowPrivateDomains: true });
}

function sameOrganisation(domain: string, from: string | null): boolean {
  return from !== null && getDomain(domain, { allowPrivateDomains: true }) === from;
}

/** The house's resolver in the form that mailauth asks: absence is an error with a code, as Node's own resolver has it. */
function dnsFor(resolver: Resolver): (name: string, type: string) => Promise<string[] | string[][]> {
  return async (name, type) => {
    const found = await ask(resolver, name, type);
    if (found.length === 0) throw Object.assign(new Error('no such record'), { code: 'ENODATA' });
    return found;
  };
}

async function ask(resolver: Resolver, name: string, type: string): Promise<string[] | string[][]> {
  try {
    switch (type) {
      case 'TXT':
        return (await resolver.texts(name)).map((text) => [text]);
      case 'A':
        return (await resolver.addresses(name)).addresses.filter((address) => !address.includes(':'));
      case 'AAAA':
        return (await resolver.addresses(name)).addresses.filter((address) => address.includes(':'));
      case 'MX':
        // mailauth 7.1 reads objects here (spf-verify.js, `mx.exchange`), while its types say texts: a text that carries the members is both.
        return (await resolver.exchanges(name)).map((one) => Object.assign(one.exchange, one));
      default:
        return [];
    }
  } catch (cause) {
    throw Object.assign(new Error('the name servers did not answer', { cause }), { code: 'ETIMEOUT' });
  }
}
