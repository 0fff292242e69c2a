/** What an agent sums up of requests, and the line of the security log: bounded, and nothing that a visitor says can forge it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Instant, SiteId } from '../../contract/ids.ts';
import { RequestReference } from '../../contract/insight.ts';
import { Cidr } from '../../contract/network.ts';
import { InsightMessage, mostTops } from '../../contract/traffic.ts';
import { Measures } from './measures.ts';
import type { LoggedRequest } from './request-line.ts';
import { removeFolder, temporaryFolder, until } from '../../tests/harness/ports.ts';
import { SecurityLog, securityLine } from './security-log.ts';

const site = (number: number) => SiteId.parse(`site_${String(number).padStart(12, '0')}`);
const startMs = Date.parse('2026-11-23T12:00:00.000Z');
const at = Instant.parse('2026-11-23T12:00:01.000Z');

function request(more: Partial<LoggedRequest>): LoggedRequest {
  return {
    ...{ at, reference: RequestReference.parse('3023456789-194872113'), siteId: site(1), status: 403, act: 'rule-deny' },
    ...{ ruleId: null, orderId: null, network: Cidr.parse('192.0.2.0/24'), address: null, method: 'GET', path: '/' },
    ...{ originMs: null, country: null, asn: null, said: null, sample: null },
    ...more,
  };
}

const passed = (more: Partial<LoggedRequest>, oneIn = 32) => {
  const { method, path, network } = request(more);
  const headers = { 'user-agent': 'Reader/1' };
  const sample = { ...{ at, method, path, network, country: null, asn: null, host: 'a.example', query: '' }, headers, oneIn };
  return request({ status: 200, act: null, originMs: 12, ...more, sample });
};

it('a sampled request counts as many times as it stands for, a refusal once', () => {
  const measures = new Measures(() => startMs);
  measures.take(passed({ path: '/page' }), false);
  measures.take(passed({ path: '/page' }, 512), false);
  measures.take(request({ path: '/scan' }), true);
  measures.take(request({ status: 200, act: null }), false);
  const [sums] = measures.takeSums();
  expect(sums).toMatchObject({ sampled: 2, seen: { passed: 544, refused: 1 }, statuses: { '2xx': 544, '4xx': 1 } });
  const lists = measures.takeTops();
  expect(lists.map(({ siteId }) => siteId)).toEqual([null, site(1)]);
  for (const { tops } of lists) {
    expect(tops.paths).toEqual([
      { key: '/page', passed: 544, refused: 0, over: 0 },
      { key: '/scan', passed: 0, refused: 1, over: 0 },
    ]);
  }
  // Nothing happened since.
  expect([measures.takeSums(), measures.takeTops()]).toEqual([[], []]);
});

it('a flood of sites, paths and agents that are all different stays bounded and fits its message', () => {
  let nowMs = startMs;
  const measures = new Measures(() => nowMs);
  for (let count = 0; count < 3000; count += 1) {
    const said = { host: 'a.example', agent: `agent ${count} ${'x'.repeat(500)}` };
    measures.take(request({ siteId: site(count % 700), path: `/${'é'.repeat(400)}${count}`, said }), true);
  }
  const tops = measures.takeTops();
  expect(tops.length).toBeLessThanOrEqual(501);
  for (const { tops: lists } of tops) for (const list of Object.values(lists)) expect(list.length).toBeLessThanOrEqual(mostTops);
  const message = { kind: 'insight', from: at, seconds: 10, sites: measures.takeSums(), tops: tops.slice(0, 200) };
  expect(InsightMessage.safeParse(message).error).toBeUndefined();
  // A visitor who comes in the next ten minutes is in lists of their own, and the end of those before is told once.
  nowMs += 600_000;
  measures.take(request({ path: '/later' }), true);
  expect(measures.takeTops().map(({ siteId }) => siteId)).toEqual([null, site(1)]);
});

it('whatever a visitor asks for, the security log has one line of printable ASCII, with its fields in their places', () => {
  const source = readFileSync(new URL('../../ops/fail2ban/portcullis.conf', import.meta.url), 'utf8');
  const failregex = /^failregex = (.*)$/m.exec(source)?.[1] ?? '';
  // fail2ban cuts the time out of a line before it looks for anything else.
  const filter = new RegExp(failregex.replace('<HOST>', '(?<host>[0-9a-f.:]+)'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }), (method, path) => {
      const line = securityLine(request({ method, path, address: '192.0.2.7' }), 'rule-deny');
      expect(line).toMatch(/^[\x20-\x7e]+\n$/);
      const read =
        /^(\S+) portcullis act=rule-deny address=192\.0\.2\.7 site=\S+ status=403 rule=- order=- reference=\S+ method=("(?:[^"\\]|\\.)*") path=("(?:[^"\\]|\\.)*")\n$/.exec(
          line,
        );
      expect(read?.[1]).toBe(at);
      expect([JSON.parse(read?.[2] ?? '""'), JSON.parse(read?.[3] ?? '""')]).toEqual([method, path]);
      expect(filter.exec(line.slice(at.length + 1))?.groups?.['host']).toBe('192.0.2.7');
    }),
    { numRuns: 50 },
  );
  // Who only met the check, or an order, is nobody to shut out.
  for (const guard of ['challenge', 'notice', 'origin-error', 'busy'])
    expect(filter.test(securityLine(request({ address: '192.0.2.7' }), guard).slice(at.length + 1))).toBe(false);
  expect(securityLine(request({}), 'limit')).toContain(' address=192.0.2.0/24 ');
});

it('a security log that cannot be written is left out and said once; one that is full becomes the older copy', async () => {
  const folder = temporaryFolder('security-log');
  const said: string[] = [];
  const log = pino({}, { write: (line: string) => void said.push(line) });
  const nowhere = new SecurityLog(path.join(folder, 'missing', 'security.log'), log);
  for (let count = 0; count < 3; count += 1) nowhere.write(request({}), 'limit');
  await until('it was said', () => said.length > 0);
  nowhere.write(request({}), 'limit');
  expect(said).toHaveLength(1);
  const file = path.join(folder, 'security.log');
  const small = new SecurityLog(file, log, 1000);
  const lines = () => [`${file}.1`, file].map((name) => readFileSync(name, 'utf8').trim().split('\n').length);
  const each = Math.ceil(1000 / securityLine(request({}), 'limit').length);
  for (let count = 0; count < each + 2; count += 1) small.write(request({}), 'limit');
  await until('both are written', () => String(lines()) === String([each, 2]));
  small.stop();
  removeFolder(folder);
});
