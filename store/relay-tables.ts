/** Tables of relays, as store/migrations/000012_relays.sql makes them. */
import type { Generated } from 'kysely';
import type { Instant, RelayId } from '../contract/ids.ts';

type RelayTable = {
  relay_id: RelayId;
  name: string;
  public_key: string;
  version: string;
  enrolled_at: Instant;
  revoked_at: Generated<Instant | null>;
  connected_to: Generated<string | null>;
  last_seen_at: Generated<Instant | null>;
};

type RelayTokenTable = {
  token_hash: string;
  created_at: Instant;
  expires_at: Instant;
  used_at: Generated<Instant | null>;
  used_by: Generated<RelayId | null>;
};

export type RelayTables = { relay: RelayTable; relay_token: RelayTokenTable };
