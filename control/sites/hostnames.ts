/**
 * Which hostnames a site may have: who owns one already, and what an order holds in place.
 *
 * A hostname has one owner in the installation: the site whose claim is proved or waived. A pending claim is only said, so it keeps
 * nobody out: neither the real owner nor the operator. Once somebody owns a name, it can neither be claimed anew nor proved by others
 * (claims from before stay, and are told); the owner's site must go or give it up first. Fails closed: two who prove one name at once meet
 * the unique index of `site_hostname`, and one of them is refused.
 */
import { parseHostname } from '../../contract/hostname.ts';
import type { Hostname } from '../../contract/hostname.ts';
import { brokenUniqueKey } from '../../store/errors.ts';
import { ordersHolding } from '../../store/orders.ts';
import { hostnameOwners, hostnamesHeld } from '../../store/sites.ts';
import type { SiteHostname, SiteRecord } from '../../store/sites.ts';
import type { Work } from '../../store/transact.ts';
import type { Caller } from '../http/caller.ts';
import { Failure } from '../http/failure.ts';
import type { FieldMistake } from '../http/failure.ts';
import { keepsOrderInPlace, wildcardsOver } from './policy.ts';

type Claimant = Pick<SiteRecord, 'siteId' | 'accountId'>;

/** Hostnames as typed, once each; what is none is added to the mistakes by its field. */
export function parseHostnames(typed: readonly string[], mistakes: FieldMistake[]): Hostname[] {
  const found = new Set<Hostname>();
  for (const [index, text] of typed.entries()) {
    const parsed = parseHostname(text);
    if (parsed.ok) found.add(parsed.hostname);
    else mistakes.push({ path: `hostnames.${index}`, message: parsed.why });
  }
  return [...found];
}

/** What a site's hostnames become. Throws Failure `site-under-order`, `hostname-taken`. */
export async function nextHostnames(
  unit: Work,
  caller: Caller,
  held: SiteRecord,
  wanted: readonly Hostname[],
): Promise<readonly SiteHostname[]> {
  const before = held.hostnames.map(({ hostname }) => hostname);
  for (const order of await ordersHolding(unit.tx, held.siteId)) {
    if (keepsOrderInPlace(order, before, wanted)) continue;
    throw underOrder(
      `Order ${order.decision} covers a hostname that you take away. The site stays as it was until the order ends.`,
    );
  }
  const known = new Map(held.hostnames.map((name) => [name.hostname, name]));
  await refuseTaken(
    unit,
    held,
    wanted.filter((hostname) => !known.has(hostname)),
  );
  // Who may waive and has waived this site before does not have to say so again for each name.
  const waived = caller.scopes.has('sites:waive-ownership') && held.hostnames.every(({ ownership }) => ownership === 'waived');
  return wanted.map((hostname) => known.get(hostname) ?? { hostname, ownership: waived ? 'waived' : 'pending' });
}

/** Of these hostnames, those that a site cannot have, each with the sentence why. */
export async function takenHostnames(
  unit: Work,
  site: Claimant,
  hostnames: readonly Hostname[],
): Promise<ReadonlyMap<Hostname, string>> {
  const taken = new Map<Hostname, string>();
  for (const { hostname, siteId, owned } of await hostnamesHeld(unit.tx, hostnames, site)) {
    const sentence = owned
      ? `${hostname} belongs to another site here, which has shown that it owns it.`
      : `${hostname} is claimed by another site of the same account (${siteId}); change or remove that one.`;
    if (owned || !taken.has(hostname)) taken.set(hostname, sentence);
  }
  for (const hostname of hostnames) {
    if (!taken.has(hostname) && (await isUnderForeignOrder(unit, site, hostname))) {
      taken.set(hostname, `${hostname} lies under an order on another site until that order ends.`);
    }
  }
  return taken;
}

/** Throws Failure `hostname-taken` when a site cannot have one of these hostnames. */
export async function refuseTaken(unit: Work, site: Claimant, hostnames: readonly Hostname[]): Promise<void> {
  const taken = await takenHostnames(unit, site, hostnames);
  if (taken.size > 0) throw new Failure('hostname-taken', `${[...taken.values()].slice(0, 5).join(' ')} Nothing was changed.`);
}

/** Whether another site owns a wildcard over the hostname and an order there covers it. */
async function isUnderForeignOrder(unit: Work, site: Claimant, hostname: Hostname): Promise<boolean> {
  const bare = hostname.replace(/^\*\./, '');
  for (const owner of await hostnameOwners(unit.tx, wildcardsOver(hostname))) {
    if (owner === site.siteId) continue;
    for (const order of await ordersHolding(unit.tx, owner)) {
      if (order.hostnames.length === 0 || order.hostnames.some((one) => one === bare || hostname.startsWith('*.'))) return true;
    }
  }
  return false;
}

/** Runs work that writes hostnames: when somebody else was faster, throws Failure `hostname-taken`. */
export async function namingTakenHostnames<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (brokenUniqueKey(error)?.startsWith('site_hostname_') !== true) throw error;
    throw new Failure('hostname-taken', 'Another site has just got one of these hostnames. Nothing was changed.', {
      cause: error,
    });
  }
}

export function underOrder(detail: string): Failure {
  return new Failure('site-under-order', detail);
}
