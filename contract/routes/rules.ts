/**
 * A site's own rules over the API: read, replace, check while typing, ask what a request would meet, try on sampled requests, presets.
 *
 * Passwords and the secret for the origin go in and never come out: what is shown without them keeps them when it is sent back.
 */
import { z } from 'zod';
import { EdgeId, Instant, SiteId } from '../ids.ts';
import { ChallengeSettings, NetworkRule, SiteLimits, SiteMode } from '../policy.ts';
import {
  Headers,
  longestCondition,
  Maintenance,
  mostRules,
  RuleActionDraft,
  RuleDraft,
  RuleId,
  SampledRequest,
  TriedVerdict,
  Unsure,
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
  /** Which network data the edges have that serve the site; `unknown` ones never said. */
  networkData: z.strictObject({
    edges: z.int().min(0),
    withCountries: z.int().min(0),
    withAsns: z.int().min(0),
    unknown: z.int().min(0),
  }),
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

/**
 * What became of asking an edge for its sample: `told`; `nothing` came in time (an older version, or it is busy); it is `away`; its stream is
 * `elsewhere`, with another control process.
 */
export const AskedEdge = z.strictObject({
  edgeId: EdgeId,
  said: z.enum(['told', 'nothing', 'away', 'elsewhere']),
  requests: z.int().min(0),
  /** From when on it kept all that fell into its sample; null when it told nothing. */
  since: Instant.nullable(),
});
export type AskedEdge = z.infer<typeof AskedEdge>;

/** The site's own last hour, as far as edges told of it. */
export const OwnHour = z.strictObject({
  /** Times of the oldest and the newest request; null when there is none. */
  from: Instant.nullable(),
  until: Instant.nullable(),
  edges: z.array(AskedEdge),
  /** Edges of a large group that were left out. */
  notAsked: z.int().min(0),
});
export type OwnHour = z.infer<typeof OwnHour>;

/** `requests`: as many as the sampled ones stand for. */
const Tally = z.strictObject({
  requests: z.int().min(0),
  sampled: z.int().min(0),
  /** Some of them, without addresses. */
  examples: z
    .array(z.strictObject({ method: z.string(), host: z.string(), path: z.string(), country: z.string().nullable() }))
    .max(5),
});

export const DryRun = z.strictObject({
  /** Requests that were looked at, and how many they stand for: one of a sample stands for many. All counts below are of the latter. */
  requests: z.int().min(0),
  standFor: z.int().min(0),
  /** Where they come from; null when they were given. */
  ownHour: OwnHour.nullable(),
  /** The mode that was tried, and the one that is in force. */
  mode: SiteMode,
  presentMode: SiteMode,
  verdicts: z.record(TriedVerdict, z.int().min(0)),
  /** What becomes of the same requests as things are. */
  present: z.record(TriedVerdict, z.int().min(0)),
  /** Requests for which that is not the same, the most first. */
  changes: z.array(Tally.extend({ from: TriedVerdict, to: TriedVerdict })),
  /** By rule that was tried, in their order. */
  rules: z.array(Tally.extend({ ruleId: RuleId, verdict: Verdict, unsure: z.array(Unsure) })),
});
export type DryRun = z.infer<typeof DryRun>;

export const dryRun = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/dry-run',
  summary: 'What rules, a mode or a preset would do to requests, compared with what is in force. Changes nothing.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: z.strictObject({
    /** Each left out: as the site has it. A preset brings its rules after those. */
    rules: TriedRules.optional(),
    networks: z.array(NetworkRule).max(2000).optional(),
    mode: SiteMode.optional(),
    maintenance: z.boolean().optional(),
    preset: PresetName.optional(),
    /** Left out: the sampled requests of the site's own last hour. */
    requests: z.array(SampledRequest).max(2000).optional(),
  }),
  answer: DryRun,
  status: 200,
  errors: ['not-found', 'rules-refused'],
});

export const SettingsDifference = z.strictObject({ what: z.string(), before: z.string(), after: z.string() });
export type SettingsDifference = z.infer<typeof SettingsDifference>;

const ByPreset = BySite.extend({ preset: PresetName });

export const previewPreset = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/presets/{preset}',
  summary: 'All that a preset would change, from what to what. Changes nothing.',
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
  summary: 'Applies a preset: limits, the work and the validity of a check, and its rules after the owner’s own. All else stays.',
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
  summary: 'Goes back to limits, the work and the validity of a check and rules as they were before the preset.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: RulesView,
  status: 200,
  errors: ['not-found', 'wrong-state', 'rules-refused'],
});
