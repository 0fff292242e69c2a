/**
 * Requests that two programs may read differently: what request smuggling is made of, over HTTP/1 (bytes) and HTTP/2 (frames).
 *
 * The set is our own, after the classes in "HTTP Desync Attacks" (Kettle, 2019), "HTTP/2: The Sequel is Always Worse" (2021), "T-Reqs" (Jabiyev et al., 2021),
 * RFC 9112 (11.2) and the regressions of HAProxy, nginx and Node. Each is a text for one host, one character per byte; each carries a request within
 * itself wherever there is room for one. Ordinary requests are among them: they show that the origins answer at all.
 */
import type * as fc from 'fast-check';
import type { Field } from '../harness/http2-frames.ts';

export type Mutation = { readonly name: string; readonly bytes: (host: string) => string };

/** Its own path and address tell it from every request that the edge decided on. */
export const stowawayFrom = '198.51.100.6';
const stowaway = (host: string) => `GET /stowaway HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${stowawayFrom}\r\n\r\n`;
const hex = (text: string) => text.length.toString(16);
const chunked = (text: string) => `${hex(text)}\r\n${text}\r\n0\r\n\r\n`;

/** Ways to write a line about transfer coding that some program takes for `chunked` and another does not. */
const codings: readonly string[] = [
  'Transfer-Encoding: chunked',
  'transfer-encoding:chunked',
  'TRANSFER-ENCODING: CHUNKED',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding:  chunked  ',
  'Transfer-Encoding: chunked\t',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding:\x0cchunked',
  'Transfer-Encoding: \xa0chunked',
  'Transfer-Encoding: chunked\x00',
  'Transfer-Encoding\x00: chunked',
  'Transfer-Encoding: \x00chunked',
  'Transfer-Encoding: chunked\r',
  'Transfer-Encoding: chu\rnked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: chunked\r\n ',
  'Transfer-Encoding: identity\r\n chunked',
  'X-Before: 1\r\n Transfer-Encoding: chunked',
  ' Transfer-Encoding: chunked',
  'X-Before: 1\nTransfer-Encoding: chunked',
  'X-Before: 1\rTransfer-Encoding: chunked',
  '\nTransfer-Encoding: chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunkedx',
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: compress',
  'Transfer-Encoding:',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: cow\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding:',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding-: chunked',
  'Transfer\u0020Encoding: chunked',
  'Transfer-Encoding\x0b: chunked',
  'Transfer-Encod\xefng: chunked',
  'Content-Encoding: chunked',
  'TE: chunked',
  'Transfer-Encoding: chunked\r\nConnection: transfer-encoding',
  'Transfer-Encoding: \x80chunked',
  'Transfer-Encoding: chunked\x7f',
];

/** Lengths; `N` stands for the right one. */
const lengths: readonly string[] = [
  'Content-Length: N',
  'content-length:N',
  'Content-Length: N\r\nContent-Length: N',
  'Content-Length: N\r\nContent-Length: 0',
  'Content-Length: 0\r\nContent-Length: N',
  'Content-Length: N, N',
  'Content-Length: N,N',
  'Content-Length: 0, N',
  'Content-Length: N, 0',
  'Content-Length: N,',
  'Content-Length: ,N',
  'Content-Length: +N',
  'Content-Length: -N',
  'Content-Length: -0',
  'Content-Length: 0xN',
  'Content-Length: 0N',
  'Content-Length: 0000000000000000000000000000000N',
  'Content-Length: N.0',
  'Content-Length: NeN',
  'Content-Length: N ',
  'Content-Length:\tN\t',
  'Content-Length: N N',
  'Content-Length: 0 N',
  'Content-Length:\x0bN',
  'Content-Length: N\x00',
  'Content-Length: \x00N',
  'Content-Length: N\r',
  'Content-Length: N;q=1',
  'Content-Length: "N"',
  'Content-Length:',
  'Content-Length: ',
  'Content-Length : N',
  'Content-Length\t: N',
  'Content-Length\x00: N',
  ' Content-Length: N',
  'X-Before: 1\r\n Content-Length: N',
  'X-Before: 1\nContent-Length: N',
  'X-Before: 1\rContent-Length: N',
  'Content-Length:\r\n N',
  'Content-Length: 0\r\n N',
  'Content_Length: N',
  'Content-Length: 18446744073709551616',
  'Content-Length: 18446744073709551617',
  'Content-Length: 9223372036854775808',
  'Content-Length: 4294967296',
  'Content-Length: 99999999999999999999999999',
  'Content-Length: \xb2',
  'Content-Length: N\r\nConnection: content-length',
  'Content-Length: N\r\nContent_Length: 0',
  'Content-Length: 0',
  'X-Nothing: 1',
];

/** Chunked bodies with a fault; the first byte after them begins another request for some reader. */
function bodies(host: string): readonly (readonly [string, string])[] {
  const inner = stowaway(host);
  const size = hex(inner);
  return [
    ['plain', chunked('hello')],
    ['extension', `5;a=b\r\nhello\r\n0\r\n\r\n`],
    ['extension of quotes', `5;a="b;\\"c"\r\nhello\r\n0\r\n\r\n`],
    ['extension, space before', `5 ;a\r\nhello\r\n0\r\n\r\n`],
    ['extension with a bare LF', `5;a\nhello\r\n0\r\n\r\n`],
    ['extension with a bare LF that hides a chunk', `2;\nxx\r\n${size}\r\n0\r\n\r\n${inner}\r\n0\r\n\r\n`],
    ['extension with a bare CR', `5;a\rb\r\nhello\r\n0\r\n\r\n`],
    ['extension with NUL', `5;\x00\r\nhello\r\n0\r\n\r\n`],
    ['long extension', `5;${'a'.repeat(9000)}\r\nhello\r\n0\r\n\r\n`],
    ['space after', `5 \r\nhello\r\n0\r\n\r\n`],
    ['tab after', `5\t\r\nhello\r\n0\r\n\r\n`],
    ['space before', ` 5\r\nhello\r\n0\r\n\r\n`],
    ['0x', `0x5\r\nhello\r\n0\r\n\r\n`],
    ['plus', `+5\r\nhello\r\n0\r\n\r\n`],
    ['minus', `-5\r\nhello\r\n0\r\n\r\n`],
    ['minus zero', `5\r\nhello\r\n-0\r\n\r\n`],
    ['zeros before', `00000000000000005\r\nhello\r\n0\r\n\r\n`],
    ['zeros at the end', `5\r\nhello\r\n0000\r\n\r\n`],
    ['bare LF after the size', `5\nhello\r\n0\r\n\r\n`],
    ['bare LF after the data', `5\r\nhello\n0\r\n\r\n`],
    ['bare LF after the last', `5\r\nhello\r\n0\n\n`],
    ['LF only', `5\nhello\n0\n\n`],
    ['bare CR after the size', `5\rhello\r\n0\r\n\r\n`],
    ['CR CR LF', `5\r\r\nhello\r\n0\r\n\r\n`],
    ['CR CR LF after the data', `5\r\nhello\r\r\n0\r\n\r\n`],
    ['nothing after the data', `5\r\nhello0\r\n\r\n`],
    ['other bytes after the data', `5\r\nhelloXX0\r\n\r\n`],
    ['a size that does not fit 64 bits', `10000000000000005\r\nhello\r\n0\r\n\r\n`],
    ['a size that does not fit 32 bits', `100000005\r\nhello\r\n0\r\n\r\n`],
    ['all bits', `FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n`],
    ['no size', `\r\nhello\r\n0\r\n\r\n`],
    ['a letter that is none', `5g\r\nhello\r\n0\r\n\r\n`],
    ['upper case', `${size.toUpperCase()}\r\n${inner}\r\n0\r\n\r\n`],
    ['trailers', `5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n`],
    ['trailers of framing', `5\r\nhello\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n`],
    ['trailers of trust', `5\r\nhello\r\n0\r\nHost: other.example\r\nX-Forwarded-For: ${stowawayFrom}\r\n\r\n`],
    ['trailers that are folded', `5\r\nhello\r\n0\r\nX-Trailer: 1\r\n folded\r\n\r\n`],
    ['trailers without a colon', `5\r\nhello\r\n0\r\nX-Trailer\r\n\r\n`],
    ['trailers by LF', `5\r\nhello\r\n0\nX-Trailer: 1\n\n`],
    ['a request as a trailer', `5\r\nhello\r\n0\r\n${inner}`],
    ['no end', `5\r\nhello\r\n`],
    ['an end in the middle', `5\r\nhel`],
  ];
}

/** Request lines; `H` stands for the host. */
const requestLines: readonly string[] = [
  'GET / HTTP/1.1',
  'GET /',
  'GET / ',
  'GET',
  'GET / HTTP/0.9',
  'GET / HTTP/1.0',
  'GET / HTTP/1.2',
  'GET / HTTP/1.9',
  'GET / HTTP/2.0',
  'GET / HTTP/1.10',
  'GET / HTTP/01.1',
  'GET / HTTP/1.1x',
  'GET / HTTP/1.1 x',
  'GET / HTTP/1.1 ',
  'GET / http/1.1',
  'GET / HTTP /1.1',
  'GET / XTTP/1.1',
  'GET  / HTTP/1.1',
  'GET /  HTTP/1.1',
  'GET\t/\tHTTP/1.1',
  'GET\x0b/ HTTP/1.1',
  'GET / HTTP/1.1\r',
  ' GET / HTTP/1.1',
  '\r\nGET / HTTP/1.1',
  '\nGET / HTTP/1.1',
  '\r\n\r\n\r\nGET / HTTP/1.1',
  'GET /a b HTTP/1.1',
  'GET /a\tb HTTP/1.1',
  'GET /a\x00b HTTP/1.1',
  'GET /a\rb HTTP/1.1',
  'GET /a\x7fb HTTP/1.1',
  'GET /a\xffb HTTP/1.1',
  'GET /caf\xc3\xa9 HTTP/1.1',
  'GET /a%00b HTTP/1.1',
  'GET /a%0d%0ab HTTP/1.1',
  'GET /a%b HTTP/1.1',
  'GET /a#b HTTP/1.1',
  'GET /a?b#c HTTP/1.1',
  'GET /a\\b HTTP/1.1',
  'GET /a"b<c>{d}|e^f`g HTTP/1.1',
  'GET a HTTP/1.1',
  'GET ? HTTP/1.1',
  'GET ?a HTTP/1.1',
  'GET # HTTP/1.1',
  'GET . HTTP/1.1',
  'GET //other.example/a HTTP/1.1',
  'GET /../../a HTTP/1.1',
  'GET * HTTP/1.1',
  'OPTIONS * HTTP/1.1',
  'OPTIONS * HTTP/1.0',
  'GET http://H/ HTTP/1.1',
  'GET HTTP://H/ HTTP/1.1',
  'GET http://H HTTP/1.1',
  'GET http://H?a HTTP/1.1',
  'GET http://H:80/ HTTP/1.1',
  'GET http://H:81/ HTTP/1.1',
  'GET http://H./ HTTP/1.1',
  'GET http://a@H/ HTTP/1.1',
  'GET http://H@other.example/ HTTP/1.1',
  'GET http://other.example/ HTTP/1.1',
  'GET http:///a HTTP/1.1',
  'GET http:/a HTTP/1.1',
  'GET http:a HTTP/1.1',
  'GET https://H/ HTTP/1.1',
  'GET ftp://H/a HTTP/1.1',
  'GET file:///etc/hostname HTTP/1.1',
  'GET H:80 HTTP/1.1',
  'GET H HTTP/1.1',
  'CONNECT H:80 HTTP/1.1',
  'CONNECT / HTTP/1.1',
  'CONNECT http://H/ HTTP/1.1',
  'PRI * HTTP/2.0',
  'get / HTTP/1.1',
  'GeT / HTTP/1.1',
  'G@T / HTTP/1.1',
  'GE\x00T / HTTP/1.1',
  'GET/ / HTTP/1.1',
  'PURGE / HTTP/1.1',
  'TRACE / HTTP/1.1',
  'TRACK / HTTP/1.1',
  'PROPFIND / HTTP/1.1',
  'M-SEARCH / HTTP/1.1',
  'HEAD / HTTP/1.1',
  `${'A'.repeat(300)} / HTTP/1.1`,
  `GET /${'a'.repeat(12_000)} HTTP/1.1`,
  `GET /${'a'.repeat(40_000)} HTTP/1.1`,
];

/** Host lines; `H` stands for the host. */
const hostLines: readonly string[] = [
  '',
  'Host: H',
  'host:H',
  'HOST:  H  ',
  'Host: H\r\nHost: H',
  'Host: H\r\nHost: other.example',
  'Host: other.example\r\nHost: H',
  'Host: H\r\nhost: other.example',
  'Host: H\r\n Host: other.example',
  'Host: H\nHost: other.example',
  'Host: H, other.example',
  'Host: other.example, H',
  'Host: H other.example',
  'Host: H\tother.example',
  'Host: H:80',
  'Host: H:0',
  'Host: H:99999',
  'Host: H:',
  'Host: H:80:80',
  'Host: H:other',
  'Host: H:@other.example',
  'Host: a@H',
  'Host: H@other.example',
  'Host: a:b@H:80',
  'Host: H.',
  'Host: H..',
  'Host: .H',
  'Host: H/',
  'Host: H/path',
  'Host: H?a',
  'Host: H#a',
  'Host: H\\a',
  'Host: H%00',
  'Host: H%2eexample',
  'Host: H\x00',
  'Host: H\x00other.example',
  'Host: \x00H',
  'Host: [H]',
  'Host: [::1]',
  'Host: "H"',
  'Host: H;a',
  'Host: http://H/',
  'Host: //H',
  'Host: H\x0b',
  'Host: \xa0H',
  'Host: H\xff',
  'Host:',
  'Host: ',
  'Host : H',
  'Host\t: H',
  'Host\x00: H',
  ' Host: H',
  'X-Before: 1\r\n Host: H',
  'Host:\r\n H',
  'Host: H\r\n .other.example',
  'X-Before: 1\nHost: H',
  'X-Before: 1\rHost: H',
  'H_ost: H',
  'Host_: other.example\r\nHost: H',
  'Host: H\r\nX-Forwarded-Host: other.example',
  'Host: H\r\nX-Host: other.example',
  'Host: H\r\nForwarded: host=other.example',
];

/** Other lines, each beside a right host. */
const otherLines: readonly string[] = [
  'Connection: close',
  'Connection: close, host',
  'Connection: keep-alive, x-forwarded-for, x-forwarded-proto',
  'Connection: x-forwarded-for',
  'Connection: close\r\nConnection: x-forwarded-for',
  'Connection: close x-forwarded-for',
  'Connection: \x00close',
  'Proxy-Connection: x-forwarded-for',
  'Keep-Alive: timeout=1',
  'Upgrade: h2c',
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'Connection: Upgrade\r\nUpgrade: h2c, websocket',
  'Connection: Upgrade\r\nUpgrade: websocket, h2c',
  'Connection: Upgrade\r\nUpgrade: TLS/1.0',
  'Connection: HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'Expect: 100-continue',
  'Expect: 100-continue\r\nContent-Length: 5',
  'Expect: 200-ok',
  'Expect: 100-continue, 200-ok',
  'Expect: \t100-continue',
  'Expect : 100-continue',
  `X-Forwarded-For: ${stowawayFrom}`,
  `X_Forwarded_For: ${stowawayFrom}`,
  `X-Forwarded-For : ${stowawayFrom}`,
  `X-Forwarded-For: ${stowawayFrom}\r\nX-Forwarded-For: ${stowawayFrom}`,
  `x-forwarded-for\x00: ${stowawayFrom}`,
  `X-Forwarded-For: 1\r\n , ${stowawayFrom}`,
  `X.Forwarded.For: ${stowawayFrom}`,
  `X-Real-IP: ${stowawayFrom}`,
  `X_Real_IP: ${stowawayFrom}`,
  `Forwarded: for=${stowawayFrom}`,
  'X-Original-URL: /stowaway',
  'X-HTTP-Method-Override: DELETE',
  'Content-Type: text/plain\r\nContent-Type: text/html',
  'NoColon',
  ': empty',
  ' : spaces',
  'Spaced Name: 1',
  'Name\x01: 1',
  'Name\x7f: 1',
  'Name\xff: 1',
  'Name(: 1',
  'Name;: 1',
  'Name/: 1',
  'Name_: 1',
  'Na\rme: 1',
  'Na\nme: 1',
  'Na\x00me: 1',
  'Value: a\x00b',
  'Value: a\rb',
  'Value: a\nb',
  'Value: a\x01b',
  'Value: a\x7fb',
  'Value: \xff\xfe',
  'Value: a\r\n folded',
  'Value: a\r\n\tfolded',
  'Value: a\r\n \r\n folded',
  'Value: a\n folded',
  'Cookie: a=b\r\nCookie: c=d',
  'Cookie: portcullis=k1.1.1.1\r\n ; folded=1',
  'Trailer: Host',
  'TE: trailers, chunked',
  'Range: bytes=0-,0-,0-,0-',
  'Via: 1.1 other',
  'Portcullis-Action: none',
  `Long: ${'a'.repeat(12_000)}`,
  `Long: ${'a'.repeat(20_000)}`,
  Array.from({ length: 90 }, (_, index) => `N${index}: 1`).join('\r\n'),
  Array.from({ length: 300 }, (_, index) => `N${index}: 1`).join('\r\n'),
];

/** The request after the odd one: `Connection: close` lets a connection that is still in step end at once. */
const last = (host: string) => `GET /last HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

const place = (text: string, host: string, length = 0) =>
  text.replaceAll(/(?<![A-Za-z_-])H(?![A-Za-z_-])/g, host).replaceAll(/(?<=[^A-Za-z])N(?![A-Za-z_-])/g, String(length));

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

export type H2Mutation = {
  readonly name: string;
  readonly fields: (host: string) => readonly Field[];
  /** DATA of the request, if any; then trailers, if any. */
  readonly body?: (host: string) => string;
  readonly trailers?: readonly Field[];
};

const pseudo = (host: string, changes: Readonly<Record<string, string>> = {}): Field[] =>
  Object.entries({ ':method': 'GET', ':scheme': 'https', ':authority': host, ':path': '/', ...changes });

/** The whole set for HTTP/2, which HAProxy writes down again as HTTP/1 for the origin. */
export function h2Mutations(): H2Mutation[] {
  const plain = (name: string, more: (host: string) => readonly Field[], rest: Partial<H2Mutation> = {}): H2Mutation => ({
    name,
    fields: (host) => [...pseudo(host), ...more(host)],
    ...rest,
  });
  const changed = (name: string, changes: (host: string) => Readonly<Record<string, string>>): H2Mutation => ({
    name,
    fields: (host) => pseudo(host, changes(host)),
  });
  const post = (
    name: string,
    more: readonly Field[],
    body: (host: string) => string,
    trailers?: readonly Field[],
  ): H2Mutation => ({
    name,
    fields: (host) => [
      ...pseudo(host, { ':method': 'POST' }),
      ...more.map(([key, value]): Field => [key, place(value, host, body(host).length)]),
    ],
    body,
    ...(trailers === undefined ? {} : { trailers }),
  });
  const breaks = ['\r\n', '\n', '\r', '\x00', '\t', ' ', '\x0b', '\x7f', '\xff'];
  const show = (text: string) => JSON.stringify(text);
  return [
    plain('ordinary', () => []),
    post('ordinary POST', [['content-length', 'N']], () => 'hello'),
    post('POST without a length', [], stowaway),
    ...breaks.flatMap((bytes) => [
      changed(`${show(bytes)} in :path`, (host) => ({
        ':path': `/a${bytes}b HTTP/1.1\r\nHost: ${host}\r\n\r\n${stowaway(host)}`,
      })),
      changed(`${show(bytes)} in a short :path`, () => ({ ':path': `/a${bytes}b` })),
      changed(`${show(bytes)} in :method`, (host) => ({ ':method': `GET /x HTTP/1.1${bytes}Host: ${host}${bytes}${bytes}GET` })),
      changed(`${show(bytes)} in :authority`, (host) => ({ ':authority': `${host}${bytes}X-Forwarded-For: ${stowawayFrom}` })),
      changed(`${show(bytes)} in :scheme`, () => ({ ':scheme': `https${bytes}x` })),
      plain(`${show(bytes)} in a value`, (host) => [
        ['x-a', `1${bytes}Transfer-Encoding: chunked${bytes}${bytes}${stowaway(host)}`],
      ]),
      plain(`${show(bytes)} at the end of a value`, () => [['x-a', `1${bytes}`]]),
      plain(`${show(bytes)} before a value`, () => [['x-a', `${bytes}1`]]),
      plain(`${show(bytes)} in a name`, () => [[`x-a${bytes}b`, '1']]),
      plain(`${show(bytes)} in a name that is a line`, (host) => [[`x: 1${bytes}${bytes}${stowaway(host)}y`, '1']]),
    ]),
    plain('a colon in a name', () => [['x-a: b', '1']]),
    plain('an empty name', () => [['', '1']]),
    plain('a name in upper case', () => [['X-Upper', '1']]),
    plain('Transfer-Encoding in upper case', () => [['Transfer-Encoding', 'chunked']]),
    post('transfer-encoding', [['transfer-encoding', 'chunked']], (host) => `0\r\n\r\n${stowaway(host)}`),
    post(
      'transfer-encoding and a length',
      [
        ['transfer-encoding', 'chunked'],
        ['content-length', 'N'],
      ],
      (host) => `0\r\n\r\n${stowaway(host)}`,
    ),
    post('transfer_encoding', [['transfer_encoding', 'chunked']], (host) => `0\r\n\r\n${stowaway(host)}`),
    ...['0', '4', '99999', '-1', '+5', '5,5', '0x5', ' N', 'N ', '', 'N\x00', '18446744073709551617'].map((length) =>
      post(`content-length ${show(length)}`, [['content-length', length]], stowaway),
    ),
    post(
      'two lengths',
      [
        ['content-length', 'N'],
        ['content-length', '0'],
      ],
      stowaway,
    ),
    post(
      'two equal lengths',
      [
        ['content-length', 'N'],
        ['content-length', 'N'],
      ],
      stowaway,
    ),
    plain('a length without data', () => [['content-length', '5']]),
    plain('GET with a length and data', () => [['content-length', '5']], { body: () => 'hello' }),
    plain('GET with data', () => [], { body: stowaway }),
    ...(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings', 'te', 'host'] as const).flatMap((name) =>
      ['close', 'x-forwarded-for', 'h2c', 'other.example', 'trailers, chunked'].map((value) =>
        plain(`${name}: ${value}`, () => [[name, value]]),
      ),
    ),
    plain('a second :path', () => [[':path', '/stowaway']]),
    plain('a second :authority', () => [[':authority', 'other.example']]),
    plain('a second :method', () => [[':method', 'DELETE']]),
    plain('an unknown pseudo-header', () => [[':unknown', '1']]),
    plain(':status of a request', () => [[':status', '200']]),
    plain(':protocol of no CONNECT', () => [[':protocol', 'websocket']]),
    { name: 'a pseudo-header after the others', fields: (host) => [...pseudo(host).slice(0, 3), ['x-a', '1'], [':path', '/']] },
    { name: 'no :path', fields: (host) => pseudo(host).slice(0, 3) },
    { name: 'no :method', fields: (host) => pseudo(host).slice(1) },
    { name: 'no :scheme', fields: (host) => pseudo(host).filter(([name]) => name !== ':scheme') },
    {
      name: 'host in the place of :authority',
      fields: (host) => [...pseudo(host).filter(([name]) => name !== ':authority'), ['host', host]],
    },
    { name: 'neither host nor :authority', fields: (host) => pseudo(host).filter(([name]) => name !== ':authority') },
    plain('host beside :authority', (host) => [['host', host]]),
    plain('two hosts', (host) => [
      ['host', host],
      ['host', 'other.example'],
    ]),
    ...[
      '',
      '*',
      'a',
      '?a',
      '#a',
      '//other.example/',
      'http://other.example/',
      'https://H/',
      '/a#b',
      '/a\\b',
      '/%00',
      `/${'a'.repeat(40_000)}`,
    ].map((path) => changed(`:path ${show(path.slice(0, 40))}`, (host) => ({ ':path': place(path, host) }))),
    ...['', 'a@H', 'H:80', 'H:', 'H.', 'H/', 'H,other.example', 'other.example', 'H other.example', '[H]'].map((authority) =>
      changed(`:authority ${show(authority)}`, (host) => ({ ':authority': place(authority, host) })),
    ),
    ...['http', 'HTTPS', 'ftp', '', 'https://other.example/?', 'javascript'].map((scheme) =>
      changed(`:scheme ${show(scheme)}`, () => ({ ':scheme': scheme })),
    ),
    ...['', 'get', 'CONNECT', 'OPTIONS', 'HEAD', 'TRACE', 'PRI', 'G@T', 'GET ', ' GET', 'A'.repeat(300)].map((method) =>
      changed(`:method ${show(method.slice(0, 20))}`, () => ({ ':method': method })),
    ),
    {
      name: 'CONNECT as the RFC has it',
      fields: (host) => [
        [':method', 'CONNECT'],
        [':authority', `${host}:80`],
      ],
    },
    {
      name: 'CONNECT of a websocket',
      fields: (host) => [...pseudo(host, { ':method': 'CONNECT' }), [':protocol', 'websocket'], ['sec-websocket-version', '13']],
    },
    { name: 'CONNECT of h2c', fields: (host) => [...pseudo(host, { ':method': 'CONNECT' }), [':protocol', 'h2c']] },
    post('trailers', [], () => 'hello', [['x-trailer', '1']]),
    post('trailers of framing', [], () => 'hello', [
      ['content-length', '5'],
      ['transfer-encoding', 'chunked'],
    ]),
    post('trailers with a pseudo-header', [], () => 'hello', [[':path', '/stowaway']]),
    post('trailers with a line break', [], stowaway, [['x-trailer', `1\r\n\r\n${stowaway('H')}`]]),
    post('trailers of trust', [], () => 'hello', [
      ['x-forwarded-for', stowawayFrom],
      ['host', 'other.example'],
    ]),
    plain('cookies in pieces', () => [
      ['cookie', 'a=b'],
      ['cookie', 'c=d; portcullis=k1.1.1.1'],
    ]),
    plain('our own headers', () => [
      ['x-forwarded-for', stowawayFrom],
      ['x_forwarded_for', stowawayFrom],
      ['forwarded', `for=${stowawayFrom}`],
    ]),
    plain('many headers', () => Array.from({ length: 300 }, (_, index): Field => [`n${index}`, '1'])),
    plain('a long header', () => [['long', 'a'.repeat(20_000)]]),
  ];
}
