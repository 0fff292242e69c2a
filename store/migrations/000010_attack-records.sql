-- Attack mode of single paths, what happened in an attack, and where its owner's programs are told.

-- Path prefixes that people put into attack mode.
alter table site add column attack_paths jsonb not null default '[]';
-- The path that the attack of `attack_id` is on; null: the whole site.
alter table site add column attack_path text;
-- Where the owner's programs are told of attacks: address and secret, encrypted with the installation's key; and the host, to be shown.
alter table site add column attack_hook bytea;
alter table site add column attack_hook_host text;

-- The part of the site that attack mode holds for it; null: all.
alter table attack add column path text;
-- The edge that turned attack mode on by itself while it could not reach the control plane.
alter table attack add column edge_id text;
create index attack_open_order on attack (created_order) where state <> 'ended';

-- What happened in an attack, and what people noted.
create table attack_entry (
  entry_order bigint generated always as identity primary key,
  attack_id text not null references attack on delete cascade,
  at timestamptz not null,
  kind text not null,
  who text,
  who_name text,
  words text
);
create index attack_entry_by_attack on attack_entry (attack_id, entry_order);
