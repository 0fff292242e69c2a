/** Lines about single requests: whatever a visitor sends stays text, and what is kept is bounded. */
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { parseRequestLine } from './request-line.ts';
import { Frames, RequestLog } from './requests.ts';
import { Instant, SiteId } from '../../contract/ids.ts';

const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase();
const aSite = SiteId.parse('site_0123456789ab');
const seconds = 1_795_391_919;
const instantText = Instant.parse(new Date(seconds * 1000 + 7).toISOString());
const reference = '3023456789-194872113';
const asked = (host: string, query: string, agent: string) =>
  ['32', hex(host), hex(query), hex(agent), '', '', '', '-'].join(',');
const lineOf = (path: string, more: { act?: string; said?: string; asked?: string; reference?: string; status?: number } = {}) =>
  `2 ${seconds} 7 ${more.reference ?? reference} ${more.status ?? 403} 0,1,12,15,310,4096 ${aSite} ${more.act ?? 'origins'} no-scan - 192.0.2.0 de,64496 ${more.said ?? '-'} ${more.asked ?? '-'} GET ${path}`;

it('reads a line of HAProxy', () => {
  expect(parseRequestLine(lineOf('/a#22b', { act: 'rule-deny', said: `${hex('a.example')},${hex('ua')}` }))).toEqual({
    at: instantText,
    reference,
    siteId: aSite,
    status: 403,
    act: 'rule-deny',
    ruleId: 'no-scan',
    orderId: null,
    network: '192.0.2.0/24',
    address: null,
    method: 'GET',
    path: '/a%22b',
    originMs: 13,
    country: 'DE',
    asn: 64496,
    said: { host: 'a.example', agent: 'ua' },
    sample: null,
  });
  expect(parseRequestLine(lineOf('/', { asked: asked('a.example', 'x=&y=', 'ua') }))?.sample).toEqual({
    at: instantText,
    method: 'GET',
    path: '/',
    network: '192.0.2.0/24',
    host: 'a.example',
    query: 'x=&y=',
    headers: { 'user-agent': 'ua' },
    country: 'DE',
    asn: 64496,
    oneIn: 32,
  });
});

it('whatever a visitor puts in path, query or agent forges no field', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200, unit: 'binary' }),
    fc.constantFrom(' deny ', '|', '\n1 2 3', ',,', lineOf('/x')),
  );
  fc.assert(
    fc.property(text, text, text, (path, query, agent) => {
      const read = parseRequestLine(lineOf(path, { act: 'limit', asked: asked('a.example', query, agent) }));
      if (path.includes('\n')) return void expect(read).toBeNull();
      expect(read).toMatchObject({ siteId: aSite, act: 'limit', status: 403, network: '192.0.2.0/24', reference });
      expect(read?.sample).toMatchObject({ host: 'a.example', country: 'DE', asn: 64496 });
      expect(read?.sample?.query).toBe(query.toWellFormed());
    }),
  );
});

it('any other text is no line, and nothing is thrown', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void expect(parseRequestLine(text)).toBeNull()));
  for (const bad of [
    `1${lineOf('/').slice(1)}`,
    lineOf('/').replace(aSite, 'site'),
    lineOf('/', { asked: 'zz' }),
    lineOf('/', { said: 'zz' }),
    lineOf('/', { reference: 'x' }),
  ])
    expect(parseRequestLine(bad)).toBeNull();
});

it('frames come out whole however the bytes are cut, and what is no frame ends the connection', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 50, unit: 'binary' }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 20 }),
      (said, cut) => {
        const texts = said.map((text) => text.toWellFormed());
        const bytes = Buffer.concat(texts.map((text) => Buffer.from(`${Buffer.byteLength(text)} ${text}`)));
        const frames = new Frames(8192);
        const got: string[] = [];
        for (let at = 0; at < bytes.length; at += cut) got.push(...(frames.take(bytes.subarray(at, at + cut)) ?? ['broken']));
        expect(got).toEqual(texts);
      },
    ),
  );
  expect(new Frames(100).take(Buffer.from('GET / HTTP/1.1'))).toBeNull();
  expect(new Frames(100).take(Buffer.from('101 x'))).toBeNull();
});

it('a flood of one site leaves room for the others, and samples of an hour ago are gone', () => {
  let nowMs = seconds * 1000;
  const requests = new RequestLog({ socket: '/nowhere', log: pino({ level: 'silent' }), nowMs: () => nowMs });
  for (let count = 0; count < 1000; count += 1) requests.take(lineOf('/', { act: 'limit', asked: asked('a.example', '', 'ua') }));
  expect(requests.sample(aSite).requests).toHaveLength(500);
  expect(requests.takeRefused()).toHaveLength(20);
  expect(requests.takeRefused()).toEqual([]);
  requests.take(lineOf('/', { act: 'own', status: 200 }));
  requests.take(lineOf('/', { status: 200 }));
  requests.take(lineOf('/', { status: 502 }));
  expect(requests.takeRefused().map(({ guard }) => guard)).toEqual(['origin-error']);
  nowMs += 3_601_000;
  requests.takeRefused();
  expect(requests.sample(aSite).requests).toEqual([]);
});

it('whoever is refused once while networks flood the site is among those that are told', () => {
  const requests = new RequestLog({ socket: '/nowhere', log: pino({ level: 'silent' }), nowMs: () => seconds * 1000 });
  const from = (network: string, path: string) =>
    requests.take(lineOf(path, { act: 'challenge' }).replace(' 192.0.2.0 ', ` ${network} `));
  for (let count = 0; count < 500; count += 1) from(`198.51.100.${count % 4}`, `/flood/${count}`);
  from('203.0.113.0', '/visitor');
  for (let count = 0; count < 500; count += 1) from(`198.18.${count % 4}.0`, `/flood/${count}`);
  const told = requests.takeRefused();
  expect(told).toHaveLength(20);
  expect(told.filter(({ path }) => path === '/visitor')).toHaveLength(1);
  // Five networks flood it: each has its share of what is left.
  const shares = Object.values(Object.groupBy(told, ({ network }) => network)).map((all) => all?.length ?? 0);
  expect(shares.length).toBe(6);
  expect(Math.max(...shares)).toBeLessThanOrEqual(5);
});

it('a bot that signs went to the origin, unless something is said of it: then it was refused', () => {
  for (const act of ['bots', 'bots-tls']) {
    expect(parseRequestLine(lineOf('/a', { act, status: 200 }))?.act).toBeNull();
    expect(parseRequestLine(lineOf('/a', { act, said: `${hex('a.example')},${hex('ua')}` }))?.act).toBe('challenge');
  }
});
