/**
 * Sites: add, change, remove, prove, waive, re-check. Each act is one transaction with its change for the edges and its audit line.
 *
 * Slow things (DNS, fetching a file) come before the transaction, which then looks again at what may have changed meanwhile. An order
 * holds a site and the hostnames that it covers in place, and no other site can take a name from under an order's wildcard: removing and adding
 * is no way around an order.
 */
import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Hostname } from '../../contract/hostname.ts';
import { usualAutomatic } from '../../contract/attacks.ts';
import { GroupName, SiteId, idPrefix } from '../../contract/ids.ts';
import type { Instant } from '../../contract/ids.ts';
import { defaultHttpsSettings } from '../../contract/certificates.ts';
import type { HttpsSettings } from '../../contract/certificates.ts';
import { ItemKey, defaultChallengeSettings, defaultSiteLimits, usualKeptBytes } from '../../contract/policy.ts';
import type { ChallengeSettings, NetworkRule, SiteLimits } from '../../contract/policy.ts';
import type { SiteChange, SiteDraft } from '../../contract/routes/sites.ts';
import { randomId } from '../../kit/random-id.ts';
import { addEntry, endAttackOn } from '../../store/attacks.ts';
import { deleteCertificatesOf } from '../../store/certificates.ts';
import { addAudit } from '../../store/audit.ts';
import { findHead, recordChanges } from '../../store/change-log.ts';
import { hasAccount, raiseAlarm } from '../../store/house.ts';
import { ordersHolding } from '../../store/orders.ts';
import { deleteSite, findSite, insertSite, replaceSite } from '../../store/sites.ts';
import type { SiteHostname, SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { wishCertificates } from '../certificates/wishes.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { FieldMistake } from '../http/failure.ts';
import { namingTakenHostnames, nextHostnames, parseHostnames, refuseTaken, takenHostnames, underOrder } from './hostnames.ts';
import { judgeOrigin, parseOrigin } from './origin.ts';
import type { OriginVerdict } from './origin.ts';
import { checkOwnershipOf } from './ownership-check.ts';
import { isReady, siteChange } from './policy.ts';

type Deps = ControlDeps;
type Draft = z.output<typeof SiteDraft>;
type Change = z.output<typeof SiteChange>;

const defaultGroup = GroupName.parse('default');

/** Adds a site. Throws Failure: see the route's errors. */
export async function addSite(deps: Deps, caller: Caller, draft: Draft): Promise<SiteRecord> {
  const mistakes: FieldMistake[] = [];
  const hostnames = parseHostnames(draft.hostnames, mistakes);
  const origin = parseOrigin(draft.origin);
  if ('message' in origin) mistakes.push(origin);
  checkNetworks(draft.networks, mistakes);
  const first = hostnames[0];
  if (mistakes.length > 0 || 'message' in origin || first === undefined) throw badDraft(mistakes);
  if (draft.waiveOwnership === true && !caller.scopes.has('sites:waive-ownership')) throw mayNotWaive();
  if (caller.accountId !== null && draft.accountId !== undefined && draft.accountId !== caller.accountId) {
    throw notFound('account');
  }
  const verdict = accepted(await judgeOrigin(deps, origin.host, caller.accountId !== null));
  const at = nowOf(deps);
  const ownership = draft.waiveOwnership === true ? 'waived' : 'pending';
  const site: SiteRecord = {
    siteId: SiteId.parse(randomId(idPrefix.site)),
    accountId: caller.accountId ?? draft.accountId ?? deps.houseAccount,
    group: draft.group ?? defaultGroup,
    name: draft.name ?? first,
    hostnames: hostnames.map((hostname) => ({ hostname, ownership })),
    origin,
    originAddresses: verdict.addresses,
    originFinding: null,
    resolveAt: verdict.resolveAt,
    mode: draft.mode ?? 'off',
    limits: withLimits(defaultSiteLimits, draft.limits),
    networks: draft.networks ?? [],
    challenge: withChallenge(defaultChallengeSettings, draft.challenge),
    rules: null,
    rulesContain: false,
    originCertificate: null,
    nextOriginCertificate: null,
    preset: null,
    https: withHttps(defaultHttpsSettings, draft.https),
    attackId: null,
    attackPath: null,
    attackPaths: draft.attackPaths ?? [],
    automatic: usualAutomatic,
    ownershipToken: randomBytes(16).toString('hex'),
    ownershipCheckedAt: null,
    ownershipFinding: ownership === 'waived' ? `${caller.name} vouches for it.` : null,
    ready: ownership === 'waived',
    version: 1,
    createdAt: at,
    revision: null,
    committedAt: null,
  };
  return namingTakenHostnames(() =>
    transact(deps.store, async (unit) => {
      if (!(await hasAccount(unit.tx, site.accountId))) throw notFound('account');
      if ((await findHead(unit.tx, site.group)) === null) throw notFound('edge group');
      await refuseTaken(unit, site, hostnames);
      await addAudit(unit.tx, {
        at,
        who: caller,
        act: 'site.add',
        subject: site.siteId,
        detail: { hostnames, mode: site.mode, ownership },
      });
      return publishSite(deps, unit, site, null);
    }),
  );
}

/** Changes what is given and leaves the rest. Throws Failure: see the route's errors. */
export async function changeSite(deps: Deps, caller: Caller, siteId: SiteId, change: Change): Promise<SiteRecord> {
  const mistakes: FieldMistake[] = [];
  const hostnames = change.hostnames === undefined ? null : parseHostnames(change.hostnames, mistakes);
  const origin = change.origin === undefined ? null : parseOrigin(change.origin);
  if (origin !== null && 'message' in origin) mistakes.push(origin);
  checkNetworks(change.networks, mistakes);
  if (mistakes.length > 0 || (origin !== null && 'message' in origin)) throw badDraft(mistakes);
  const verdict = origin === null ? null : await judgeNewOrigin(deps, caller, siteId, origin.host);
  return namingTakenHostnames(() =>
    transact(deps.store, async (unit) => {
      const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
      if (held === null) throw notFound('site');
      if (change.version !== undefined && change.version !== held.version) {
        throw new Failure(
          'conflict',
          `Somebody changed this site meanwhile (it is at version ${held.version}, you had ${change.version}). Nothing was changed; look again.`,
        );
      }
      const names = hostnames === null ? held.hostnames : await nextHostnames(unit, caller, held, hostnames);
      const next: SiteRecord = {
        ...held,
        name: change.name ?? held.name,
        hostnames: names,
        origin: origin ?? held.origin,
        originAddresses: verdict?.addresses ?? held.originAddresses,
        originFinding: verdict === null ? held.originFinding : null,
        resolveAt: verdict === null ? held.resolveAt : verdict.resolveAt,
        mode: change.mode ?? held.mode,
        // A person's `off` ends an attack as well.
        attackId: change.mode === 'off' ? null : held.attackId,
        attackPath: change.mode === 'off' ? null : held.attackPath,
        attackPaths: change.attackPaths ?? held.attackPaths,
        limits: withLimits(held.limits, change.limits),
        networks: change.networks ?? held.networks,
        challenge: withChallenge(held.challenge, change.challenge),
        https: withHttps(held.https, change.https),
        version: held.version + 1,
      };
      await addAudit(unit.tx, {
        at: nowOf(deps),
        who: caller,
        act: 'site.change',
        subject: siteId,
        detail: { changed: Object.keys(change).filter((key) => key !== 'version'), mode: next.mode },
      });
      if (change.mode === 'off') await endByPerson(unit, siteId, nowOf(deps), caller);
      return publishSite(deps, unit, next, held);
    }),
  );
}

/** Removes a site. Throws Failure `not-found`, `site-under-order`. */
export async function removeSite(deps: Deps, caller: Caller, siteId: SiteId): Promise<void> {
  await transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (held === null) throw notFound('site');
    const [order] = await ordersHolding(unit.tx, siteId);
    if (order !== undefined)
      throw underOrder(`Order ${order.decision} holds this site until it ends or is lifted; it was not removed.`);
    await deleteSite(unit.tx, siteId);
    const certificates = await deleteCertificatesOf(unit.tx, siteId);
    const at = nowOf(deps);
    await endByPerson(unit, siteId, at, caller);
    await addAudit(unit.tx, {
      at,
      who: caller,
      act: 'site.remove',
      subject: siteId,
      detail: { name: held.name, hostnames: held.hostnames.map(({ hostname }) => hostname) },
    });
    const gone = [`site:${siteId}`, ...certificates.map((certificateId) => `certificate:${certificateId}`)];
    const items = gone.map((key) => ({ remove: ItemKey.parse(key) }));
    await recordChanges(unit, { group: held.group, class: 'fast', at, items });
    unit.tellAfter({ kind: 'site', siteId, change: 'removed' });
  });
}

/**
 * Looks for proofs now. What was found is kept; then throws Failure `hostname-taken` when a proved hostname has another owner here, or
 * `ownership-unproved` when one is still without proof.
 */
export async function proveSite(deps: Deps, caller: Caller, siteId: SiteId): Promise<SiteRecord> {
  const seen = await findSite(deps.store.db, siteId, caller.accountId);
  if (seen === null) throw notFound('site');
  const findings = new Map<Hostname, { proved: boolean; finding: string }>();
  for (const { hostname, ownership } of seen.hostnames) {
    if (ownership === 'pending') findings.set(hostname, await checkOwnershipOf(deps, hostname, seen.ownershipToken));
  }
  const prove = async (unit: Work) => {
    const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (held === null) throw notFound('site');
    const shown = held.hostnames.flatMap(({ hostname, ownership }) =>
      ownership === 'pending' && findings.get(hostname)?.proved === true ? [hostname] : [],
    );
    const taken = await takenHostnames(unit, held, shown);
    const hostnames = held.hostnames.map((name): SiteHostname => {
      const proved = shown.includes(name.hostname) && !taken.has(name.hostname);
      return proved ? { hostname: name.hostname, ownership: 'proved' } : name;
    });
    const at = nowOf(deps);
    const newly = hostnames.flatMap((name, index) =>
      name.ownership === held.hostnames[index]?.ownership ? [] : [name.hostname],
    );
    const [why] = taken.values();
    const told = why ?? [...findings].find(([, { proved }]) => !proved)?.[1].finding ?? [...findings.values()][0]?.finding;
    if (newly.length > 0) {
      await addAudit(unit.tx, { at, who: caller, act: 'site.prove', subject: siteId, detail: { hostnames: newly } });
    }
    const next = {
      ...held,
      hostnames,
      ownershipCheckedAt: findings.size > 0 ? at : held.ownershipCheckedAt,
      ownershipFinding: told ?? held.ownershipFinding,
      version: newly.length > 0 ? held.version + 1 : held.version,
    };
    return { saved: await publishSite(deps, unit, next, held), why };
  };
  const { saved, why } = await namingTakenHostnames(() => transact(deps.store, prove));
  if (why !== undefined)
    throw new Failure('hostname-taken', `${why} The proof was seen; the other hostnames were looked at too.`);
  if (saved.hostnames.some(({ ownership }) => ownership === 'pending')) {
    throw new Failure(
      'ownership-unproved',
      `${saved.ownershipFinding ?? ''} DNS changes can take some minutes to be seen; check again then.`,
    );
  }
  return saved;
}

/** An operator vouches for every hostname that the site has now. Throws Failure `not-found`, `hostname-taken`. */
export async function waiveSite(deps: Deps, caller: Caller, siteId: SiteId, reason: string): Promise<SiteRecord> {
  const waive = async (unit: Work): Promise<SiteRecord> => {
    const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (held === null) throw notFound('site');
    const pending = held.hostnames.filter(({ ownership }) => ownership === 'pending').map(({ hostname }) => hostname);
    if (pending.length === 0) return held;
    await refuseTaken(unit, held, pending);
    await addAudit(unit.tx, {
      at: nowOf(deps),
      who: caller,
      act: 'site.waive-ownership',
      subject: siteId,
      detail: { reason, hostnames: pending },
    });
    const next: SiteRecord = {
      ...held,
      hostnames: held.hostnames.map((name) => (name.ownership === 'pending' ? { ...name, ownership: 'waived' } : name)),
      ownershipFinding: `${caller.name} vouches for it: ${reason}`,
      version: held.version + 1,
    };
    return publishSite(deps, unit, next, held);
  };
  return namingTakenHostnames(() => transact(deps.store, waive));
}

/** Resolves a site's origin again and tells the edges when the addresses changed. Called by a job. */
export async function recheckOrigin(deps: Deps, seen: SiteRecord): Promise<void> {
  // A customer's site may be on this machine only if an operator has put it there, and then it is.
  const onThisMachine = seen.originAddresses.some((address) => address.startsWith('127.') || address === '::1');
  const verdict = await judgeOrigin(deps, seen.origin.host, seen.accountId !== deps.houseAccount && !onThisMachine);
  await transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, seen.siteId, null, 'lock');
    if (held === null || held.origin.host !== seen.origin.host) return;
    const base = { ...held, resolveAt: verdict.resolveAt };
    if (verdict.kind === 'allowed') {
      await publishSite(deps, unit, { ...base, originAddresses: verdict.addresses, originFinding: null }, held);
      return;
    }
    // The last good addresses stay in force: a name server that lies or is away must not take a site down.
    if (verdict.kind === 'refused' && held.originFinding !== verdict.why) {
      await raiseAlarm(unit, {
        kind: 'origin-moved-inward',
        at: nowOf(deps),
        sentence: `The origin of ${held.name} now points inward: ${verdict.why} The addresses from before stay in use.`,
        siteId: held.siteId,
      });
    }
    await publishSite(deps, unit, { ...base, originFinding: verdict.why }, held);
  });
}

/** Tells the edges and writes the site with the revision that it got. The last step of every act; `before` is null for a new site. */
export async function publishSite(deps: Deps, unit: Work, site: SiteRecord, before: SiteRecord | null): Promise<SiteRecord> {
  const at = nowOf(deps);
  const ready = isReady(site);
  const revision = await recordChanges(unit, { group: site.group, class: 'fast', at, items: [siteChange(site)] });
  const next = revision === null ? { ...site, ready } : { ...site, ready, revision, committedAt: at };
  if (before === null) await insertSite(unit.tx, next);
  else await replaceSite(unit.tx, next, before);
  await wishCertificates(unit, next, before, at);
  unit.tellAfter({ kind: 'site', siteId: site.siteId, change: before === null ? 'added' : 'changed' });
  return next;
}

async function endByPerson(unit: Work, siteId: SiteId, at: Instant, caller: Caller): Promise<void> {
  const ended = await endAttackOn(unit.tx, siteId, at, caller);
  if (ended !== null) await addEntry(unit.tx, ended, { at, kind: 'ended', who: caller, words: null });
}

async function judgeNewOrigin(deps: Deps, caller: Caller, siteId: SiteId, host: string) {
  // Looked at before names are resolved for whoever asks: the transaction looks again.
  if ((await findSite(deps.store.db, siteId, caller.accountId)) === null) throw notFound('site');
  return accepted(await judgeOrigin(deps, host, caller.accountId !== null));
}

function mayNotWaive(): Failure {
  return new Failure(
    'not-allowed',
    'Only an operator may waive the proof of ownership. Leave it out; the proof is asked for then. Nothing was changed.',
  );
}

function accepted(verdict: OriginVerdict): Extract<OriginVerdict, { kind: 'allowed' }> {
  if (verdict.kind === 'allowed') return verdict;
  throw new Failure(verdict.kind === 'refused' ? 'origin-refused' : 'origin-unresolved', `${verdict.why} Nothing was changed.`);
}

function badDraft(mistakes: readonly FieldMistake[]): Failure {
  return new Failure(
    'bad-request',
    `${mistakes
      .map(({ message }) => message)
      .slice(0, 3)
      .join(' ')} Nothing was changed.`,
    {
      fields: mistakes,
    },
  );
}

function checkNetworks(networks: readonly NetworkRule[] | undefined, mistakes: FieldMistake[]): void {
  const seen = new Set<string>();
  for (const [index, { cidr }] of (networks ?? []).entries()) {
    if (seen.has(cidr)) mistakes.push({ path: `networks.${index}.cidr`, message: `${cidr} is in the list twice.` });
    seen.add(cidr);
  }
}

function withLimits(base: SiteLimits, given: Draft['limits']): SiteLimits {
  return {
    requestsPer10s: given?.requestsPer10s === undefined ? base.requestsPer10s : given.requestsPer10s,
    concurrentPerClient: given?.concurrentPerClient ?? base.concurrentPerClient,
    concurrentPerSite: given?.concurrentPerSite ?? base.concurrentPerSite,
  };
}

function withHttps(base: HttpsSettings, given: Draft['https']): HttpsSettings {
  return {
    plain: given?.plain ?? base.plain,
    hsts: given?.hsts === undefined ? base.hsts : given.hsts,
    certificates: given?.certificates ?? base.certificates,
  };
}

function withChallenge(base: ChallengeSettings, given: Draft['challenge']): ChallengeSettings {
  const keepBodiesUpTo = given?.keepBodiesUpTo ?? base.keepBodiesUpTo;
  return {
    expectedHashes: given?.expectedHashes ?? base.expectedHashes,
    clearanceSeconds: given?.clearanceSeconds ?? base.clearanceSeconds,
    pagesPer10Min: given?.pagesPer10Min === undefined ? (base.pagesPer10Min ?? null) : given.pagesPer10Min,
    crawlers: given?.crawlers ?? base.crawlers ?? 'pass',
    // Said only where it is not the usual: an edge of an older version knows no such word.
    ...(keepBodiesUpTo === undefined || keepBodiesUpTo === usualKeptBytes ? {} : { keepBodiesUpTo }),
    ...botsSetting(given?.bots ?? base.bots),
    ...((given?.work ?? base.work) === 'strong' ? { work: 'strong' as const } : {}),
  };
}

function botsSetting(bots: ChallengeSettings['bots']): Pick<ChallengeSettings, 'bots'> {
  return bots === undefined || bots === 'pass' ? {} : { bots: Array.isArray(bots) ? [...new Set(bots)].sort() : bots };
}
