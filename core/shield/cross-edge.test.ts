/** Sums over edges: never more than the truth, never less than the truth but for what the floors allow, and one edge decides nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BusyClient, ClientKey } from '../../contract/cross-edge.ts';
import { SiteId } from '../../contract/ids.ts';
import { busiest, mostMissed, overLimit } from './cross-edge.ts';

const site = SiteId.parse('site_000000000001');
const client = (number: number) => ClientKey.parse(number.toString(16).toUpperCase().padStart(8, '0'));
const row = (number: number, rate: number, limit = 100) =>
  BusyClient.parse({ siteId: site, client: client(number), rate, limit });

/** Rows of some edges: client number → requests. A client is at most once at an edge. */
const someEdges = fc.array(
  fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 100 })), {
    selector: ([number]) => number,
    maxLength: 13,
  }),
  { minLength: 2, maxLength: 12 },
);

describe('a sum over edges', () => {
  it('is never more than the truth, and less only by what the floors allow', () => {
    fc.assert(
      fc.property(someEdges, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 20 }), (edges, most, least) => {
        const told = edges.map((rows) =>
          busiest(
            rows.filter(([, rate]) => rate >= least).map(([number, rate]) => row(number, rate)),
            edges.length,
            least,
            most,
          ),
        );
        for (let number = 0; number <= 12; number += 1) {
          const truth = edges.flat().reduce((sum, [who, rate]) => sum + (who === number ? rate : 0), 0);
          const seen = told.flatMap(({ clients }) => clients.filter((one) => one.client === client(number)));
          const sum = seen.reduce((whole, { rate }) => whole + rate, 0);
          expect(sum).toBeLessThanOrEqual(truth);
          expect(truth).toBeLessThanOrEqual(sum + mostMissed(told, row(number, 0)) + 1e-9);
        }
      }),
    );
  });

  it('misses at an edge at most one part in N + 1 of what is used there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (rates, most) => {
          const { clients, below } = busiest(
            rates.map((rate, number) => row(number, rate)),
            1_000_000,
            1,
            most,
          );
          expect(clients.length).toBeLessThanOrEqual(most);
          const used = rates.reduce((sum, rate) => sum + rate / 100, 0);
          expect(below).toBeLessThanOrEqual(Math.max(used / (most + 1), 1 / 2_000_000) + 1e-9);
        },
      ),
    );
  });

  it('that is over finds a client that is spread evenly and over by half, whatever the number of edges', () => {
    for (const edges of [2, 3, 10, 50]) {
      const rate = Math.ceil(150 / edges);
      const told = Array.from({ length: edges }, () => busiest([row(7, rate), row(8, 0)], edges, 1));
      expect(overLimit(told).map((one) => one.client)).toEqual([client(7)]);
    }
  });

  it('of one edge alone decides nothing, and no edge’s word counts for more than one limit', () => {
    const lying = busiest([row(7, 100_000)], 3, 1);
    expect(overLimit([lying, busiest([row(8, 90)], 3, 1)])).toEqual([]);
    const [found] = overLimit([lying, busiest([row(7, 30)], 3, 1)]);
    expect(found).toMatchObject({ rate: 130, limit: 100, edges: 2 });
  });

  it('names whoever is the most over first, and no more than fit', () => {
    const told = [1, 2].map(() => busiest([row(1, 60), row(2, 90), row(3, 80), row(4, 20)], 2, 1));
    expect(overLimit(told, 2).map((one) => one.client)).toEqual([client(2), client(3)]);
  });
});
