/** Tables of rollouts, as store/migrations/000011_rollouts.sql makes them. */
import type { GeneratedAlways } from 'kysely';
import type { EdgeId, GroupName, Instant, RolloutId } from '../contract/ids.ts';
import type { ItemKey } from '../contract/policy.ts';
import type { RolloutState } from '../contract/routes/rollouts.ts';

type RolloutTable = {
  rollout_id: RolloutId;
  created_order: GeneratedAlways<number>;
  group_name: GroupName;
  state: RolloutState;
  created_at: Instant;
  ended_at: Instant | null;
  reached: number;
  revision: number;
  reached_at: Instant;
  note: string | null;
  hurried: boolean;
};

type RolloutItemTable = {
  rollout_id: RolloutId;
  group_name: GroupName;
  item_key: ItemKey;
  payload: string | null;
  hash: string | null;
  active: boolean;
};

type RolledBackPartTable = { group_name: GroupName; item_key: ItemKey; part_hash: string; rollout_id: RolloutId };

type EdgePulseTable = { edge_id: EdgeId; bucket: Instant; requests: number; refused: number; failed: number };

export type RolloutTables = {
  rollout: RolloutTable;
  rollout_item: RolloutItemTable;
  rolled_back_part: RolledBackPartTable;
  edge_pulse: EdgePulseTable;
};
