/**
 * The keeper: keeps the form of a visitor who has to pass a check first, and sends it on once afterwards. HAProxy asks it over a unix socket.
 *
 * Everything about who may keep and who may deliver is decided by HAProxy (edge/render/skeleton/keep.ts): same origin, the site's limit, the clearance. It says
 * so in headers named `portcullis-…`; what a visitor sent under such names is gone by then. Answers are headers too: HAProxy words the pages.
 * `keep`: the body is read within a time and a length, sealed, and the ticket given back. `send`: the form is taken, sent through the inner listener,
 * and the answer streamed back. An answer that the edge made itself says so (`portcullis-action`, which no origin can set), so it is known
 * whether anything left: if not, the form is put back. When it cannot be known, it counts as sent: exactly once means never twice.
 * Closed: what is unreadable is neither kept nor sent. Nothing here is logged.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { pipeline } from 'node:stream';
import { z } from 'zod';
import { SiteId } from '../../contract/ids.ts';
import { mostKeptBytes } from '../../contract/policy.ts';
import type { Form, Forms } from './forms.ts';
import { sendOn } from './inner.ts';
import type { InnerSockets } from './inner.ts';

/** A body that takes longer is not kept. */
const longestBodyMs = 20_000;
/** What a form's headers are taken to need: HAProxy lets no more through. */
const headBytes = 16_384;

export type KeeperParts = {
  readonly forms: Forms;
  readonly inner: InnerSockets;
  readonly bodyLimitMs?: number;
};

export const keeperOutcomes = ['kept', 'refused', 'sent', 'again', 'used', 'gone'] as const;
export type KeeperOutcome = (typeof keeperOutcomes)[number];
export type KeeperCounts = Record<KeeperOutcome, number>;
export type Keeper = { readonly handle: RequestListener; readonly counts: () => Readonly<KeeperCounts> };

const host = z.string().min(1).max(300);
const ToKeep = z.object({
  site: SiteId,
  network: z.string().min(1).max(64),
  limit: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().max(mostKeptBytes)),
  host,
});
const ToSend = z.object({
  site: SiteId,
  ticket: z.string().max(200),
  scheme: z.enum(['http', 'https']),
  address: z.string().refine((text) => isIP(text) !== 0),
  clearance: z
    .string()
    .regex(/^(?:__Host-)?portcullis=[\x21-\x3a\x3c-\x7e]+$/)
    .nullable()
    .catch(null),
  host,
});

/** Belong to one connection, or are made anew. */
const notForwarded = new Set(
  'connection,keep-alive,transfer-encoding,content-length,te,trailer,upgrade,expect,host,proxy-connection'.split(','),
);
/** Answers of the edge itself after which the form may be tried again as it is. The others are a page that says more. */
const passing = new Set(['limit', 'unavailable', 'maintenance', 'timeout']);

export function createKeeper({ forms, inner, bodyLimitMs = longestBodyMs }: KeeperParts): Keeper {
  const counts: KeeperCounts = { kept: 0, refused: 0, sent: 0, again: 0, used: 0, gone: 0 };
  const verdict = (response: ServerResponse, outcome: KeeperOutcome, headers: Readonly<Record<string, string>>) => {
    counts[outcome] += 1;
    response.writeHead(200, { 'content-length': '0', ...headers }).end();
  };

  const keep = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = ToKeep.safeParse({ ...said(request, ['site', 'network', 'limit']), host: request.headers.host });
    const refuse = (why: 'long' | 'unkept') => verdict(response, 'refused', { 'portcullis-unkept': why, connection: 'close' });
    if (!asked.success) return refuse('unkept');
    const { site, network, limit } = asked.data;
    const length = request.headers['content-length'] === undefined ? null : Number(request.headers['content-length']);
    if (length !== null && length > limit) return refuse('long');
    const room = forms.room({ siteId: site, network, host: asked.data.host }, (length ?? limit) + headBytes);
    if (room === null) return refuse('unkept');
    try {
      const body = await bodyOf(request, limit, bodyLimitMs);
      if (body === 'long') return refuse('long');
      if (body === 'slow') return refuse('unkept');
      const ticket = room.keep({
        method: request.method ?? 'POST',
        target: request.url ?? '/',
        headers: headersOf(request),
        body,
      });
      verdict(response, 'kept', { 'portcullis-kept': ticket });
    } finally {
      room.leave();
    }
  };

  const send = async (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    const asked = ToSend.safeParse({
      ...said(request, ['site', 'ticket', 'scheme', 'address', 'clearance']),
      host: request.headers.host,
    });
    if (!asked.success) return verdict(response, 'gone', { 'portcullis-form': 'gone' });
    const taken = forms.take(asked.data.ticket, { siteId: asked.data.site, host: asked.data.host });
    if (taken.kind !== 'form') return verdict(response, taken.kind, { 'portcullis-form': taken.kind });
    let answer: IncomingMessage;
    try {
      answer = await sendOn(inner, taken.form, asked.data);
    } catch (error) {
      // Not even HAProxy was reached: nothing has left. A connection that broke later may have carried it.
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'ENOENT' || code === 'ECONNREFUSED') {
        taken.putBack();
        return verdict(response, 'again', { 'portcullis-form': 'again' });
      }
      taken.sent();
      counts.sent += 1;
      response.writeHead(502, { 'content-length': '0', 'portcullis-form': 'unsure' }).end();
      return;
    }
    const action = answer.headers['portcullis-action'];
    const left = action === undefined || (action === 'origin-error' && answer.statusCode !== 503);
    // Asked again, it was kept again, under a new ticket.
    if (left || answer.headers['portcullis-form'] === 'kept') taken.sent();
    else taken.putBack();
    if (!left && (action === 'origin-error' || passing.has(String(action)))) {
      answer.destroy();
      return verdict(response, 'again', { 'portcullis-form': 'again' });
    }
    counts.sent += left ? 1 : 0;
    const headers = pairs(answer.rawHeaders).filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/i.test(name));
    response.writeHead(answer.statusCode ?? 502, [...headers.flat(), 'portcullis-form', left ? 'sent' : 'refused']);
    pipeline(answer, response, () => undefined);
  };

  return {
    counts: () => ({ ...counts }),
    handle: (request, response) => {
      const act = request.headers['portcullis-do'];
      if (act === undefined) return void response.writeHead(200).end('ok');
      const done = act === 'keep' ? keep(request, response) : send(request, response);
      done.catch(() => response.destroy());
    },
  };
}

/** What HAProxy said, by short name. */
function said(request: IncomingMessage, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, request.headers[`portcullis-${name}`]]));
}

function headersOf(request: IncomingMessage): Form['headers'] {
  return pairs(request.rawHeaders).filter(([name]) => !notForwarded.has(name.toLowerCase()) && !/^portcullis-/i.test(name));
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
}

/** The whole body; or why not. Rejects when the visitor goes away. */
async function bodyOf(request: IncomingMessage, limit: number, limitMs: number): Promise<Buffer | 'long' | 'slow'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (result: Buffer | 'long' | 'slow') => {
      clearTimeout(timer);
      request.off('data', onData);
      resolve(result);
    };
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) end('long');
      else chunks.push(chunk);
    };
    const timer = setTimeout(() => end('slow'), limitMs);
    request.on('data', onData);
    request.once('end', () => end(Buffer.concat(chunks)));
    for (const event of ['error', 'aborted', 'close'] as const) {
      request.once(event, () => {
        clearTimeout(timer);
        reject(new Error('the visitor went away'));
      });
    }
  });
}
