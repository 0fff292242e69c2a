/** Dry runs: what is tried is compared with what is in force, and what a sample cannot say is said. */
import { expect, it } from 'vitest';
import { Cidr } from '../../../contract/network.ts';
import { NetworkRule } from '../../../contract/policy.ts';
import { Rule, SampledRequest } from '../../../contract/rules.ts';
import { dryRun } from './dry-run.ts';
import type { Tried } from './dry-run.ts';

const request = (path: string, more: Partial<SampledRequest> = {}) =>
  SampledRequest.parse({
    at: '2026-01-02T03:04:05.000Z',
    method: 'GET',
    host: 'forum.example',
    path,
    query: '',
    headers: {},
    network: '192.0.2.0/24',
    country: null,
    asn: null,
    ...more,
  });
const rule = (ruleId: string, when: string, then: Rule['then'] = { do: 'deny' }) =>
  Rule.parse({ ruleId, when, enabled: true, then });
const nothing: Tried = { list: [], maintenance: null, networks: [], mode: 'off' };
const seen = [
  request('/', { oneIn: 32 }),
  request('/.git/x', { oneIn: 32 }),
  request('/.git/y', { oneIn: 512 }),
  request('/a/../b'),
];

it('counts stand for as many requests as the sampled ones do, and only what changes is a change', () => {
  const present = { ...nothing, list: [rule('git', 'path starts "/.git/x"')] };
  const ran = dryRun(present, { ...nothing, list: [rule('git', 'path starts "/.git"')] }, seen);
  expect(ran).toMatchObject({ requests: 4, standFor: 577 });
  expect(ran.present).toMatchObject({ pass: 544, deny: 32, ambiguous: 1 });
  expect(ran.verdicts).toMatchObject({ pass: 32, deny: 544, ambiguous: 1 });
  expect(ran.changes).toMatchObject([{ from: 'pass', to: 'deny', requests: 512, sampled: 1, examples: [{ path: '/.git/y' }] }]);
  expect(ran.rules).toMatchObject([{ ruleId: 'git', requests: 544, sampled: 2, unsure: [] }]);
});

it('without rules no path is ambiguous, and in attack mode all but open paths and allowed networks are checked', () => {
  const samples = [
    ...seen,
    request('/robots.txt'),
    request('/robots.txt', { method: 'POST' }),
    request('/', { network: Cidr.parse('198.51.100.0/24') }),
    request('/', { network: Cidr.parse('203.0.113.0/24') }),
  ];
  const networks = [
    NetworkRule.parse({ cidr: '198.51.0.0/16', action: 'deny' }),
    NetworkRule.parse({ cidr: '198.51.100.0/24', action: 'allow' }),
    NetworkRule.parse({ cidr: '203.0.113.0/24', action: 'deny' }),
  ];
  const { verdicts } = dryRun(nothing, { ...nothing, networks, mode: 'attack' }, samples);
  expect(verdicts).toMatchObject({ challenge: 578, pass: 1, allow: 1, deny: 1, ambiguous: 0 });
});

it('a limit is checked first in attack mode, and maintenance leaves what is allowed', () => {
  const list = [
    rule('limit', 'path is "/"', { do: 'limit', requestsPer10s: 5 }),
    rule('in', 'path starts "/.git"', { do: 'allow' }),
  ];
  expect(dryRun(nothing, { ...nothing, list, mode: 'attack' }, seen).verdicts).toMatchObject({
    challenge: 32,
    allow: 544,
    limit: 0,
  });
  const maintenance = { sentence: 'For trying.', retryAfterSeconds: 600 };
  expect(dryRun(nothing, { ...nothing, list, maintenance }, seen).verdicts).toMatchObject({ maintenance: 32, allow: 544 });
});

it('a rule about narrower networks than samples keep, or about countries that no rule named before, is said to be unsure', () => {
  const present = { ...nothing, list: [rule('de', 'country is "DE"')] };
  const list = [
    rule('one', 'network in 192.0.2.7/32'),
    rule('net', 'network in {192.0.2.0/24 2001:db8::/64}'),
    rule('known', 'not country in {"DE" "unknown"}'),
    rule('new', 'country in {"DE" "FR"} or asn is 64500'),
  ];
  expect(dryRun(present, { ...nothing, list }, seen).rules.map(({ unsure }) => unsure)).toEqual([
    ['networks'],
    [],
    [],
    ['network-data'],
  ]);
  // An access log has whole addresses.
  const whole = [request('/', { network: Cidr.parse('192.0.2.7') })];
  expect(dryRun(present, { ...nothing, list }, whole).rules[0]).toMatchObject({ requests: 1, unsure: [] });
});
