/** What time brings about for certificates: wishes that are due, certificates that end. Safe in several processes at once. */
import { instantOf, msOf } from '../../core/instant.ts';
import { alarmDays, alarmThreshold, certificateFor } from '../../core/shield/certificates.ts';
import { certificatesEnding, certificatesOf, claimWishes, setAlarmed, wishesOf } from '../../store/certificates.ts';
import type { CertificateRecord } from '../../store/certificates.ts';
import { raiseAlarm } from '../../store/house.ts';
import { findSite } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import { eachAlone } from '../jobs/each-alone.ts';
import type { Job } from '../jobs/runner.ts';
import type { CertificateDeps, CertificateParts } from './deps.ts';
import { fulfil } from './obtain.ts';
import { removeCertificateOf } from './service.ts';

/** Orders under way in one process: most of their time is waiting for the authority. */
const ordersAtOnce = 4;
/** No order takes longer; a process that died lets go of its wishes after so long. */
const claimMs = 15 * 60_000;
const dayMs = 86_400_000;
/** A certificate that ended so long ago and that nobody wishes for any more is removed. */
const keptAfterEndMs = 7 * dayMs;

export function certificateJobs(deps: CertificateDeps): Job[] {
  const stopping = new AbortController();
  const orders: Job = {
    name: 'certificates ordered',
    everyMs: 1000,
    afterMs: 1000,
    cut: () => stopping.abort(),
    run: async () => {
      const at = nowOf(deps);
      const until = instantOf(deps.now() + claimMs);
      const wishes = await claimWishes(deps.store.db, { by: deps.processName, at, until, limit: ordersAtOnce });
      const work = Promise.all(wishes.map((wish) => fulfil(deps, wish, stopping.signal)));
      // At a stop, what the library waits for is not waited for: the claim runs out.
      await Promise.race([work, aborted(stopping.signal)]);
    },
  };
  const ends: Job = { name: 'certificates that end', everyMs: 3_600_000, afterMs: 20_000, run: () => lookAtEnds(deps) };
  return deps.authority === null ? [ends] : [orders, ends];
}

/** Raises alarms about certificates that end, once for each threshold, and removes what ended long ago. */
export async function lookAtEnds(deps: CertificateParts): Promise<void> {
  const ending = await certificatesEnding(deps.store.db, instantOf(deps.now() + alarmDays[0] * dayMs), 5000);
  const byId = new Map(ending.map((record) => [record.certificateId, record]));
  await eachAlone(deps.log, 'certificates that end', [...byId.keys()], async (certificateId) => {
    const record = byId.get(certificateId);
    if (record !== undefined) await lookAtEnd(deps, record);
  });
}

async function lookAtEnd(deps: CertificateParts, record: CertificateRecord): Promise<void> {
  const { siteId, certificateId } = record;
  const { db } = deps.store;
  const site = await findSite(db, siteId, null);
  if (site === null) return;
  const wished = (await wishesOf(db, siteId)).some((wish) => wish.certificateId === certificateId);
  const endedMs = deps.now() - msOf(record.notAfter);
  if (endedMs > keptAfterEndMs && !wished) return removeCertificateOf(deps, null, siteId, certificateId);
  const days = alarmThreshold(
    {
      notBeforeMs: msOf(record.notBefore),
      notAfterMs: msOf(record.notAfter),
      renewsItself: record.source === 'acme' && wished,
    },
    deps.now(),
  );
  if (days === null || (record.alarmedDays !== null && record.alarmedDays <= days)) return;
  const all = await certificatesOf(db, siteId);
  const served = site.hostnames.flatMap(({ hostname }) =>
    certificateFor(hostname, all)?.certificateId === certificateId ? [hostname] : [],
  );
  // Another one serves its names for longer: its end touches nobody.
  if (served.length === 0) return;
  await transact(deps.store, async (unit) => {
    await setAlarmed(unit.tx, certificateId, days);
    const names = `${served.slice(0, 3).join(', ')}${served.length > 3 ? ` and ${served.length - 3} more` : ''}`;
    const ends = endedMs > 0 ? 'has ended' : days === 0 ? 'ends soon,' : `ends within ${days} days,`;
    const help = record.source === 'acme' ? 'It should have renewed itself; the site’s page says why not.' : 'Upload a new one.';
    await raiseAlarm(unit, {
      kind: 'certificate-expiring',
      at: nowOf(deps),
      sentence: `The certificate of ${site.name} for ${names} ${ends} at ${record.notAfter}. ${help}`,
      siteId,
    });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
