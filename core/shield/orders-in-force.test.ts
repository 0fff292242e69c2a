import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Instant } from '../../contract/ids.ts';
import { isInForce, nextChangeMs } from './orders-in-force.ts';

const at = (ms: number) => Instant.parse(new Date(ms).toISOString());
const span = fc
  .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }))
  .map(([a, b]) => ({ startsAt: at(a), endsAt: at(b) }));

describe('orders in force', () => {
  it('counts the instant of the start and not the instant of the end', () => {
    const order = { startsAt: at(1000), endsAt: at(2000) };
    expect([999, 1000, 1999, 2000].map((ms) => isInForce(order, ms))).toEqual([false, true, true, false]);
  });

  it('does not change before the next change, which lies in the future', () => {
    fc.assert(
      fc.property(fc.array(span), fc.integer({ min: 0, max: 50 }), (orders, now) => {
        const next = nextChangeMs(orders, now);
        const inForce = (ms: number) => orders.filter((order) => isInForce(order, ms));
        const before = inForce(now);
        for (let ms = now; ms < (next ?? 60); ms += 1) expect(inForce(ms)).toEqual(before);
        if (next !== null) expect(next).toBeGreaterThan(now);
      }),
    );
  });
});
