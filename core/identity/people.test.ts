/** People and passwords: claims about what is refused. */
import { expect, test } from 'vitest';
import { whyNotPassword } from './password.ts';
import { nameKey, scopesAtUse, whyNotChange, whyNotRoles } from './people.ts';
import { countedNetwork, judgeSession, sessionIdleMs, shownNetwork, touchEveryMs } from './session.ts';

const operator = { personId: 'a', roles: ['operator'], state: 'active' } as const;

test('nobody changes oneself', () => {
  expect(whyNotChange('a', operator, { disabled: true }, 5)).toMatch(/your own/);
  expect(whyNotChange('a', operator, { roles: ['operator', 'lead'] }, 5)).toMatch(/your own/);
});

test('the last operator who can sign in stays one', () => {
  expect(whyNotChange('b', operator, { disabled: true }, 0)).toMatch(/last operator/);
  expect(whyNotChange('b', operator, { roles: ['lead'] }, 0)).toMatch(/last operator/);
  expect(whyNotChange('b', operator, { roles: ['lead'] }, 1)).toBeNull();
  expect(whyNotChange('b', operator, { roles: ['operator', 'lead'] }, 0)).toBeNull();
});

test('a site owner holds no role in the provider, and needs an account', () => {
  expect(whyNotRoles(['owner'], true)).toBeNull();
  expect(whyNotRoles(['owner'], false)).toMatch(/account/);
  expect(whyNotRoles(['owner', 'analyst'], true)).toMatch(/alone/);
  expect(whyNotRoles(['analyst'], true)).toMatch(/Only a site owner/);
  expect(whyNotRoles(['analyst', 'analyst'], false)).toMatch(/twice/);
  expect(whyNotChange('b', { ...operator, roles: ['analyst'] }, { roles: ['owner'] }, 1)).toMatch(/site owner/);
});

test('a token is cut to what its person’s roles still hold', () => {
  expect([...scopesAtUse(['orders:confirm', 'sites:read'], ['analyst'])]).toEqual(['sites:read']);
});

test('names are compared without regard to case, width and spaces', () => {
  expect(nameKey('  Ada   Lovelace ')).toBe(nameKey('ada lovelace'));
  expect(nameKey('Ａda')).toBe('ada');
});

test.each([
  ['aaaaaaaaaaaa', 'repeats'],
  ['121212121212', 'repeats'],
  ['abcdefghijklm', 'run'],
  ['password1234', 'common word'],
  ['Ada-Lovelace-1', 'common word'],
])('the password %s is refused', (password, why) => {
  expect(whyNotPassword(password, 'Ada Lovelace')).toContain(why);
});

test.each(['correct horse battery', 'tRe7-oslo-plum-91', '8402 9917 3350', 'мост через реку зимой'])(
  'the password %s is fine',
  (password) => {
    expect(whyNotPassword(password, 'Ada Lovelace')).toBeNull();
  },
);

test('a session ends when it is idle or old, and is touched once a minute', () => {
  const session = { lastUsedAtMs: 0, untilMs: 10 * sessionIdleMs };
  expect(judgeSession(session, touchEveryMs - 1)).toBe('live');
  expect(judgeSession(session, touchEveryMs)).toBe('touch');
  expect(judgeSession(session, sessionIdleMs)).toBe('idle');
  expect(judgeSession({ ...session, lastUsedAtMs: session.untilMs }, session.untilMs)).toBe('over');
});

test('the list of sessions shows a network, not an address', () => {
  expect(shownNetwork('192.0.2.77')).toBe('192.0.2.0/24');
  expect(shownNetwork('::ffff:192.0.2.77')).toBe('192.0.2.0/24');
  expect(shownNetwork('2001:db8:1:2:3::4')).toBe('2001:db8:1::/48');
  expect(shownNetwork('fe80::1%eth0')).toBe('fe80::/48');
  expect(countedNetwork('192.0.2.77')).toBe('192.0.2.77/32');
  expect(countedNetwork('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
  expect(countedNetwork('not an address')).toBe('unknown');
});
