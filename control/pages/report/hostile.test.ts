/** The report form and private links against scripts in every field, foreign pages, planted cookies, guesses, a lost database; in every language. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeOn, picture, startBrowser } from '../../../tests/harness/browser.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { startPostgres } from '../../../tests/harness/postgres.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';
import { catalogues } from '../words/index.ts';
import { reportWordsFor } from '../words/report/index.ts';
import { addressesIn, decodeDraft, Draft, encodeDraft, happenedAtOf, steps, takeAnswers } from './draft.ts';

const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>\'';
const draft = Draft.parse({
  class: 'doxxing',
  text: evil,
  urls: [`https://a.example/${evil}`],
  hostname: evil,
  when: 'unknown',
  role: 'target',
  name: evil,
  safe: evil,
});

let house: ControlHouse;
let folder: string;
beforeAll(async () => {
  folder = temporaryFolder('report-hostile');
  house = await startControlHouse(await embeddedAddress(folder));
}, 60_000);
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

type Sent = { readonly headers?: Record<string, string>; readonly to?: ControlHouse };

function post(path: string, fields: Record<string, string>, { headers = {}, to = house }: Sent = {}) {
  return fetch(`${to.url()}${path}`, { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' });
}

/** A report's private link: its token, the cookie that the link sets, and the key of its page's forms. */
async function opened(): Promise<{ token: string; cookie: string; key: string }> {
  const sent = await post('/report/step', { draft: encodeDraft(draft), at: 'check', go: 'next' });
  const token = /\/r\/([A-Za-z0-9_-]{43})/.exec(await sent.text())?.[1] ?? '';
  const link = await fetch(`${house.url()}/r/${token}`, { redirect: 'manual' });
  const cookie = (link.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const page = await (await fetch(`${house.url()}/report/status`, { headers: { cookie } })).text();
  return { token, cookie, key: /name="key"\s+value="([0-9a-f]{64})"/.exec(page)?.[1] ?? '' };
}

describe('scripts in every field', () => {
  it('come back as text on every page of the form', async () => {
    for (const step of steps) {
      const page = await post('/report/step', { draft: encodeDraft(draft), at: 'check', go: step });
      const text = await page.text();
      expect([step, page.status]).toEqual([step, 200]);
      expect(text).not.toMatch(/<script|<img/);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    const wrong = await post('/report/now', { text: '', where: evil, contact: evil, once: evil });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).not.toMatch(/<script|<img/);
  });

  it('come back as text behind the private link too, and nothing of the contact does', async () => {
    const { cookie, key } = await opened();
    for (const [act, fields] of [
      ['add', { text: evil, urls: evil }],
      ['appeal', { appeal: evil }],
    ] as const) {
      const answer = await post(`/report/status/${act}`, { key, ...fields }, { headers: { cookie } });
      expect(await answer.text()).not.toMatch(/<script|<img/);
    }
    const page = await (await fetch(`${house.url()}/report/status`, { headers: { cookie } })).text();
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toMatch(/<script|<img/);
  });
});

describe('a private link', () => {
  it('sets a cookie that scripts and other paths do not get, leads on without its token, and is stored nowhere', async () => {
    const { token, cookie } = await opened();
    const link = await fetch(`${house.url()}/r/${token}`, { redirect: 'manual' });
    expect([link.status, link.headers.get('location')]).toEqual([303, '/report/status']);
    expect(link.headers.get('set-cookie')).toMatch(/; Path=\/report\/status; Max-Age=3600; HttpOnly; SameSite=Lax/);
    const page = await fetch(`${house.url()}/report/status`, { headers: { cookie } });
    for (const answer of [link, page]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('x-robots-tag')).toContain('noindex');
    }
    expect(await page.text()).not.toContain(token);
    expect(house.logged.join('')).not.toContain(token);
  });

  it('that is wrong is forgotten and counted, and after thirty the door waits', async () => {
    const headers = { cookie: `portcullis_report=${'A'.repeat(43)}`, 'x-forwarded-for': '198.51.100.20' };
    const codes: number[] = [];
    for (let n = 0; n < 32; n += 1) codes.push((await fetch(`${house.url()}/report/status`, { headers })).status);
    expect(codes.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 404));
    expect(codes.slice(30)).toEqual([429, 429]);
  });

  it('acts only with its own form, from our own page, and not with a second cookie beside it', async () => {
    const { cookie, key } = await opened();
    const other = await opened();
    const status = async (sent: Sent, given = key) => (await post('/report/status/withdraw', { key: given }, sent)).status;
    expect(await status({ headers: { cookie } }, other.key)).toBe(403);
    expect(await status({ headers: { cookie } }, '')).toBe(403);
    expect(await status({ headers: { cookie, 'sec-fetch-site': 'cross-site' } })).toBe(403);
    expect(await status({ headers: { cookie: `${cookie}; ${other.cookie}` } })).toBe(200);
    expect(await (await fetch(`${house.url()}/report/status`, { headers: { cookie } })).text()).not.toContain('Withdrawn');
    expect(await status({ headers: { cookie, 'sec-fetch-site': 'same-origin' } })).toBe(303);
    expect(await (await fetch(`${house.url()}/report/status`, { headers: { cookie } })).text()).toContain('Withdrawn');
  });
});

describe('the form', () => {
  it('refuses a page of another site, and begins again with a draft that is not one', async () => {
    const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
    expect((await post('/report/now', { text: 'x' }, foreign)).status).toBe(403);
    for (const bad of [
      '',
      'AAAA',
      Buffer.from('[]').toString('base64url'),
      encodeDraft({ ...draft, text: 'x'.repeat(30_000) }),
    ]) {
      const page = await post('/report/step', { draft: bad, at: 'check', go: 'next' });
      expect(page.status).toBe(422);
      expect(await page.text()).toContain('begin again');
    }
  });

  it('keeps its answers when there are too many reports, and the fast lane goes on from the same network', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.30' };
    const send = () =>
      post('/report/step', { draft: encodeDraft({ ...draft, text: 'KEPT-WORDS' }), at: 'check', go: 'next' }, { headers });
    // One more fits every six seconds, and a busy machine may need some of them.
    const codes = await Promise.all(Array.from({ length: 120 }, async () => (await send()).status));
    expect(codes.filter((code) => code === 201).length).toBeGreaterThanOrEqual(100);
    const refused = await send();
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
    const text = await refused.text();
    expect(text).toContain('KEPT-WORDS');
    expect(decodeDraft(/name="draft"\s+value="([^"]+)"/.exec(text)?.[1] ?? '')?.text).toBe('KEPT-WORDS');
    expect((await post('/report/now', { text: 'now' }, { headers })).status).toBe(201);
  }, 30_000);

  it('notes what a program fills in, and takes it all the same', async () => {
    const sent = await post('/report/step', { draft: encodeDraft(draft), at: 'check', go: 'next', website: 'spam' });
    expect(sent.status).toBe(201);
  });

  it('keeps its answers when the database is away, and says so in a sentence', async () => {
    const server = await startPostgres();
    const away = await startControlHouse(await server.database());
    try {
      await server.crash();
      const page = await post(
        '/report/step',
        { draft: encodeDraft({ ...draft, text: 'KEPT-WORDS' }), at: 'check', go: 'next' },
        { to: away },
      );
      const text = await page.text();
      expect(page.status).toBe(503);
      expect(text).toContain('Nothing was lost');
      expect(text).toContain('KEPT-WORDS');
      const now = await post('/report/now', { text: 'KEPT-WORDS' }, { to: away });
      expect(now.status).toBe(503);
      expect(await now.text()).toContain('KEPT-WORDS');
      await server.start();
    } finally {
      await away.stop();
      await server.stop();
    }
  }, 60_000);
});

describe('answers', () => {
  const nowMs = Date.parse('2026-01-10T12:00:00.000Z');

  it('are the same after the way through a page', () => {
    expect(decodeDraft(encodeDraft(draft))).toEqual(draft);
  });

  it.each([
    ['2026-01-05', '', '2026-01-05T12:00:00.000Z'],
    ['2026-01-05', '23:59', '2026-01-05T23:59:00.000Z'],
    ['2026-01-10', '', '2026-01-10T12:00:00.000Z'],
    ['2026-01-12', '', null],
    ['2026-02-30', '', null],
    ['2026-01-05', '24:00', null],
    ['1901-01-01', '', null],
    ['', '', null],
    [evil, '', null],
  ])('the day “%s” at “%s” is %s', (day, time, wanted) => {
    expect(happenedAtOf({ day, time }, nowMs)).toBe(wanted);
  });

  it('of 300 addresses keep 250 and say so; several to a line are parted when all are addresses', () => {
    const typed = Array.from({ length: 300 }, (_u, n) => `https://a.example/${n}`);
    const { draft: next, mistakes } = takeAnswers('where', draft, new Map([['urls', typed.join('\r\n')]]), nowMs);
    expect(next.urls.length).toBe(250);
    expect(mistakes).toEqual([{ field: 'urls', error: 'urls' }]);
    expect(addressesIn('https://a.example/1, https://a.example/2\n the thread “x”, page 2 \n\n')).toEqual([
      'https://a.example/1',
      'https://a.example/2',
      'the thread “x”, page 2',
    ]);
  });
});

describe('every language', () => {
  it('says everything, at 320 pixels, in both themes, and from right to left without a mistake that axe finds', async () => {
    const browser = await startBrowser([]);
    try {
      for (const [index, language] of Object.keys(catalogues).entries()) {
        const say = reportWordsFor(language);
        const context = await browser.newContext({
          locale: language,
          viewport: { width: 320, height: 800 },
          colorScheme: index % 2 === 0 ? 'dark' : 'light',
        });
        const page = await context.newPage();
        const look = async (name: string) => {
          await picture(page, `report-${language}-${name}`);
          const wide = await page.evaluate('document.documentElement.scrollWidth');
          // English is looked at by report.test.ts; of the others, the one that reads from the right.
          const { violations } = language === 'ar' ? await axeOn(page).analyze() : { violations: [] };
          expect([language, name, wide, violations.map(({ id }) => id)]).toEqual([language, name, 320, []]);
        };
        await page.goto(`${house.url()}/report`);
        expect(await page.locator('h1').innerText()).toBe(say.start.question);
        await look('start');
        await page.goto(`${house.url()}/report/class`);
        await page.getByRole('button', { name: say.step.go }).click();
        await page.getByRole('alert').waitFor();
        await look('class');
        await page.goto(`${house.url()}/report/now`);
        await page.locator('#text').fill('now');
        await page.getByRole('button', { name: say.now.send }).click();
        await page.locator('.link a').waitFor();
        await look('sent');
        await page.locator('.link a').click();
        await page.waitForURL('**/report/status');
        await look('status');
        await context.close();
      }
    } finally {
      await browser.close();
    }
  }, 180_000);
});
