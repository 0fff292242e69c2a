/**
 * Which captcha keys an order suspends: those of its site, and those of the site's account that are for one of its hostnames.
 *
 * The second half is there because a key need not name its site: what is used on the site's pages is the site's. Not those of other accounts, and
 * not a key for any hostname that names no site: it would take an account's other sites along, so only the provider's people may make
 * such keys (control/captcha/service.ts). Pure.
 */
import type { Hostname } from '../../contract/hostname.ts';
import { hostnameCovers } from '../../contract/hostname.ts';
import type { AccountId, SiteId } from '../../contract/ids.ts';

export type OrderedSite = {
  readonly siteId: SiteId;
  readonly accountId: AccountId;
  /** Of the order, exact; none: the whole site, with all that it has. */
  readonly scope: readonly string[];
  /** Of the site. */
  readonly hostnames: readonly Hostname[];
};

export type OwnedKey = {
  readonly siteId: SiteId | null;
  readonly accountId: AccountId;
  /** None: any. */
  readonly hostnames: readonly Hostname[];
};

export function suspendsKey(site: OrderedSite, key: OwnedKey): boolean {
  if (key.accountId !== site.accountId) return false;
  const covered = site.scope.length === 0 ? site.hostnames : site.scope;
  const meets = key.hostnames.some((own) => covered.some((name) => overlap(own, name)));
  if (key.siteId !== site.siteId) return meets;
  return site.scope.length === 0 || key.hostnames.length === 0 || meets;
}

/** Whether some hostname is under both. */
function overlap(own: Hostname, other: string): boolean {
  if (own === other) return true;
  const [a, b] = [own.replace(/^\*/, ''), other.replace(/^\*/, '')];
  if (own.startsWith('*.') && other.startsWith('*.')) return a.endsWith(b) || b.endsWith(a);
  if (own.startsWith('*.')) return hostnameCovers(own, other);
  return other.startsWith('*.') && own.endsWith(b) && own.length > b.length;
}
