/** The owner's side, on both databases: told at the measure, by console and link, nobody else's, and never kept here by what they cannot take along. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as contract from '../../../contract/routes/desk/decisions.ts';
import * as owners from '../../../contract/routes/desk/owners.ts';
import type { DecisionDraft } from '../../../contract/routes/desk/decisions.ts';
import { setAccountContact } from '../../../contract/routes/desk/owners.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import { startDecisionsHouse } from '../../../tests/harness/decisions-house.ts';
import type { DecisionsHouse, GradedCase, Person } from '../../../tests/harness/decisions-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import type { SiteId } from '../../../contract/ids.ts';
import { hintOf } from './contact.ts';

const hour = 3_600_000;

describeOnBoth('what an owner is told', (databases) => {
  let house: DecisionsHouse;
  let analyst: Person;
  let lead: Person;
  let owner: Person;
  let stranger: Person;
  let siteId: SiteId;

  beforeAll(async () => {
    house = await startDecisionsHouse(await databases.fresh());
    analyst = await house.person('Ada Analyst', ['analyst']);
    lead = await house.person('Lee Lead', ['lead']);
    const ours = await house.account('Forum people');
    owner = await house.person('Otto Owner', ['owner'], ours);
    stranger = await house.person('Sue Stranger', ['owner'], await house.account('Other people'));
    siteId = await house.site('forum.example', ours);
    await owner.call(setAccountContact, { body: { mail: 'otto@owner.example' } });
  });
  afterAll(async () => house?.stop());

  const decide = async (found: GradedCase, more: Partial<DecisionDraft> = {}) => {
    const body = await house.draft(found, more);
    const { decisionId } = await analyst.call(contract.proposeDecision, { params: { caseId: found.caseId }, body });
    return lead.call(contract.confirmDecision, { params: { decisionId } });
  };
  const notices = async (who = owner) => (await who.call(owners.listOwnerNotices)).items;
  const newest = async () => {
    const [first] = await notices();
    if (first === undefined) throw new Error('there is no notice');
    return first;
  };
  /** The token in the newest mail's link. */
  const linkToken = (): string => {
    const token = /\/n\/([A-Za-z0-9_-]{43})\n/.exec(house.sent.at(-1)?.body ?? '')?.[1];
    if (token === undefined) throw new Error('there is no link');
    return token;
  };
  const opened = async (token: string) => {
    const answer = await fetch(`${house.url}/n/${token}`, { redirect: 'manual' });
    return { answer, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' };
  };
  const post = (cookie: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${house.url}/notice`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
      body: new URLSearchParams(fields),
    });

  it('is the statement, at the measure, with addresses and a deadline, and says not who reported or decided', async () => {
    const namedUrls = ['https://forum.example/t/1'];
    const decision = await decide(await house.openCase(siteId), { namedUrls, deadline: house.at(24 * hour) });
    const notice = await newest();
    expect([notice.kind, notice.decision, notice.namedUrls, notice.mayAppeal]).toEqual([
      'statement',
      decision.number,
      namedUrls,
      true,
    ]);
    expect(notice.text).toContain('- https://forum.example/t/1');
    expect(notice.text).not.toMatch(/Lee Lead|Ada Analyst|Seen on our own capture/);
    expect(await notices(stranger)).toEqual([]);
    expect((await newest()).readAt).not.toBeNull();
  });

  it('goes as a link alone by mail: no reason, no address, no name', async () => {
    await decide(await house.openCase(siteId), { namedUrls: ['https://forum.example/t/2'], deadline: house.at(24 * hour) });
    const mail = house.sent.at(-1);
    expect(mail?.to).toEqual({ kind: 'address', address: 'otto@owner.example' });
    expect(`${mail?.subject}${mail?.body}`).not.toMatch(/forum\.example|Specific threats|D-2026|Otto/);
    const rows = await house.store.db.selectFrom('owner_notice').select('link_hash').execute();
    expect(rows.map((row) => row.link_hash).join(' ')).not.toContain(linkToken());
  });

  it('is held back with a reason only, then told by hand or after 72 hours by itself', async () => {
    const reason = 'The police asked us to wait until they have been there.';
    const before = (await notices()).length;
    const first = await decide(await house.openCase(siteId), { ownerNoticeDelayReason: reason });
    expect([(await notices()).length, first.ownerToldAt]).toEqual([before, null]);
    const params = { decisionId: first.decisionId };
    const told = await lead.call(contract.tellOwner, { params });
    expect([(await notices()).length, told.ownerToldAt]).toEqual([before + 1, house.at(0)]);
    expect(await refusalOf(lead.call(contract.tellOwner, { params }))).toBe('wrong-state');
    await decide(await house.openCase(siteId), { ownerNoticeDelayReason: reason });
    house.pass(71 * hour);
    await house.runJobs();
    expect((await notices()).length).toBe(before + 1);
    house.pass(2 * hour);
    await house.runJobs();
    await house.runJobs();
    expect((await notices()).length).toBe(before + 2);
    expect((await newest()).text).not.toContain('police');
  });

  it('is answered and appealed in the console, by its own account only, once', async () => {
    const decision = await decide(await house.openCase(siteId));
    const { noticeId } = await newest();
    const act = (who: Person, body: { act: 'reply' | 'appeal'; text: string }) =>
      who.call(owners.answerNotice, { params: { noticeId }, body });
    const text = 'We removed the thread and banned its author.';
    expect((await act(owner, { act: 'reply', text })).replies.map((reply) => reply.text)).toEqual([text]);
    expect(await refusalOf(act(stranger, { act: 'reply', text }))).toBe('not-found');
    const appealed = await act(owner, { act: 'appeal', text });
    expect([appealed.mayAppeal, appealed.appeals.map(({ state }) => state)]).toEqual([false, ['open']]);
    expect(await refusalOf(act(owner, { act: 'appeal', text }))).toBe('wrong-state');
    const appeals = await house.person(`Abe ${decision.number}`, ['appeals']);
    const appealId = appealed.appeals[0]?.appealId ?? '';
    await appeals.call(contract.takeAppeal, { params: { appealId } });
    const reasons = 'The author is gone and the threats are gone with them.';
    await appeals.call(contract.decideAppeal, { params: { appealId }, body: { outcome: 'reversed', reasons } });
    const outcome = (await notices()).find(
      ({ kind, decision: number }) => kind === 'appeal-outcome' && number === decision.number,
    );
    expect(outcome?.text).toContain(reasons);
  });

  describe('by the signed link', () => {
    it('is read, answered and appealed without signing in, and the token stands in no address and no log', async () => {
      const decision = await decide(await house.openCase(siteId));
      const token = linkToken();
      const { answer, cookie } = await opened(token);
      expect([answer.status, answer.headers.get('location'), answer.headers.get('referrer-policy')]).toEqual([
        303,
        '/notice',
        'no-referrer',
      ]);
      expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/notice; Max-Age=3600; HttpOnly; SameSite=Lax$/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const page = await fetch(`${house.url}/notice`, { headers: { cookie } });
      const text = await page.text();
      expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(text).toContain(decision.number);
      expect(text).toContain('noindex');
      expect(text).not.toContain(token);
      const reply = await post(cookie, { act: 'reply', text: '<script>alert(1)</script> is what stood there.' });
      expect([reply.status, reply.headers.get('location')]).toEqual([303, '/notice?sent=reply']);
      const after = await (await fetch(`${house.url}/notice?sent=reply`, { headers: { cookie } })).text();
      expect(after).toContain('&lt;script&gt;');
      expect(after).not.toContain('<script>');
      expect((await post(cookie, { act: 'appeal', text: 'The danger is over since yesterday.' })).status).toBe(303);
      expect((await newest()).appeals.map(({ state }) => state)).toEqual(['open']);
      expect(house.logged.join('\n')).not.toContain(token);
    });

    it('takes nothing from another site’s page, without a cookie, or with a guessed one', async () => {
      const token = linkToken();
      const { cookie } = await opened(token);
      const fields = { act: 'reply', text: 'Written by somebody else’s page.' };
      expect((await post(cookie, fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
      expect((await post('', fields)).status).toBe(404);
      expect((await post(`portcullis_notice=${'A'.repeat(43)}`, fields)).status).toBe(404);
      expect((await post(`${cookie}; ${cookie}`, fields)).status).toBe(404);
      expect((await fetch(`${house.url}/n/short`)).status).toBe(404);
      expect((await post(cookie, { act: 'reply', text: 'short' })).status).toBe(422);
      expect((await post(cookie, { act: 'reply', text: 'x'.repeat(70_000) })).status).toBe(413);
    });

    it('speaks five languages and turns for Arabic', async () => {
      const { cookie } = await opened(linkToken());
      for (const [language, words] of [
        ['de', 'Antworten'],
        ['es', 'Responder'],
        ['fr', 'Répondre'],
        ['ar', 'الرد'],
      ] as const) {
        const text = await (await fetch(`${house.url}/notice`, { headers: { cookie, 'accept-language': language } })).text();
        expect(text).toContain(words);
        expect(text.includes('dir="rtl"')).toBe(language === 'ar');
      }
    });

    it('ends with the time for appeals', async () => {
      const { cookie } = await opened(linkToken());
      house.pass(191 * 24 * hour);
      expect((await fetch(`${house.url}/notice`, { headers: { cookie } })).status).toBe(404);
    });
  });

  it('can be taken along under any order: settings and a zone file, to nobody else', async () => {
    await decide(await house.openCase(siteId));
    const { site, zone } = await owner.call(owners.exportSite, { params: { siteId } });
    expect(site).toMatchObject({ name: 'forum.example', mode: 'off' });
    expect(zone).toContain('forum.example. 300 IN A 127.0.0.1');
    expect(await refusalOf(stranger.call(owners.exportSite, { params: { siteId } }))).toBe('not-found');
    expect(await refusalOf(stranger.call(owners.exportSite, { params: { siteId: 'nonsense' } }))).toBe('not-found');
  });

  it('may be asked by a lead without a decision, in words that name nobody, and their answer is read redacted', async () => {
    const found = await house.openCase(siteId, { target: 'Canary Quillfeather' });
    const params = { caseId: found.caseId };
    const ask = (text: string, who = lead) => who.call(owners.askOwner, { params, body: { subject: 'A thread of yours', text } });
    expect(await refusalOf(ask('Is it true what stands there about Canary Quillfeather?'))).toBe('decision-incomplete');
    expect(await refusalOf(ask('Is it true what stands there?', analyst))).toBe('not-allowed');
    expect((await ask('Is it true what stands there?')).kind).toBe('question');
    const { noticeId, mayAppeal } = await newest();
    expect(mayAppeal).toBe(false);
    const answer = (act: 'reply' | 'appeal', text: string) =>
      owner.call(owners.answerNotice, { params: { noticeId }, body: { act, text } });
    await answer('reply', 'It is about Canary Quillfeather, and it is a joke.');
    expect(await refusalOf(answer('appeal', 'There is nothing to appeal.'))).toBe('wrong-state');
    const { items } = await analyst.call(owners.listCaseNotices, { params });
    expect(items[0]?.replies.map(({ text, by }) => [text, by?.name])).toEqual([
      ['It is about [name], and it is a joke.', 'Otto Owner'],
    ]);
  });

  it('shows of a mailbox a hint only, and keeps it unreadable', async () => {
    expect((await owner.call(owners.getAccountContact)).hint).toBe('o…@owner.example');
    expect((await stranger.call(owners.getAccountContact)).hint).toBeNull();
    const rows = await house.store.db.selectFrom('account_contact').select('address').execute();
    expect(rows.map(({ address }) => address.toString('utf8')).join(' ')).not.toContain('otto');
    expect(hintOf('é@x.example')).toBe('é…@x.example');
    expect(await refusalOf(lead.call(owners.listOwnerNotices))).toBe('not-allowed');
  });

  it('rests on criteria that everybody can read', async () => {
    const page = await (await fetch(`${house.url}/criteria`)).text();
    expect(page).toContain('Were these criteria published before the case was opened?');
    const body = {
      title: 'Criteria once more',
      text: 'The same words, which are long enough to be published as criteria. '.repeat(3),
    };
    const published = await lead.call(contract.publishCriteria, { body });
    expect(await refusalOf(lead.call(contract.publishCriteria, { body }))).toBe('conflict');
    const answer: unknown = await (await fetch(`${house.url}/api/v1/desk/criteria`)).json();
    expect(JSON.stringify(answer)).toContain(published.sha256);
    expect(JSON.stringify(answer)).not.toContain('Lee Lead');
  });
});
