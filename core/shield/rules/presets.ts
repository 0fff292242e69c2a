/**
 * Presets: named sets of limits, challenge and rules, and what they would change, in words.
 *
 * A preset's rules come after the owner's own, under names that begin with `preset-`; another preset replaces them. What was there before is
 * kept with the site, so that going back is one act. What a preset does not name it leaves as it is: who passes without the check, the kind
 * of its work, how many pages it is good for, kept forms. Quiet: a small site that nobody attacks. Normal: the defaults of this program,
 * and the paths that only scanners ask for are closed. Strict: sign-in pages are checked and limited, and odd methods are refused.
 */
import { defaultChallengeSettings, defaultSiteLimits } from '../../../contract/policy.ts';
import type { ChallengeSettings, SiteLimits } from '../../../contract/policy.ts';
import type { PresetName, SettingsDifference } from '../../../contract/routes/rules.ts';
import { Rule } from '../../../contract/rules.ts';

export type PresetSettings = {
  readonly limits: SiteLimits;
  readonly challenge: ChallengeSettings;
  readonly list: readonly Rule[];
};

/** All that a preset sets; `differences` names each of it. */
type Preset = {
  readonly limits: SiteLimits;
  readonly challenge: Pick<ChallengeSettings, 'expectedHashes' | 'clearanceSeconds'>;
  readonly list: readonly Rule[];
};

const rule = (ruleId: string, when: string, then: Rule['then']): Rule =>
  Rule.parse({ ruleId: `preset-${ruleId}`, when, enabled: true, then });

const scanned = rule(
  'scanned',
  'path starts {"/.git/" "/.env" "/.aws/" "/.ssh/" "/vendor/phpunit/" "/cgi-bin/"} or path in {"/.git" "/wp-config.php.bak"}',
  { do: 'deny' },
);
const methods = rule('methods', 'method not in {"GET" "HEAD" "POST" "PUT" "PATCH" "DELETE" "OPTIONS"}', { do: 'deny' });
const signInPaths =
  'path in {"/wp-login.php" "/xmlrpc.php" "/login" "/signin" "/user/login" "/admin" "/administrator/"} or path starts {"/admin/" "/wp-admin/"}';

const { expectedHashes, clearanceSeconds } = defaultChallengeSettings;
const usual = { expectedHashes, clearanceSeconds };

const presets: Readonly<Record<PresetName, Preset>> = {
  quiet: {
    limits: { requestsPer10s: 1000, concurrentPerClient: 200, concurrentPerSite: 2000 },
    challenge: { expectedHashes: 32_768, clearanceSeconds: 7 * 86_400 },
    list: [],
  },
  normal: { limits: defaultSiteLimits, challenge: usual, list: [scanned] },
  strict: {
    limits: { requestsPer10s: 150, concurrentPerClient: 30, concurrentPerSite: 1000 },
    challenge: { expectedHashes: 131_072, clearanceSeconds: 4 * 3600 },
    list: [
      scanned,
      methods,
      rule('sign-in-posts', `method is "POST" and (${signInPaths})`, { do: 'limit', requestsPer10s: 10 }),
      rule('sign-in', signInPaths, { do: 'challenge' }),
    ],
  },
};

/** A site's settings with a preset: what the preset names of limits and challenge, and its rules after those of the owner. */
export function withPreset(held: PresetSettings, name: PresetName): PresetSettings {
  const { limits, challenge, list } = presets[name];
  return { limits, challenge: { ...held.challenge, ...challenge }, list: [...ownRules(held.list), ...list] };
}

/** A site's settings without its preset: what that named is as it was before, what the owner changed beside it meanwhile stays. */
export function withoutPreset(held: PresetSettings, before: PresetSettings): PresetSettings {
  const { expectedHashes, clearanceSeconds } = before.challenge;
  const challenge = { ...held.challenge, expectedHashes, clearanceSeconds };
  return { limits: before.limits, challenge, list: ownRules(held.list) };
}

function ownRules(list: readonly Rule[]): Rule[] {
  return list.filter(({ ruleId }) => !ruleId.startsWith('preset-'));
}

/** What differs between two settings, in words. */
export function differences(before: PresetSettings, after: PresetSettings): SettingsDifference[] {
  const all: SettingsDifference[] = [
    row(
      'Requests of one client in ten seconds',
      before.limits.requestsPer10s ?? 'no limit',
      after.limits.requestsPer10s ?? 'no limit',
    ),
    row('Requests of one client at once', before.limits.concurrentPerClient, after.limits.concurrentPerClient),
    row('Requests of all clients at once', before.limits.concurrentPerSite, after.limits.concurrentPerSite),
    row('Hashes that a check takes', before.challenge.expectedHashes, after.challenge.expectedHashes),
    row('A check is good for, in minutes', before.challenge.clearanceSeconds / 60, after.challenge.clearanceSeconds / 60),
  ];
  const ids = new Set([...before.list, ...after.list].map(({ ruleId }) => ruleId));
  for (const ruleId of ids) {
    const [was, becomes] = [before, after].map(({ list }) => list.find((one) => one.ruleId === ruleId));
    all.push(row(`Rule ${ruleId}`, ruleWords(was), ruleWords(becomes)));
  }
  return all.filter(({ before: was, after: becomes }) => was !== becomes);
}

function row(what: string, before: string | number, after: string | number): SettingsDifference {
  return { what, before: String(before), after: String(after) };
}

function ruleWords(one: Rule | undefined): string {
  if (one === undefined) return 'none';
  return `${one.enabled ? '' : '(off) '}${one.when} → ${one.then.do}${one.then.do === 'limit' ? ` ${one.then.requestsPer10s}` : ''}`;
}
