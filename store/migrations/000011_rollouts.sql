-- Groups of edges with a plan, and changes that go to a canary first, then to waves.

alter table edge_group
  add column title text,
  -- Shares of the edges that are no canaries, in percent, as each wave reaches them; the last is 100.
  add column waves jsonb not null default '[25, 100]',
  add column canary_bake_seconds integer not null default 30,
  add column wave_bake_seconds integer not null default 15,
  -- How many lanes have a policy of their own: 1 as long as the group has no canary.
  add column lanes integer not null default 1,
  -- Digest of each lane, first the canaries'; null while all hold the same.
  add column lane_digests jsonb,
  -- Items that not every lane has yet.
  add column staged integer not null default 0,
  add column stopped_at timestamptz,
  add column stopped_by text,
  add column stop_reason text;

alter table edge
  add column canary boolean not null default false,
  -- Set when it was moved to another group: it is told so whenever it comes.
  add column moved_at timestamptz;

-- `payload` is what every lane gets; `staged_payload` is what the lanes up to `reached` get instead.
alter table change_log
  add column staged_payload text,
  add column reached integer,
  add column digests jsonb;

create table rollout (
  rollout_id text primary key,
  created_order bigint generated always as identity,
  group_name text not null references edge_group,
  state text not null check (state in ('running', 'done', 'rolled-back', 'superseded')),
  created_at timestamptz not null,
  ended_at timestamptz,
  -- The last lane that has it; -1: none yet.
  reached integer not null,
  -- Revision that brought it there, and when.
  revision bigint not null,
  reached_at timestamptz not null,
  -- Why it waits, or was taken back: a sentence.
  note text,
  -- An operator sends it on to every lane without waiting.
  hurried boolean not null default false
);
create index rollout_by_group on rollout (group_name, created_order);
create index rollout_running on rollout (group_name) where state = 'running';

create table rollout_item (
  rollout_id text not null references rollout on delete cascade,
  group_name text not null,
  item_key text not null,
  -- Null once it was taken back, has reached everybody or was replaced.
  payload text,
  hash text,
  active boolean not null,
  primary key (rollout_id, item_key)
);
create unique index rollout_item_active on rollout_item (group_name, item_key) where active;

-- Parts of items that were taken back: they are not tried again until they change.
create table rolled_back_part (
  group_name text not null references edge_group on delete cascade,
  item_key text not null,
  part_hash text not null,
  rollout_id text not null,
  primary key (group_name, item_key)
);

-- What each edge counted, in steps of ten seconds: by this, a canary is compared with itself before and with the others.
create table edge_pulse (
  edge_id text not null references edge on delete cascade,
  bucket timestamptz not null,
  requests bigint not null,
  refused bigint not null,
  failed bigint not null,
  primary key (edge_id, bucket)
);
create index edge_pulse_by_time on edge_pulse (bucket);
