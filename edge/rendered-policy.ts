/**
 * The policy as maps, at an instant: which orders are in force, and what changes when an item or the time does.
 *
 * A delta renders only the sites that it names; the passing of time only those whose orders start or end. Going back after a refusal
 * is rendering the same sites again from the policy as it was.
 */
import { edgeMeasures } from '../contract/policy.ts';
import type { OrderPolicy, ProviderPolicy, SitePolicy } from '../contract/policy.ts';
import type { OrderId, SiteId } from '../contract/ids.ts';
import { isInForce, nextChangeMs } from '../core/shield/orders-in-force.ts';
import { namedNetworks } from '../core/shield/rules/evaluate.ts';
import type { NamedNetworks, NetworkData } from '../core/shield/rules/evaluate.ts';
import type { OriginCertificates } from './certificates/origins.ts';
import type { CertificateSlots } from './certificates/slots.ts';
import { slotsOf } from './certificates/slots.ts';
import { renderAnswers, renderGlobal, renderSite } from './render/index.ts';
import type { MapChange, MapImage } from './haproxy/map-image.ts';
import { netChanges } from './haproxy/map-image.ts';
import { nothingKnown } from './network-data/keeper.ts';
import type { Loaded, Wanted } from './network-data/keeper.ts';
import type { ItemChange, PolicyState } from './stream/policy-state.ts';

const globalOwner = 'edge';
const answersOwner = 'acme';
const networkDataOwner = 'network-data';
/** Sites rendered before other work gets its turn. */
const sitesPerTurn = 200;

/** What must be rendered again. */
export type Touched = {
  readonly sites: ReadonlySet<SiteId>;
  readonly keys: boolean;
  readonly answers: boolean;
  readonly provider: boolean;
};

export class RenderedPolicy {
  readonly #image: MapImage;
  readonly #slots: CertificateSlots;
  readonly #origins: Pick<OriginCertificates, 'replace'> | null;
  readonly #inForce = new Map<OrderId, OrderPolicy>();
  readonly #inForceBySite = new Map<SiteId, readonly OrderPolicy[]>();
  /** Sites whose rules name countries or AS numbers, and which. */
  readonly #named = new Map<SiteId, NamedNetworks>();
  readonly #isHeld: (siteId: SiteId) => boolean;
  #known: Wanted = nothingKnown;

  /**
   * What is rendered goes into the image and the slots; the slots note by themselves what changed. `isHeld`: the edge holds this site in
   * attack mode by itself.
   */
  constructor(
    image: MapImage,
    slots: CertificateSlots,
    isHeld: (siteId: SiteId) => boolean = () => false,
    origins: Pick<OriginCertificates, 'replace'> | null = null,
  ) {
    this.#image = image;
    this.#slots = slots;
    this.#origins = origins;
    this.#isHeld = isHeld;
  }

  /** The orders that edges enforce and that are in force as of the last rendering. */
  get inForce(): ReadonlyMap<OrderId, OrderPolicy> {
    return this.#inForce;
  }

  /** The same, of one site. */
  inForceOn(siteId: SiteId): readonly OrderPolicy[] {
    return this.#inForceBySite.get(siteId) ?? [];
  }

  /** Requests in ten seconds that a client of a site may send, by its owner or the strictest order; `null`: any number, or no such site. */
  clientLimit(policy: PolicyState, siteId: SiteId): number | null {
    const own = policy.site(siteId)?.limits.requestsPer10s ?? null;
    const limits = [own, ...this.inForceOn(siteId).map(({ requestsPer10s }) => requestsPer10s)];
    const least = Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(least) ? least : null;
  }

  /** Renders everything that an item change touches. Throws what edge/render throws for an item that it cannot render. */
  renderTouched(policy: PolicyState, touched: Touched, provider: ProviderPolicy, atMs: number): MapChange[] {
    const changes: MapChange[] = [];
    for (const siteId of touched.sites) changes.push(...this.#renderSite(policy, siteId, provider, atMs));
    if (touched.keys) changes.push(...this.#image.replace(globalOwner, renderGlobal(policy.clearanceKeys(), provider)));
    if (touched.answers) changes.push(...this.#image.replace(answersOwner, renderAnswers(policy.acmeAnswers())));
    return netChanges(changes);
  }

  /** Renders the whole policy, giving other work its turn in between; sites that are not in it any more are removed. */
  async renderAll(policy: PolicyState, provider: ProviderPolicy, atMs: number): Promise<MapChange[]> {
    const ids = new Set<SiteId>(this.#inForceBySite.keys());
    for (const site of policy.sites()) ids.add(site.siteId);
    for (const order of policy.orders()) ids.add(order.scope.siteId);
    const changes = this.#image.replace(globalOwner, renderGlobal(policy.clearanceKeys(), provider));
    changes.push(...this.#image.replace(answersOwner, renderAnswers(policy.acmeAnswers())));
    let done = 0;
    for (const siteId of ids) {
      for (const change of this.#renderSite(policy, siteId, provider, atMs)) changes.push(change);
      done += 1;
      if (done % sitesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return netChanges(changes);
  }

  /** All countries and AS numbers that rules name. */
  wanted(): Wanted {
    const named = [...this.#named.values()];
    return {
      countries: new Set(named.flatMap(({ countries }) => [...countries])),
      asns: new Set(named.flatMap(({ asns }) => [...asns])),
    };
  }

  /** Takes over what is known of networks, and renders the sites whose rules ask for it. */
  renderNetworkData(loaded: Loaded, policy: PolicyState, provider: ProviderPolicy, atMs: number): MapChange[] {
    this.#known = loaded.known;
    const changes = this.#image.replace(networkDataOwner, loaded.entries);
    for (const siteId of [...this.#named.keys()]) changes.push(...this.#renderSite(policy, siteId, provider, atMs));
    return netChanges(changes);
  }

  /** The sites on which an order has started or ended since they were rendered. */
  overdue(policy: PolicyState, atMs: number): ReadonlySet<SiteId> {
    const sites = new Set<SiteId>();
    for (const order of policy.orders()) {
      if (isEnforcedHere(order) && isInForce(order, atMs) !== this.#inForce.has(order.orderId)) sites.add(order.scope.siteId);
    }
    return sites;
  }

  #renderSite(policy: PolicyState, siteId: SiteId, provider: ProviderPolicy, atMs: number): MapChange[] {
    const said = policy.site(siteId);
    const site: SitePolicy | null = said !== null && this.#isHeld(siteId) ? { ...said, mode: 'attack' } : said;
    if (site === null) this.#named.delete(siteId);
    const orders = policy.ordersOf(siteId).filter((order) => isEnforcedHere(order) && isInForce(order, atMs));
    const changes = this.#image.replace(siteId, site === null ? [] : renderSite(site, orders, provider, this.#dataFor(site)));
    this.#origins?.replace(siteId, site);
    this.#slots.replace(siteId, site === null ? new Map() : slotsOf(site, policy.certificatesOf(siteId)));
    for (const order of this.#inForceBySite.get(siteId) ?? []) this.#inForce.delete(order.orderId);
    for (const order of orders) this.#inForce.set(order.orderId, order);
    if (site === null && orders.length === 0) this.#inForceBySite.delete(siteId);
    else this.#inForceBySite.set(siteId, orders);
    return changes;
  }

  /** What of network data a site's rules can count on: all that they name, or they are inert (core/shield/rules/evaluate.ts). */
  #dataFor({ siteId, rules }: SitePolicy): NetworkData {
    const named = namedNetworks(rules?.list ?? []);
    if (named.countries.size + named.asns.size === 0) this.#named.delete(siteId);
    else this.#named.set(siteId, named);
    const isKnown = (kind: 'countries' | 'asns') =>
      this.#known[kind].size > 0 && [...named[kind]].every((value) => this.#known[kind].has(value));
    return { countries: isKnown('countries'), asns: isKnown('asns') };
  }
}

/** What some item changes touch. */
export function touchedBy(changes: Iterable<ItemChange>): Touched {
  const sites = new Set<SiteId>();
  let keys = false;
  let answers = false;
  let provider = false;
  for (const { before, after } of changes) {
    for (const item of [before, after]) {
      if (item?.kind === 'site' || item?.kind === 'certificate') sites.add(item.siteId);
      if (item?.kind === 'order') sites.add(item.scope.siteId);
      if (item?.kind === 'clearance-key') keys = true;
      if (item?.kind === 'acme-answer') answers = true;
      if (item?.kind === 'provider') provider = true;
    }
  }
  return { sites, keys, answers, provider };
}

/** The next instant at which an order that this edge enforces starts or ends. */
export function nextOrderChangeMs(policy: PolicyState, atMs: number): number | null {
  return nextChangeMs([...policy.orders()].filter(isEnforcedHere), atMs);
}

function isEnforcedHere(order: OrderPolicy): boolean {
  return edgeMeasures.includes(order.measure);
}

/** The sites among items that change. */
export function sitesChanged(
  changes: readonly ItemChange[],
): { readonly siteId: SiteId; readonly before: SitePolicy | null; readonly after: SitePolicy | null }[] {
  const siteOf = (item: ItemChange['before']) => (item?.kind === 'site' ? item : null);
  return changes.flatMap(({ before, after }) => {
    const site = siteOf(after) ?? siteOf(before);
    return site === null ? [] : [{ siteId: site.siteId, before: siteOf(before), after: siteOf(after) }];
  });
}

/** A site that comes, goes or changes its hostnames changes what its orders' receipts say. */
export function concernsOrders({ before, after }: ItemChange): boolean {
  return [before, after].some((item) => item?.kind === 'order' || item?.kind === 'site');
}
