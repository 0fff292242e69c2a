/** The public pages through the front door: what everybody may read, what nobody may, and that everybody can. */
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { errorTable, Problem } from '../../contract/errors.ts';
import { PublicDecision } from '../../contract/routes/orders.ts';
import { openStore } from '../../store/open.ts';
import { axeOn, picture, startBrowser } from '../../tests/harness/browser.ts';
import { addAlarm, hoursAgo, legal, pagesNow, startPages } from '../../tests/harness/pages.ts';
import type { PagesHouse } from '../../tests/harness/pages.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { instantOf } from '../../core/instant.ts';
import { catalogues, wordsFor } from './words/index.ts';

let folder: string;
let house: PagesHouse;
let browser: Browser;
const later = (hours: number) => instantOf(pagesNow + hours * 3_600_000);

beforeAll(async () => {
  folder = temporaryFolder('pages');
  house = await startPages(await openStore(await embeddedAddress(join(folder, 'db'))));
  await house.decide('D-2026-0001', {
    state: 'expired',
    startsAt: hoursAgo(300),
    endsAt: hoursAgo(228),
    measure: 'challenge',
    siteName: 'Harbour wiki',
    hostnames: [],
    publicReason: 'The site was used to aim a flood at a hospital; visitors had to pass a check until the source was found.',
  });
  await house.decide('D-2026-0002', {
    state: 'lifted',
    startsAt: hoursAgo(200),
    liftedAt: hoursAgo(150),
    liftReason: 'SECRET-INTERNAL',
    measure: 'notice-on-path',
    path: '/threads/4711',
    basis: legal,
    publicReason: 'A court ordered this thread to be withheld while it hears the case.',
  });
  await house.decide('D-2026-0003', { publicReason: 'Threats <script>alert(1)</script> & “specific” ones were posted here.' });
  await house.decide('D-2026-0004', { state: 'proposed', confirmer: null, confirmedAt: null, startsAt: null, revision: null });
  await house.decide('D-2026-0005', {
    confirmer: null,
    confirmedAt: null,
    breakGlass: { reason: 'SECRET-INTERNAL', expiresAt: later(1) },
    publicReason: 'A home address was posted with a call to go there tonight.',
  });
  await house.decide('D-2026-0006', { startsAt: later(2), siteName: 'SECRET-SCHEDULED', revision: null });
  await house.decide('D-2026-0007', { state: 'withdrawn', startsAt: null, revision: null });
  await addAlarm(house.store, 'edge-away', 30);
  await addAlarm(house.store, 'break-glass', 30);
  browser = await startBrowser([]);
});

afterAll(async () => {
  await browser.close();
  await house.stop();
  removeFolder(folder);
});

async function read(path: string, headers: Record<string, string> = { accept: 'text/html' }, method = 'GET') {
  const response = await fetch(`${house.url}${path}`, { method, headers });
  return { response, text: await response.text() };
}
const json = { accept: 'application/json' };

describe('what is public', () => {
  test('a decision in force has a page with reason, scope, basis, times, proof, appeal and help', async () => {
    const { response, text } = await read('/decisions/D-2026-0003');
    expect(response.status).toBe(200);
    for (const part of [
      'D-2026-0003',
      'forum.example',
      'Two people',
      'A decision of our own',
      'The number of reports played no part',
      '3 of 3 edges have signed',
      '32\u00a0ms',
      'datetime="2026-11-22T13:42:07.000Z"',
      'href="/help"',
      '/appeal"',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('the same decision is JSON for programs, of the shape that the contract says', async () => {
    for (const answer of [await read('/decisions/D-2026-0003', json), await read('/decisions/d-2026-0003.json')]) {
      expect(answer.response.headers.get('content-type')).toBe('application/json');
      const decision = PublicDecision.parse(JSON.parse(answer.text));
      expect(decision).toMatchObject({ decision: 'D-2026-0003', state: 'in-force', decidedBy: 'two-people' });
    }
    const { text } = await read('/decisions.json');
    const all = z.object({ items: z.array(PublicDecision) }).parse(JSON.parse(text)).items;
    expect(all.map((decision) => decision.decision)).toEqual(['D-2026-0005', 'D-2026-0003', 'D-2026-0002', 'D-2026-0001']);
  });

  test('a feed reader gets every decision, the one that changed last first', async () => {
    const { response, text } = await read('/decisions.atom');
    expect(response.headers.get('content-type')).toContain('application/atom+xml');
    const numbers = [...text.matchAll(/<title>(D-\d{4}-\d{4}):/g)].map((match) => match[1]);
    expect(numbers).toEqual(['D-2026-0005', 'D-2026-0003', 'D-2026-0002', 'D-2026-0001']);
    const page = await browser.newPage();
    const wellFormed = `new DOMParser().parseFromString(${JSON.stringify(text)}, 'application/xml').querySelector('parsererror') === null`;
    expect(await page.evaluate(wellFormed)).toBe(true);
    await page.close();
    expect(text).not.toContain('SECRET');
  });

  test('a legal order names the authority and the status 451; a decision of our own says 403', async () => {
    const law = await read('/decisions/D-2026-0002');
    expect(law.text).toContain('the District Court of Exampleton');
    expect(law.text).toContain('451');
    expect((await read('/decisions/D-2026-0003')).text).toContain('403');
  });

  test('break-glass is told as what it is', async () => {
    const { text } = await read('/decisions/D-2026-0005');
    expect(text).toContain('One person, in an emergency');
    expect(text).toContain('datetime="2026-11-22T17:42:07.000Z"');
  });

  test('an ended decision stays, in the past tense', async () => {
    expect((await read('/decisions/D-2026-0001')).text).toContain('passed a check first');
    expect((await read('/decisions/D-2026-0002')).text).toContain('Lifted');
  });

  test.each(['D-2026-0004', 'D-2026-0006', 'D-2026-0007', 'D-2026-9999', 'D-2026-1', '../errors', '%00'])(
    'the number %s has no page, and all such numbers look alike',
    async (number) => {
      const { response, text } = await read(`/decisions/${encodeURIComponent(number)}`);
      expect(response.status).toBe(404);
      expect(text).toContain('There is no public decision with this number');
      const asData = await read(`/decisions/${encodeURIComponent(number)}`, json);
      expect(Problem.parse(JSON.parse(asData.text)).code).toBe('not-found');
    },
  );

  test('no person, internal reason, edge or proposal is on any page', async () => {
    const pages = await Promise.all(
      ['/', '/status.json', '/decisions', '/decisions.json', '/decisions/D-2026-0002', '/decisions/D-2026-0005.json'].map(
        (path) => read(path),
      ),
    );
    const text = pages.map((page) => page.text).join('\n');
    for (const secret of [
      'Ada Lovelace',
      'Grace Hopper',
      'SECRET',
      'D-2026-0004',
      'D-2026-0006',
      'oslo',
      'person_',
      'edge_',
      'site_',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test('what people wrote is text on a page, never markup', async () => {
    const { text } = await read('/decisions/D-2026-0003');
    expect(text).not.toContain('<script');
    expect(text).toContain('&lt;script&gt;');
  });

  test('the first page tells edges, propagation, decisions and incidents of our own', async () => {
    const { text } = await read('/');
    for (const part of ['All 3 edges are up to date', 'An edge lost its connection', 'Decisions in force']) {
      expect(text).toContain(part);
    }
    const data = z.looseObject({ incidents: z.array(z.unknown()) }).parse(JSON.parse((await read('/', json)).text));
    expect(data).toMatchObject({ decisionsInForce: 2, groups: [{ edges: 3, current: 3, p50Ms: 12 }] });
    expect(data.incidents).toHaveLength(1);
  });

  test('every error that the API answers has a page', async () => {
    for (const code of Object.keys(errorTable)) expect((await read(`/errors/${code}`)).response.status).toBe(200);
    expect((await read('/errors/no-such-code')).response.status).toBe(404);
    expect((await read('/problems/notice')).text).toContain('id="notice"');
  });

  test('an address of nothing is a page for people and a problem for programs', async () => {
    const page = await read('/nowhere');
    expect(page.response.status).toBe(404);
    expect(page.text).toContain('There is no such page');
    expect(Problem.parse(JSON.parse((await read('/nowhere', json)).text)).status).toBe(404);
  });

  test('a list has no page but those it gives out', async () => {
    for (const before of ['-1', 'x', '1.5', '9e99']) {
      expect((await read(`/decisions?before=${before}`)).response.status).toBe(400);
    }
    expect((await read('/decisions?before=1')).response.status).toBe(200);
  });

  test('appeals say honestly that no address is published', async () => {
    expect((await read('/appeal')).text).toContain('has not published an address');
  });
});

describe('how it is served', () => {
  test('HEAD answers with the same headers and no body', async () => {
    for (const path of ['/', '/decisions/D-2026-0003', '/help', '/robots.txt', '/favicon.svg', '/nowhere']) {
      const get = await read(path);
      const head = await read(path, { accept: 'text/html' }, 'HEAD');
      expect(head.response.status).toBe(get.response.status);
      expect(head.response.headers.get('content-type')).toBe(get.response.headers.get('content-type'));
      expect(head.text).toBe('');
    }
  });

  test('no cookie, no script, no other host, no inline style', async () => {
    for (const path of ['/', '/decisions', '/decisions/D-2026-0003', '/help', '/appeal', '/errors', '/nowhere']) {
      const { response, text } = await read(path);
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(response.headers.get('content-security-policy')).not.toContain('unsafe');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      expect(text).not.toMatch(/<script|\sstyle=|\son[a-z]+=|<style/);
      expect(text).not.toMatch(/(?:src|href)="https?:\/\/[^"]*\.(?:js|css|woff2|png)/);
    }
  });

  test('files are kept for good under names that change with them; pages are asked for again', async () => {
    const { text, response } = await read('/');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    const style = /href="(\/pages\/pages\.[0-9a-f]{16}\.css)"/.exec(text)?.[1];
    const css = await read(style ?? '/missing');
    expect(css.response.headers.get('cache-control')).toContain('immutable');
    const font = /url\('(\/pages\/[^']+\.woff2)'\)/.exec(css.text)?.[1];
    expect((await read(font ?? '/missing')).response.headers.get('content-type')).toBe('font/woff2');
  });

  test('a database that is away is a page that says so, and nothing is kept of it', async () => {
    const other = await startPages(await openStore(await embeddedAddress(join(folder, 'other'))));
    await other.store.db.destroy();
    const response = await fetch(`${other.url}/decisions`, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('decisions stay in force meanwhile');
    await other.stop();
  });
});

describe('everybody can read it', () => {
  const pages = [
    '/',
    '/decisions',
    '/decisions/D-2026-0002',
    '/decisions/D-2026-0005',
    '/help',
    '/appeal',
    '/errors',
    '/errors/internal',
    '/problems/limit',
    '/nowhere',
  ];

  test.each(['light', 'dark'] as const)(
    'axe finds nothing on any page (%s)',
    async (colorScheme) => {
      const context = await browser.newContext({ colorScheme });
      const page = await context.newPage();
      // Only colours differ in the dark: the pages that have all of them are enough.
      for (const path of colorScheme === 'light' ? pages : ['/', '/decisions', '/decisions/D-2026-0002', '/help']) {
        await page.goto(`${house.url}${path}`);
        const { violations } = await axeOn(page)
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze();
        expect(
          violations.map((violation) => `${path}: ${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`),
        ).toEqual([]);
        await picture(page, `public-${path.replaceAll('/', '-')}-${colorScheme}`);
      }
      await context.close();
    },
    180_000,
  );

  test.each(Object.keys(catalogues))('at 400 %% zoom nothing needs scrolling sideways, in %s', async (locale) => {
    const context = await browser.newContext({ locale, viewport: { width: 320, height: 640 } });
    const page = await context.newPage();
    const blocked: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|refused/i.test(message.text())) blocked.push(message.text());
    });
    for (const path of locale === 'en' ? pages : ['/', '/decisions/D-2026-0005', '/help']) {
      await page.goto(`${house.url}${path}`);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(`${path}: ${String(overflow)}`).toBe(`${path}: 0`);
    }
    expect(blocked).toEqual([]);
    await context.close();
  });

  test('Arabic reads from right to left, its hostnames from left to right, and axe finds nothing', async () => {
    const context = await browser.newContext({ locale: 'ar' });
    const page = await context.newPage();
    for (const path of ['/', '/decisions/D-2026-0002', '/help']) {
      await page.goto(`${house.url}${path}`);
      expect(await page.evaluate('[document.documentElement.lang, document.dir].join()')).toBe('ar,rtl');
      const { violations } = await axeOn(page).analyze();
      expect(violations.map((violation) => `${path}: ${violation.id}`)).toEqual([]);
      await picture(page, `public-${path.replaceAll('/', '-')}-ar`);
    }
    await context.close();
  }, 120_000);

  test('every language has every text, and none is the English one by mistake', () => {
    const texts = (words: unknown): string[] =>
      typeof words === 'string'
        ? [words]
        : typeof words === 'object' && words !== null
          ? Object.values(words).flatMap(texts)
          : [];
    const english = new Set(texts(wordsFor('en')).filter((text) => text.length > 32));
    for (const [language, words] of Object.entries(catalogues)) {
      expect(words.language).toBe(language);
      expect(texts(words).filter((text) => text.trim() === '')).toEqual([]);
      if (language !== 'en') expect(texts(words).filter((text) => english.has(text))).toEqual([]);
    }
  });

  test('the first stop of the tab key skips to the page, and the type is our own', async () => {
    const page = await browser.newPage();
    await page.goto(`${house.url}/help`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.getAttribute("href")')).toBe('#page');
    expect(await page.evaluate(`document.fonts.ready.then(() => document.fonts.check("700 16px 'Atkinson Hyperlegible'"))`)).toBe(
      true,
    );
    await page.close();
  });
});

test.each([
  [null, 'en'],
  ['*', 'en'],
  ['de-DE,de;q=0.9,en;q=0.5', 'de'],
  ['nl,fr-CA;q=0.4,es;q=0.8', 'es'],
  ['ar-EG', 'ar'],
  ['fr;q=0', 'en'],
  ['en;q=0,*', 'en'],
  ['__proto__,constructor;q=0.9', 'en'],
  ['x'.repeat(10_000), 'en'],
])('a visitor who asks for %s reads %s', (header, language) => {
  expect(wordsFor(header).language).toBe(language);
});
