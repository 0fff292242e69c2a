/**
 * Presets: named sets of limits, challenge and rules, and what they would change, in words.
 *
 * A preset's rules come after the owner's own, under names that begin with `preset-`; another preset replaces them. What was there before is
 * kept with the site, so that going back is one act. Quiet: a small site that nobody attacks. Normal: the defaults of this program,
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

const presets: Readonly<Record<PresetName, PresetSettings>> = {
  quiet: {
    limits: { requestsPer10s: 1000, concurrentPerClient: 200, concurrentPerSite: 2000 },
    challenge: { ...defaultChallengeSettings, expectedHashes: 32_768, clearanceSeconds: 7 * 86_400 },
    list: [],
  },
  normal: { limits: defaultSiteLimits, challenge: defaultChallengeSettings, list: [scanned] },
  strict: {
    limits: { requestsPer10s: 150, concurrentPerClient: 30, concurrentPerSite: 1000 },
    challenge: { ...defaultChallengeSettings, expectedHashes: 131_072, clearanceSeconds: 4 * 3600 },
    list: [
      scanned,
      methods,
      rule('sign-in-posts', `method is "POST" and (${signInPaths})`, { do: 'limit', requestsPer10s: 10 }),
      rule('sign-in', signInPaths, { do: 'challenge' }),
    ],
  },
};

/** A site's settings with a preset: its limits and challenge, and its rules after those of the owner. */
export function withPreset(held: PresetSettings, name: PresetName): PresetSettings {
  const preset = presets[name];
  const { bots } = held.challenge;
  // Which bots an owner lets pass is no question of how strict.
  const challenge = bots === undefined ? preset.challenge : { ...preset.challenge, bots };
  return { ...preset, challenge, list: [...held.list.filter(({ ruleId }) => !ruleId.startsWith('preset-')), ...preset.list] };
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
