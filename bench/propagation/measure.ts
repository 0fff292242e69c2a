/**
 * One installation with many sites, and the tries that are made on it.
 *
 * The installation is the product as it runs anywhere (tests/harness/provider.ts starts it); sites come in through `load`, which
 * writes them with the control plane's own functions while it is stopped. Tries are one after another, on random sites.
 */
import { getOrder, liftOrder, placeOrder, confirmOrder } from '../../contract/routes/orders.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { SiteId } from '../../contract/ids.ts';
import { temporaryFolder, removeFolder, until } from '../../tests/harness/ports.ts';
import { inHours, startParts } from '../../tests/harness/provider.ts';
import type { Parts } from '../../tests/harness/provider.ts';
import { startStaticOrigin } from './origin.ts';
import { wallMs, watch } from './poller.ts';

export type Samples = readonly number[];

export type LoadedSite = { readonly siteId: SiteId; readonly hostname: string };

/** Writes `count` copies of a site into the database of a stopped control plane, in its state folder. */
export type Load = (folder: string, template: SiteId, count: number) => Promise<readonly LoadedSite[]>;

export type Installation = {
  readonly parts: Parts;
  readonly originPort: number;
  readonly sites: readonly LoadedSite[];
  readonly stop: () => Promise<void>;
};

/** Starts everything and waits until the edge holds all sites. */
export async function startInstallation(count: number, load: Load, say: (line: string) => void): Promise<Installation> {
  const origin = await startStaticOrigin();
  const state = temporaryFolder('bench');
  const parts = await startParts({ state });
  const template = await parts.protect('template.example', origin.port);
  await parts.control().stop('SIGTERM');
  const began = wallMs();
  const sites = await load(parts.folders.control, template.siteId, count - 1);
  const loaded = wallMs();
  await parts.startControl();
  const last = sites.at(-1);
  if (last === undefined) throw new Error('no site was loaded');
  const served = watch(parts.edge.http, last.hostname, 50);
  await served.seen(200, 600_000);
  served.close();
  await parts.edgesCurrent();
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  say(`  written in ${seconds(loaded - began)} s; control plane started and all served ${seconds(wallMs() - loaded)} s later`);
  return {
    parts,
    originPort: origin.port,
    sites,
    stop: async () => {
      await parts.stop();
      await origin.stop();
      removeFolder(state);
    },
  };
}

export type OrderSamples = {
  readonly fromCommit: Samples;
  readonly fromRequest: Samples;
  readonly liftFromRequest: Samples;
  readonly toReceipt: Samples;
};

/** Places, confirms and lifts `tries` orders; every one must be enforced and lifted within 15 s, or the bench fails. */
export async function measureOrders({ parts, sites }: Installation, tries: number): Promise<OrderSamples> {
  const fromCommit: number[] = [];
  const fromRequest: number[] = [];
  const liftFromRequest: number[] = [];
  const toReceipt: number[] = [];
  for (let index = 0; index < tries; index += 1) {
    const site = sites[Math.floor(Math.random() * sites.length)];
    if (site === undefined) throw new Error('no sites');
    const placed = await parts.operator.call(placeOrder, {
      body: {
        measure: 'notice-on-host',
        siteId: site.siteId,
        basis: { kind: 'own-decision' },
        internalReason: 'A try of the propagation bench.',
        publicReason: 'This is a measurement; nobody is in danger.',
        endsAt: inHours(1),
      },
    });
    const visitor = watch(parts.edge.http, site.hostname);
    try {
      await visitor.seen(200);
      const asked = wallMs();
      const [enforced, confirmed] = await Promise.all([
        visitor.seen(403),
        parts.second.call(confirmOrder, { params: { orderId: placed.orderId } }),
      ]);
      if (confirmed.confirmedAt === null) throw new Error('a confirmed order says when');
      fromCommit.push(enforced - Date.parse(confirmed.confirmedAt));
      fromRequest.push(enforced - asked);
      const tookMs = await until('the receipt', async () => {
        const { order } = await parts.operator.call(getOrder, { params: { orderId: placed.orderId } });
        return order.receipts.enforced === 1 && order.receipts.tookMs !== null && { ms: order.receipts.tookMs };
      });
      toReceipt.push(tookMs.ms);
      const lifting = wallMs();
      const [served] = await Promise.all([
        visitor.seen(200),
        parts.second.call(liftOrder, { params: { orderId: placed.orderId }, body: { reason: 'The try is over.' } }),
      ]);
      liftFromRequest.push(served - lifting);
    } finally {
      visitor.close();
    }
  }
  return { fromCommit, fromRequest, liftFromRequest, toReceipt };
}

/** Adds `tries` new sites, one after another. */
export async function measureAdded({ parts, originPort }: Installation, tries: number): Promise<{ fromCommit: Samples }> {
  const fromCommit: number[] = [];
  for (let index = 0; index < tries; index += 1) {
    const hostname = `added-${index}.example`;
    const visitor = watch(parts.edge.http, hostname);
    try {
      await visitor.seen(421);
      const [served, site] = await Promise.all([
        visitor.seen(200),
        parts.operator.call(addSite, {
          body: { hostnames: [hostname], origin: `http://127.0.0.1:${originPort}`, waiveOwnership: true },
        }),
      ]);
      fromCommit.push(served - Date.parse(site.propagation.committedAt));
    } finally {
      visitor.close();
    }
  }
  return { fromCommit };
}
