/**
 * Certificates kept: uploaded, issued, removed. Each act is one transaction with its change for the edges and its audit line.
 *
 * One with the same names of the same source takes the place of the one before under its id, so edges replace it in one step. A certificate serves
 * its site alone: one that also bears other people's names is taken and used for this site's. Sealed before the transaction; the key is in no
 * answer, no log, no audit line.
 */
import { maxCertificateBytes } from '../../contract/certificates.ts';
import type { CertificatePolicy } from '../../contract/certificates.ts';
import { Hostname } from '../../contract/hostname.ts';
import { CertificateId, idPrefix } from '../../contract/ids.ts';
import type { Revision, SiteId } from '../../contract/ids.ts';
import { ItemKey } from '../../contract/policy.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import { instantOf } from '../../core/instant.ts';
import { nameCovers } from '../../core/shield/certificates.ts';
import { readCertificate } from '../../kit/certificate-pem.ts';
import type { ReadPem } from '../../kit/certificate-pem.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { certificatesOf, deleteCertificate, hurryWishes, putCertificate } from '../../store/certificates.ts';
import type { CertificateRecord } from '../../store/certificates.ts';
import { recordChanges } from '../../store/change-log.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { FieldMistake } from '../http/failure.ts';
import type { CertificateParts } from './deps.ts';

/** Takes an owner's own certificate. Throws Failure `not-found`, `certificate-refused` with every mistake by its field. */
export async function addOwnCertificate(
  deps: CertificateParts,
  caller: Caller,
  siteId: SiteId,
  given: { readonly chain: string; readonly key: string },
): Promise<void> {
  const seen = await findSite(deps.store.db, siteId, caller.accountId);
  if (seen === null) throw notFound('site');
  const read = readCertificate(given.chain, given.key, deps.now());
  const mistakes: FieldMistake[] =
    read.kind === 'mistakes' ? read.mistakes.map(({ part, message }) => ({ path: part, message })) : whyNotOf(read, seen);
  if (read.kind === 'mistakes' || mistakes.length > 0) throw refused(mistakes);
  await transact(deps.store, async (unit) => {
    const site = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (site === null) throw notFound('site');
    await keepCertificate(deps, unit, site, { read, source: 'own', who: caller, replaces: null });
  });
}

/** Removes a certificate. Throws Failure `not-found`. */
export async function removeCertificateOf(
  deps: CertificateParts,
  who: Caller | null,
  siteId: SiteId,
  certificateId: CertificateId,
): Promise<void> {
  await transact(deps.store, async (unit) => {
    const site = await findSite(unit.tx, siteId, who?.accountId ?? null, 'lock');
    if (site === null) throw notFound('site');
    const held = (await certificatesOf(unit.tx, siteId)).find((one) => one.certificateId === certificateId);
    if (held === undefined) throw notFound('certificate');
    await deleteCertificate(unit.tx, certificateId);
    const at = nowOf(deps);
    const detail = { certificateId, names: [...held.names], source: held.source };
    await addAudit(unit.tx, { at, who, act: 'certificate.remove', subject: siteId, detail });
    await recordChanges(unit, { group: site.group, class: 'fast', at, items: [{ remove: itemKeyOf(certificateId) }] });
    unit.tellAfter({ kind: 'site', siteId, change: 'changed' });
  });
}

/** Makes every wish of a site due now. Throws Failure `not-found`, `wrong-state`. */
export async function orderNow(deps: CertificateParts, caller: Caller, siteId: SiteId): Promise<void> {
  if (deps.authority === null)
    throw new Failure(
      'wrong-state',
      'No certificate authority is set up: the operator names one with --acme-directory. Nothing was ordered.',
    );
  await transact(deps.store, async (unit) => {
    const site = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    if (site === null) throw notFound('site');
    const at = nowOf(deps);
    const wishes = await hurryWishes(unit.tx, siteId, at);
    if (wishes === 0) {
      throw new Failure(
        'wrong-state',
        'This site asks no authority: set its certificates to “acme”, and prove that its hostnames are yours. Nothing was ordered.',
      );
    }
    await addAudit(unit.tx, { at, who: caller, act: 'certificate.order', subject: siteId, detail: { hostnames: wishes } });
  });
}

export type Keep = {
  readonly read: ReadPem;
  readonly source: 'acme' | 'own';
  readonly who: PersonRef | null;
  /** The certificate whose place it takes; null: the one of the same source and names, if there is one. */
  readonly replaces: CertificateId | null;
};

/** Writes a certificate and hands it to the edges. The site's row is locked. */
export async function keepCertificate(
  deps: CertificateParts,
  unit: Work,
  site: Pick<SiteRecord, 'siteId' | 'group'>,
  { read, source, who, replaces }: Keep,
): Promise<{ readonly certificateId: CertificateId; readonly revision: Revision | null }> {
  const { siteId, group } = site;
  const at = nowOf(deps);
  const names = usableNames(read);
  const held = (await certificatesOf(unit.tx, siteId)).find((one) =>
    replaces === null ? one.source === source && sameNames(one.names, names) : one.certificateId === replaces,
  );
  const certificateId = held?.certificateId ?? CertificateId.parse(randomId(idPrefix.certificate));
  const record: CertificateRecord = {
    certificateId,
    siteId,
    group,
    source,
    names,
    chain: read.chain,
    sealedKey: deps.keys.seal(group, certificateId, read.key),
    fingerprint: read.fingerprint,
    issuer: read.issuer.slice(0, 200),
    notBefore: instantOf(read.notBeforeMs),
    notAfter: instantOf(read.notAfterMs),
    alarmedDays: null,
    createdAt: held?.createdAt ?? at,
    renewedAt: at,
  };
  await putCertificate(unit.tx, record);
  const act = held === undefined ? 'certificate.add' : 'certificate.replace';
  const detail = { certificateId, source, names: [...names], notAfter: record.notAfter, fingerprint: record.fingerprint };
  await addAudit(unit.tx, { at, who, act, subject: siteId, detail });
  const revision = await recordChanges(unit, { group, class: 'fast', at, items: [{ upsert: policyOf(record) }] });
  unit.tellAfter({ kind: 'site', siteId, change: 'changed' });
  return { certificateId, revision };
}

function policyOf(record: CertificateRecord): CertificatePolicy {
  const { certificateId, siteId, chain, sealedKey, notAfter } = record;
  return { kind: 'certificate', certificateId, siteId, names: [...record.names], chain, sealedKey, notAfter };
}

function itemKeyOf(certificateId: CertificateId): ItemKey {
  return ItemKey.parse(`certificate:${certificateId}`);
}

/** Why a certificate that is whole in itself is of no use here. */
function whyNotOf(read: ReadPem, site: SiteRecord): FieldMistake[] {
  const mistakes: FieldMistake[] = [];
  const names = usableNames(read);
  const hostnames = site.hostnames.map(({ hostname }) => hostname);
  if (!hostnames.some((hostname) => names.some((name) => nameCovers(name, hostname)))) {
    mistakes.push({
      path: 'chain',
      message: `The certificate is for ${read.names.slice(0, 5).join(', ')}, which covers none of the site’s hostnames (${hostnames.slice(0, 5).join(', ')}).`,
    });
  }
  if (names.length > 1000) mistakes.push({ path: 'chain', message: 'The certificate has more than 1,000 names.' });
  const bytes = Buffer.byteLength(read.chain) + Buffer.byteLength(read.key);
  if (bytes > maxCertificateBytes) {
    mistakes.push({
      path: 'chain',
      message: `Chain and key have ${bytes} bytes together; at most ${maxCertificateBytes} reach an edge. Leave out what clients have (roots), or use an elliptic-curve key.`,
    });
  }
  return mistakes;
}

function usableNames(read: ReadPem): Hostname[] {
  return [...new Set(read.names)].flatMap((name) => {
    const parsed = Hostname.safeParse(name);
    return parsed.success ? [parsed.data] : [];
  });
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function refused(mistakes: readonly FieldMistake[]): Failure {
  const said = mistakes.map(({ message }) => message).slice(0, 3);
  return new Failure('certificate-refused', `${said.join(' ')} Nothing was changed.`, { fields: mistakes });
}
