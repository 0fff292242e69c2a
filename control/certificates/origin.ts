/**
 * The client certificate of one site, shown to its https origin by every edge: made, uploaded, put to use, removed, and told of before it ends.
 *
 * A change of the used one reloads the edges of its group without losing a request, so a site makes twelve an hour at most, and a group has
 * `mostOriginCertificates`. The key is sealed before the transaction and is in no answer, log or audit line.
 */
import { maxCertificateBytes, mostOriginCertificates } from '../../contract/certificates.ts';
import { CertificateId, idPrefix } from '../../contract/ids.ts';
import type { SiteId } from '../../contract/ids.ts';
import type { addOriginCertificate, OriginCertificates } from '../../contract/routes/origin-certificates.ts';
import { OriginCertificate } from '../../contract/routes/origin-certificates.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { alarmThreshold } from '../../core/shield/certificates.ts';
import { readCertificate } from '../../kit/certificate-pem.ts';
import { randomId } from '../../kit/random-id.ts';
import { makeSelfSigned } from '../../kit/self-signed.ts';
import { addAudit, countActs } from '../../store/audit.ts';
import { raiseAlarm } from '../../store/house.ts';
import { countOriginCertificates, findSite, originCertificatesEnding, replaceSite } from '../../store/sites.ts';
import type { OriginCertificateRecord, SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import type { ControlDeps } from '../deps.ts';
import { nowOf } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import { publishSite } from '../sites/service.ts';
import type { CertificateKeys } from './keys.ts';

type Deps = ControlDeps & { readonly keys: Pick<CertificateKeys, 'seal'> };
type Given = ReturnType<typeof addOriginCertificate.body.parse>;

/** Each change of the used one reloads every edge of the group. */
const mostChangesAnHour = 12;
const hourMs = 3_600_000;
const soonestAlarmDays = 30;
const dayMs = 86_400_000;

export function viewOriginCertificates(site: SiteRecord): OriginCertificates {
  const shown = (record: OriginCertificateRecord | null) => {
    if (record === null) return null;
    const { sealedKey: _sealed, alarmedDays: _told, ...rest } = record;
    return OriginCertificate.parse(rest);
  };
  return {
    used: shown(site.originCertificate),
    next: shown(site.nextOriginCertificate),
    https: site.origin.scheme === 'https',
  };
}

/** Makes or takes one. Throws Failure `not-found`, `certificate-refused`, `wrong-state`. */
export async function addOriginCertificateTo(deps: Deps, caller: Caller, siteId: SiteId, given: Given): Promise<SiteRecord> {
  const seen = await findSite(deps.store.db, siteId, caller.accountId);
  if (seen === null) throw notFound('site');
  const made = 'make' in given ? await makeSelfSigned(`Portcullis for ${seen.siteId}`, deps.now()) : null;
  const pem = 'make' in given ? { chain: made?.cert ?? '', key: made?.key ?? '' } : given;
  const read = readCertificate(pem.chain, pem.key, deps.now(), 'client');
  const bytes = Buffer.byteLength(pem.chain) + Buffer.byteLength(pem.key);
  const mistakes =
    read.kind === 'mistakes'
      ? read.mistakes.map(({ part, message }) => ({ path: part, message }))
      : bytes > maxCertificateBytes
        ? [
            {
              path: 'chain',
              message: `Chain and key have ${bytes} bytes together; at most ${maxCertificateBytes} reach an edge.`,
            },
          ]
        : [];
  if (read.kind === 'mistakes' || mistakes.length > 0) {
    const said = mistakes.map(({ message }) => message).slice(0, 3);
    throw new Failure('certificate-refused', `${said.join(' ')} Nothing was changed.`, { fields: mistakes });
  }
  const certificateId = CertificateId.parse(randomId(idPrefix.certificate));
  const record: OriginCertificateRecord = {
    certificateId,
    made: made === null ? 'uploaded' : 'here',
    chain: read.chain,
    sealedKey: deps.keys.seal(seen.group, certificateId, read.key),
    issuer: read.issuer.slice(0, 200),
    fingerprint: read.fingerprint,
    notBefore: instantOf(read.notBeforeMs),
    notAfter: instantOf(read.notAfterMs),
    createdAt: nowOf(deps),
    alarmedDays: null,
  };
  return change(deps, caller, siteId, 'origin-certificate.add', async (unit, site) => {
    if (site.originCertificate !== null) return { ...site, nextOriginCertificate: record };
    if ((await countOriginCertificates(unit.tx, site.group, siteId)) >= mostOriginCertificates) {
      throw new Failure(
        'wrong-state',
        `${mostOriginCertificates} sites of this group have a client certificate of their own, which is as many as its edges hold. ` +
          'Use the edges’ own (--origin-certificate), or another group. Nothing was changed.',
      );
    }
    return { ...site, originCertificate: record };
  });
}

/** Puts the waiting one to use. Throws Failure `not-found`, `wrong-state`. */
export async function useNextOriginCertificate(deps: Deps, caller: Caller, siteId: SiteId): Promise<SiteRecord> {
  return change(deps, caller, siteId, 'origin-certificate.use', async (_unit, site) => {
    if (site.nextOriginCertificate === null)
      throw new Failure(
        'wrong-state',
        'No other client certificate waits for this site. Make or upload one first. Nothing was changed.',
      );
    return { ...site, originCertificate: site.nextOriginCertificate, nextOriginCertificate: null };
  });
}

/** Removes one of the two. Throws Failure `not-found`, `wrong-state`. */
export async function removeOriginCertificateOf(
  deps: Deps,
  caller: Caller,
  siteId: SiteId,
  which: 'used' | 'next',
): Promise<SiteRecord> {
  return change(deps, caller, siteId, 'origin-certificate.remove', async (_unit, site) => {
    const gone = which === 'used' ? site.originCertificate : site.nextOriginCertificate;
    if (gone === null) throw new Failure('wrong-state', 'This site has no such client certificate. Nothing was changed.');
    return which === 'used' ? { ...site, originCertificate: null } : { ...site, nextOriginCertificate: null };
  });
}

async function change(
  deps: Deps,
  caller: Caller,
  siteId: SiteId,
  act: string,
  work: (unit: Work, site: SiteRecord) => Promise<SiteRecord>,
): Promise<SiteRecord> {
  return transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (held === null) throw notFound('site');
    if ((await countActs(unit.tx, siteId, 'origin-certificate.', instantOf(deps.now() - hourMs))) >= mostChangesAnHour) {
      throw new Failure(
        'wrong-state',
        `Client certificates of this site were changed ${mostChangesAnHour} times within an hour, and each change has every edge load anew. Wait. Nothing was changed.`,
      );
    }
    const next = { ...(await work(unit, held)), version: held.version + 1 };
    const at = nowOf(deps);
    const detail = {
      used: next.originCertificate?.fingerprint ?? null,
      next: next.nextOriginCertificate?.fingerprint ?? null,
      usedBefore: held.originCertificate?.fingerprint ?? null,
    };
    await addAudit(unit.tx, { at, who: caller, act, subject: siteId, detail });
    return publishSite(deps, unit, next, held);
  });
}

/** Raises alarms about used ones that end, once for each threshold. */
export async function lookAtOriginEnds(deps: Deps): Promise<void> {
  for (const siteId of await originCertificatesEnding(deps.store.db, instantOf(deps.now() + soonestAlarmDays * dayMs), 5000)) {
    await transact(deps.store, async (unit) => {
      const site = await findSite(unit.tx, siteId, null, 'lock');
      const used = site?.originCertificate ?? null;
      if (site === null || used === null) return;
      const times = { notBeforeMs: msOf(used.notBefore), notAfterMs: msOf(used.notAfter), renewsItself: false };
      const days = alarmThreshold(times, deps.now());
      if (days === null || (used.alarmedDays !== null && used.alarmedDays <= days)) return;
      await replaceSite(unit.tx, { ...site, originCertificate: { ...used, alarmedDays: days } }, site);
      await raiseAlarm(unit, {
        kind: 'certificate-expiring',
        at: nowOf(deps),
        sentence: `The client certificate that is shown to the origin of ${site.name} ends at ${used.notAfter}. Make a new one, tell the origin, and put it to use.`,
        siteId,
      });
    });
  }
}
