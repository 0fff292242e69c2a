/** What must hold for every policy, not only for those in testdata. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, it } from 'vitest';
import { Cidr } from '../../contract/network.ts';
import { OrderPolicy, ProviderPolicy, SitePolicy, defaultChallengeSettings, defaultSiteLimits } from '../../contract/policy.ts';
import { languages } from './pages/languages.ts';
import { counterIndex, mapText, maxEntryBytes, parseCounterLine, renderPages, renderSite } from './index.ts';
import { field, urlEncodedValue } from './maps.ts';
import { networkTable } from './networks.ts';
import { html, linkTarget, literal } from './pages/escape.ts';
import { factField, stateField } from './site.ts';

const provider = ProviderPolicy.parse({ kind: 'provider', name: 'Example Shield', publicUrl: 'https://shield.example' });
const siteId = 'site_0123456789ab';

const hostile = fc.string({
  unit: fc.constantFrom(
    '|',
    '\n',
    '\r',
    ' ',
    '"',
    "'",
    '<',
    '>',
    '&',
    '%',
    '\\',
    ';',
    '\u2028',
    '\u0000',
    'é',
    'a',
    '😀',
    '[',
    '?',
    '+',
  ),
  minLength: 12,
  maxLength: 300,
});

const anySite = fc
  .record({ hostHeader: fc.option(hostile), host: hostile, attack: fc.boolean() })
  .map(({ hostHeader, host, attack }) =>
    SitePolicy.safeParse({
      kind: 'site',
      siteId,
      hostnames: ['forum.example', '*.forum.example'],
      origin: { scheme: 'https', host: host.slice(0, 200), port: 443, hostHeader, addresses: ['192.0.2.1'] },
      mode: attack ? 'attack' : 'off',
      limits: defaultSiteLimits,
      networks: [{ cidr: '192.0.2.0/25', action: 'deny' }],
      challenge: defaultChallengeSettings,
    }),
  )
  .filter((parsed) => parsed.success)
  .map((parsed) => parsed.data);

const anyOrder = fc
  .record({
    reason: hostile,
    authority: hostile,
    reference: hostile,
    path: fc.option(fc.constantFrom('/a', '/b/c/')),
    measure: fc.constantFrom('notice-on-host', 'challenge', 'rate-limit'),
  })
  .map(({ reason, authority, reference, path, measure }) =>
    OrderPolicy.safeParse({
      kind: 'order',
      orderId: 'order_0123456789ab',
      decision: 'D-2026-0001',
      measure: path === null ? measure : 'notice-on-path',
      scope: { siteId, hostnames: ['forum.example'], path },
      basis: {
        kind: 'legal-order',
        authority: authority.slice(0, 200),
        reference: reference.slice(0, 200),
        authorityUrl: 'https://court.example/?q=%22a%22&b=|<>',
      },
      publicReason: reason,
      requestsPer10s: 7,
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2026-01-02T00:00:00.000Z',
      statementUrl: 'https://shield.example/decisions/1?a=1&b="2"',
      appealUrl: 'https://shield.example/appeals/1',
    }),
  )
  .filter((parsed) => parsed.success)
  .map((parsed) => parsed.data);

it('no key or value of any policy can end its line, and packed values keep their number of fields', () => {
  fc.assert(
    fc.property(anySite, fc.array(anyOrder, { maxLength: 3 }), (site, orders) => {
      for (const { map, key, value } of renderSite(site, orders, provider)) {
        expect(key).toMatch(/^[^\s#][^\s]*$/);
        expect(value).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(value).toMatch(/^\S.*\S$|^\S$/);
        expect(Buffer.byteLength(`${key} ${value}`)).toBeLessThan(maxEntryBytes + 3000);
        if (map === 'hosts' || map === 'wildcards') expect(value.split('|')).toHaveLength(Object.keys(factField).length);
        if (map === 'states' || map === 'paths') expect(value.split('|')).toHaveLength(Object.keys(stateField).length);
      }
    }),
  );
});

it('no text of an order becomes markup, an attribute or a second header', () => {
  fc.assert(
    fc.property(anySite, anyOrder, (site, order) => {
      for (const { map, value } of renderSite(site, [order], provider)) {
        if (map === 'notices') {
          expect(value.replace(/^451\|/, '')).toMatch(/^<[^<>"\s]+>; rel="describedby", <[^<>"\s]+>; rel="blocked-by"$/);
        }
        if (map !== 'notice-html') continue;
        const tags = value.match(/<[^>]*>/g) ?? [];
        for (const tag of tags)
          expect(tag).toMatch(/^<\/?(h1|dl|dt|dd|p|code)>$|^<a href="https:\/\/[^"<>\s]*" rel="noreferrer">$|^<\/a>$/);
      }
    }),
  );
});

it('the JSON form of a notice is JSON whatever its texts hold', () => {
  fc.assert(
    fc.property(anySite, anyOrder, (site, order) => {
      const value = renderSite(site, [order], provider).find(({ map }) => map === 'notice-json')?.value;
      if (value === undefined) return;
      expect(JSON.parse(`{${value}}`)).toMatchObject({ status: 451, decision: 'D-2026-0001' });
    }),
  );
});

it('escaped text holds nothing that HTML reads, and reads back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const escaped = html(text);
      expect(escaped).not.toMatch(/[<>"']/);
      expect(escaped.replaceAll(/&(?!amp;|lt;|gt;|#34;|#39;)/g, 'BAD')).not.toContain('BAD');
    }),
  );
});

it('literal text in a template holds no expression', () => {
  fc.assert(fc.property(fc.string(), (text) => literal(text).replaceAll('%%', '').includes('%') === false));
});

it('a field holds no separator, and an encoded value decodes to what it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(field(text)).not.toMatch(/[|\p{Cc}]/u);
      expect(urlEncodedValue(text)).not.toMatch(/[|\p{Cc}]/u);
      expect(decodeURIComponent(urlEncodedValue(text))).toBe(text);
    }),
  );
});

it('an owner cannot make the challenge of an order easy', () => {
  const easy = { expectedHashes: 1, clearanceSeconds: 30 * 86_400 };
  const site = SitePolicy.parse({
    kind: 'site',
    siteId,
    hostnames: ['forum.example'],
    origin: { scheme: 'http', host: 'origin.example', port: 80, hostHeader: null, addresses: ['192.0.2.1'] },
    mode: 'attack',
    limits: defaultSiteLimits,
    networks: [],
    challenge: easy,
  });
  const order = OrderPolicy.parse({
    kind: 'order',
    orderId: 'order_0123456789ab',
    decision: 'D-2026-0001',
    measure: 'challenge',
    scope: { siteId, hostnames: [], path: null },
    basis: { kind: 'own-decision' },
    publicReason: 'Floods of threats come from this site.',
    requestsPer10s: null,
    startsAt: '2026-01-02T03:04:05.000Z',
    endsAt: '2026-02-02T03:04:05.000Z',
    statementUrl: 'https://shield.example/decisions/D-2026-0001',
    appealUrl: 'https://shield.example/appeal',
  });
  const facts = (settings: typeof easy, orders: OrderPolicy[]) => {
    const entry = renderSite({ ...site, challenge: settings }, orders, provider).find(({ map }) => map === 'hosts');
    const fields = entry?.value.split('|') ?? [];
    return [fields[factField.target - 1], fields[factField.clearanceSeconds - 1]];
  };
  expect(facts(easy, [order])).toEqual(facts(defaultChallengeSettings, [order]));
  expect(facts(easy, [])).not.toEqual(facts(defaultChallengeSettings, []));
  const hard = { expectedHashes: 1_000_000, clearanceSeconds: 600 };
  expect(facts(hard, [order])).toEqual(facts(hard, []));
});

it('a link target has no character that could end it', () => {
  fc.assert(
    fc.property(fc.webUrl(), hostile, (url, tail) => {
      expect(linkTarget(`${url}?${tail}`)).toMatch(/^[\x21-\x7e]+$/);
      expect(linkTarget(`${url}/${encodeURI(tail)}#${tail}`)).not.toMatch(/[<>"|\\^`]/);
    }),
  );
});

const cidrs = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, bits]) => `${address}/${bits}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([address, bits]) => `${address}/${bits}`),
);
const rules = fc.array(fc.record({ cidr: cidrs, action: fc.constantFrom('allow' as const, 'deny' as const) }), { maxLength: 12 });

/** What HAProxy does: the longest key that begins the visitor's. */
function lookUp(table: ReadonlyMap<string, string>, address: string): string | null {
  const parsed = ipaddr.process(address);
  const hex = parsed
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  const key = (parsed.kind() === 'ipv4' ? '4' : '6') + hex;
  for (let length = key.length; length > 0; length -= 1) {
    const found = table.get(key.slice(0, length));
    if (found !== undefined) return found;
  }
  return null;
}

it('expanded networks answer as the longest matching network does', () => {
  fc.assert(
    fc.property(rules, fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(), (texts, anywhere, pick) => {
      const parsed = texts.flatMap(({ cidr, action }) => {
        const canonical = Cidr.safeParse(cidr);
        return canonical.success ? [{ cidr: canonical.data, action }] : [];
      });
      const base = parsed[pick % Math.max(1, parsed.length)]?.cidr.split('/')[0];
      for (const address of [anywhere, ...(base === undefined ? [] : [base])]) {
        const visitor = ipaddr.process(address);
        const matching = parsed
          .map((rule, index) => ({ rule, index, range: ipaddr.parseCIDR(rule.cidr) }))
          .filter(({ range }) => range[0].kind() === visitor.kind() && visitor.match(range))
          .sort((a, b) => b.range[1] - a.range[1] || a.index - b.index);
        expect(lookUp(networkTable(parsed), address)).toBe(matching[0]?.rule.action ?? null);
      }
    }),
    { numRuns: 500 },
  );
});

it('map text is sorted, has one line for a key, and does not depend on the order of entries', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.constantFrom('1', '2') })), (pairs) => {
      const entries = pairs.map((pair) => ({ map: 'states' as const, ...pair }));
      const text = mapText(entries);
      expect(mapText(entries.toReversed())).toBe(text);
      const keys = text.split('\n').flatMap((line) => (line === '' ? [] : [line[0]]));
      expect(keys).toEqual([...new Set(keys)].sort());
    }),
  );
});

it('a counter line is read by name, and what is not a site is skipped', () => {
  const line =
    '0x55e151022630: key=site_0123456789ab use=0 exp=59930 conn_cur=3 gpc0=1 gpc1=2 gpc2=3 gpc3=4 gpc4=5 gpc5=6 gpc6=7';
  const row = parseCounterLine(line);
  expect(row).toMatchObject({ siteId, inProgress: 3 });
  for (const [outcome, index] of Object.entries(counterIndex)) expect(row?.counts).toHaveProperty(outcome, index + 1);
  expect(parseCounterLine('# table: sites, type: string, size:1048576, used:1')).toBeNull();
  expect(parseCounterLine('0x55: key=other use=0 exp=1 conn_cur=0 gpc0=1')).toBeNull();
  expect(parseCounterLine('')).toBeNull();
});

it('every page fits one buffer of HAProxy with room for its headers, and holds no address of anybody else', () => {
  const long = ProviderPolicy.parse({
    kind: 'provider',
    name: '"'.repeat(80),
    publicUrl: `https://shield.example/${'a'.repeat(270)}`,
  });
  for (const [name, text] of Object.entries(renderPages(long))) {
    if (typeof text !== 'string' || name.endsWith('.js')) {
      expect(Buffer.byteLength(text), name).toBeLessThan(14_000);
      continue;
    }
    if (name.endsWith('.words')) {
      // One language of it goes into the page, as it stands.
      for (const { language } of languages) {
        const own = text.split('\n').filter((row) => row.startsWith(`${language}.`));
        expect(Buffer.byteLength(own.join('')), `${name}, ${language}`).toBeLessThan(6000);
      }
      expect(text).not.toMatch(/%\[|%%/);
      continue;
    }
    expect(Buffer.byteLength(text), name).toBeLessThan(6000);
    expect(text.replaceAll('https://shield.example/', '').match(/https?:\/\//g), name).toBeNull();
  }
});
