/** The table of refused requests, as store/migrations/000007_insight.sql makes it. */
import type { GeneratedAlways } from 'kysely';
import type { EdgeId, Instant, OrderId, SiteId } from '../contract/ids.ts';
import type { RequestReference } from '../contract/insight.ts';
import type { Cidr } from '../contract/network.ts';
import type { RuleId } from '../contract/rules.ts';

export type RefusedRequestTable = {
  reference: RequestReference;
  told_order: GeneratedAlways<number>;
  site_id: SiteId;
  edge_id: EdgeId;
  at: Instant;
  guard: string;
  rule_id: RuleId | null;
  order_id: OrderId | null;
  status: number;
  network: Cidr;
  method: string;
  path: string;
};

export type InsightTables = { refused_request: RefusedRequestTable };
