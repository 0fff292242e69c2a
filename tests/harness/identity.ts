/**
 * The identity routes behind a real HTTP server on a real database, with a clock that stands still until a test moves it (waits
 * are counted in seconds, and a busy machine must not eat them), and people with a cookie jar.
 *
 * The whole control plane is started by tests/harness/provider.ts; this is for what needs another time of day.
 */
import { serve } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import type { z } from 'zod';
import type { Route } from '../../contract/routes/route.ts';
import { beginLink, redeemLink } from '../../contract/routes/identity.ts';
import { createAuthenticate } from '../../control/identity/authenticate.ts';
import { renewSetupLink } from '../../control/identity/first-start.ts';
import { registerIdentityRoutes } from '../../control/identity/register.ts';
import { totpCode } from '../../control/identity/totp.ts';
import { problemResponse } from '../../control/http/problem.ts';
import { migrate } from '../../store/migrate.ts';
import type { Store } from '../../store/open.ts';
import { ApiRefusal } from './api.ts';
import type { Input } from './api.ts';
import { Problem } from '../../contract/errors.ts';
import { freePort } from './ports.ts';

export const goodPassword = 'plum harbour ninety clocks';

export type IdentityHouse = {
  readonly url: string;
  readonly store: Store;
  readonly now: () => number;
  readonly logged: string[];
  /** Moves the clock on. */
  readonly pass: (ms: number) => void;
  readonly deps: { readonly store: Store; readonly publicUrl: string; readonly now: () => number };
  readonly visitor: () => Visitor;
  /** The first account, by a password; returns its visitor, TOTP secret and recovery codes. */
  readonly firstAccount: (name?: string) => Promise<SignedUp>;
  readonly stop: () => Promise<void>;
};

export type SignedUp = {
  readonly visitor: Visitor;
  readonly name: string;
  readonly totpSecret: string;
  readonly recoveryCodes: string[];
};

/** Starts on a store that was opened; `stop` closes it. */
export async function startIdentityHouse(store: Store): Promise<IdentityHouse> {
  await migrate(store);
  const port = await freePort();
  const publicUrl = `http://localhost:${port}`;
  let nowMs = Date.now();
  const now = () => nowMs;
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const app = new Hono<{ Bindings: HttpBindings }>();
  const deps = {
    store,
    publicUrl,
    now,
    log,
    provider: 'Example Shield',
    authenticate: createAuthenticate({ store, publicUrl, now }),
  };
  registerIdentityRoutes(app, deps);
  app.get('/blank', (context) => context.html('<!doctype html><title>blank</title>'));
  app.onError((error, context) => problemResponse(error, { method: context.req.method, path: context.req.path }, deps));
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions: { keepAliveTimeout: 65_000 } });
  const house: IdentityHouse = {
    url: publicUrl,
    store,
    now,
    logged,
    pass: (ms) => void (nowMs += ms),
    deps,
    visitor: () => new Visitor(`http://127.0.0.1:${port}`, publicUrl),
    async firstAccount(name = 'Ada Lovelace') {
      const link = await renewSetupLink(deps);
      if (link === null) throw new Error('the first account exists already');
      return signUp(house, codeIn(link.url), name);
    },
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await store.close();
    },
  };
  return house;
}

/** Uses a one-time link with a password. */
export async function signUp(house: IdentityHouse, code: string, name: string): Promise<SignedUp> {
  const visitor = house.visitor();
  const begun = await visitor.call(beginLink, { body: { code, name } });
  const proof = { kind: 'password', password: goodPassword, totpCode: totpCode(begun.totpSecret, house.now()) } as const;
  const done = await visitor.call(redeemLink, { body: { code, ceremonyId: begun.ceremonyId, proof } });
  return { visitor, name: done.me.name, totpSecret: begun.totpSecret, recoveryCodes: done.recoveryCodes };
}

export function codeIn(url: string): string {
  return new URL(url).searchParams.get('code') ?? '';
}

/** A browser without a window: keeps the session cookie, says where its page is from. */
export class Visitor {
  readonly #base: string;
  readonly #origin: string;
  cookie: string | null = null;
  /** `Set-Cookie` lines as they came. */
  readonly setCookies: string[] = [];
  headers: Record<string, string> = {};

  constructor(base: string, origin: string) {
    this.#base = base;
    this.#origin = origin;
  }

  /** Calls a route; throws an ApiRefusal on anything but its own status. */
  async call<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(
    route: Route<Params, Query, Body, Answer>,
    input: Input<Params, Query, Body> = {},
  ): Promise<z.output<Answer>> {
    const text = (value: unknown) => (typeof value === 'object' && value !== null ? Object.entries(value) : []);
    let path: string = route.path;
    for (const [name, value] of text(input.params)) path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
    const query = new URLSearchParams(
      text(input.query).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    const response = await fetch(`${this.#base}${path}${query === '' ? '' : `?${query}`}`, {
      method: route.method,
      headers: {
        ...(route.method === 'GET' ? {} : { 'content-type': 'application/json', origin: this.#origin }),
        ...(this.cookie === null ? {} : { cookie: this.cookie }),
        ...this.headers,
      },
      ...(route.method === 'GET' ? {} : { body: JSON.stringify(input.body ?? {}) }),
      signal: AbortSignal.timeout(30_000),
    });
    for (const line of response.headers.getSetCookie()) {
      this.setCookies.push(line);
      const [pair = ''] = line.split(';');
      this.cookie = pair.endsWith('=') ? null : pair;
    }
    const body = await response.text();
    if (response.status === route.status) return route.answer.parse(JSON.parse(body));
    const problem = Problem.safeParse(JSON.parse(body));
    throw new ApiRefusal(response.status, problem.success ? problem.data : null, body);
  }
}
