/**
 * Sends a form on, through the edge's own inner listeners: HAProxy then sees the request as if the visitor had just sent it.
 *
 * The listeners are unix sockets of this machine's own user that believe the PROXY protocol, so address, limits, notices, rules and orders apply as
 * always; the one for https speaks TLS only so that HAProxy knows the scheme, and its certificate says nothing. Nothing is ever sent again here.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Form } from './forms.ts';

export type InnerSockets = { readonly http: string; readonly https: string | null };

export type Sending = {
  readonly scheme: 'http' | 'https';
  /** The visitor's, as it is now. */
  readonly address: string;
  readonly host: string;
  /** The clearance that was just shown, as `name=value`; null for none. */
  readonly clearance: string | null;
};

/** Names of our own cookies, which are replaced by what the visitor holds now. */
const ownCookie = /^(?:__Host-)?portcullis=/;
const limitMs = 55_000;

/** Resolves with the head of HAProxy's answer; the caller reads the body. Rejects when the inner listener cannot be reached or breaks off. */
export async function sendOn(sockets: InnerSockets, form: Form, as: Sending): Promise<IncomingMessage> {
  const path = as.scheme === 'https' ? sockets.https : sockets.http;
  if (path === null) throw new Error('there is no inner listener for https');
  const plain = connect(path);
  plain.on('error', () => plain.destroy());
  await once(plain, 'connect');
  plain.write(proxyLine(as.address));
  const stream: Duplex =
    as.scheme === 'https' ? connectTls({ socket: plain, servername: 'inner.invalid', rejectUnauthorized: false }) : plain;
  return new Promise((resolve, reject) => {
    const sent = request({
      createConnection: () => stream,
      method: form.method,
      path: form.target,
      headers: headersOf(form, as),
      setHost: false,
      timeout: limitMs,
    });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.end(form.body);
  });
}

/** Version 1, the text form. The destination is nobody's business. */
function proxyLine(address: string): string {
  return isIPv6(address) ? `PROXY TCP6 ${address} ::1 9 9\r\n` : `PROXY TCP4 ${address} 127.0.0.1 9 9\r\n`;
}

/** The form's own headers in their order, then what changes: where it goes to, its length, the clearance. Flat: name, value, name, value. */
function headersOf({ headers, body }: Form, { host, clearance }: Sending): string[] {
  const flat = ['host', host, 'connection', 'close', 'content-length', String(body.byteLength)];
  const cookies: string[] = [];
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'cookie') cookies.push(...value.split(/; */).filter((one) => one !== '' && !ownCookie.test(one)));
    else flat.push(name, value);
  }
  // First: HAProxy, which takes it out again, then leaves the others as they were.
  if (clearance !== null) cookies.unshift(clearance);
  if (cookies.length > 0) flat.push('cookie', cookies.join('; '));
  return flat;
}
