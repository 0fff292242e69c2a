/** A site as the API shows it: its record, the orders on it, and how far its newest change has come. */
import type { z } from 'zod';
import type { Hostname } from '../../contract/hostname.ts';
import { Revision } from '../../contract/ids.ts';
import type { GroupName } from '../../contract/ids.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { msOf } from '../../core/instant.ts';
import { proofUrl, proofValue } from '../../core/shield/ownership.ts';
import { firstAcks, listServing } from '../../store/edges.ts';
import { ordersInForceOn } from '../../store/orders.ts';
import { ownedHostnames } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';

type SiteView = z.input<typeof Site>;
type Propagation = SiteView['propagation'];

/** Above so many edges a list leaves out how long each change took: it would be a look-up per site and edge. */
const mostEdgesTimed = 50;

/** Sites as the API shows them, in the same order. */
export async function viewSites(deps: Pick<ControlDeps, 'store' | 'now'>, sites: readonly SiteRecord[]): Promise<SiteView[]> {
  const { db } = deps.store;
  const orders = await ordersInForceOn(
    db,
    sites.map((site) => site.siteId),
    nowOf(deps),
  );
  const spread = await propagations(deps, sites);
  const claimed = sites.flatMap((site) => pendingOf(site));
  const owned = await ownedHostnames(db, claimed);
  return sites.map((site) => ({
    siteId: site.siteId,
    accountId: site.accountId,
    group: site.group,
    name: site.name,
    hostnames: site.hostnames.map(({ hostname }) => hostname),
    origin: site.origin,
    originAddresses: [...site.originAddresses],
    originFinding: site.originFinding,
    mode: site.mode,
    ...(site.attackId === null ? {} : { attackId: site.attackId }),
    ...(site.attackPath === null ? {} : { attackPath: site.attackPath }),
    ...(site.attackPaths.length === 0 ? {} : { attackPaths: [...site.attackPaths] }),
    limits: site.limits,
    networks: [...site.networks],
    challenge: site.challenge,
    https: site.https,
    ownership: ownershipView(site, owned),
    ready: site.ready,
    ordersInForce: orders.get(site.siteId) ?? [],
    createdAt: site.createdAt,
    version: site.version,
    propagation: spread(site),
  }));
}

function pendingOf(site: SiteRecord): Hostname[] {
  return site.hostnames.flatMap(({ hostname, ownership }) => (ownership === 'pending' ? [hostname] : []));
}

/** `owned`: hostnames that some site owns; a name that this one only claims is then another's. */
function ownershipView(site: SiteRecord, owned: ReadonlySet<Hostname>): SiteView['ownership'] {
  const pending = pendingOf(site);
  const [open] = pending;
  const lost = pending.find((hostname) => owned.has(hostname));
  const shown = open ?? site.hostnames[0]?.hostname ?? '';
  const bare = shown.replace(/^\*\./, '');
  const state =
    open !== undefined ? 'pending' : site.hostnames.some(({ ownership }) => ownership === 'waived') ? 'waived' : 'proved';
  return {
    state,
    dnsName: `_portcullis.${bare}`,
    dnsValue: proofValue(site.ownershipToken),
    fileUrl: open === undefined ? `http://${bare}/.well-known/portcullis-site.txt` : (proofUrl(open) ?? ''),
    fileContent: proofValue(site.ownershipToken),
    checkedAt: site.ownershipCheckedAt,
    finding:
      lost === undefined
        ? site.ownershipFinding
        : `Another site here has shown that it owns ${lost}, so this site cannot have it. Take it out, or tell the operator.`,
    ...(pending.length === 0 ? {} : { pending }),
  };
}

async function propagations(
  deps: Pick<ControlDeps, 'store'>,
  sites: readonly SiteRecord[],
): Promise<(site: SiteRecord) => Propagation> {
  const serving = Map.groupBy(await listServing(deps.store.db), (edge) => edge.group);
  const slowest = new Map<string, number>();
  for (const [group, members] of Map.groupBy(sites, (site) => site.group)) {
    const edges = serving.get(group) ?? [];
    if (edges.length === 0 || edges.length > mostEdgesTimed) continue;
    await timeGroup(deps, group, members, slowest);
  }
  return (site) => {
    const edges = serving.get(site.group) ?? [];
    const { revision, committedAt } = site;
    if (revision === null || committedAt === null) {
      return { revision: Revision.parse(0), committedAt: site.createdAt, edges: edges.length, applied: 0, tookMs: null };
    }
    const applied = edges.filter((edge) => edge.revision >= revision).length;
    const last = slowest.get(`${site.group} ${revision}`);
    const tookMs = applied === edges.length && last !== undefined ? Math.max(0, last - msOf(committedAt)) : null;
    return { revision: Revision.parse(revision), committedAt, edges: edges.length, applied, tookMs };
  };
}

/** Adds, for each revision that every edge has acknowledged, the instant (ms) of the last one. */
async function timeGroup(
  deps: Pick<ControlDeps, 'store'>,
  group: GroupName,
  sites: readonly SiteRecord[],
  slowest: Map<string, number>,
): Promise<void> {
  const revisions = [...new Set(sites.flatMap((site) => (site.revision === null ? [] : [site.revision])))];
  const acks = Map.groupBy(await firstAcks(deps.store.db, group, revisions), (ack) => ack.revision);
  for (const [revision, ofEdges] of acks) {
    const instants = ofEdges.flatMap(({ at }) => (at === null ? [] : [msOf(at)]));
    if (instants.length === ofEdges.length) slowest.set(`${group} ${revision}`, Math.max(...instants));
  }
}
