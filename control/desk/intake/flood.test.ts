import { expect, it } from 'vitest';
import { floodGauge } from './flood.ts';

it('a flood is more than a hundred reports in a second, and it is over two seconds after the last', () => {
  let now = Date.UTC(2026, 2, 4, 10);
  const gauge = floodGauge(() => now);
  for (let n = 0; n < 100; n += 1) gauge.note();
  expect(gauge.isFlood()).toBe(false);
  gauge.note();
  expect(gauge.isFlood()).toBe(true);
  now += 1000;
  expect(gauge.isFlood()).toBe(true);
  now += 1000;
  expect(gauge.isFlood()).toBe(false);
  for (let n = 0; n < 101; n += 1) gauge.note();
  expect(gauge.isFlood()).toBe(true);
  now += 60_000;
  expect(gauge.isFlood()).toBe(false);
});
