/**
 * What the control plane's parts are handed: the store, the clock, who we are, what the operator allows. Made once in control/service.ts.
 *
 * A part takes only what it names (`Pick<ControlDeps, …>`), so a test hands it only that.
 */
import type { AccountId, Instant } from '../contract/ids.ts';
import type { Cidr } from '../contract/network.ts';
import { instantOf } from '../core/instant.ts';
import type { Store } from '../store/open.ts';
import type { RouteDeps } from './http/register.ts';
import type { InsightConfig } from './insight/config.ts';
import type { OrderChanges } from './orders/changes.ts';
import type { Resolver } from './sites/resolver.ts';

export type ControlDeps = RouteDeps & {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly provider: string;
  readonly version: string;
  /** Inward ranges in which origins may be. */
  readonly allowOrigins: readonly Cidr[];
  /** How long a break-glass order stands without a second person. */
  readonly breakGlassSeconds: number;
  /** The account of sites that belong to nobody else. */
  readonly houseAccount: AccountId;
  readonly resolver: Resolver;
  readonly insight: InsightConfig;
  /** Who else must act when an order changes, in the same transaction: the desk, whose decision it may belong to. */
  readonly orderChanges: OrderChanges;
  /** Tells this control process apart from others on the same database. */
  readonly processName: string;
};

export function nowOf(deps: Pick<ControlDeps, 'now'>): Instant {
  return instantOf(deps.now());
}
