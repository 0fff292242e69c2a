/** What an edge knows of relays without a network: in which order it tries, and when it takes one for a cheat. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { EdgeId, Revision } from '../../contract/ids.ts';
import { linkBytes, numberBytes, readLink, readNumbers } from '../../contract/relay.ts';
import { Addresses } from './addresses.ts';
import { RelayWatch } from './relay-watch.ts';

const control = 'https://control.example/';
const relays = ['http://one.example/', 'http://two.example/', 'http://three.example/'];
const edge = (number: number) => EdgeId.parse(`edge_${String(number).padStart(12, '0')}`);

describe('addresses', () => {
  it('are all relays, each edge from another one on, and last the control plane, and around', () => {
    const firsts = new Set<string>();
    for (let number = 0; number < 30; number += 1) {
      const addresses = new Addresses(edge(number), control, relays);
      const met = relays.map(() => {
        const { url, isRelay } = addresses.current;
        expect(isRelay).toBe(true);
        addresses.failed();
        return url;
      });
      expect([...met].sort()).toEqual([...relays].sort());
      expect(addresses.current).toEqual({ url: control, isRelay: false });
      expect(addresses.better).toHaveLength(3);
      firsts.add(met[0] ?? '');
      addresses.failed();
      expect(addresses.current.url).toBe(met[0]);
    }
    expect(firsts.size).toBe(3);
  });

  it('are one without relays', () => {
    const addresses = new Addresses(edge(1), control, []);
    addresses.failed();
    expect([addresses.current, addresses.better]).toEqual([{ url: control, isRelay: false }, []]);
  });

  it('that are better are asked ever more rarely, until a stream there has lasted', () => {
    const addresses = new Addresses(edge(1), control, relays);
    const [first] = [addresses.current];
    addresses.failed();
    const waits = Array.from({ length: 12 }, () => {
      const waitMs = addresses.homeMs(1);
      addresses.moveTo(first);
      addresses.lasted(1000);
      addresses.failed();
      return waitMs;
    });
    expect(waits.slice(0, 3)).toEqual([120_000, 240_000, 480_000]);
    expect(waits.at(-1)).toBe(3_600_000);
    addresses.lasted(600_000);
    expect(addresses.homeMs(1)).toBe(120_000);
  });
});

describe('a relay', () => {
  const at = (revision: number) => ({ revision: Revision.parse(revision), digest: String(revision) });

  it('is in time as long as what the control plane says does not grow old on its way, whatever the clocks show', () => {
    for (const skewMs of [0, -86_400_000, 1_700_000_000_000]) {
      const watch = new RelayWatch();
      for (let second = 0; second < 100; second += 5)
        expect(watch.heard(at(1), skewMs + second * 1000, at(1), second * 1000 + (second % 3) * 500)).toBe('in-time');
    }
  });

  it('that keeps words back, ever longer or all at once, is found', () => {
    const slower = new RelayWatch();
    const verdicts = Array.from({ length: 20 }, (_none, n) => slower.heard(at(1), n * 5000, at(1), n * 5000 + n * 1000));
    expect(verdicts.indexOf('held-back')).toBe(16);
    const stalled = new RelayWatch();
    expect(stalled.heard(at(1), 0, at(1), 0)).toBe('in-time');
    expect(stalled.heard(at(1), 5000, at(1), 21_000)).toBe('held-back');
  });

  it('that leaves revisions out is found after half a minute; an edge that catches up in between has time again', () => {
    const watch = new RelayWatch();
    const heard = (second: number, head: number, held: number) => watch.heard(at(head), second * 1000, at(held), second * 1000);
    expect([heard(0, 2, 1), heard(25, 3, 1), heard(29, 3, 3), heard(30, 4, 3), heard(59, 4, 3)]).not.toContain('held-back');
    expect(heard(61, 5, 3)).toBe('held-back');
    const other = new RelayWatch();
    const digest = (second: number) => other.heard({ ...at(1), digest: 'x' }, second * 1000, at(1), second * 1000);
    expect([digest(0), digest(31)]).toEqual(['in-time', 'held-back']);
  });
});

it('messages of a link come out as they went in, and what is too short is none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.uint8Array(),
      fc.array(fc.integer({ min: 0, max: 0xffff_ffff })),
      (mark, number, bytes, numbers) => {
        const read = readLink(linkBytes(mark, number, bytes, numberBytes(numbers)));
        expect([read?.mark, read?.number]).toEqual([mark, number]);
        expect([...(read?.body.subarray(0, bytes.length) ?? [])]).toEqual([...bytes]);
        expect(readNumbers(read?.body.subarray(bytes.length) ?? new Uint8Array())).toEqual(numbers);
        expect(readLink(linkBytes(mark, number).subarray(0, 4))).toBeNull();
      },
    ),
  );
});
