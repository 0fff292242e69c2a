/**
 * The API as the command line calls it: one function for every route of contract/routes, typed by the route itself.
 *
 * What is sent is checked by the server, what comes back is parsed here: a control plane of another version is told apart from a
 * broken one. A token is sent over plain http only to this machine. Not here: which control plane and which token (connection.ts).
 * Fails with CommandFailure: `unreachable` when nobody answers, `notAllowed` for 401 and 403, `failed` for every other refusal.
 */
import type { z } from 'zod';
import { Problem } from '../contract/errors.ts';
import { eventsPath, LiveEvent } from '../contract/routes/house.ts';
import type { Route } from '../contract/routes/route.ts';
import { serverSentData } from '../kit/server-sent-events.ts';
import { CommandFailure } from './exit-codes.ts';

export type Connection = { readonly controlUrl: string; readonly token: string | null };

type Given<Name extends string, Schema extends z.ZodType> =
  Record<never, never> extends z.input<Schema>
    ? { readonly [K in Name]?: z.input<Schema> }
    : { readonly [K in Name]: z.input<Schema> };

export type CallInput<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = Given<'params', Params> &
  Given<'query', Query> &
  Given<'body', Body>;

export type Client = {
  readonly controlUrl: string;
  call<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(
    route: Route<Params, Query, Body, Answer>,
    input: CallInput<Params, Query, Body>,
  ): Promise<z.output<Answer>>;
  /** A file of the control plane as it is; fails as `call` does. */
  text(path: string, query: Readonly<Record<string, unknown>>): Promise<string>;
  /** A live stream until the signal aborts or it breaks; fails as `call` does when it is refused. What this version does not know is passed over. */
  live<Event extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, unknown>>,
    event: Event,
    signal: AbortSignal,
  ): AsyncGenerator<z.output<Event>, void, undefined>;
  /** Live events until the signal aborts or the stream breaks; never throws (a poll beside it is what must not fail). */
  events(signal: AbortSignal): AsyncGenerator<LiveEvent, void, undefined>;
};

const timeoutMs = 30_000;

export function makeClient(connection: Connection, fetchLike: typeof fetch = fetch): Client {
  const base = connection.controlUrl.replace(/\/+$/, '');
  const headers: Record<string, string> = { accept: 'application/json' };
  if (connection.token !== null) headers['authorization'] = `Bearer ${connection.token}`;

  async function* live<Event extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, unknown>>,
    event: Event,
    signal: AbortSignal,
  ): AsyncGenerator<z.output<Event>, void, undefined> {
    let response: Response;
    try {
      response = await fetchLike(`${base}${path}${queryText(query)}`, {
        headers: { ...headers, accept: 'text/event-stream' },
        redirect: 'error',
        signal,
      });
      if (!response.ok) throw refusal(base, response.status, parseJson(await response.text()));
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof CommandFailure) throw cause;
      throw new CommandFailure('unreachable', unreachableSentence(base, cause, false), null, cause);
    }
    try {
      if (response.body === null) return;
      for await (const data of serverSentData(response.body)) {
        const told = event.safeParse(parseJson(data));
        if (told.success) yield told.data;
      }
    } catch {
      // It broke, or was ended from here: what was told stands.
    }
  }

  return {
    controlUrl: base,
    live,
    async text(path, query) {
      let response: Response;
      let text: string;
      try {
        const options = {
          headers: { ...headers, accept: '*/*' },
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        } as const;
        response = await fetchLike(`${base}${path}${queryText(query)}`, options);
        text = await response.text();
      } catch (cause) {
        throw new CommandFailure('unreachable', unreachableSentence(base, cause, false), null, cause);
      }
      if (!response.ok) throw refusal(base, response.status, parseJson(text));
      return text;
    },
    async call(route, input) {
      const given: { params?: unknown; query?: unknown; body?: unknown } = input;
      const url = `${base}${fillPath(route.path, given.params)}${queryText(given.query)}`;
      const sendsBody = route.method !== 'GET' && given.body !== undefined;
      let response: Response;
      let text: string;
      try {
        response = await fetchLike(url, {
          method: route.method,
          headers: sendsBody ? { ...headers, 'content-type': 'application/json' } : headers,
          ...(sendsBody ? { body: JSON.stringify(given.body) } : {}),
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        });
        text = await response.text();
      } catch (cause) {
        throw new CommandFailure('unreachable', unreachableSentence(base, cause, route.method !== 'GET'), null, cause);
      }
      const json = parseJson(text);
      if (!response.ok) throw refusal(base, response.status, json);
      const answer = route.answer.safeParse(json);
      if (answer.success) return answer.data;
      throw new CommandFailure(
        'failed',
        `The control plane at ${base} answered in a form that this command does not know; it was probably done. Are both of the same version?`,
        null,
        answer.error,
      );
    },
    async *events(signal) {
      try {
        yield* live(eventsPath, {}, LiveEvent, signal);
      } catch {
        // The stream is only a doorbell: whoever waits also polls, and an ended stream costs latency, nothing else.
      }
    },
  };
}

function fillPath(path: string, params: unknown): string {
  const values = new Map(Object.entries(params ?? {}));
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name) ?? '')));
}

function queryText(query: unknown): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(base: string, status: number, json: unknown): CommandFailure {
  const parsed = Problem.safeParse(json);
  if (!parsed.success && status >= 502 && status <= 504) {
    const sentence = `What stands in front of the control plane at ${base} answers ${status}: the control plane behind it is away.`;
    return new CommandFailure('unreachable', sentence);
  }
  if (!parsed.success) {
    return new CommandFailure('failed', `What answers at ${base} (status ${status}) is not a Portcullis control plane.`);
  }
  const problem = parsed.data;
  const fields = (problem.fields ?? []).map((field) => `\n  ${field.path || '(whole)'}: ${field.message}`).join('');
  const sentence = `${problem.title}: ${problem.detail}${fields}\n(reference ${problem.reference})`;
  return new CommandFailure(status === 401 || status === 403 ? 'notAllowed' : 'failed', sentence, problem);
}

function unreachableSentence(base: string, cause: unknown, changes: boolean): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const why = inner instanceof Error ? ('code' in inner ? String(inner.code) : inner.message) : String(inner);
  const doubt = changes && why !== 'ECONNREFUSED' ? ' Whether it was done is not known: look before you repeat it.' : '';
  return `The control plane at ${base} does not answer (${why}). Is it running? Name another with --control or PORTCULLIS_CONTROL.${doubt}`;
}
