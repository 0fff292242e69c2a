import { expect, it } from 'vitest';
import { defaultChallengeSettings, defaultSiteLimits } from '../../../contract/policy.ts';
import type { ChallengeSettings } from '../../../contract/policy.ts';
import { PresetName } from '../../../contract/routes/rules.ts';
import { Rule } from '../../../contract/rules.ts';
import { differences, withoutPreset, withPreset } from './presets.ts';
import type { PresetSettings } from './presets.ts';

const own = Rule.parse({ ruleId: 'mine', when: 'path is "/mine"', enabled: true, then: { do: 'deny' } });
/** With no value that any preset sets, and none that is the usual one. */
const challenge: Required<ChallengeSettings> = {
  ...{ expectedHashes: 1_000_000, clearanceSeconds: 600, pagesPer10Min: 40, crawlers: 'challenged', keepBodiesUpTo: 0 },
  ...{ bots: 'challenged', work: 'strong' },
};
const held: PresetSettings = {
  limits: { requestsPer10s: 7, concurrentPerClient: 8, concurrentPerSite: 9 },
  challenge,
  list: [own],
};
/** Every value of settings that another one differs in, by a name that people read. */
const leaves = ({ limits, challenge, list }: PresetSettings) => ({
  ...limits,
  ...challenge,
  ...Object.fromEntries(list.map((rule) => [rule.ruleId, rule])),
});
const changed = (before: PresetSettings, after: PresetSettings) => {
  const [was, is]: Record<string, unknown>[] = [leaves(before), leaves(after)];
  const names = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})]);
  return [...names].filter((name) => JSON.stringify(was?.[name]) !== JSON.stringify(is?.[name]));
};

it.each(PresetName.options)('%s changes nothing that it does not name, and names all that it changes', (name) => {
  const after = withPreset(held, name);
  const { expectedHashes: _, clearanceSeconds: __, ...untouched } = challenge;
  expect(after.challenge).toMatchObject(untouched);
  expect(after.list[0]).toEqual(own);
  expect(differences(held, after)).toHaveLength(changed(held, after).length);
  expect(withPreset(after, name)).toEqual(after);
});

it('going back restores what a preset named, and leaves what the owner changed beside it', () => {
  const strict = withPreset(held, 'strict');
  expect(withoutPreset(withPreset(strict, 'quiet'), held)).toEqual(held);
  const meanwhile = { ...strict, challenge: { ...strict.challenge, crawlers: 'pass' as const } };
  expect(withoutPreset(meanwhile, held)).toEqual({ ...held, challenge: { ...challenge, crawlers: 'pass' } });
});

it('normal is what a new site has, and one rule', () => {
  const fresh = { limits: defaultSiteLimits, challenge: defaultChallengeSettings, list: [] };
  expect(differences(fresh, withPreset(fresh, 'normal')).map(({ what }) => what)).toEqual(['Rule preset-scanned']);
});
