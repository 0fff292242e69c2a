/** Certificates as the rest of the control plane sees them: opened once, their routes registered, their jobs handed back. */
import * as contract from '../../contract/routes/certificates.ts';
import * as origin from '../../contract/routes/origin-certificates.ts';
import type { SiteId } from '../../contract/ids.ts';
import { findAccount, setAccountUrl, settleAccount } from '../../store/certificates.ts';
import { findSite } from '../../store/sites.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import type { Job } from '../jobs/runner.ts';
import { newAccountKey, openAuthority } from './authority.ts';
import type { Authority } from './authority.ts';
import type { CertificateConfig, CertificateDeps } from './deps.ts';
import { dnsHook } from './dns-hook.ts';
import { certificateJobs } from './jobs.ts';
import type { CertificateKeys } from './keys.ts';
import {
  addOriginCertificateTo,
  lookAtOriginEnds,
  removeOriginCertificateOf,
  useNextOriginCertificate,
  viewOriginCertificates,
} from './origin.ts';
import { addOwnCertificate, orderNow, removeCertificateOf } from './service.ts';
import { viewAllCertificates, viewCertificates } from './view.ts';

/** Opens our account at the authority, if one is set up, and registers everything. Asks the authority nothing. */
export async function openCertificates(
  app: App,
  control: ControlDeps,
  config: CertificateConfig,
  keys: CertificateKeys,
): Promise<{ readonly jobs: readonly Job[]; readonly deps: CertificateDeps }> {
  const authority = config.directory === null ? null : await openAccount(control, config, config.directory, keys);
  const dns = config.dnsHook === null ? null : dnsHook(config.dnsHook);
  const deps: CertificateDeps = { ...control, keys, authority, dns };
  const view = async (siteId: SiteId, caller: Caller) => {
    const site = await findSite(deps.store.db, siteId, caller.accountId);
    if (site === null) throw notFound('site');
    return viewCertificates(deps, site);
  };
  registerRoute(app, deps, contract.listCertificates, ({ params, caller }) => view(params.siteId, caller));
  registerRoute(app, deps, contract.listAllCertificates, ({ query, caller }) => viewAllCertificates(deps, caller, query));
  registerRoute(app, deps, contract.addCertificate, async ({ params, body, caller }) => {
    await addOwnCertificate(deps, caller, params.siteId, body);
    return view(params.siteId, caller);
  });
  registerRoute(app, deps, contract.orderCertificates, async ({ params, caller }) => {
    await orderNow(deps, caller, params.siteId);
    return view(params.siteId, caller);
  });
  registerRoute(app, deps, contract.removeCertificate, async ({ params, caller }) => {
    await removeCertificateOf(deps, caller, params.siteId, params.certificateId);
    return view(params.siteId, caller);
  });
  registerRoute(app, deps, origin.getOriginCertificate, async ({ params, caller }) => {
    const site = await findSite(deps.store.db, params.siteId, caller.accountId);
    if (site === null) throw notFound('site');
    return viewOriginCertificates(site);
  });
  registerRoute(app, deps, origin.addOriginCertificate, async ({ params, body, caller }) =>
    viewOriginCertificates(await addOriginCertificateTo(deps, caller, params.siteId, body)),
  );
  registerRoute(app, deps, origin.useOriginCertificate, async ({ params, caller }) =>
    viewOriginCertificates(await useNextOriginCertificate(deps, caller, params.siteId)),
  );
  registerRoute(app, deps, origin.removeOriginCertificate, async ({ params, caller }) =>
    viewOriginCertificates(await removeOriginCertificateOf(deps, caller, params.siteId, params.which)),
  );
  const ends: Job = {
    name: 'client certificates that end',
    everyMs: 3_600_000,
    afterMs: 25_000,
    run: () => lookAtOriginEnds(deps),
  };
  return { jobs: [...certificateJobs(deps), ends], deps };
}

async function openAccount(
  control: ControlDeps,
  { contact, binding }: CertificateConfig,
  directory: string,
  keys: CertificateKeys,
): Promise<Authority> {
  const { db } = control.store;
  const account =
    (await findAccount(db, directory)) ??
    (await settleAccount(db, directory, keys.sealAccount(directory, await newAccountKey()), nowOf(control)));
  return openAuthority({
    directory,
    contact,
    binding,
    account: { key: keys.openAccount(directory, account.sealedKey), url: account.accountUrl },
    onAccount: (url) => setAccountUrl(db, directory, url),
    fetch: globalThis.fetch,
  });
}
