/**
 * Rules of a site's owner: read, replace, preset and back. Each act is one transaction with its change for the edges and its audit line.
 *
 * What an edge could not run is refused here, in sentences that say which rule and where: conditions that do not parse, rules that are too
 * many together, and more sites of a group with `contains` than HAProxy reads line by line without being felt (decision 0027).
 * A password is kept as a salted HMAC-SHA256, because that is what HAProxy can check by itself: fast to guess for whoever has read
 * the policy, hence at least twelve characters, and never in an answer, an audit line or a log.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { SiteId } from '../../contract/ids.ts';
import type { PresetName, RulesDraft, RulesView, ShownRule } from '../../contract/routes/rules.ts';
import { noRules } from '../../contract/rules.ts';
import type { Rule, RuleDraft, SiteRules } from '../../contract/rules.ts';
import { compileRules, TooComplex } from '../../core/shield/rules/compile.ts';
import type { Machine } from '../../core/shield/rules/compile.ts';
import { activeRules, allNetworkData } from '../../core/shield/rules/evaluate.ts';
import { parseCondition } from '../../core/shield/rules/parse.ts';
import { withoutPreset, withPreset } from '../../core/shield/rules/presets.ts';
import type { PresetSettings } from '../../core/shield/rules/presets.ts';
import type { Condition } from '../../core/shield/rules/syntax.ts';
import { testsOf } from '../../core/shield/rules/syntax.ts';
import { addAudit } from '../../store/audit.ts';
import { listEdges } from '../../store/edges.ts';
import { countSitesWithContains, findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { FieldMistake } from '../http/failure.ts';
import { publishSite } from './service.ts';

type Draft = z.output<typeof RulesDraft>;

/** Most sites of one group whose rules use `contains`: sixteen maps of patterns share them (bench/README.md says what that costs). */
const mostSitesWithContains = 64;

/** What rules may ask of network data. */
export function needsOf(condition: Condition): ShownRule['needs'] {
  const fields = new Set([...testsOf(condition)].map(({ field }) => field));
  return [...(fields.has('country') ? ['countries' as const] : []), ...(fields.has('asn') ? ['asns' as const] : [])];
}

/** Rules as the API shows them. */
export async function viewRules(deps: Pick<ControlDeps, 'store'>, site: SiteRecord): Promise<z.input<typeof RulesView>> {
  const rules = site.rules ?? noRules;
  const edges = (await listEdges(deps.store.db, site.group)).filter(({ revokedAt }) => revokedAt === null);
  const having = (kind: 'countries' | 'asns') => edges.filter(({ networkData }) => networkData?.[kind] === 'there').length;
  return {
    siteId: site.siteId,
    version: site.version,
    rules: rules.list.map((rule) => {
      const parsed = parseCondition(rule.when);
      return {
        ruleId: rule.ruleId,
        when: rule.when,
        enabled: rule.enabled,
        then: rule.then.do === 'password' ? { do: 'password' } : rule.then,
        needs: parsed.kind === 'condition' ? needsOf(parsed.condition) : [],
      };
    }),
    headers: { answers: rules.headers.answers, originSecretSet: rules.headers.originSecret !== null },
    maintenance: rules.maintenance,
    preset: site.preset?.name ?? null,
    entries: entriesOf(compiled(rules)),
    networkData: {
      edges: edges.length,
      withCountries: having('countries'),
      withAsns: having('asns'),
      unknown: edges.filter(({ networkData }) => networkData === null).length,
    },
  };
}

/** Replaces what is given. Throws Failure: see the route's errors. */
export async function setRules(deps: ControlDeps, caller: Caller, siteId: SiteId, draft: Draft): Promise<SiteRecord> {
  return change(deps, caller, siteId, draft.version, 'site.rules', async (held) => {
    const before = held.rules ?? noRules;
    const rules: SiteRules = {
      list: draft.rules === undefined ? before.list : finished(draft.rules, before.list),
      headers: headersOf(draft.headers, before.headers),
      maintenance: draft.maintenance === undefined ? before.maintenance : draft.maintenance,
    };
    return {
      next: { ...held, rules },
      detail: { changed: Object.keys(draft).filter((key) => key !== 'version'), rules: rules.list.length },
    };
  });
}

/** Applies a preset; what it replaces is kept (the oldest, when one preset follows another). */
export async function applyPreset(
  deps: ControlDeps,
  caller: Caller,
  siteId: SiteId,
  name: PresetName,
  version?: number,
): Promise<SiteRecord> {
  return change(deps, caller, siteId, version, 'site.preset', async (held) => {
    const before = settingsOf(held);
    const after = withPreset(before, name);
    const next: SiteRecord = {
      ...held,
      limits: after.limits,
      challenge: after.challenge,
      rules: { ...(held.rules ?? noRules), list: [...after.list] },
      preset: { name, before: held.preset?.before ?? { ...before, list: [...before.list] } },
    };
    return { next, detail: { preset: name } };
  });
}

/** Goes back to what was before the preset. What the owner changed meanwhile and no preset names stays. */
export async function undoPreset(deps: ControlDeps, caller: Caller, siteId: SiteId): Promise<SiteRecord> {
  return change(deps, caller, siteId, undefined, 'site.preset-undone', async (held) => {
    const { preset } = held;
    if (preset === null) throw new Failure('wrong-state', 'No preset is in use on this site, so there is nothing to go back to.');
    const { limits, challenge, list } = withoutPreset(settingsOf(held), preset.before);
    const next: SiteRecord = { ...held, limits, challenge, rules: { ...(held.rules ?? noRules), list: [...list] }, preset: null };
    return { next, detail: { preset: preset.name } };
  });
}

/** What a preset changes of a site. */
export function settingsOf(site: SiteRecord): PresetSettings {
  return { limits: site.limits, challenge: site.challenge, list: site.rules?.list ?? [] };
}

/** Rules for trying, without passwords. Throws Failure `rules-refused`. */
export function triedRules(drafts: readonly RuleDraft[]): Rule[] {
  const list = drafts.map((draft): Rule => {
    const { then } = draft;
    return {
      ...draft,
      then: then.do === 'password' ? { do: 'password', salt: Buffer.alloc(16).toString('base64'), hash: '0'.repeat(64) } : then,
    };
  });
  refuseMistakes(list);
  return list;
}

async function change(
  deps: ControlDeps,
  caller: Caller,
  siteId: SiteId,
  version: number | undefined,
  act: string,
  make: (
    held: SiteRecord,
  ) => Promise<{ readonly next: SiteRecord; readonly detail: Record<string, string | number | readonly string[]> }>,
): Promise<SiteRecord> {
  return transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (held === null) throw notFound('site');
    if (version !== undefined && version !== held.version) {
      throw new Failure(
        'conflict',
        `Somebody changed this site meanwhile (it is at version ${held.version}, you had ${version}). Nothing was changed; look again.`,
      );
    }
    const { next, detail } = await make(held);
    const rules = next.rules ?? noRules;
    refuseMistakes(rules.list);
    const rulesContain = compiledOrRefused(rules).patterns.size > 0;
    if (rulesContain && !held.rulesContain) await refuseTooMany(unit, held);
    await addAudit(unit.tx, { at: nowOf(deps), who: caller, act, subject: siteId, detail });
    return publishSite(deps, unit, { ...next, rulesContain, version: held.version + 1 }, held);
  });
}

async function refuseTooMany(unit: Work, site: SiteRecord): Promise<void> {
  const others = await countSitesWithContains(unit.tx, site);
  if (others < mostSitesWithContains) return;
  throw new Failure(
    'rules-refused',
    `${others} sites of this group use “contains” already, and an edge reads those texts one by one. Use “starts”, “is” or “in”, or ask the operator. Nothing was changed.`,
  );
}

/** Drafts with what is kept of a password: its hash, or the one that the rule of the same name has. */
function finished(drafts: readonly RuleDraft[], held: readonly Rule[]): Rule[] {
  const mistakes: FieldMistake[] = [];
  const list = drafts.flatMap((draft, index): Rule[] => {
    const { then } = draft;
    if (then.do !== 'password') return [{ ...draft, then }];
    if (then.password !== undefined) return [{ ...draft, then: { do: 'password', ...hashed(then.password) } }];
    const kept = held.find(({ ruleId }) => ruleId === draft.ruleId)?.then;
    if (kept?.do === 'password') return [{ ...draft, then: kept }];
    mistakes.push({
      path: `rules.${index}.then.password`,
      message: `The rule ${draft.ruleId} needs a password of at least twelve characters.`,
    });
    return [];
  });
  refuse(mistakes);
  return list;
}

function headersOf(draft: Draft['headers'], held: SiteRules['headers']): SiteRules['headers'] {
  return {
    answers: draft?.answers ?? held.answers,
    originSecret: draft?.originSecret === undefined ? held.originSecret : draft.originSecret,
  };
}

function hashed(password: string): { salt: string; hash: string } {
  const salt = randomBytes(16);
  return { salt: salt.toString('base64'), hash: createHmac('sha256', salt).update(password, 'utf8').digest('hex') };
}

function refuseMistakes(list: readonly Rule[]): void {
  const mistakes: FieldMistake[] = [];
  const seen = new Set<string>();
  for (const [index, { ruleId, when }] of list.entries()) {
    if (seen.has(ruleId)) mistakes.push({ path: `rules.${index}.ruleId`, message: `Two rules are called ${ruleId}.` });
    seen.add(ruleId);
    const parsed = parseCondition(when);
    if (parsed.kind === 'condition') continue;
    const { start, message, suggestion } = parsed.mistake;
    const meant = suggestion === null ? '' : ` Did you mean ${suggestion}?`;
    mistakes.push({ path: `rules.${index}.when`, message: `Rule ${ruleId}, character ${start + 1}: ${message}${meant}` });
  }
  refuse(mistakes);
}

function refuse(mistakes: readonly FieldMistake[]): void {
  if (mistakes.length === 0) return;
  const said = mistakes.map(({ message }) => message).slice(0, 3);
  throw new Failure('rules-refused', `${said.join(' ')} Nothing was changed.`, { fields: mistakes });
}

function compiledOrRefused(rules: SiteRules): Machine {
  try {
    return compiled(rules);
  } catch (error) {
    if (error instanceof TooComplex) throw new Failure('rules-refused', `${error.message} Nothing was changed.`);
    throw error;
  }
}

function compiled(rules: SiteRules): Machine {
  return compileRules(activeRules(rules.list, allNetworkData), rules.maintenance);
}

function entriesOf({ entries, patterns, decisions }: Machine): number {
  return entries.size + patterns.size + decisions.length + 1;
}
