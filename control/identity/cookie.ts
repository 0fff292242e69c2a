/**
 * The session cookie: scripts cannot read it, other sites cannot send it, and on https no subdomain can set it (`__Host-`).
 *
 * On http (a first look at localhost) browsers refuse the `__Host-` prefix and `Secure`, so the name has none; whoever runs the console on plain
 * http beyond this machine shows the cookie to the network, which the handbook says.
 */
import type { RequestFacts } from '../http/caller.ts';

function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-portcullis_session' : 'portcullis_session';
}

/** `Set-Cookie` for a new session. */
export function sessionCookie(publicUrl: string, secret: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${cookieName(publicUrl)}=${secret}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** `Set-Cookie` that makes the browser forget it. */
export function forgetCookie(publicUrl: string): string {
  return sessionCookie(publicUrl, '', 0);
}

/** The session secret that a request shows, or null. Two cookies of the name are none: one of them was planted. */
export function secretOf(publicUrl: string, request: RequestFacts): string | null {
  const name = `${cookieName(publicUrl)}=`;
  const found = (request.headers.get('cookie') ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(name));
  const [only] = found;
  if (only === undefined || found.length > 1) return null;
  const secret = only.slice(name.length);
  return /^[A-Za-z0-9_-]{43}$/.test(secret) ? secret : null;
}
