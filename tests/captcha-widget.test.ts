/** The captcha's widget in a real browser, on pages of another site with a strict policy: three dialects, every mode, and pages that do odd things. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { isRight } from '../captcha/jobs.ts';
import { createChecks } from '../captcha/provider/check/checks.ts';
import type { CheckedKey } from '../captcha/provider/check/checks.ts';
import { checkRoutes } from '../captcha/provider/check/service.ts';
import { Tally } from '../captcha/provider/check/tally.ts';
import { createHttp } from '../captcha/provider/http.ts';
import { trustOf, usualProxies } from '../captcha/provider/visitor.ts';
import { widgetRoutes } from '../captcha/widget/routes.ts';
import { apiText, integrityOf } from '../captcha/widget/files.ts';
import { Hostname } from '../contract/hostname.ts';
import { picture, startBrowser } from './harness/browser.ts';

let browser: Browser;
let provider: Server;
let shop: Server;
let at: { provider: string; shop: string };
let pageScript = '';
let pageBody = '';
let issued: { hostname: string; action: string; cData: string; token: string }[] = [];
let keys: Map<string, CheckedKey>;
/** How far the provider's clock is ahead of the browser's: waiting is a matter of seconds, and nobody here has them. */
let aheadMs = 0;

const token = (n: number) => `token-${n}-${'x'.repeat(100)}`;
const key = (siteKey: string, more: Partial<CheckedKey> = {}): CheckedKey => ({
  keyId: 'ckey_0123456789ab',
  siteKey,
  hostnames: [],
  level: 'light',
  suspended: null,
  test: null,
  ...more,
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

beforeAll(async () => {
  const spent = new Set<string>();
  const checks = createChecks({
    nowMs: () => Date.now() + aheadMs,
    findKey: (siteKey) => Promise.resolve(keys.get(siteKey) ?? null),
    macKeys: () => Promise.resolve([{ name: 'm1', secret: Buffer.alloc(32, 1) }]),
    issueToken: ({ hostname, action, cData }) => {
      const made = { hostname, action, cData, token: token(issued.length) };
      issued.push(made);
      return Promise.resolve({ token: made.token, expiresInSeconds: 300 });
    },
    spend: (id) => Promise.resolve(!spent.has(id) && spent.add(id) === spent),
    check: (job) => Promise.resolve(isRight(job)),
    tally: new Tally(),
    work: { share: 0.02, kib: 64, bits: 1024 },
  });
  provider = createHttp({
    routes: [...widgetRoutes(), ...checkRoutes(checks)],
    trust: trustOf(usualProxies),
    log: pino({ level: 'silent' }),
  });
  const providerPort = await listen(provider);
  shop = createServer((request, response) => {
    const own = `http://captcha.example:${providerPort}`;
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(pageScript);
    else if (request.url === '/favicon.ico') response.writeHead(204).end();
    else {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      // No inline script, no inline style, no eval, no worker, no request: nothing but the provider's script and frame.
      response.setHeader(
        'content-security-policy',
        `default-src 'none'; script-src 'self' ${own}; frame-src ${own}; form-action 'none'`,
      );
      response.setHeader('referrer-policy', 'no-referrer');
      response.end(
        `<!doctype html><html lang="en"><head><title>A shop</title><meta name="color-scheme" content="light dark"><script src="/page.js"></script></head>` +
          `<body><main><h1>A shop</h1><form>${pageBody}<button type="button">Send</button></form></main></body></html>`,
      );
    }
  });
  const shopPort = await listen(shop);
  at = { provider: `http://captcha.example:${providerPort}`, shop: `http://shop.example:${shopPort}/` };
  browser = await startBrowser(['captcha.example', 'shop.example']);
}, 120_000);
afterAll(async () => {
  await browser.close();
  for (const server of [provider, shop]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
beforeEach(() => {
  issued = [];
  aheadMs = 0;
  keys = new Map([
    ['k1', key('k1')],
    ['gone', key('gone', { suspended: { statement: 'https://shield.example/statements/7' } })],
    ['elsewhere', key('elsewhere', { hostnames: [Hostname.parse('other.example')] })],
    ['dummy', key('dummy', { test: { token: 'XXXX.DUMMY.TOKEN.XXXX' } })],
  ]);
});

/** Whatever a page's functions were told, in order. */
const told = (page: Page): Promise<unknown[]> => page.evaluate('window.told || []');
const tell = `window.told = []; window.tell = (name) => (...given) => { told.push([name, ...given]); };`;
const load = (src: string, more = '') =>
  `{ const s = document.createElement('script'); s.src = ${JSON.stringify(at.provider + src)}; ${more} document.head.appendChild(s); }`;

type Opened = { readonly page: Page; readonly complaints: string[]; readonly frames: () => Frame[] };

async function open(script: string, body: string, options: BrowserContextOptions = {}): Promise<Opened> {
  pageScript = `'use strict';${tell}${script}`;
  pageBody = body;
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(at.shop);
  return { page, complaints, frames: () => page.frames().filter((frame) => frame.url().startsWith(at.provider)) };
}
const heard = (page: Page, name: string, times = 1) =>
  expect
    .poll(async () => (await told(page)).filter((one) => Array.isArray(one) && one[0] === name).length, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(times);
const box = (page: Page) => page.frameLocator('iframe');
const valueOf = (page: Page, name: string) => page.evaluate(`document.getElementsByName(${JSON.stringify(name)})[0].value`);
async function axe(page: Page): Promise<unknown[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}

const dialects = [
  {
    name: 'hcaptcha',
    src: '/1/api.js?onload=ready&hl=en&endpoint=x&sentry=false',
    body: '<div class="h-captcha" data-sitekey="k1" data-callback="passed" data-theme="THEME"></div>',
    fields: ['h-captcha-response', 'g-recaptcha-response'],
    response: 'hcaptcha.getResponse()',
    pressed: true,
  },
  {
    name: 'recaptcha',
    src: '/recaptcha/api.js?onload=ready',
    body: '<div class="g-recaptcha" data-sitekey="k1" data-callback="passed" data-theme="THEME"></div>',
    fields: ['g-recaptcha-response'],
    response: 'grecaptcha.getResponse(0)',
    pressed: true,
  },
  {
    name: 'turnstile',
    src: '/turnstile/v0/api.js?onload=ready',
    body: '<div class="cf-turnstile" data-sitekey="k1" data-callback="passed" data-theme="auto" data-action="login" data-cdata="c1"></div>',
    fields: ['cf-turnstile-response'],
    response: 'turnstile.getResponse()',
    pressed: false,
  },
] as const;

it.each(dialects.flatMap((dialect) => (['light', 'dark'] as const).map((theme) => ({ ...dialect, theme }))))(
  'passes on a strict page, by keyboard, without a complaint of the browser or of axe: $name, $theme',
  async ({ name, theme, src, body, fields, response, pressed }) => {
    const script = `window.passed = tell('passed');${load(src, "s.crossOrigin = 'anonymous';")} setTimeout(() => { window.ready = tell('ready'); }, 300);`;
    const { page, complaints } = await open(script, body.replace('THEME', theme), { colorScheme: theme });
    await heard(page, 'ready');
    if (pressed) {
      await box(page).getByRole('checkbox', { name: 'I am a person' }).waitFor();
      if (name === 'hcaptcha' && theme === 'light') expect(await axe(page)).toEqual([]);
      await picture(page, `captcha-${name}-${theme}-before`);
      await box(page).getByRole('checkbox').focus();
      await page.keyboard.press('Space');
    }
    await heard(page, 'passed');
    expect(await told(page)).toContainEqual(['passed', token(0)]);
    for (const field of fields) expect(await valueOf(page, field)).toBe(token(0));
    expect(await page.evaluate(response)).toBe(token(0));
    expect(issued).toEqual([
      {
        hostname: 'shop.example',
        token: token(0),
        action: name === 'turnstile' ? 'login' : '',
        cData: name === 'turnstile' ? 'c1' : '',
      },
    ]);
    await expect.poll(() => box(page).getByRole('status').textContent()).toBe('Checked');
    expect(await axe(page)).toEqual([]);
    await picture(page, `captcha-${name}-${theme}-after`);
    expect(complaints).toEqual([]);
    await page.context().close();
  },
  120_000,
);

it('runs invisible: by a promise, by a button, and by a site key with an action', async () => {
  const { page, complaints } = await open(
    `window.passed = tell('passed'); window.ready = () => {
      const place = document.createElement('div');
      const id = hcaptcha.render(place, { sitekey: 'k1', size: 'invisible', callback: tell('called'), unknown: {}, theme: undefined, tabindex: null });
      document.body.appendChild(place);
      tell('id')(typeof id);
      hcaptcha.execute(id, { async: true }).then((found) => {
        tell('found')(found.response, typeof found.key);
        return hcaptcha.execute('nobody', { async: true });
      }).catch(tell('rejected'));
    };
    ${load('/1/api.js?onload=ready&recaptchacompat=off')}
    ${load('/recaptcha/api.js?render=k1', "s.onload = () => grecaptcha.ready(() => grecaptcha.execute('k1', { action: 'pay' }).then(tell('third')));")}`,
    '<button class="h-captcha" data-sitekey="k1" data-callback="passed" id="go">Go</button>',
  );
  await heard(page, 'rejected');
  await heard(page, 'third');
  await page.click('#go');
  await heard(page, 'passed');
  const all = await told(page);
  const tokens = issued.map((one) => one.token);
  expect(all).toContainEqual(['id', 'string']);
  expect(all).toContainEqual(['rejected', 'invalid-captcha-id']);
  expect(all.filter((one) => Array.isArray(one) && tokens.includes(String(one[1])))).toHaveLength(4);
  expect(all).toContainEqual(['passed', tokens[2]]);
  expect(issued.map(({ action }) => action).sort()).toEqual(['', '', 'pay']);
  // Nothing of it is in the way of people, seen or read aloud.
  expect(
    await page.evaluate(
      `[...document.querySelectorAll('iframe')].map((one) => [one.getAttribute('aria-hidden'), getComputedStyle(one).visibility])`,
    ),
  ).toEqual([
    ['true', 'hidden'],
    ['true', 'hidden'],
    ['true', 'hidden'],
  ]);
  expect(complaints).toEqual([]);
  await page.context().close();
}, 120_000);

it('two dialects and the same script twice share a page; ids, functions without `this`, detached places and stubs are as clients expect', async () => {
  const { page, complaints } = await open(
    `window.___grecaptcha_cfg = { fns: [tell('stub')] };
    window.two = () => {
      const place = document.createElement('div');
      const { render, getResponse, reset } = window.grecaptcha;
      tell('ids')(render(place, { sitekey: 'k1' }), render(document.createElement('div'), { sitekey: 'k1' }), getResponse(), getResponse(1));
      try { getResponse(7); } catch (error) { tell('thrown')(error.name); }
      try { render(place, { sitekey: 'k1' }); } catch (error) { tell('thrown')(error.name); }
      reset();
      tell('kept')(grecaptcha.enterprise === undefined, typeof grecaptcha.ready);
    };
    ${load('/recaptcha/api.js?onload=two&render=explicit', `s.onload = () => { ${load('/1/api.js?onload=again')} ${load('/1/api.js?onload=again')} };`)}
    window.again = tell('again');`,
    '<div class="h-captcha" data-sitekey="k1"></div>',
  );
  await heard(page, 'again', 2);
  await heard(page, 'kept');
  const all = await told(page);
  expect(all).toContainEqual(['stub']);
  expect(all).toContainEqual(['ids', 0, 1, '', '']);
  expect(all).toContainEqual(['kept', true, 'function']);
  expect(all.filter((one) => Array.isArray(one) && one[0] === 'thrown')).toHaveLength(2);
  expect(
    await page.evaluate(`[typeof hcaptcha.render, hcaptcha === grecaptcha, document.querySelectorAll('iframe').length]`),
  ).toEqual(['function', false, 1]);
  expect(complaints).toEqual([]);
  await page.context().close();
}, 120_000);

it('says why it cannot pass: an order, another page’s key; a reset inside the error callback does not turn in a circle', async () => {
  const { page } = await open(
    `window.ready = () => {
      turnstile.render('#one', { sitekey: 'gone', language: 'de', 'error-callback': (code) => { tell('gone')(code); turnstile.reset(); return true; } });
      turnstile.render('#two', { sitekey: 'elsewhere', 'error-callback': (code) => { tell('elsewhere')(code); return true; } });
      turnstile.render('#three', { sitekey: 'dummy', callback: tell('dummy') });
      turnstile.render('#four', { sitekey: '3x00000000000000000000FF', 'before-interactive-callback': tell('before') });
    };
    ${load('/turnstile/v0/api.js?render=explicit&onload=ready')}
    ${load('/turnstile/v0/api.js?render=explicit&onload=alert(1)')}${load('/turnstile/v0/api.js?render=explicit&onload=constructor.constructor')}`,
    '<div id="one"></div><div id="two"></div><div id="three"></div><div id="four"></div>',
  );
  for (const name of ['gone', 'elsewhere', 'dummy', 'before']) await heard(page, name);
  const suspended = page.frameLocator('#one iframe');
  await suspended.getByRole('status').filter({ hasText: 'durch eine Anordnung ausgesetzt' }).waitFor();
  expect(await suspended.getByRole('link', { name: 'Warum?' }).getAttribute('href')).toBe('https://shield.example/statements/7');
  await page.frameLocator('#two iframe').getByRole('status').filter({ hasText: 'not set up for this page' }).waitFor();
  expect(await told(page)).toEqual(
    expect.arrayContaining([['gone', '400070'], ['elsewhere', '110200'], ['dummy', 'XXXX.DUMMY.TOKEN.XXXX'], ['before']]),
  );
  await page.frameLocator('#four iframe').getByRole('checkbox').waitFor();
  expect(await axe(page)).toEqual([]);
  await picture(page, 'captcha-suspended');
  expect((await told(page)).filter((one) => Array.isArray(one) && one[0] === 'gone').length).toBeLessThan(3);
  expect(issued).toEqual([]);
  await page.context().close();
}, 120_000);

it('speaks right to left, in forced colours, on a narrow page, and waits instead of working where no worker runs', async () => {
  const { page } = await open(
    `window.passed = tell('passed'); ${load('/1/api.js?hl=ar-EG')}`,
    '<div class="h-captcha" data-sitekey="k1" data-callback="passed" data-size="compact"></div><div class="h-captcha" data-sitekey="k1"></div>',
    { forcedColors: 'active', reducedMotion: 'reduce', viewport: { width: 320, height: 400 } },
  );
  await page.route('**/solver.js', (route) => route.abort());
  let waits = 0;
  await page.route(/\/check\/(wait|answer)$/, async (route) => {
    const response = await route.fetch({ url: route.request().url().replace('captcha.example', '127.0.0.1') });
    const reply = await response.json();
    if (reply.do === 'wait') {
      waits += 1;
      aheadMs += 1000 * reply.seconds;
      reply.seconds = 0.7;
    }
    await route.fulfill({ response, json: reply });
  });
  const first = page.frameLocator('iframe').first();
  await first.getByRole('checkbox', { name: 'أنا إنسان' }).waitFor();
  expect(await page.frameLocator('iframe').first().locator('html').getAttribute('dir')).toBe('rtl');
  expect(await axe(page)).toEqual([]);
  await first.getByRole('checkbox').click();
  await first.getByRole('status').filter({ hasText: 'انتظار قصير' }).waitFor();
  await picture(page, 'captcha-arabic-narrow');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  await heard(page, 'passed');
  expect([waits, issued.length]).toEqual([3, 1]);
  await page.context().close();
}, 120_000);

it('an invisible widget that cannot pass comes to say so, and goes when it is closed', async () => {
  const { page } = await open(
    `window.ready = () => {
      const id = hcaptcha.render('place', { sitekey: 'gone', size: 'invisible', 'error-callback': (why) => { hcaptcha.reset(id); tell('error')(why); }, 'close-callback': tell('closed') });
      hcaptcha.execute(id, { async: true }).catch(tell('rejected'));
    };
    ${load('/1/api.js?onload=ready&render=explicit')}`,
    '<div id="place"></div>',
  );
  await heard(page, 'rejected');
  expect(await told(page)).toEqual([
    ['error', 'challenge-error'],
    ['rejected', 'challenge-error'],
  ]);
  await box(page).getByRole('status').filter({ hasText: 'An order has suspended' }).waitFor();
  await picture(page, 'captcha-invisible-suspended');
  await box(page).getByRole('button', { name: 'Close' }).click();
  await page.locator('iframe').waitFor({ state: 'hidden' });
  await page.context().close();
}, 120_000);

it('a page may pin the script by its hash, and whatever pretends to be the frame is not heard', async () => {
  const { page, complaints } = await open(
    `window.ready = () => {
      const id = hcaptcha.render('place', { sitekey: 'k1', callback: tell('passed') });
      const forged = { portcullis: 1, id, say: 'token', token: 'forged', expiresInSeconds: 300 };
      window.postMessage(forged, '*');
      window.dispatchEvent(new MessageEvent('message', { data: forged, origin: 'http://evil.example', source: document.querySelector('iframe').contentWindow }));
      setTimeout(() => tell('after')(hcaptcha.getResponse(id)), 200);
    };
    ${load('/1/1.0.0/api.js?onload=ready&render=explicit', `s.crossOrigin = 'anonymous'; s.integrity = ${JSON.stringify(integrityOf(Buffer.from(apiText('hcaptcha'))))};`)}`,
    '<div id="place"></div>',
  );
  await heard(page, 'after');
  expect(await told(page)).toEqual([['after', '']]);
  expect(complaints).toEqual([]);
  await page.context().close();
}, 120_000);
