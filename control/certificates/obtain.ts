/**
 * Obtains what is wished for: one wish, one order at the authority, one certificate in the policy; or a sentence why not and a later time.
 *
 * http-01: the answer goes to all edges of the site's group as a policy item, and the authority is told only when every connected edge holds it: it
 * asks from several places, and any edge may be the one that it reaches. dns-01, for wildcards: the operator's program. Safe to be broken
 * off at any point: a claim runs out, the order is made again, answers that were left behind are removed by the job (jobs.ts).
 */
import { setTimeout } from 'node:timers/promises';
import { ItemKey } from '../../contract/policy.ts';
import type { GroupName } from '../../contract/ids.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { renewAtMs, retryInMs } from '../../core/shield/certificates.ts';
import { readCertificate } from '../../kit/certificate-pem.ts';
import { certificatesOf, edgesBehind, endClaim } from '../../store/certificates.ts';
import type { CertificateRecord, WishRecord } from '../../store/certificates.ts';
import { recordChanges } from '../../store/change-log.ts';
import { raiseAlarm } from '../../store/house.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { Authority, Challenge } from './authority.ts';
import type { CertificateParts } from './deps.ts';
import { keepCertificate } from './service.ts';

/** How long edges are waited for. One that is connected and takes longer is in trouble; the order is tried without it. */
const edgesWaitMs = 20_000;
const edgesPauseMs = 100;
/** How often an authority with renewal information is asked, at the least. */
const lookAgainMs = 24 * 3_600_000;
/** Failures in a row after which people are told. */
const alarmAfter = 3;
/** A wish that only a person can fulfil. */
class Stuck extends Error {}

/** Works on one claimed wish and ends its claim. Never rejects for what an authority says. */
export async function fulfil(deps: CertificateParts, wish: WishRecord, signal: AbortSignal): Promise<void> {
  const { authority } = deps;
  const site = await findSite(deps.store.db, wish.siteId, null);
  if (authority === null || site === null) return;
  const held = (await certificatesOf(deps.store.db, wish.siteId)).find((one) => one.certificateId === wish.certificateId) ?? null;
  try {
    const later = held === null ? null : await notYet(deps, authority, wish, held);
    if (later !== null) return await endClaim(deps.store.db, wish, { ...wish, ...later, failures: 0, finding: null });
    await orderFor(deps, authority, site, wish, held, signal);
  } catch (error) {
    // A stop: the claim runs out, and whoever runs then takes it up.
    if (signal.aborted) return;
    await failed(deps, site, wish, error);
  }
}

type Later = Pick<WishRecord, 'nextAt' | 'renewAt'>;

/** Null when a held certificate is due; else when to look at it again. */
async function notYet(
  deps: CertificateParts,
  authority: Authority,
  wish: WishRecord,
  held: CertificateRecord,
): Promise<Later | null> {
  if (wish.renewAt !== null && msOf(wish.renewAt) <= deps.now()) return null;
  const later = await plan(deps, authority, held, wish.renewAt === null ? null : msOf(wish.renewAt));
  return later.renewAt !== null && msOf(later.renewAt) <= deps.now() ? null : later;
}

/** When a certificate is renewed and looked at next. `keptMs`: the point that was picked before, which stays while its window does. */
async function plan(
  deps: CertificateParts,
  authority: Authority,
  held: Pick<CertificateRecord, 'chain' | 'notBefore' | 'notAfter'>,
  keptMs: number | null,
): Promise<Later> {
  // What is asked for beside the point must not fail an order: without an answer the rule of thumb holds.
  const told = await authority.renewal(held.chain).catch(() => null);
  const window = told?.window ?? null;
  const life = { notBeforeMs: msOf(held.notBefore), notAfterMs: msOf(held.notAfter) };
  const fits = keptMs !== null && (window === null || (keptMs >= window.startMs && keptMs <= window.endMs));
  const renewMs = fits ? keptMs : renewAtMs(life, window, Math.random());
  const lookMs = deps.now() + (told?.askAgainMs ?? lookAgainMs);
  return { renewAt: instantOf(renewMs), nextAt: instantOf(Math.min(renewMs, lookMs)) };
}

async function orderFor(
  deps: CertificateParts,
  authority: Authority,
  site: SiteRecord,
  wish: WishRecord,
  held: CertificateRecord | null,
  signal: AbortSignal,
): Promise<void> {
  const { hostname } = wish;
  const way = hostname.startsWith('*.') ? 'dns-01' : 'http-01';
  if (way === 'dns-01' && deps.dns === null) {
    throw new Stuck(
      'A wildcard needs a DNS record, and no program that publishes one is set up (--acme-dns-hook). Name the hostnames one by one, upload a certificate of your own, or set one up.',
    );
  }
  const issued = await authority.order({
    hostname,
    way,
    replaces: held?.chain ?? null,
    answer: (challenge) => answer(deps, site.group, challenge, signal),
    forget: (challenge) => forget(deps, site.group, challenge),
  });
  signal.throwIfAborted();
  const read = readCertificate(issued.chain, issued.key, deps.now());
  if (read.kind === 'mistakes') {
    throw new Error(`The authority’s certificate cannot be used: ${read.mistakes.map(({ message }) => message).join(' ')}`);
  }
  const record = { chain: read.chain, notBefore: instantOf(read.notBeforeMs), notAfter: instantOf(read.notAfterMs) };
  const later = await plan(deps, authority, record, null);
  await transact(deps.store, async (unit) => {
    const now = await findSite(unit.tx, site.siteId, null, 'lock');
    // Removed meanwhile: the certificate is not used, and ends by itself.
    if (now === null) return;
    const keep = { read, source: 'acme' as const, who: null, replaces: held?.certificateId ?? null };
    const { certificateId } = await keepCertificate(deps, unit, now, keep);
    await endClaim(unit.tx, wish, { ...later, failures: 0, finding: null, certificateId });
  });
  deps.log.info({ siteId: site.siteId, hostname, notAfter: record.notAfter }, 'a certificate was issued');
}

async function failed(deps: CertificateParts, site: SiteRecord, wish: WishRecord, error: unknown): Promise<void> {
  const said = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 600);
  const stuck = error instanceof Stuck;
  const failures = wish.failures + 1;
  const nextAt = stuck ? null : instantOf(deps.now() + retryInMs(failures, Math.random()));
  deps.log.warn({ siteId: site.siteId, hostname: wish.hostname, failures, said }, 'a certificate could not be had');
  await transact(deps.store, async (unit) => {
    await endClaim(unit.tx, wish, { ...wish, nextAt, failures, finding: said });
    unit.tellAfter({ kind: 'site', siteId: site.siteId, change: 'changed' });
    if (failures !== alarmAfter || stuck) return;
    await raiseAlarm(unit, {
      kind: 'certificate-failed',
      at: nowOf(deps),
      sentence: `No certificate could be had for ${wish.hostname} in ${failures} attempts; it is tried again at ${nextAt ?? 'no time'}. ${said}`,
      siteId: site.siteId,
    });
  });
}

async function answer(deps: CertificateParts, group: GroupName, challenge: Challenge, signal: AbortSignal): Promise<void> {
  if (challenge.kind === 'dns-01') return deps.dns?.('present', challenge.name, challenge.value);
  const { token, keyAuthorization } = challenge;
  const revision = await transact(deps.store, (unit) =>
    recordChanges(unit, {
      group,
      class: 'fast',
      at: nowOf(deps),
      items: [{ upsert: { kind: 'acme-answer', token, keyAuthorization } }],
    }),
  );
  const until = performance.now() + edgesWaitMs;
  for (;;) {
    signal.throwIfAborted();
    const { connected, behind } = await edgesBehind(deps.store.db, group, revision ?? 0);
    if (connected > 0 && behind === 0) return;
    if (performance.now() > until) {
      if (connected === 0) throw new Error('No edge is connected that could answer the authority.');
      return deps.log.warn({ group, behind }, 'an edge does not hold the answer for the authority yet; it is asked all the same');
    }
    await setTimeout(edgesPauseMs, undefined, { signal });
  }
}

async function forget(deps: CertificateParts, group: GroupName, challenge: Challenge): Promise<void> {
  try {
    if (challenge.kind === 'dns-01') return await deps.dns?.('remove', challenge.name, challenge.value);
    const items = [{ remove: ItemKey.parse(`acme-answer:${challenge.token}`) }];
    await transact(deps.store, (unit) => recordChanges(unit, { group, class: 'fast', at: nowOf(deps), items }));
  } catch (error) {
    // Left behind, it does no harm: it answers one token that nobody will ask for again.
    deps.log.warn({ err: error, hostname: challenge.hostname }, 'an answer for an authority was left behind');
  }
}
