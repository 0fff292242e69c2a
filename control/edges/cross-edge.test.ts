/** Sums over edges at the control plane: who is asked, who is told, what is forgotten. How edges act on it: tests/cross-edge.test.ts. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { BusyClient, OverLimit } from '../../contract/cross-edge.ts';
import type { Busiest } from '../../contract/cross-edge.ts';
import { EdgeId, GroupName } from '../../contract/ids.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { openCrossEdge } from './cross-edge.ts';

const keys = generateSigningKeyPair();
const verify = textVerifier(keys.publicKey);
const edge = (number: number) => EdgeId.parse(`edge_${String(number).padStart(12, '0')}`);
const busy = (rate: number): Busiest => ({
  kind: 'busiest',
  clients: [BusyClient.parse({ siteId: 'site_000000000001', client: 'C0000207', rate, limit: 100 })],
  below: 0,
  least: 5,
});

function house() {
  const clock = { nowMs: Date.parse('2026-01-01T00:00:00.000Z') };
  const sums = openCrossEdge({ sign: textSigner(keys.privateKey), log: pino({ level: 'silent' }), now: () => clock.nowMs });
  sums.close();
  const heard = new Map<number, OverLimit[]>();
  const join = (number: number, group = 'default') => {
    const said: OverLimit[] = [];
    heard.set(number, said);
    sums.joined(edge(number), GroupName.parse(group), (message) => {
      if (message.kind !== 'over-limit') throw new Error(message.kind);
      expect(verify(message.payload, message.signature)).toBe(true);
      said.push(OverLimit.parse(JSON.parse(message.payload)));
    });
  };
  const second = () => {
    clock.nowMs += 1000;
    sums.turn();
  };
  return { clock, sums, join, second, said: (number: number) => heard.get(number) ?? [] };
}

it('an edge alone is asked nothing; the second one has both asked, and of hundreds one more asks nobody else', () => {
  const { join, second, said } = house();
  join(1);
  second();
  expect(said(1)).toEqual([]);
  join(2);
  second();
  second();
  expect([said(1), said(2)].map((all) => all.map(({ edges }) => edges))).toEqual([[2], [2]]);
  for (let number = 3; number <= 200; number += 1) join(number);
  second();
  join(201);
  second();
  expect(said(1).map(({ edges }) => edges)).toEqual([2, 200]);
  expect(said(201).map(({ edges }) => edges)).toEqual([201]);
});

it('a decision goes to the edges of the group that have told something; an older edge, and another group, hear none', () => {
  const { join, second, said, sums } = house();
  for (const number of [1, 2, 3]) join(number);
  join(4, 'other');
  join(5, 'other');
  second();
  sums.heard(edge(1), busy(60));
  sums.heard(edge(2), busy(60));
  second();
  const decided = (number: number) => said(number).flatMap(({ clients }) => clients);
  expect(decided(1)).toEqual([{ siteId: 'site_000000000001', client: 'C0000207', rate: 120 }]);
  expect(decided(2)).toEqual(decided(1));
  expect([decided(3), decided(4)]).toEqual([[], []]);
  // Not again from the same numbers.
  second();
  expect(decided(1)).toHaveLength(1);
});

it('what an edge told is forgotten after seconds, and when it goes', () => {
  const { join, second, said, sums, clock } = house();
  for (const number of [1, 2]) join(number);
  second();
  sums.heard(edge(1), busy(60));
  clock.nowMs += 5000;
  sums.heard(edge(2), busy(60));
  second();
  expect(said(2).flatMap(({ clients }) => clients)).toEqual([]);
  const instants = said(2).map(({ at }) => at);
  expect(new Set(instants).size).toBe(instants.length);
});
