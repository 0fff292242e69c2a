/**
 * The forum's story, told by real programs: Fossil behind HAProxy, Chromium in front, the whole provider as `up` starts it.
 * The steps depend on each other and run in the order in which they are written; README.md beside this file tells the tale.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderId, SiteId } from '../../../contract/ids.ts';
import { PublicDecision, confirmOrder, getOrder, liftOrder, placeOrder } from '../../../contract/routes/orders.ts';
import { rotateClearanceKeys } from '../../../contract/routes/edges.ts';
import { addSite, changeSite, getTraffic } from '../../../contract/routes/sites.ts';
import { refusalOf } from '../../harness/api.ts';
import { picture, startBrowser } from '../../harness/browser.ts';
import { earnClearance, handIn, meetChallenge, solve } from '../../harness/challenge.ts';
import { startForum } from '../../harness/fossil.ts';
import type { Forum } from '../../harness/fossil.ts';
import { until } from '../../harness/ports.ts';
import { inHours, startProvider } from '../../harness/provider.ts';
import type { Provider } from '../../harness/provider.ts';
import { navigation, visit } from '../../harness/visitor.ts';

const reason = 'A thread on this forum publishes the home address of a person and calls for violence against them.';

let forum: Forum;
let provider: Provider;
let browser: Browser;
let page: Page;
let siteId: SiteId;
let orderId: OrderId;
let decision: string;
const address = (path: string): string => `http://forum.example:${provider.edge.http}${path}`;

beforeAll(async () => {
  [forum, provider, browser] = await Promise.all([startForum(), startProvider(), startBrowser(['forum.example'])]);
  page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await provider?.stop();
  await forum?.stop();
}, 60_000);

describe('the forum', () => {
  it('a visitor reads the forum through the edge, with nothing of us in the way', async () => {
    const site = await provider.operator.call(addSite, {
      body: { hostnames: ['forum.example'], origin: `http://127.0.0.1:${forum.port}`, waiveOwnership: true },
    });
    siteId = site.siteId;
    expect(site.ready).toBe(true);
    await provider.applied(site.propagation.revision);

    const answer = await page.goto(address('/forum'));
    expect(answer?.status()).toBe(200);
    expect(await page.title()).toBe('Forum of Example: Forum');
    expect(await page.context().cookies()).toEqual([]);
    await picture(page, 'forum-1-reading');
  });

  it('under attack, the page solves the challenge by itself and the visitor continues where they wanted to go', async () => {
    const site = await provider.operator.call(changeSite, { params: { siteId }, body: { mode: 'attack' } });
    await provider.applied(site.propagation.revision);

    const wanted = address('/forum?n=25&x=a%20b#latest');
    const first = await page.goto(wanted, { waitUntil: 'commit' });
    expect(first?.status()).toBe(403);
    expect(first?.headers()['portcullis-action']).toBe('challenge');
    await picture(page, 'forum-2-challenge');
    await until('the forum is shown', async () => (await page.title()) === 'Forum of Example: Forum');
    expect(page.url()).toBe(wanted);
    await picture(page, 'forum-3-continued');

    const clearance = await page.context().cookies();
    expect(clearance).toHaveLength(1);
    expect(clearance[0]?.httpOnly).toBe(true);
    const again = await page.goto(address('/timeline'));
    expect(again?.status()).toBe(200);
  }, 60_000);

  it('a member writes a post through the edge while the attack goes on', async () => {
    await page.goto(address('/login'));
    await page.locator('input[name=u]').fill(forum.member.name);
    await page.locator('input[name=p]').fill(forum.member.password);
    await page.locator('input[type=submit][name=in]').click();
    await page.goto(address('/forumnew'));
    await page.locator('input[name=title]').fill('Is the gate open?');
    await page.locator('textarea[name=content]').fill('It is. I came in by myself, and nobody asked me to pick out buses.');
    await page.locator('input[type=submit][name=preview]').click();
    await page.locator('input[type=submit][name=submit]').click();
    await page.waitForURL(/\/forumpost\//);
    expect(await forum.posts()).toContain('nobody asked me to pick out buses');
    await picture(page, 'forum-4-posted');
  }, 60_000);

  it('the person who proposed an order cannot confirm it, a second person can, and nothing happens before', async () => {
    const proposed = await provider.operator.call(placeOrder, {
      body: {
        measure: 'notice-on-host',
        siteId,
        basis: { kind: 'own-decision' },
        internalReason: 'Two verified incidents within 48 hours, see the desk.',
        publicReason: reason,
        endsAt: inHours(72),
      },
    });
    orderId = proposed.orderId;
    decision = proposed.decision;
    expect(proposed.state).toBe('proposed');
    expect(await refusalOf(provider.operator.call(confirmOrder, { params: { orderId } }))).toBe('same-person');
    expect((await page.goto(address('/forum')))?.status()).toBe(200);

    const confirmed = await provider.second.call(confirmOrder, { params: { orderId } });
    expect(confirmed.state).toBe('confirmed');
    expect(confirmed.confirmer?.personId).not.toBe(confirmed.proposer.personId);
  });

  it('the receipt arrives: 1 of 1 edges, signed after it asked its own listener', async () => {
    const { order, receipts } = await until('a receipt', async () => {
      const now = await provider.operator.call(getOrder, { params: { orderId } });
      return now.order.receipts.enforced === 1 && now;
    });
    expect(order.receipts).toMatchObject({ expected: 1, enforced: 1, failed: 0 });
    const body = receipts[0]?.receipt.body;
    expect(body).toMatchObject({ state: 'enforced', orderId, probe: { status: 403, action: 'notice', decision } });
    expect(body?.probe.url).toContain('forum.example');
  });

  it('the notice tells the visitor who decided, what, why, until when and where to appeal', async () => {
    const answer = await page.goto(address('/forum'));
    expect(answer?.status()).toBe(403);
    const headers = answer?.headers() ?? {};
    expect(headers['portcullis-action']).toBe('notice');
    expect(headers['portcullis-decision']).toBe(decision);
    expect(headers['cache-control']).toContain('no-store');
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['link']).toContain('rel="describedby"');
    expect(headers['link']).not.toContain('blocked-by');
    const text = (await page.textContent('body')) ?? '';
    for (const words of [reason, decision, 'all of it', 'appeal', 'number of reports']) expect(text).toContain(words);
    await picture(page, 'forum-5-notice');
  });

  it('the notice is right for programs: JSON, plain text, HEAD, an upgrade, a POST', async () => {
    const ask = (over: Partial<Parameters<typeof visit>[0]>) =>
      visit({ port: provider.edge.http, host: 'forum.example', path: '/forum', ...over });
    const json = await ask({ headers: { accept: 'application/json' } });
    expect(json.status).toBe(403);
    expect(json.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(json.body)).toMatchObject({ status: 403 });
    expect(json.body).toContain(decision);

    const text = await ask({ headers: { accept: '*/*', 'user-agent': 'curl/7.88.1' } });
    expect(text.status).toBe(403);
    expect(text.headers['content-type']).toMatch(/^text\/plain/);
    expect(text.body).toContain(reason);
    expect(text.body).not.toContain('<');

    const head = await ask({ method: 'HEAD', headers: navigation });
    expect(head.status).toBe(403);
    expect(head.body).toBe('');
    expect(head.headers['portcullis-decision']).toBe(decision);

    const upgrade = await ask({
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    });
    expect(upgrade.status).toBe(403);
    expect((await ask({ method: 'POST', body: 'title=x' })).status).toBe(403);
  });

  it('the decision page that the notice names is public and says the same, to people and to programs', async () => {
    const [, statement = ''] =
      /<([^>]+)>; *rel="describedby"/.exec(
        String((await visit({ port: provider.edge.http, host: 'forum.example' })).headers['link'] ?? ''),
      ) ?? [];
    expect(statement).toContain(decision);
    const answer = await page.goto(statement);
    expect(answer?.status()).toBe(200);
    const text = (await page.textContent('body')) ?? '';
    expect(text).toContain(decision);
    expect(text).toContain(reason);
    expect(text).not.toContain('Two verified incidents');
    await picture(page, 'forum-6-decision');
    const json = PublicDecision.parse(await (await fetch(statement, { headers: { accept: 'application/json' } })).json());
    expect(json).toMatchObject({ decision, state: 'in-force', decidedBy: 'two-people', receipts: { expected: 1, enforced: 1 } });
  });

  it('the order is lifted, and the post is still there', async () => {
    const lifted = await provider.second.call(liftOrder, {
      params: { orderId },
      body: { reason: 'The thread was removed by its owner.' },
    });
    expect(lifted.state).toBe('lifted');
    await until('the edge signs that it no longer enforces the order', async () => {
      const { order } = await provider.operator.call(getOrder, { params: { orderId } });
      return order.receipts.lifted === 1;
    });
    const answer = await page.goto(address('/forum'));
    expect(answer?.status()).toBe(200);
    await page.getByText('Is the gate open?').first().click();
    await page.waitForURL(/\/forumpost\//);
    expect(await page.textContent('body')).toContain('nobody asked me to pick out buses');
    await picture(page, 'forum-7-still-there');
  });
});

describe('451 Unavailable For Legal Reasons', () => {
  it('is said only with a legal order on file, and names the authority', async () => {
    const authorityUrl = 'https://court.example/orders/2026-17';
    const placed = await provider.second.call(placeOrder, {
      body: {
        measure: 'notice-on-path',
        siteId,
        path: '/wiki',
        basis: { kind: 'legal-order', authority: 'District Court of Example', reference: '17 O 26/26', authorityUrl },
        internalReason: 'Served on paper, checked with the court by telephone.',
        publicReason: 'A court has ordered that this part of the site is not made available.',
        endsAt: inHours(24),
      },
    });
    const order = await provider.operator.call(confirmOrder, { params: { orderId: placed.orderId } });
    await provider.applied(order.revision);
    const met = await visit({ port: provider.edge.http, host: 'forum.example', path: '/wiki?name=x', headers: navigation });
    expect(met.status).toBe(451);
    expect(met.headers['link']).toContain(`<${authorityUrl}>; rel="blocked-by"`);
    expect(met.headers['link']).toContain('rel="describedby"');
    expect(met.body).toContain('District Court of Example');
    expect((await page.goto(address('/forum')))?.status()).toBe(200);
    expect((await page.goto(address('/wiki')))?.status()).toBe(451);
    await picture(page, 'forum-8-legal-order');
  });
});

it('the owner sees what became of the requests, by outcome', async () => {
  await until('every outcome of the story has been counted', async () => {
    const { points } = await provider.operator.call(getTraffic, { params: { siteId }, query: { minutes: 10 } });
    const sum = (outcome: 'passed' | 'challenged' | 'solved' | 'noticed') =>
      points.reduce((total, point) => total + point.counts[outcome], 0);
    return sum('passed') > 5 && sum('challenged') > 0 && sum('solved') > 0 && sum('noticed') > 5;
  });
});

// tests/edge-clearance.test.ts tries every forgery on the data plane; these few show that the running product is the same.
describe('tricks on the forum in attack mode', () => {
  const door = () => ({ port: provider.edge.http, host: 'forum.example' });
  const enter = (cookie: string, host = 'forum.example') =>
    visit({ port: provider.edge.http, host, path: '/timeline', headers: { ...navigation, cookie } });

  it('a clearance lets in; forged, cut, or of another site it is worth nothing', async () => {
    await provider.protect('neighbour.example', forum.port, { mode: 'attack' });
    const cookie = await earnClearance(door());
    expect((await enter(cookie)).status).toBe(200);
    const forged = cookie.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const bad of [forged, cookie.slice(0, -1), 'portcullis=', cookie.replace('.', '.9')]) {
      const met = await enter(bad);
      expect([met.status, met.headers['portcullis-action']], bad).toEqual([403, 'challenge']);
    }
    expect((await enter(cookie, 'neighbour.example')).headers['portcullis-action']).toBe('challenge');
  });

  it('a solution is worth one clearance, and no return address can be slipped in', async () => {
    const puzzle = await meetChallenge(door());
    const counter = solve(puzzle);
    const first = await handIn(door(), puzzle.token, `${counter}&r=https%3A%2F%2Fevil.example%2F`);
    expect(first.status).toBe(204);
    expect(first.headers.location).toBeUndefined();
    const replayed = await handIn(door(), puzzle.token, counter);
    expect([replayed.status, replayed.headers['portcullis-reason']]).toEqual([403, 'replay']);
    expect(replayed.headers['set-cookie']).toBeUndefined();
  });

  it('when the keys rotate nobody meets a new challenge; two rotations later the old clearance is void', async () => {
    const cookie = await earnClearance(door());
    const { revision } = await provider.operator.call(rotateClearanceKeys);
    await provider.applied(revision);
    expect((await enter(cookie)).status).toBe(200);
    const again = await provider.operator.call(rotateClearanceKeys);
    await provider.applied(again.revision);
    expect((await enter(cookie)).headers['portcullis-action']).toBe('challenge');
  });

  it('a wrong host meets 421, which says that it is no fault of the visitor’s device', async () => {
    const met = await visit({ port: provider.edge.http, host: 'f0rum.example', headers: navigation });
    expect(met.status).toBe(421);
    expect(met.body).not.toContain('f0rum');
  });
});
