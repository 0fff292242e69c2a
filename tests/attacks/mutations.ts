/**
 * Requests that two programs may read differently: what request smuggling is made of, over HTTP/1 (bytes) and HTTP/2 (frames).
 *
 * The set is our own, after the classes in "HTTP Desync Attacks" (Kettle, 2019), "HTTP/2: The Sequel is Always Worse" (2021), "T-Reqs" (Jabiyev et al., 2021),
 * RFC 9112 (11.2) and the regressions of HAProxy, nginx and Node. Each is a text for one host, one character per byte; each carries a request within
 * itself wherever there is room for one. Ordinary requests are among them: they show that the origins answer at all.
 */
import type * as fc from 'fast-check';
import { bodies, chunked, codings, hostLines, lengths, otherLines, place, requestLines, stowaway } from './odd-parts.ts';

export type Mutation = { readonly name: string; readonly bytes: (host: string) => string };

/** The request after the odd one: `Connection: close` lets a connection that is still in step end at once. */
const last = (host: string) => `GET /last HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

function framed(name: string, lines: string, body: (host: string) => string, start = 'POST / HTTP/1.1'): Mutation {
  return {
    name,
    bytes: (host) => {
      const inner = body(host);
      return `${start}\r\nHost: ${host}\r\n${place(lines, host, inner.length)}\r\n\r\n${inner}${last(host)}`;
    },
  };
}

/** The whole set for HTTP/1. */
export function mutations(): Mutation[] {
  const show = (text: string) => JSON.stringify(text.length > 90 ? `${text.slice(0, 60)}…${text.length}` : text);
  const zero = (host: string) => `0\r\n\r\n${stowaway(host)}`;
  return [
    ...codings.flatMap((coding) => [
      framed(`length, then ${show(coding)}`, `Content-Length: N\r\n${coding}`, zero),
      framed(`${show(coding)}, then length`, `${coding}\r\nContent-Length: N`, zero),
      framed(`${show(coding)} with a length that ends in a chunk`, `Content-Length: 4\r\n${coding}`, (host) =>
        chunked(stowaway(host)),
      ),
      framed(`${show(coding)} alone`, coding, (host) => chunked(stowaway(host))),
      framed(`${show(coding)} of HTTP/1.0`, `Content-Length: N\r\n${coding}`, zero, 'POST / HTTP/1.0'),
    ]),
    ...lengths.flatMap((length) => [
      framed(`POST with ${show(length)}`, length, stowaway),
      framed(`GET with ${show(length)}`, length, stowaway, 'GET / HTTP/1.1'),
      framed(`POST of HTTP/1.0 with ${show(length)}`, `Connection: keep-alive\r\n${length}`, stowaway, 'POST / HTTP/1.0'),
    ]),
    ...bodies('H').map(([name], index) =>
      framed(`chunked body: ${name}`, 'Transfer-Encoding: chunked', (host) => bodies(host)[index]?.[1] ?? ''),
    ),
    ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PURGE', 'PUT'].flatMap((method) => [
      framed(`${method} with a length`, 'Content-Length: N', stowaway, `${method} / HTTP/1.1`),
      framed(`${method} with chunks`, 'Transfer-Encoding: chunked', (host) => chunked(stowaway(host)), `${method} / HTTP/1.1`),
    ]),
    ...requestLines.map((line): Mutation => {
      const bytes = (host: string) => `${place(line, host)}\r\nHost: ${host}\r\n\r\n${last(host)}`;
      return { name: `request line ${show(line)}`, bytes };
    }),
    ...requestLines.slice(0, 6).map((line): Mutation => {
      const bytes = (host: string) => `${line}\nHost: ${host}\n\n${last(host)}`;
      return { name: `request line ${show(line)}, lines by LF`, bytes };
    }),
    ...hostLines.flatMap((line): Mutation[] => {
      const lines = line === '' ? '' : `${line}\r\n`;
      return ['HTTP/1.1', 'HTTP/1.0'].map((version) => ({
        name: `${version}, host line ${show(line)}`,
        bytes: (host) => `GET / ${version}\r\n${place(lines, host)}\r\n${last(host)}`,
      }));
    }),
    ...['http://H/', 'http://other.example/'].flatMap((target): Mutation[] =>
      ['', 'Host: other.example\r\n', 'Host: H\r\n', 'Host: H\r\nHost: H\r\n'].map((line) => ({
        name: `absolute ${show(target)} with ${show(line)}`,
        bytes: (host) => place(`GET ${target} HTTP/1.1\r\n${line}\r\n`, host) + last(host),
      })),
    ),
    ...otherLines.map((line): Mutation => {
      const bytes = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n${line}\r\n\r\n${last(host)}`;
      return { name: `line ${show(line)}`, bytes };
    }),
    ...otherLines.map((line): Mutation => {
      const bytes = (host: string) => `GET / HTTP/1.1\r\n${line}\r\nHost: ${host}\r\n\r\n${last(host)}`;
      return { name: `line ${show(line)} before the host`, bytes };
    }),
  ];
}

/** Requests put together at random of all the parts above, with random bytes strewn in. */
export function anyMutation(check: typeof fc): fc.Arbitrary<Mutation> {
  const line = check.oneof(
    { weight: 3, arbitrary: check.constantFrom(...codings) },
    { weight: 3, arbitrary: check.constantFrom(...lengths) },
    { weight: 2, arbitrary: check.constantFrom(...otherLines) },
    { weight: 1, arbitrary: check.constantFrom(...hostLines) },
  );
  const start = check.oneof(
    { weight: 4, arbitrary: check.constantFrom('POST / HTTP/1.1', 'GET / HTTP/1.1', 'PUT / HTTP/1.0') },
    { weight: 1, arbitrary: check.constantFrom(...requestLines) },
  );
  const strewn = check.array(
    check.record({
      at: check.double({ min: 0, max: 1, noNaN: true }),
      byte: check.constantFrom('\r', '\n', '\x00', ' ', '\t', ':', ',', '\x0b', ';', '0', '\xff', '\r\n'),
      how: check.constantFrom('insert', 'replace'),
    }),
    { maxLength: 3 },
  );
  const parts = check.record({
    start,
    before: check.array(line, { maxLength: 2 }),
    after: check.array(line, { maxLength: 3 }),
    body: check.nat({ max: bodies('H').length + 1 }),
    ending: check.constantFrom('\r\n', '\r\n', '\r\n', '\n'),
    strewn,
  });
  return parts.map((chosen): Mutation => {
    const bytes = (host: string) => {
      const body = bodies(host)[chosen.body]?.[1] ?? (chosen.body % 2 === 0 ? stowaway(host) : '');
      const lines = [chosen.start, ...chosen.before, 'Host: H', ...chosen.after].map((text) => place(text, host, body.length));
      let text = `${lines.join(chosen.ending)}${chosen.ending}${chosen.ending}${body}`;
      for (const { at, byte, how } of chosen.strewn) {
        const where = Math.floor(at * text.length);
        text = text.slice(0, where) + byte + text.slice(where + (how === 'replace' ? 1 : 0));
      }
      return text + last(host);
    };
    return { name: JSON.stringify(bytes('H')), bytes };
  });
}
