/** Which keys an order covers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hostname } from '../../contract/hostname.ts';
import { AccountId, SiteId } from '../../contract/ids.ts';
import { suspendsKey } from './suspension.ts';

const account = AccountId.parse('acct_000000000001');
const stranger = AccountId.parse('acct_000000000002');
const forum = SiteId.parse('site_000000000001');
const shop = SiteId.parse('site_000000000002');
const names = (...typed: string[]) => typed.map((name) => Hostname.parse(name));
const site = { siteId: forum, accountId: account, scope: [], hostnames: names('forum.example', '*.boards.example') };
const key = (siteId: SiteId | null, ...hostnames: string[]) => ({ siteId, accountId: account, hostnames: names(...hostnames) });

describe('an order that suspends captcha keys', () => {
  it('covers all keys of its site, and those of its account that are for one of its hostnames', () => {
    expect(suspendsKey(site, key(forum))).toBe(true);
    expect(suspendsKey(site, key(forum, 'elsewhere.example'))).toBe(true);
    for (const name of ['forum.example', 'a.boards.example', '*.boards.example', '*.a.boards.example'])
      expect([name, suspendsKey(site, key(null, name))]).toEqual([name, true]);
  });

  it('leaves keys of others alone, of other accounts and of other sites', () => {
    expect(suspendsKey(site, { ...key(null, 'forum.example'), accountId: stranger })).toBe(false);
    for (const name of ['boards.example', 'forum.example.net', 'xforum.example', '*.forum.example'])
      expect([name, suspendsKey(site, key(shop, name))]).toEqual([name, false]);
    expect(suspendsKey(site, key(null))).toBe(false);
  });

  it('for some hostnames leaves those keys of the site alone that are for others', () => {
    const narrow = { ...site, scope: ['forum.example'] };
    expect(suspendsKey(narrow, key(forum))).toBe(true);
    expect(suspendsKey(narrow, key(forum, 'forum.example', 'a.boards.example'))).toBe(true);
    expect(suspendsKey(narrow, key(forum, 'a.boards.example'))).toBe(false);
  });

  it('never depends on which of two names is the site’s and which the key’s', () => {
    const name = fc.array(fc.constantFrom('a', 'b', 'example'), { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
    const hostname = fc.tuple(fc.boolean(), name).map(([wild, text]) => Hostname.parse(wild ? `*.${text}` : text));
    fc.assert(
      fc.property(hostname, hostname, (one, other) => {
        const covers = (of: Hostname, used: Hostname) =>
          suspendsKey({ ...site, hostnames: [of] }, { ...key(null), hostnames: [used] });
        expect(covers(one, other)).toBe(covers(other, one));
      }),
    );
  });
});
