-- The spine: accounts, sites, orders, edges, the change log that edges follow, receipts, traffic, alarms and the audit trail.

create table account (
  account_id text primary key,
  name text not null,
  created_at timestamptz not null
);

-- Small facts of the installation that every control process must agree on, such as the public half of the policy key.
create table house_fact (
  name text primary key,
  value text not null
);

-- One row per edge group. Updating `revision` is what orders commits: the row lock serialises them, so revisions are dense.
create table edge_group (
  group_name text primary key,
  revision bigint not null,
  digest text not null,
  committed_at timestamptz not null,
  -- Deltas exist from this revision on; an edge that holds an older one gets a snapshot.
  log_from bigint not null,
  -- Numbers of clearance keys are never used again.
  last_key_number integer not null,
  key_rotated_at timestamptz not null
);

-- The present policy of a group, item by item: what a snapshot is made of. Payload is the canonical JSON text that is hashed.
create table policy_item (
  group_name text not null references edge_group,
  item_key text not null,
  payload text not null,
  hash text not null,
  revision bigint not null,
  primary key (group_name, item_key)
);

-- The change log: what a delta is made of. A revision may change several items; all its rows carry the digest after it.
create table change_log (
  group_name text not null references edge_group,
  revision bigint not null,
  item_key text not null,
  class text not null check (class in ('fast', 'slow')),
  op text not null check (op in ('upsert', 'remove')),
  payload text,
  hash text,
  digest text not null,
  committed_at timestamptz not null,
  primary key (group_name, revision, item_key),
  check ((op = 'upsert') = (payload is not null))
);

create table site (
  site_id text primary key,
  account_id text not null references account,
  group_name text not null references edge_group,
  name text not null,
  origin_scheme text not null,
  origin_host text not null,
  origin_port integer not null,
  origin_host_header text,
  origin_addresses jsonb not null,
  origin_finding text,
  -- When the origin's name is to be resolved again; null for an origin given as an address.
  resolve_at timestamptz,
  mode text not null,
  limits jsonb not null,
  networks jsonb not null,
  challenge jsonb not null,
  ownership_token text not null,
  ownership_checked_at timestamptz,
  ownership_finding text,
  ready boolean not null,
  version integer not null,
  created_at timestamptz not null,
  created_order bigint generated always as identity,
  -- The revision that the newest change of this site got, and when; null before it first reached the edges.
  revision bigint,
  committed_at timestamptz
);
create index site_by_account on site (account_id, created_order);
create index site_by_creation on site (created_order);
create index site_to_resolve on site (resolve_at) where resolve_at is not null;

-- Whose ownership is proved or waived has a hostname alone in the whole installation, and only that is served. Anybody may have a pending
-- claim beside it, once per account: whoever only says that a name is theirs keeps nobody else out.
create table site_hostname (
  account_id text not null references account,
  hostname text not null,
  site_id text not null references site on delete cascade,
  position integer not null,
  ownership text not null check (ownership in ('pending', 'proved', 'waived')),
  primary key (account_id, hostname)
);
create unique index site_hostname_owned on site_hostname (hostname) where ownership <> 'pending';
create index site_hostname_by_name on site_hostname (hostname);
create index site_hostname_by_site on site_hostname (site_id, position);

create table decision_counter (
  year integer primary key,
  last integer not null
);

create table shield_order (
  order_id text primary key,
  decision text not null unique,
  created_order bigint generated always as identity,
  state text not null check (state in ('proposed', 'confirmed', 'lifted', 'expired', 'withdrawn', 'lapsed')),
  measure text not null,
  -- No foreign key: an order outlives its site in the record.
  site_id text not null,
  account_id text not null,
  group_name text not null,
  site_name text not null,
  hostnames jsonb not null,
  path text,
  requests_per_10s integer,
  basis jsonb not null,
  internal_reason text not null,
  public_reason text not null,
  -- Null until it is confirmed when it shall start with its confirmation.
  starts_at timestamptz,
  ends_at timestamptz not null,
  proposer_id text not null,
  proposer_name text not null,
  proposed_at timestamptz not null,
  confirmer_id text,
  confirmer_name text,
  confirmed_at timestamptz,
  break_glass_reason text,
  break_glass_expires_at timestamptz,
  lifter_id text,
  lifter_name text,
  lifted_at timestamptz,
  lift_reason text,
  revision bigint,
  committed_at timestamptz,
  check ((break_glass_reason is null) = (break_glass_expires_at is null)),
  check (confirmer_id is null or confirmer_id <> proposer_id)
);
create index shield_order_by_site on shield_order (site_id, created_order);
create index shield_order_open on shield_order (ends_at) where state in ('proposed', 'confirmed');

create table edge (
  edge_id text primary key,
  name text not null,
  group_name text not null references edge_group,
  public_key text not null unique,
  enrolled_at timestamptz not null,
  revoked_at timestamptz,
  -- The control process that holds its stream; null when it has none.
  connected_to text,
  last_seen_at timestamptz,
  -- Where its stream came from: such an address is never an origin.
  address text,
  revision bigint not null,
  digest text not null,
  agent_version text,
  haproxy_version text,
  health jsonb,
  last_nack jsonb
);
create index edge_by_group on edge (group_name);

-- When an edge acknowledged what: bounded to its newest thousand revisions.
create table edge_ack (
  edge_id text not null references edge on delete cascade,
  revision bigint not null,
  acked_at timestamptz not null,
  took_ms double precision,
  primary key (edge_id, revision)
);

create table enrolment_token (
  token_hash text primary key,
  group_name text not null references edge_group,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by text
);

create table receipt (
  receipt_id text primary key,
  arrival bigint generated always as identity,
  order_id text not null references shield_order,
  edge_id text not null references edge,
  state text not null check (state in ('enforced', 'lifted', 'failed')),
  at timestamptz not null,
  received_at timestamptz not null,
  -- The signed body as canonical JSON text, so that the signature can be checked again at any time.
  body text not null,
  signature text not null,
  unique (edge_id, signature)
);
create index receipt_by_order on receipt (order_id, edge_id, arrival);

-- Requests of a site by outcome, summed over edges, in steps of ten seconds; kept for a day.
create table traffic (
  site_id text not null,
  bucket timestamptz not null,
  passed bigint not null,
  challenged bigint not null,
  solved bigint not null,
  limited bigint not null,
  denied bigint not null,
  noticed bigint not null,
  origin_error bigint not null,
  primary key (site_id, bucket)
);
create index traffic_by_time on traffic (bucket);

create table alarm (
  alarm_id text primary key,
  created_order bigint generated always as identity,
  kind text not null,
  at timestamptz not null,
  sentence text not null,
  order_id text,
  site_id text,
  edge_id text,
  acknowledged_by text,
  acknowledged_name text,
  acknowledged_at timestamptz
);
create index alarm_open on alarm (created_order) where acknowledged_at is null;

-- Who did what. Nothing updates or deletes a row.
create table audit_entry (
  audit_id text primary key,
  created_order bigint generated always as identity,
  at timestamptz not null,
  person_id text,
  person_name text,
  act text not null,
  subject text not null,
  detail jsonb not null
);
create index audit_by_subject on audit_entry (subject, created_order);
-- Who gave whom a way in: looked at whenever an order is confirmed (store/audit.ts has the same list).
create index audit_of_access on audit_entry (at) where act in ('person.invite', 'invitation.renew', 'person.add-with-token');
