/**
 * Where an owner shows that a hostname is theirs, and what must be found there.
 *
 * A TXT record at `_portcullis.<name>` counts for that name and everything below it, so it may stand at the hostname or at any parent up to
 * the registrable domain (public suffix list, with its private part: a customer of a hosting company cannot vouch for the others).
 * A file counts for the exact hostname that serves it, never for a wildcard. The value belongs to one site: it cannot be used again for another.
 */
import { getDomain } from 'tldts';
import type { Hostname } from '../../contract/hostname.ts';

/** What the record or the file must hold: one line. */
export function proofValue(ownershipToken: string): string {
  return `portcullis-site=${ownershipToken}`;
}

/** DNS names at which a TXT record proves this hostname, nearest first. */
export function proofNames(hostname: Hostname): string[] {
  const bare = hostname.replace(/^\*\./, '');
  const top = getDomain(bare, { allowPrivateDomains: true }) ?? bare;
  const names: string[] = [];
  for (let name = bare; ; name = name.slice(name.indexOf('.') + 1)) {
    names.push(`_portcullis.${name}`);
    if (name === top || !name.endsWith(`.${top}`)) return names;
  }
}

/** The URL at which a file proves this hostname; null for a wildcard, which no file can prove. */
export function proofUrl(hostname: Hostname): string | null {
  return hostname.startsWith('*.') ? null : `http://${hostname}/.well-known/portcullis-site.txt`;
}

/** Whether a TXT record's text is the proof. */
export function isProof(text: string, ownershipToken: string): boolean {
  return text.trim() === proofValue(ownershipToken);
}
