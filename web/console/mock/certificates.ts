/** The mock's certificates: the first site has one of an authority; what is uploaded is kept when it looks like PEM. */
import type { z } from 'zod';
import { CertificateId, Instant } from '../../../contract/ids.ts';
import {
  addCertificate,
  listAllCertificates,
  listCertificates,
  orderCertificates,
  removeCertificate,
  SiteCertificates,
} from '../../../contract/routes/certificates.ts';
import {
  addOriginCertificate,
  getOriginCertificate,
  OriginCertificate,
  removeOriginCertificate,
  useOriginCertificate as putOriginCertificateToUse,
} from '../../../contract/routes/origin-certificates.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

type Kept = z.input<typeof SiteCertificates>['certificates'][number];

const dayMs = 86_400_000;

export function registerCertificates(on: On, state: MockState): void {
  const kept = new Map<string, Kept[]>();
  const inDays = (days: number) => Instant.parse(new Date(state.nowMs() + days * dayMs).toISOString());
  const make = (siteId: string, source: 'acme' | 'own', names: readonly string[]): Kept => ({
    certificateId: CertificateId.parse(mockId('cert', `${siteId.slice(5, 9)}${source}`)),
    siteId,
    source,
    names: [...names],
    serves: [...names],
    issuer: source === 'acme' ? 'Example Authority R3' : 'Example Private CA',
    fingerprint: 'ab'.repeat(32),
    notBefore: inDays(-30),
    notAfter: inDays(60),
    renewAt: source === 'acme' ? inDays(30) : null,
    createdAt: inDays(-30),
    renewedAt: inDays(-30),
  });
  const view = (siteId: string): SiteCertificates => {
    const site = state.sites.find((candidate) => candidate.siteId === siteId);
    if (site === undefined) throw new MockFailure('not-found', 'There is no such site.');
    const all = kept.get(siteId) ?? [make(siteId, 'acme', site.hostnames.slice(0, 1))];
    kept.set(siteId, all);
    return SiteCertificates.parse({
      certificates: all,
      hostnames: site.hostnames.map((hostname) => {
        const by = all.find((one) => one.serves.includes(hostname));
        const failed = { state: 'failed', nextAt: inDays(0.04), failures: 2, finding: `No address was found for ${hostname}.` };
        return {
          hostname,
          certificateId: by?.certificateId ?? null,
          wish: by === undefined ? failed : { state: 'held', nextAt: by.renewAt, failures: 0, finding: null },
        };
      }),
      authority: { directory: 'https://authority.example/directory', registered: true, dns: false },
    });
  };
  on(listCertificates, ({ params }) => view(params.siteId));
  on(listAllCertificates, ({ query }) => {
    const days = query.endsWithinDays;
    const items = state.sites
      .flatMap(({ siteId, name: siteName }) =>
        view(siteId).certificates.map(({ serves: _serves, ...certificate }) => ({ ...certificate, siteName })),
      )
      .filter(({ names, source, notAfter }) => {
        if (query.source !== undefined && source !== query.source) return false;
        if (days !== undefined && Date.parse(notAfter) > state.nowMs() + days * dayMs) return false;
        return names.some((name) => name.includes(query.search?.toLowerCase() ?? ''));
      });
    return { items, next: null, total: items.length };
  });
  on(orderCertificates, ({ params }) => view(params.siteId));
  on(addCertificate, ({ params, body }) => {
    const fields = [
      ...(body.chain.includes('BEGIN CERTIFICATE') ? [] : [{ path: 'chain', message: 'No certificate was found.' }]),
      ...(body.key.includes('PRIVATE KEY') ? [] : [{ path: 'key', message: 'No private key was found.' }]),
    ];
    if (fields.length > 0) throw new MockFailure('certificate-refused', 'Nothing was changed.', fields);
    const { hostnames, certificates } = view(params.siteId);
    const own = make(
      params.siteId,
      'own',
      hostnames.map(({ hostname }) => hostname),
    );
    kept.set(params.siteId, [
      own,
      ...certificates.filter(({ source }) => source === 'acme').map((one) => ({ ...one, serves: [] })),
    ]);
    return view(params.siteId);
  });
  on(removeCertificate, ({ params }) => {
    const { certificates } = view(params.siteId);
    kept.set(
      params.siteId,
      certificates.filter((one) => one.certificateId !== params.certificateId),
    );
    return view(params.siteId);
  });

  const shownToOrigins = new Map<string, { used: OriginCertificate | null; next: OriginCertificate | null }>();
  const shownTo = (siteId: string) => {
    const site = state.sites.find((candidate) => candidate.siteId === siteId);
    if (site === undefined) throw new MockFailure('not-found', 'There is no such site.');
    return { ...(shownToOrigins.get(siteId) ?? { used: null, next: null }), https: site.origin.scheme === 'https' };
  };
  const nothingWaits = () => new MockFailure('wrong-state', 'No certificate waits. Nothing was changed.');
  on(getOriginCertificate, ({ params }) => shownTo(params.siteId));
  on(addOriginCertificate, ({ params, body }) => {
    const { used } = shownTo(params.siteId);
    const made = OriginCertificate.parse({
      certificateId: mockId('cert', used === null ? 'shown1' : 'shown2'),
      made: 'make' in body ? 'here' : 'uploaded',
      chain: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
      issuer: `Portcullis for ${params.siteId}`,
      fingerprint: (used === null ? 'cd' : 'ef').repeat(32),
      notBefore: inDays(0),
      notAfter: inDays(825),
      createdAt: inDays(0),
    });
    shownToOrigins.set(params.siteId, used === null ? { used: made, next: null } : { used, next: made });
    return shownTo(params.siteId);
  });
  on(putOriginCertificateToUse, ({ params }) => {
    const { next } = shownTo(params.siteId);
    if (next === null) throw nothingWaits();
    shownToOrigins.set(params.siteId, { used: next, next: null });
    return shownTo(params.siteId);
  });
  on(removeOriginCertificate, ({ params }) => {
    const { used, next } = shownTo(params.siteId);
    if ((params.which === 'used' ? used : next) === null) throw nothingWaits();
    shownToOrigins.set(params.siteId, params.which === 'used' ? { used: null, next } : { used, next: null });
    return shownTo(params.siteId);
  });
}
