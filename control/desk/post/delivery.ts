/**
 * Hands one message to the world: mail to the relay, a webhook or a push to its address. Says in a sentence why it did not work.
 *
 * Webhooks and pushes go to https: only, to addresses of the open internet, and to the very address that was checked: the name is resolved here and
 * the socket is pinned, so a name that changes in between leads nowhere. Redirects are not followed. Fails closed. What the other side
 * answers is not kept: it may repeat the address, and sentences here are shown in the console and logged.
 * Hazard: a relay on another machine is reached with opportunistic TLS unless its URL is smtps: or carries a password.
 */
import { createHmac } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { createTransport } from 'nodemailer';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { IpAddress } from '../../../contract/network.ts';
import { isOneMailbox } from '../../../core/desk/mail.ts';
import { whyOriginRefused } from '../../../core/shield/origin.ts';
import type { PostDeps } from './outbox.ts';

export type Letter = {
  /** Becomes the Message-ID's left side, the same at every attempt. */
  readonly id: string;
  /** For a webhook of an owner: a `SignedHook` as JSON. */
  readonly address: string;
  readonly subject: string;
  readonly body: string;
  readonly urgent: boolean;
};

/** `again`: another attempt may help. */
export type Delivered = { readonly kind: 'sent' } | { readonly kind: 'failed'; readonly why: string; readonly again: boolean };

const connectMs = 10_000;
const quietMs = 30_000;
const notifyMs = 10_000;

export type MailRelay = { send(letter: Letter): Promise<Delivered>; close(): void };

/** A few connections to the relay for the messages of one turn. */
export function openRelay(deps: Pick<PostDeps, 'desk' | 'provider'>, relay: string): MailRelay {
  const url = new URL(relay);
  const near = url.hostname === 'localhost' || url.hostname === '[::1]' || url.hostname.startsWith('127.');
  const hasPassword = url.password !== '';
  const transport = createTransport({
    pool: true,
    maxConnections: 3,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'smtps:' ? 465 : 25) : Number(url.port),
    secure: url.protocol === 'smtps:',
    requireTLS: hasPassword && !near,
    // Without a password there is nothing to protect that plain text would not lose as well, so any certificate is better than none (RFC 7435).
    tls: { rejectUnauthorized: url.protocol === 'smtps:' || (hasPassword && !near) },
    ...(hasPassword ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } } : {}),
    name: deps.desk.mailDomain,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: quietMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const own = `desk@${deps.desk.mailDomain}`;
  return {
    async send(letter) {
      if (!isOneMailbox(letter.address)) return { kind: 'failed', why: 'The address is not a mailbox.', again: false };
      try {
        await transport.sendMail({
          from: { name: `${deps.provider} desk`, address: own },
          to: { name: '', address: letter.address },
          envelope: { from: own, to: [letter.address] },
          subject: letter.subject,
          text: letter.body,
          messageId: messageIdOf(letter.id, deps.desk.mailDomain),
          ...(letter.urgent ? { priority: 'high' as const } : {}),
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'X-Loop': own },
        });
        return { kind: 'sent' };
      } catch (error) {
        return mailFailure(error);
      }
    },
    close: () => transport.close(),
  };
}

/** The Message-ID of a message of ours; `pageIdIn` reads it back. */
export function messageIdOf(id: string, domain: string): string {
  return `<${id}@${domain}>`;
}

function mailFailure(error: unknown): Delivered {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const answer = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0;
  const refusedForGood = answer >= 500 && answer < 600 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  const said = answer > 0 ? ` with ${answer}` : '';
  if (refusedForGood) return { kind: 'failed', why: `The relay refused the message for good${said}.`, again: false };
  if (code === 'EAUTH') return { kind: 'failed', why: `The relay did not accept the sign-in${said}.`, again: true };
  if (answer > 0) return { kind: 'failed', why: `The relay did not take the message${said}.`, again: true };
  return { kind: 'failed', why: `The relay cannot be reached (${code === '' ? 'no answer' : code}).`, again: true };
}

type Reach = { readonly url: URL; readonly addresses: readonly IpAddress[] };

/** A webhook of an owner, as it waits in the outbox in place of an address. What was set by an owner never goes inward, whatever the operator allows. */
export const SignedHook = z.strictObject({ url: z.string(), secret: z.string(), setBy: z.enum(['operator', 'owner']) });
export type SignedHook = z.infer<typeof SignedHook>;

/** The value of `portcullis-signature`: the second at which it was sent, and HMAC-SHA256 over that, a full stop and the body. */
export function hookSignature(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

/** Where a webhook or a push may go: its checked addresses, or why not in a sentence. Fails closed. */
export async function checkNotifyUrl(
  deps: Pick<PostDeps, 'desk' | 'resolver'>,
  text: string,
  setBy: SignedHook['setBy'] = 'operator',
): Promise<Reach | { why: string }> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { why: 'This is not a web address such as https://push.example/topic.' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { why: 'Only https: addresses can be called.' };
  if (url.username !== '' || url.password !== '') return { why: 'An address with a user name in it is not called.' };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  let addresses: readonly IpAddress[];
  try {
    addresses = isIP(host) === 0 ? (await deps.resolver.addresses(host)).addresses : [IpAddress.parse(host)];
  } catch {
    return { why: 'The name servers could not say where this address leads.' };
  }
  if (addresses.length === 0) return { why: 'The name in this address leads nowhere.' };
  const allowed = setBy === 'operator' ? deps.desk.allowNotify : [];
  const rules = { customer: setBy === 'owner', edges: new Set<string>(), allowed };
  for (const address of addresses) {
    if (whyOriginRefused(address, rules) !== null) {
      return { why: 'This address leads into an inner network. The operator allows such a network with --allow-notify.' };
    }
  }
  const within = addresses.every((address) => isListed(address, allowed));
  if (url.protocol === 'http:' && !within) return { why: 'Only https: addresses can be called.' };
  return { url, addresses };
}

/** Calls a webhook (JSON) or a push topic (plain text, as ntfy takes it). */
export async function notify(
  deps: Pick<PostDeps, 'desk' | 'resolver' | 'now'>,
  channel: 'webhook' | 'push',
  letter: Letter,
): Promise<Delivered> {
  const hook = channel === 'webhook' && letter.address.startsWith('{') ? SignedHook.parse(JSON.parse(letter.address)) : null;
  const reach = await checkNotifyUrl(deps, hook?.url ?? letter.address, hook?.setBy);
  if ('why' in reach) return { kind: 'failed', why: reach.why, again: true };
  const agent = new Agent({ connect: { timeout: connectMs, lookup: pinned(reach.addresses) }, connections: 1, pipelining: 0 });
  try {
    const answer = await request(reach.url, {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.timeout(notifyMs),
      ...(hook !== null ? hookParts(letter, hook, deps.now()) : channel === 'webhook' ? webhookParts(letter) : pushParts(letter)),
    });
    // Whatever it says is not read: it may be endless, and it is not shown. Leaving early is an error event, which without a listener ends Node.
    answer.body.on('error', () => undefined).destroy();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { kind: 'sent' };
    return { kind: 'failed', why: `The address answered with ${answer.statusCode}.`, again: true };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { kind: 'failed', why: `The address did not answer (${code === '' ? 'no answer' : code}).`, again: true };
  } finally {
    await agent.destroy();
  }
}

/** The body is JSON already. The id stays the same at every attempt; the signature is of this attempt. */
function hookParts({ id, body }: Letter, { secret }: SignedHook, nowMs: number) {
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Portcullis',
      'portcullis-message': id,
      'portcullis-signature': hookSignature(secret, Math.floor(nowMs / 1000), body),
    },
    body,
  };
}

function webhookParts({ id, subject, body, urgent }: Letter) {
  return {
    headers: { 'content-type': 'application/json', 'user-agent': 'Portcullis' },
    body: JSON.stringify({ id, subject, text: body, urgent }),
  };
}

function pushParts({ id, subject, body, urgent }: Letter) {
  return {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'user-agent': 'Portcullis',
      // A header holds ASCII; ntfy reads encoded words (RFC 2047).
      title: /^[\x20-\x7e]*$/.test(subject) ? subject : `=?UTF-8?B?${Buffer.from(subject).toString('base64')}?=`,
      priority: urgent ? '5' : '3',
      'x-message-id': id,
    },
    body,
  };
}

function isListed(address: IpAddress, ranges: PostDeps['desk']['allowNotify']): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), familyOf(network));
  }
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/** A lookup that knows only what was checked. */
function pinned(addresses: readonly IpAddress[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, callback) => {
    const [first] = all;
    if (first === undefined) return callback(new Error('no address'), '', 4);
    if (options.all === true) return callback(null, all);
    callback(null, first.address, first.family);
  };
}
