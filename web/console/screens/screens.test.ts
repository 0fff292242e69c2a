/** What is typed on screens, and what comes of it: origins, networks, settings, orders, timelines, the way back after signing in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderDraft } from '../../../contract/routes/orders.ts';
import { SiteChange } from '../../../contract/routes/sites.ts';
import { populated } from '../mock/state.ts';
import { parseSearch, searchWords, stringifySearch, withWord } from '../search.ts';
import { safeNext } from './entry/next.ts';
import { draftFrom, emptyOrder, endOf } from './orders/draft.ts';
import { eventsOf } from './orders/events.ts';
import { shownState } from './orders/shown.ts';
import { changeOf, changesIn, draftOf } from './sites/settings-draft.ts';
import { linesOf, networksText, originText, parseNetworks, parseOrigin } from './sites/typed.ts';

const now = Date.parse('2026-11-22T12:00:00.000Z');
const held = populated(() => now);
const missing = { site: 'needs a site', hostnames: 'needs a hostname', path: 'needs a path', instant: 'needs a date' };

function first<Item>(items: readonly Item[], fits: (item: Item) => boolean): Item {
  const found = items.find(fits);
  if (found === undefined) throw new Error('the mock holds no such thing');
  return found;
}

describe('an origin', () => {
  it.each([
    ['http://192.0.2.7:8000', 'http', '192.0.2.7', 8000],
    ['https://origin.example', 'https', 'origin.example', 443],
    ['http://[2001:db8::1]:81/', 'http', '2001:db8::1', 81],
  ])('%s is taken apart and put together again', (text, scheme, host, port) => {
    const origin = parseOrigin(text, '');
    expect(origin).toEqual({ scheme, host, port, hostHeader: null });
    expect(origin === null ? '' : originText(origin)).toBe(text.replace(/\/$/, ''));
  });

  it.each([
    '',
    'forum.example',
    'ftp://forum.example',
    'http://a:b@forum.example',
    'http://forum.example/path',
    'http://forum.example?x',
  ])('“%s” is refused', (text) => {
    expect(parseOrigin(text, '')).toBeNull();
  });
});

describe('network rules', () => {
  it('survive the way through text', () => {
    const site = first(held.sites, (candidate) => candidate.networks.length > 0);
    expect(parseNetworks(networksText(site.networks))).toEqual({ ok: true, networks: site.networks });
  });

  it('name the first line that is none', () => {
    expect(parseNetworks('deny 192.0.2.0/24\n\nblock 192.0.2.0/24')).toEqual({ ok: false, line: 3 });
    expect(parseNetworks('allow 192.0.2.300')).toEqual({ ok: false, line: 1 });
  });
});

describe('settings', () => {
  const site = first(held.sites, (candidate) => candidate.networks.length > 0);

  it('that nobody touched send nothing', () => {
    expect(changesIn(site, draftOf(site))).toEqual([]);
    expect(changeOf(site, draftOf(site), String, 'bad')).toEqual({ body: {}, mistakes: [] });
  });

  it('send only what was changed', () => {
    const draft = { ...draftOf(site), requestsPer10s: '', hostnames: 'forum.example\nnews.forum.example' };
    const { body, mistakes } = changeOf(site, draft, String, 'bad');
    expect(mistakes).toEqual([]);
    expect(SiteChange.parse(body)).toEqual({
      limits: { requestsPer10s: null },
      hostnames: ['forum.example', 'news.forum.example'],
    });
  });

  it('that are no numbers are refused by the contract, at their field', () => {
    const { body } = changeOf(site, { ...draftOf(site), concurrentPerClient: 'many' }, String, 'bad');
    expect(SiteChange.safeParse(body).error?.issues[0]?.path).toEqual(['limits', 'concurrentPerClient']);
  });
});

describe('an order', () => {
  const siteId = held.sites[0]?.siteId ?? '';
  const reasons = { publicReason: 'This was used to threaten a person.', internalReason: 'Seen by two people on Friday.' };

  it('as typed fits the contract and ends after its start', () => {
    const draft = draftFrom({ ...emptyOrder(siteId), ...reasons, path: '/board', length: '24' }, now, missing);
    expect(draft.ok).toBe(true);
    if (draft.ok) expect(OrderDraft.parse(draft.body)).toMatchObject({ path: '/board', endsAt: '2026-11-23T12:00:00.000Z' });
  });

  it('tells every mistake at once, each once', () => {
    const draft = draftFrom({ ...emptyOrder(''), scope: 'some', breakGlass: true, basis: 'legal-order' }, now, missing);
    const paths = draft.ok ? [] : draft.mistakes.map((mistake) => mistake.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'siteId',
        'hostnames',
        'path',
        'publicReason',
        'internalReason',
        'breakGlass.reason',
        'basis.authority',
      ]),
    );
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('that starts later ends that much later', () => {
    const typed = { ...emptyOrder(siteId), starts: 'exact' as const, startsLocal: '2026-12-01T10:00', length: '1' as const };
    expect(Date.parse(endOf(typed, now) ?? '') - new Date('2026-12-01T10:00').getTime()).toBe(3_600_000);
    expect(endOf({ ...typed, startsLocal: '' }, now)).toBeNull();
  });

  it('tells its story in order', () => {
    const glass = first(held.orders, (order) => order.breakGlass !== null);
    expect(eventsOf(glass, now).map((event) => [event.text, event.past])).toEqual([
      ['Put in force by Ben Sørensen alone (break-glass)', true],
      ['Ends by itself unless a second person confirms', false],
    ]);
    const lifted = first(held.orders, (order) => order.state === 'lifted');
    expect(eventsOf(lifted, now).map((event) => event.text)).toEqual([
      'Proposed by Ada Okafor',
      'Confirmed by Ben Sørensen',
      'Lifted by Ada Okafor',
    ]);
  });

  it('that is confirmed but not in force is scheduled', () => {
    expect(shownState({ state: 'confirmed', inForce: false })).toBe('scheduled');
    expect(shownState({ state: 'confirmed', inForce: true })).toBe('inForce');
  });
});

describe('after signing in', () => {
  it('one lands inside the console, whatever the URL says', () => {
    expect(safeNext('/orders?state=inForce')).toBe('/console/orders?state=inForce');
    for (const bad of [
      undefined,
      '',
      'https://elsewhere.example/',
      '//elsewhere.example',
      '/\\elsewhere.example',
      '/orders\\elsewhere',
      '/sign-in?next=x',
    ]) {
      expect(safeNext(bad)).toBe('/console/sites');
    }
    fc.assert(fc.property(fc.webUrl(), (url) => safeNext(url) === '/console/sites'));
  });
});

describe('the words in the URL', () => {
  it('are plain text both ways, and unknown ones are dropped', () => {
    const parse = searchWords('search', 'state');
    expect(stringifySearch(parse(parseSearch('?search=a+b&state=&evil=1')))).toBe('?search=a+b');
    fc.assert(fc.property(fc.string(), (text) => (parse(parseSearch(stringifySearch({ search: text }))).search ?? '') === text));
  });

  it('change one at a time', () => {
    expect(withWord({ search: 'a', state: 'b' }, 'state', '')).toEqual({ search: 'a' });
  });

  it('of a list of hostnames may be set apart by lines, spaces or commas', () => {
    expect(linesOf(' a.example,\nb.example  c.example\n')).toEqual(['a.example', 'b.example', 'c.example']);
  });
});
