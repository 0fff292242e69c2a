/**
 * The provider's HTTP: a table of routes, requests that are read once, replies that are written once.
 *
 * A route is handed an `Asked` and returns a `Reply`; it never sees a socket. Whatever a route throws becomes its own `lost` reply, or a plain 503
 * when the database is away and 500 when the fault is ours: a fault lets nobody pass. Proxies are believed what they say of a visitor only when
 * they are ours (`trusted`). The access log has no query and no body: servers send secrets in both.
 */
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { errorForLog } from '../../kit/log-error.ts';
import { isStoreDown } from '../../store/errors.ts';
import { formFields, readBody } from './asked.ts';
import type { Body, Fields } from './asked.ts';
import { networkOf } from './check/network.ts';
import { Gate } from './gate.ts';
import { visitorOf } from './visitor.ts';
import type { Trust } from './visitor.ts';

export type Method = 'GET' | 'POST' | 'OPTIONS';

export type Asked = {
  readonly method: Method;
  readonly path: string;
  /** What `:name` and a last `*` of the route's path stand for here. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Fields;
  readonly body: Body;
  /** Of the visitor (or of the server that asks), as far as proxies of ours tell it. */
  readonly address: string;
  /** What the visitor calls us, with a port if there is one; lower case. */
  readonly host: string;
  readonly proto: 'http' | 'https';
  readonly headers: IncomingHttpHeaders;
};

export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Who asked is honest, as far as this answer shows: served first while others flood (gate.ts). Not sent. */
  readonly good?: true;
};

export type Route = {
  /** HEAD is answered by GET's route. */
  readonly method: Method;
  /** Exact, or with `:name` for one segment and a last `*` for the rest. */
  readonly path: string;
  readonly handle: (asked: Asked) => Promise<Reply> | Reply;
  /** What is answered when `handle` fails; without it 503 or 500. */
  readonly lost?: (asked: Asked) => Reply;
  /** What strangers hear without being read while a flood makes us late (gate.ts). Without it they are read all the same. Never a yes. */
  readonly busy?: Reply;
};

export type HttpParts = {
  readonly routes: readonly Route[];
  readonly trust: Trust;
  readonly log: Logger;
  /** Told of every answer: for counts. */
  readonly onAnswer?: (path: string, status: number, tookMs: number) => void;
  /** Who is let in while we are late; one that measures this process unless it is given. */
  readonly gate?: Gate;
};

/** JSON, never cached. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
  };
}

const notFound: Reply = { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'not found\n' };
const mostUrlCharacters = 8192;
const noFields: Fields = new Map();

/** A server that does not listen yet. */
export function createHttp(parts: HttpParts): Server {
  const find = routeFinder(parts.routes);
  const gate = parts.gate ?? new Gate(() => performance.now());
  const busy = new Map(parts.routes.flatMap((route) => (route.busy === undefined ? [] : [[route, wholeBytes(route.busy)]])));
  const inHand = new WeakMap<Socket, number>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const began = performance.now();
    const url = request.url ?? '/';
    const cut = url.indexOf('?');
    const path = cut === -1 ? url : url.slice(0, cut);
    const asksHead = request.method === 'HEAD';
    const found = url.length > mostUrlCharacters ? null : find(asksHead ? 'GET' : (request.method ?? ''), path);
    if (found === null || found.kind === 'other-method') {
      request.resume();
      const reply = found === null ? notFound : { status: 405, headers: { allow: found.allow.join(', ') } };
      write(response, reply, asksHead);
      parts.onAnswer?.('', reply.status, performance.now() - began);
      return;
    }
    const { route, params } = found;
    const visitor = visitorOf(request, parts.trust);
    const turnedAway = busy.get(route);
    if (turnedAway !== undefined && !gate.letsIn(() => networkOf(visitor.address))) {
      await gate.hold();
      if (request.socket.destroyed) return;
      if (!gate.letsIn(() => networkOf(visitor.address))) {
        request.socket.end(turnedAway);
        request.socket.destroySoon();
        parts.onAnswer?.(route.path, route.busy?.status ?? 0, performance.now() - began);
        return;
      }
    }
    const body = await readBody(request);
    const asked: Asked = {
      method: route.method,
      path,
      params,
      query: cut === -1 ? noFields : (formFields(url.slice(cut + 1)) ?? noFields),
      body,
      headers: request.headers,
      ...visitor,
    };
    const reply = await handled(route, asked);
    if (reply.good === true) gate.wasGood(networkOf(visitor.address));
    write(response, reply, asksHead);
    const tookMs = performance.now() - began;
    parts.onAnswer?.(route.path, reply.status, tookMs);
    parts.log.debug({ method: request.method, path: route.path, status: reply.status, tookMs: Math.round(tookMs) }, 'answered');
  };
  /** Once a second: whoever makes requests fail on purpose does not fill the log. */
  let toldMs = -Infinity;
  let untold = 0;
  const tell = (error: unknown, path: string, words: string): void => {
    untold += 1;
    if (performance.now() - toldMs < 1000) return;
    parts.log.error({ err: errorForLog(error), path, times: untold }, words);
    [toldMs, untold] = [performance.now(), 0];
  };
  const handled = async (route: Route, asked: Asked): Promise<Reply> => {
    try {
      return await route.handle(asked);
    } catch (error) {
      const away = isStoreDown(error);
      tell(error, route.path, away ? 'the database is away' : 'a request failed');
      if (route.lost !== undefined) return route.lost(asked);
      return { status: away ? 503 : 500, headers: { 'cache-control': 'no-store', ...(away ? { 'retry-after': '5' } : {}) } };
    }
  };
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 60_000, maxHeaderSize: 16 * 1024 },
    (request, response) => {
      const { socket } = request;
      const waiting = (inHand.get(socket) ?? 0) + 1;
      if (!gate.mayWait(waiting)) {
        socket.destroy();
        return;
      }
      inHand.set(socket, waiting);
      response.once('close', () => inHand.set(socket, (inHand.get(socket) ?? 1) - 1));
      // A connection that broke: nobody is there to hear of it.
      answer(request, response).catch(() => response.destroy());
    },
  );
  server.on('connection', (socket) => {
    const peer = socket.remoteAddress ?? '';
    if (parts.trust.trusts(peer)) return;
    const leave = gate.connect(networkOf(peer));
    if (leave === null) socket.destroy();
    else socket.once('close', leave);
  });
  server.on('listening', () => gate.start());
  server.on('close', () => gate.stop());
  return server;
}

/** A whole answer as it goes out, made once. Ends its connection, because the request behind it was not read. */
function wholeBytes({ status, headers = {}, body = '' }: Reply): Buffer {
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`),
    Buffer.from(body),
  ]);
}

function write(response: ServerResponse, { status, headers, body = '' }: Reply, withoutBody: boolean): void {
  if (response.destroyed) return;
  // What a reply may have no body by, has no length either.
  const empty = status === 204 || status === 304;
  // A text goes out in one write with its head; bytes take two, and writing is the dearest part of an answer to garbage.
  const length = empty ? {} : { 'content-length': String(typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength) };
  response.writeHead(status, { 'x-content-type-options': 'nosniff', ...headers, ...length });
  response.end(withoutBody || empty ? undefined : body);
}

type Found =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'other-method'; readonly allow: readonly string[] };

/** Throws for two routes of one method and path: a fault of ours, seen at the start. */
function routeFinder(routes: readonly Route[]): (method: string, path: string) => Found | null {
  const exact = new Map<string, Map<string, Route>>();
  const patterns: { readonly parts: readonly string[]; readonly byMethod: Map<string, Route> }[] = [];
  for (const route of routes) {
    const isPattern = /\/:|\*$/.test(route.path);
    const parts = route.path.split('/');
    const known = isPattern ? patterns.find((one) => one.parts.join('/') === route.path)?.byMethod : exact.get(route.path);
    const byMethod = known ?? new Map<string, Route>();
    if (byMethod.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`);
    byMethod.set(route.method, route);
    if (known !== undefined) continue;
    if (isPattern) patterns.push({ parts, byMethod });
    else exact.set(route.path, byMethod);
  }
  const among = (byMethod: Map<string, Route>, method: string, params: Readonly<Record<string, string>>): Found => {
    const route = byMethod.get(method);
    return route === undefined ? { kind: 'other-method', allow: [...byMethod.keys()] } : { kind: 'route', route, params };
  };
  return (method, path) => {
    const known = exact.get(path);
    if (known !== undefined) return among(known, method, {});
    const asked = path.split('/');
    for (const { parts, byMethod } of patterns) {
      const params = paramsOf(parts, asked);
      if (params !== null) return among(byMethod, method, params);
    }
    return null;
  };
}

function paramsOf(parts: readonly string[], asked: readonly string[]): Readonly<Record<string, string>> | null {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (part === '*') return { ...params, '*': asked.slice(index).join('/') };
    const here = asked[index];
    if (here === undefined) return null;
    if (part.startsWith(':')) {
      if (here === '') return null;
      params[part.slice(1)] = here;
    } else if (part !== here) return null;
  }
  return asked.length === parts.length ? params : null;
}
