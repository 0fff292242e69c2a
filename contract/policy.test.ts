import fc from 'fast-check';
import { expect, it } from 'vitest';
import { itemKey, PathPrefix, PolicyItem } from './policy.ts';

it.each([
  '/',
  'threads',
  '/a//b',
  '/a/../b',
  '/./a',
  '/a?b',
  '/a#b',
  '/a%2fb',
  '/a|b',
  '/a;b',
  '/a b',
  '/a"b',
  '/<a',
  "/a'b",
  '/ä',
  '/a\n',
  '/..',
])('the path %j is refused: a prefix that could be read in two ways blocks more or less than was decided', (path) => {
  expect(PathPrefix.safeParse(path).success).toBe(false);
});

it.each(['/threads', '/threads/', '/threads/42', '/a.b/c_d-e~f', '/Forum', '/a:b@c'])('the path %j is accepted', (path) => {
  expect(PathPrefix.parse(path)).toBe(path);
});

it('no accepted path holds what separates fields in a map line', () => {
  fc.assert(
    fc.property(fc.string(), (tail) => {
      const parsed = PathPrefix.safeParse(`/x${tail}`);
      if (parsed.success) expect(parsed.data).not.toMatch(/[\s|"'<>%\\]/);
    }),
  );
});

it('an item of an unknown kind, or with an unknown key, is not a policy item', () => {
  expect(PolicyItem.safeParse({ kind: 'provider', name: 'Example Shield', publicUrl: 'http://localhost:7700' }).success).toBe(
    true,
  );
  expect(
    PolicyItem.safeParse({ kind: 'provider', name: 'Example Shield', publicUrl: 'http://localhost:7700', extra: 1 }).success,
  ).toBe(false);
  expect(PolicyItem.safeParse({ kind: 'magic' }).success).toBe(false);
});

it('every item has a key of its own kind', () => {
  const key = itemKey(PolicyItem.parse({ kind: 'clearance-key', keyId: 'k1', secret: `${'A'.repeat(43)}=`, state: 'current' }));
  expect(key).toBe('clearance-key:k1');
});
