/**
 * Which certificate every served hostname is meant to have, and which hostnames changed since HAProxy was told.
 *
 * One slot per hostname, not one per certificate: giving a name another certificate then is replacing the bytes of its slot, which HAProxy
 * does in one step; a certificate with many names would have to be taken out and put back, and its other names would have none meanwhile.
 * State, not differences: going back after a refusal is rendering again, and whatever differs is written again.
 * Two sites that claim one hostname are a mistake of the control plane; the smaller site id wins, on every edge alike.
 */
import type { CertificatePolicy } from '../../contract/certificates.ts';
import type { Hostname } from '../../contract/hostname.ts';
import type { SiteId } from '../../contract/ids.ts';
import type { SitePolicy } from '../../contract/policy.ts';
import { certificateFor } from '../../core/shield/certificates.ts';

export type Slot = { readonly siteId: SiteId; readonly certificate: CertificatePolicy };

/** The slots of one site: its hostnames that one of its certificates covers. */
export function slotsOf(site: SitePolicy, certificates: readonly CertificatePolicy[]): ReadonlyMap<Hostname, CertificatePolicy> {
  const slots = new Map<Hostname, CertificatePolicy>();
  if (certificates.length === 0) return slots;
  for (const hostname of site.hostnames) {
    const certificate = certificateFor(hostname, certificates);
    if (certificate !== null) slots.set(hostname, certificate);
  }
  return slots;
}

export class CertificateSlots {
  readonly #claims = new Map<Hostname, readonly Slot[]>();
  readonly #bySite = new Map<SiteId, readonly Hostname[]>();
  /** Hostnames whose slot changed; whoever makes HAProxy hold them takes them out. */
  readonly changed = new Set<Hostname>();

  get size(): number {
    return this.#claims.size;
  }

  get(hostname: Hostname): CertificatePolicy | null {
    return this.#claims.get(hostname)?.[0]?.certificate ?? null;
  }

  hostnames(): Iterable<Hostname> {
    return this.#claims.keys();
  }

  /** Replaces all slots of one site; none removes them. */
  replace(siteId: SiteId, slots: ReadonlyMap<Hostname, CertificatePolicy>): void {
    for (const hostname of this.#bySite.get(siteId) ?? []) {
      const wanted = slots.get(hostname);
      if (wanted === undefined) this.#set(hostname, siteId, null);
    }
    for (const [hostname, certificate] of slots) this.#set(hostname, siteId, certificate);
    if (slots.size === 0) this.#bySite.delete(siteId);
    else this.#bySite.set(siteId, [...slots.keys()]);
  }

  /** Has everything written again: what can be opened has changed. */
  touchAll(): void {
    for (const hostname of this.#claims.keys()) this.changed.add(hostname);
  }

  #set(hostname: Hostname, siteId: SiteId, certificate: CertificatePolicy | null): void {
    const claims = this.#claims.get(hostname) ?? [];
    const before = claims[0]?.certificate ?? null;
    const others = claims.filter((slot) => slot.siteId !== siteId);
    const next = certificate === null ? others : [...others, { siteId, certificate }];
    if (next.length === 0) this.#claims.delete(hostname);
    else
      this.#claims.set(
        hostname,
        next.toSorted((a, b) => (a.siteId < b.siteId ? -1 : 1)),
      );
    if (!sameCertificate(before, this.get(hostname))) this.changed.add(hostname);
  }
}

/** Whether two are the same bytes. */
export function sameCertificate(one: CertificatePolicy | null, other: CertificatePolicy | null): boolean {
  if (one === null || other === null) return one === other;
  return one === other || (one.chain === other.chain && one.sealedKey === other.sealedKey);
}
