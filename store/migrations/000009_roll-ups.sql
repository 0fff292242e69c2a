-- Roll-ups of traffic per site and edge, and lists of what is most frequent, as edges sum them up.

-- One row per step (10 s, 60 s, 3,600 s), site and edge with any request; an empty site_id is all sites of the edge together. Null is zero: most
-- columns of most rows are, and a null takes no room.
create table roll_up (
  step_seconds integer not null,
  site_id text not null,
  edge_id text not null,
  at timestamptz not null,
  passed bigint,
  challenged bigint,
  solved bigint,
  limited bigint,
  denied bigint,
  noticed bigint,
  origin_error bigint,
  bytes_in bigint,
  bytes_out bigint,
  sampled bigint,
  seen_passed bigint,
  seen_refused bigint,
  status_1xx bigint,
  status_2xx bigint,
  status_3xx bigint,
  status_4xx bigint,
  status_5xx bigint,
  status_none bigint,
  -- The histogram of latency, bucket by bucket (latencyBoundsMs in contract/traffic.ts).
  l1 bigint, l2 bigint, l3 bigint, l4 bigint, l5 bigint, l6 bigint, l7 bigint, l8 bigint,
  l9 bigint, l10 bigint, l11 bigint, l12 bigint, l13 bigint, l14 bigint, l15 bigint, l16 bigint,
  l17 bigint, l18 bigint, l19 bigint, l20 bigint, l21 bigint, l22 bigint, l23 bigint, l24 bigint,
  l25 bigint, l26 bigint, l27 bigint, l28 bigint, l29 bigint, l30 bigint, l31 bigint, l32 bigint,
  primary key (site_id, step_seconds, at, edge_id)
);
create index roll_up_by_age on roll_up (step_seconds, at);

-- How far coarser steps have been made from finer ones.
create table roll_up_mark (
  step_seconds integer primary key,
  done_until timestamptz not null
);

-- Ten minutes or six hours; an empty site_id is all sites of the edge together. `tops` is as in contract/traffic.ts.
create table top_list (
  step_seconds integer not null,
  site_id text not null,
  edge_id text not null,
  at timestamptz not null,
  seen_passed bigint not null,
  seen_refused bigint not null,
  tops jsonb not null,
  primary key (site_id, step_seconds, at, edge_id)
);
create index top_list_by_age on top_list (step_seconds, at);

create index refused_request_by_order on refused_request (told_order);
