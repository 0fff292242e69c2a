/**
 * A control plane made of memory, bound by type to the contract: for tests of the console and for working on it alone.
 *
 * `handle` takes a web Request and answers a web Response, so it runs in Node or in a browser. Each answer is parsed by its own route
 * before it leaves: a mock that drifts from the contract fails here, not on screen. It decides little: who may do what, whether two
 * people differ, and nothing else is the real control plane's business.
 */
import type { z } from 'zod';
import type { Scope } from '../../../contract/access.ts';
import { errorTable } from '../../../contract/errors.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import { eventsPath } from '../../../contract/routes/house.ts';
import type { LiveEvent } from '../../../contract/routes/house.ts';
import type { Route } from '../../../contract/routes/route.ts';
import { registerDesk } from './desk.ts';
import { registerDeskHouse } from './desk-house.ts';
import { registerHouse } from './house.ts';
import { registerRelays } from './relays.ts';
import { registerRollouts } from './rollouts.ts';
import { registerIdentity } from './identity.ts';
import { registerCaptcha } from './captcha.ts';
import { registerCertificates } from './certificates.ts';
import { registerAttacks } from './attacks.ts';
import { registerInsight } from './insight.ts';
import { registerRules } from './rules.ts';
import { insightBeside, registerTraffic } from './traffic.ts';
import { registerShield } from './shield.ts';
import type { MockState } from './state.ts';

export class MockFailure extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly { path: string; message: string }[];
  constructor(code: ErrorCode, detail: string, fields: readonly { path: string; message: string }[] = []) {
    super(detail);
    this.code = code;
    this.fields = fields;
  }
}

export type On = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: Route<P, Q, B, A>,
  answer: (asked: { params: z.output<P>; query: z.output<Q>; body: z.output<B> }) => z.input<A>,
) => void;

type Entry = {
  readonly method: string;
  readonly pattern: RegExp;
  readonly run: (match: RegExpExecArray, url: URL, body: unknown) => Response;
};

export type Mock = {
  readonly state: MockState;
  readonly handle: (request: Request) => Promise<Response>;
  readonly emit: (event: LiveEvent) => void;
  /** Ends every open event stream, as a restart of the control plane would. */
  readonly dropStreams: () => void;
};

export function createMock(state: MockState): Mock {
  const entries: Entry[] = [];
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  const emit = (event: LiveEvent) => {
    const bytes = encoder.encode(`data: ${JSON.stringify(event)}\n\n`);
    for (const stream of streams) stream.enqueue(bytes);
  };

  const on: On = (route, answer) => {
    const names: string[] = [];
    const pattern = new RegExp(
      `^${route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        names.push(name);
        return '([^/]+)';
      })}$`,
    );
    const run = (match: RegExpExecArray, url: URL, sent: unknown): Response => {
      allow(state, route.needs);
      const params = route.params.safeParse(
        Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')])),
      );
      const query = route.query.safeParse(Object.fromEntries(url.searchParams));
      const body = route.body.safeParse(sent);
      if (!params.success || !query.success || !body.success) {
        const issues = [params, query, body].flatMap((part) => part.error?.issues ?? []);
        throw new MockFailure(
          'bad-request',
          'Some fields do not fit. Nothing was changed.',
          issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
        );
      }
      const parsed = route.answer.parse(answer({ params: params.data, query: query.data, body: body.data }));
      return Response.json(parsed, { status: route.status });
    };
    entries.push({ method: route.method, pattern, run });
  };

  registerIdentity(on, state);
  registerHouse(on, state, emit);
  registerRelays(on, state);
  registerRollouts(on, state, emit);
  registerShield(on, state, emit);
  registerCertificates(on, state);
  registerCaptcha(on, state);
  registerRules(on, state);
  registerAttacks(on, state);
  registerInsight(on, state);
  registerTraffic(on, state);
  registerDesk(on, state, emit);
  registerDeskHouse(on, state, emit);

  const openStream = (): Response => {
    allow(state, 'status:read');
    let own: ReadableStreamDefaultController<Uint8Array> | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        streams.add(controller);
        controller.enqueue(
          encoder.encode(`data: ${JSON.stringify({ kind: 'hello', at: new Date(state.nowMs()).toISOString() })}\n\n`),
        );
      },
      cancel: () => {
        if (own !== null) streams.delete(own);
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  };

  return {
    state,
    emit,
    dropStreams: () => {
      for (const stream of streams) stream.close();
      streams.clear();
    },
    handle: async (request) => {
      const url = new URL(request.url);
      try {
        if (url.pathname === eventsPath) return openStream();
        const beside = insightBeside(url.pathname, state, url.searchParams.get('siteId'));
        if (beside !== null) return beside;
        for (const entry of entries) {
          const match = entry.method === request.method ? entry.pattern.exec(url.pathname) : null;
          if (match === null) continue;
          const text = request.method === 'GET' ? '' : await request.text();
          return entry.run(match, url, text === '' ? {} : JSON.parse(text));
        }
        throw new MockFailure('not-found', 'There is no such route.');
      } catch (error) {
        if (error instanceof MockFailure) return problem(error);
        throw error;
      }
    },
  };
}

function allow(state: MockState, needs: Scope | 'signed-in' | 'nobody'): void {
  if (needs === 'nobody') return;
  if (!state.signedIn) throw new MockFailure('not-signed-in', 'Sign in first.');
  if (needs !== 'signed-in' && !state.me.scopes.includes(needs))
    throw new MockFailure('not-allowed', `This needs “${needs}”. Nothing was changed.`);
}

function problem(failure: MockFailure): Response {
  const { status, title } = errorTable[failure.code];
  const body = {
    type: `/errors/${failure.code}`,
    code: failure.code,
    title,
    status,
    detail: failure.message,
    reference: 'mock-0001',
    ...(failure.fields.length > 0 ? { fields: failure.fields } : {}),
  };
  return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } });
}
