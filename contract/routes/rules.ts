/**
 * A site's own rules over the API: read, replace, check while typing, ask what a request would meet, try on sampled requests, presets.
 *
 * Passwords and the secret for the origin go in and never come out: what is shown without them keeps them when it is sent back.
 */
import { z } from 'zod';
import { SiteId } from '../ids.ts';
import { ChallengeSettings, SiteLimits, SiteMode } from '../policy.ts';
import {
  Headers,
  longestCondition,
  Maintenance,
  mostRules,
  RuleActionDraft,
  RuleDraft,
  RuleId,
  SampledRequest,
  Verdict,
} from '../rules.ts';
import { Nothing } from './common.ts';
import { route } from './route.ts';

const BySite = z.strictObject({ siteId: SiteId });

/** What is wrong with a condition: where (characters, `end` past the last), and what would fit there instead. */
export const ConditionMistake = z.strictObject({
  start: z.int().min(0),
  end: z.int().min(0),
  message: z.string(),
  suggestion: z.string().nullable(),
});
export type ConditionMistake = z.infer<typeof ConditionMistake>;

/** Named sets of limits, challenge and rules. */
export const PresetName = z.enum(['quiet', 'normal', 'strict']);
export type PresetName = z.infer<typeof PresetName>;

/** A rule as it is shown: without its password, and with whether some edges lack the network data that it asks for. */
export const ShownRule = z.strictObject({
  ruleId: RuleId,
  when: z.string(),
  enabled: z.boolean(),
  then: RuleActionDraft,
  needs: z.array(z.enum(['countries', 'asns'])),
});
export type ShownRule = z.infer<typeof ShownRule>;

/** Headers as they are shown: the secret for the origin only as whether there is one. */
export const ShownHeaders = z.strictObject({ answers: Headers.shape.answers, originSecretSet: z.boolean() });

/** Headers as they are sent: what is left out stays. What is shown can be sent back as it is. */
export const HeadersDraft = z.strictObject({
  answers: Headers.shape.answers.optional(),
  /** `null` takes it away. */
  originSecret: Headers.shape.originSecret.optional(),
  originSecretSet: z.boolean().optional(),
});

export const RulesView = z.strictObject({
  siteId: SiteId,
  /** The site's version: send it back to refuse a change made on an old picture. */
  version: z.int().min(1),
  rules: z.array(ShownRule),
  headers: ShownHeaders,
  maintenance: Maintenance.nullable(),
  preset: PresetName.nullable(),
  /** How much room the compiled rules take at an edge. */
  entries: z.int().min(0),
});
export type RulesView = z.infer<typeof RulesView>;

export const RulesDraft = z.strictObject({
  version: z.int().min(1).optional(),
  rules: z.array(RuleDraft).max(mostRules).optional(),
  headers: HeadersDraft.optional(),
  maintenance: Maintenance.nullable().optional(),
});
export type RulesDraft = z.input<typeof RulesDraft>;

export const getRules = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/rules',
  summary: 'The rules, headers and maintenance of a site.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: RulesView,
  status: 200,
  errors: ['not-found'],
});

export const setRules = route({
  method: 'PUT',
  path: '/api/v1/sites/{siteId}/rules',
  summary: 'Replaces what is given; a rule for a password that comes without one keeps the one that it has.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: RulesDraft,
  answer: RulesView,
  status: 200,
  errors: ['not-found', 'conflict', 'rules-refused'],
});

export const checkCondition = route({
  method: 'POST',
  path: '/api/v1/rules/check',
  summary: 'Whether a condition can be read, and where not. Changes nothing.',
  needs: 'sites:read',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ when: z.string().max(longestCondition * 2) }),
  answer: z.strictObject({ mistake: ConditionMistake.nullable(), needs: z.array(z.enum(['countries', 'asns'])) }),
  status: 200,
  errors: [],
});

/** Rules as in a draft, for trying: a password need not be given. */
const TriedRules = z.array(RuleDraft).max(mostRules);

export const dryRun = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/dry-run',
  summary: 'What rules or a mode would do to requests, such as those of an access log. Changes nothing.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: z.strictObject({
    /** Left out: the rules that the site has. */
    rules: TriedRules.optional(),
    mode: SiteMode.optional(),
    maintenance: z.boolean().optional(),
    requests: z.array(SampledRequest).max(2000),
  }),
  answer: z.strictObject({
    requests: z.int().min(0),
    verdicts: z.record(Verdict, z.int().min(0)),
    rules: z.array(
      z.strictObject({
        ruleId: RuleId,
        verdict: Verdict,
        requests: z.int().min(0),
        /** Some of them, without addresses. */
        examples: z
          .array(z.strictObject({ method: z.string(), host: z.string(), path: z.string(), country: z.string().nullable() }))
          .max(5),
      }),
    ),
    /** Requests that a site with rules refuses because they can be read in two ways. */
    ambiguous: z.int().min(0),
  }),
  status: 200,
  errors: ['not-found', 'rules-refused'],
});

export const SettingsDifference = z.strictObject({ what: z.string(), before: z.string(), after: z.string() });
export type SettingsDifference = z.infer<typeof SettingsDifference>;

const ByPreset = BySite.extend({ preset: PresetName });

export const previewPreset = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/presets/{preset}',
  summary: 'What a preset would change. Changes nothing.',
  needs: 'sites:read',
  params: ByPreset,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({
    preset: PresetName,
    limits: SiteLimits,
    challenge: ChallengeSettings,
    differences: z.array(SettingsDifference),
  }),
  status: 200,
  errors: ['not-found'],
});

export const applyPreset = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/presets/{preset}',
  summary: 'Applies a preset: limits, challenge, and its rules after the owner’s own.',
  needs: 'sites:write',
  params: ByPreset,
  query: Nothing,
  body: z.strictObject({ version: z.int().min(1).optional() }),
  answer: RulesView,
  status: 200,
  errors: ['not-found', 'conflict', 'rules-refused'],
});

export const undoPreset = route({
  method: 'DELETE',
  path: '/api/v1/sites/{siteId}/preset',
  summary: 'Goes back to limits, challenge and rules as they were before the preset.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: RulesView,
  status: 200,
  errors: ['not-found', 'wrong-state', 'rules-refused'],
});
