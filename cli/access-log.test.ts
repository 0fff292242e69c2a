/** Access logs as requests for a dry run. */
import { expect, it } from 'vitest';
import { Instant } from '../contract/ids.ts';
import { readAccessLog } from './access-log.ts';

const at = Instant.parse('2026-01-02T03:04:05.000Z');
const read = (text: string, most = 100) => readAccessLog(text, 'forum.example', at, most);

it('reads Common and Combined lines, with and without a host in front, IPv4 and IPv6', () => {
  const { requests, unread } = read(
    [
      '192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] "GET /a?q=1 HTTP/1.1" 200 12',
      '2001:db8::1 - me [02/Jan/2026:03:04:05 +0000] "POST /b HTTP/2.0" 302 - "https://forum.example/" "curl/8.1"',
      'www.forum.example:443 192.0.2.8 - - [x] "GET / HTTP/1.0" 200 1 "-" "-"',
      'nonsense',
    ].join('\n'),
  );
  expect(unread).toBe(1);
  expect(
    requests.map(({ method, host, path, query, headers, network }) => [method, host, path, query, headers, network]),
  ).toEqual([
    ['GET', 'forum.example', '/a', 'q=1', {}, '192.0.2.7/32'],
    ['POST', 'forum.example', '/b', '', { 'user-agent': 'curl/8.1', referer: 'https://forum.example/' }, '2001:db8::1/128'],
    ['GET', 'www.forum.example', '/', '', {}, '192.0.2.8/32'],
  ]);
});

it('takes the newest lines of a long log', () => {
  const log = Array.from({ length: 50 }, (_, index) => `192.0.2.7 - - [x] "GET /${index} HTTP/1.1" 200 1`).join('\n');
  expect(read(log, 3).requests.map(({ path }) => path)).toEqual(['/47', '/48', '/49']);
});
