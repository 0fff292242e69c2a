/**
 * Requests over HTTP/2 that become others when they are written down as HTTP/1: after "HTTP/2: The Sequel is Always Worse" (Kettle, 2021).
 *
 * Only what is sent; how (frames by hand) is tests/harness/http2-frames.ts.
 */
import type { Field } from '../harness/http2-frames.ts';
import { place, stowaway, stowawayFrom } from './odd-parts.ts';

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
