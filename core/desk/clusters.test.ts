import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accounts, campaigns, fill, picker } from '../../tests/harness/desk-texts.ts';
import { clusterKeys, componentsOf } from './clusters.ts';
import type { Claim } from './clusters.ts';
import { partsOf, unprovedWitness } from './volume.ts';

const keysOf = clusterKeys((text) => createHash('sha256').update(text).digest('base64url'));
const scope = 'forum.example';
const thread = 'https://forum.example/t/1';
const claim = (text: string, urls: readonly string[] = []): Claim => ({ scope, text, urls });
const partition = (claims: readonly Claim[]) => componentsOf(claims.map(keysOf));
const languages = ['en', 'de', 'es'] as const;

describe('clusters', () => {
  it.each(languages)('2,000 texts of a template with synonyms on twelve addresses are few claims (%s)', (language) => {
    const pick = picker(7);
    const claims = Array.from({ length: 2000 }, (_, index) =>
      claim(fill(campaigns[language], pick), [`https://forum.example/t/${index % 12}`]),
    );
    const groups = partition(claims);
    expect(groups.length).toBeLessThanOrEqual(5);
    expect(Math.max(...groups.map((group) => group.length))).toBeGreaterThan(1900);
  });

  it.each(languages)('accounts of six people about one post stay six claims, also beside a campaign (%s)', (language) => {
    const six = accounts[language].map((text) => claim(text, [thread]));
    expect(partition(six)).toHaveLength(6);
    const pick = picker(11);
    const campaign = Array.from({ length: 300 }, () => claim(fill(campaigns[language], pick), [thread]));
    const groups = partition([...six, ...campaign]);
    for (let index = 0; index < six.length; index += 1) expect(groups).toContainEqual([index]);
  });

  it('accounts that begin with the same advice of a helpline stay different claims', () => {
    const advice =
      'I was told by a helpline to write to you. I am a person who is talked about on the site that you protect, and I ask you to look at the address below. ';
    expect(partition(accounts.en.map((text) => claim(advice + text, [thread])))).toHaveLength(6);
  });

  it('a copy with another spelling, other addresses and other numbers is the same claim', () => {
    const text = accounts.en[1] ?? '';
    const copies = [
      text,
      text.toUpperCase(),
      text.replaceAll(' ', '  '),
      `${text} https://a.example/x @somebody 12345`,
      text.replace('three', 'two'),
      text.replaceAll('e', 'é'),
    ];
    expect(partition(copies.map((copy) => claim(copy)))).toHaveLength(1);
  });

  it('the same words of two sites are two claims', () => {
    const text = accounts.en[0] ?? '';
    expect(partition([claim(text), { ...claim(text), scope: 'other.example' }])).toHaveLength(2);
  });

  it('a shared address or hashtag alone joins nobody; two short texts with other addresses are two claims', () => {
    expect(partition([claim('#DropIt please look', [thread]), claim('#DropIt they have my number', [thread])])).toHaveLength(2);
    expect(
      partition([claim('They have my address.', [`${thread}0`]), claim('They have my address.', [`${thread}1`])]),
    ).toHaveLength(2);
    expect(partition([claim('They have my address.', [thread]), claim('they have my  address.', [thread])])).toHaveLength(1);
    expect(keysOf(claim(''))).toEqual([]);
  });

  const anyClaim = fc
    .record({
      text: fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.constantFrom(
          ...accounts.en,
          ...accounts.de,
          '',
          '🙂🙂🙂',
          'a'.repeat(20_000),
          'مرحبا بكم '.repeat(30),
          '\u0000',
          '他们公布了我的住址'.repeat(8),
          '\ud800',
        ),
        fc.nat(50).map((seed) => fill(campaigns.en, picker(seed))),
      ),
      urls: fc.array(fc.constantFrom(thread, 'https://forum.example/t/2', 'https://forum.example/t/3'), { maxLength: 3 }),
    })
    .map(({ text, urls }) => claim(text, urls));

  it('do not depend on the order of arrival, nor of the addresses', () => {
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 15 }), fc.infiniteStream(fc.nat()), (claims, numbers) => {
        const order = claims.map((one, index) => ({
          one: { ...one, urls: [...one.urls].reverse() },
          index,
          at: Number(numbers.next().value),
        }));
        order.sort((a, b) => a.at - b.at);
        const turned = partition(order.map(({ one }) => one)).map((group) =>
          group.map((at) => order[at]?.index ?? -1).sort((a, b) => a - b),
        );
        const sorted = (groups: number[][]) => groups.map((group) => group.join(' ')).sort();
        expect(sorted(turned)).toEqual(sorted(partition(claims)));
      }),
      { numRuns: 60 },
    );
  });

  it('do not change when reports come again', () => {
    fc.assert(
      fc.property(fc.array(anyClaim, { maxLength: 10 }), fc.integer({ min: 1, max: 4 }), (claims, times) => {
        // A report without any words or address is a claim of its own each time: nobody knows what it says.
        const telling = claims.filter((one) => keysOf(one).length > 0);
        const again = Array.from({ length: times }, () => telling).flat();
        expect(partition([...telling, ...again])).toHaveLength(partition(telling).length);
      }),
      { numRuns: 60 },
    );
  });

  it('cost a bounded time for hostile texts', () => {
    for (const text of [
      'a'.repeat(100_000),
      'a@'.repeat(50_000),
      'a.'.repeat(50_000),
      '#a '.repeat(30_000),
      Array.from({ length: 20_000 }, (_, index) => `w${index.toString(36)}x`).join(' '),
    ]) {
      const begun = performance.now();
      expect(keysOf(claim(text, [thread])).length).toBeLessThanOrEqual(60);
      expect(performance.now() - begun).toBeLessThan(2000);
    }
  });
});

describe('what is counted of a cluster', () => {
  it('counts an artefact once, a known witness once, and all unknown witnesses as one', () => {
    const base = { artefacts: ['url:a'], role: 'target', proof: 'none', mark: null } as const;
    const parts = [
      ...partsOf(base),
      ...partsOf(base),
      ...partsOf({ ...base, mark: 'm1' }),
      ...partsOf({ ...base, mark: 'm1', proof: 'mail' }),
      ...partsOf({ ...base, mark: 'm1', proof: 'mail', artefacts: ['url:a', 'file:b'] }),
      ...partsOf({ ...base, mark: 'm2', proof: 'mail', role: 'bystander' }),
    ];
    expect(new Set(parts)).toEqual(new Set(['k:url:a', 'k:file:b', 'w:m1', unprovedWitness]));
  });
});
