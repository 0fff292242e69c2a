-- Relays: processes that carry the policy stream between the control plane and edges, and can read nothing of it.

create table relay (
  relay_id text primary key,
  name text not null,
  public_key text not null unique,
  version text not null,
  enrolled_at timestamptz not null,
  revoked_at timestamptz,
  -- The control process that it is linked to, as for edges.
  connected_to text,
  last_seen_at timestamptz
);

-- Tokens of relays are apart from those of edges: neither can be used as the other.
create table relay_token (
  token_hash text primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by text references relay
);

-- Through which relay an edge's stream comes, while it has one; null: straight.
alter table edge add column relay_id text references relay;
