/**
 * The cookie that holds a private link's token for an hour, so that it stands in no address, no Referer and no log.
 *
 * `/r/<token>` sets it and leads to `/report/status`; only pages below that path get it. `Lax`, because links are opened from mails: `Strict` would not
 * be sent on the way that begins on another site. Acts need the form's key as well (`formKey`), so Lax lets nobody act. Not the token of a
 * session: it opens one report and nothing else.
 */
import { timingSafeEqual } from 'node:crypto';
import { hashOf } from '../../identity/secrets.ts';
import { isToken } from '../../desk/intake/status.ts';

const keptSeconds = 3600;

function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Secure-portcullis_report' : 'portcullis_report';
}

/** `Set-Cookie` that keeps a token; an empty one is forgotten. */
export function linkCookie(publicUrl: string, token: string): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  const seconds = token === '' ? 0 : keptSeconds;
  return `${cookieName(publicUrl)}=${token}; Path=/report/status; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}

/** The token that a request shows, or null. Two cookies of the name are none: one of them was planted. */
export function linkIn(publicUrl: string, headers: Headers): string | null {
  const name = `${cookieName(publicUrl)}=`;
  const found = (headers.get('cookie') ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(name));
  const token = found.length === 1 ? (found[0] ?? '').slice(name.length) : '';
  return isToken(token) ? token : null;
}

/** What a page's forms carry: only a page that was opened with the same token has it. */
export function formKey(token: string): string {
  return hashOf(`portcullis report form\n${token}`);
}

export function isFormKey(token: string, given: string): boolean {
  const right = Buffer.from(formKey(token));
  const shown = Buffer.from(given);
  return right.byteLength === shown.byteLength && timingSafeEqual(right, shown);
}

/** The token in what somebody pasted: a whole link or its last part. Null when it is neither. */
export function tokenInLink(typed: string): string | null {
  const last = typed.trim().split('/').at(-1) ?? '';
  return isToken(last) ? last : null;
}
