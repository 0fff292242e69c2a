/** Which streams an order ends: claims on HAProxy 2.6's own words. */
import { expect, it } from 'vitest';
import { order, site } from '../tests/harness/haproxy.ts';
import { OldStreams, streamsToEnd } from './old-streams.ts';

const entry = (
  pointer: string,
  place: string,
  state: string,
) => `${pointer}: [22/Nov/2026:17:14:26.801896] id=1147 proto=tcpv4 source=127.0.0.1:35536
  backend=origins (id=15 mode=http) addr=127.0.0.1:53028
  server=origin (id=1) addr=${place}
  txn=0x7fa168047240 flags=0x8000 meth=1 status=101 req.st=${state} rsp.st=${state} req.f=0xcc rsp.f=0xcc
`;
const answer = [
  '0x55a25271cce0: [22/Nov/2026:17:14:28.310603] id=1151 proto=unix_stream source=unix:1\n  server=<NONE> (id=-1)\n',
  entry('0x7fa1', '192.0.2.7:8000', 'MSG_TUNNEL'),
  entry('0x7fa2', '192.0.2.7:8000', 'MSG_DATA'),
  entry('0x7fa3', '192.0.2.7:80', 'MSG_TUNNEL'),
  entry('0x7fa4', '2001:db8::7:8000', 'MSG_TUNNEL'),
].join('');

it('every stream to an origin, or its tunnels, and no other’s', () => {
  expect(streamsToEnd(answer, new Map([['192.0.2.7:8000', 'every-stream']]))).toEqual(['0x7fa1', '0x7fa2']);
  expect(streamsToEnd(answer, new Map([['192.0.2.7:8000', 'tunnels']]))).toEqual(['0x7fa1']);
  expect(streamsToEnd(answer, new Map([['2001:db8::7:8000', 'tunnels']]))).toEqual(['0x7fa4']);
  expect(streamsToEnd(answer, new Map())).toEqual([]);
});

it('an order interrupts once; again when it was lifted in between; limits interrupt nothing', () => {
  const forum = site(1, ['forum.example'], 8000);
  const streams = new OldStreams();
  const notice = order(1, forum, {});
  const onPath = order(2, forum, { measure: 'notice-on-path', scope: { siteId: forum.siteId, hostnames: [], path: '/a' } });
  const limit = order(3, forum, { measure: 'rate-limit', requestsPer10s: 5 });
  const place = `${forum.origin.addresses[0] ?? ''}:8000`;
  const due = (...orders: (typeof notice)[]) => [...streams.due(orders, () => forum)];
  expect(due(limit)).toEqual([]);
  expect(due(onPath)).toEqual([[place, 'tunnels']]);
  expect(due(onPath, notice)).toEqual([[place, 'every-stream']]);
  expect(due(onPath, notice)).toEqual([]);
  expect(due()).toEqual([]);
  expect(due(notice)).toEqual([[place, 'every-stream']]);
});
