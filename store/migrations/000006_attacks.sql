-- Attack mode by itself: what may be done for a site, whether an attack holds it now, and the record of attacks.

alter table site add column automatic jsonb not null default '{"attackMode": "suggest", "sensitivity": "normal"}';

-- The attack for which the site is in attack mode at present, beside the mode that people set.
alter table site add column attack_id text;

-- The record stays when the site is removed.
create table attack (
  attack_id text primary key,
  created_order bigint generated always as identity,
  site_id text not null,
  account_id text not null,
  site_name text not null,
  state text not null check (state in ('suggested', 'on', 'ended')),
  began_at timestamptz not null,
  switched_at timestamptz,
  switched_by text,
  switched_name text,
  ended_at timestamptz,
  ended_by text,
  ended_name text,
  -- Most requests in ten seconds.
  peak bigint not null,
  -- What it was seen by (contract/attacks.ts, AttackSignals).
  signals jsonb not null
);
create unique index attack_open on attack (site_id) where state <> 'ended';
create index attack_by_site on attack (site_id, created_order);
create index attack_by_account on attack (account_id, created_order);
