-- Requests that were refused, one by one, as edges tell of them: what a reference on a page stands for. Kept for a week, and bounded per site.

create table refused_request (
  reference text primary key,
  told_order bigint generated always as identity,
  site_id text not null references site on delete cascade,
  edge_id text not null,
  at timestamptz not null,
  guard text not null,
  rule_id text,
  order_id text,
  status integer not null,
  -- As much of the address as is kept: /24 or /48.
  network text not null,
  method text not null,
  path text not null
);
create index refused_request_by_site on refused_request (site_id, told_order);
create index refused_request_by_age on refused_request (at);
