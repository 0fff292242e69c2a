-- The record: leaves in the order in which they are told, and the head of the log that was signed last.

-- A leaf is queued in the transaction of the act that it tells of; its index is given when a checkpoint over it is signed.
create table record_leaf (
  queued bigint generated always as identity primary key,
  leaf_index bigint unique,
  leaf text not null,
  leaf_sha256 text not null unique
);

create index record_leaf_waiting on record_leaf (queued) where leaf_index is null;

-- One row. Root and checkpoint are those of the tree of the first `size` leaves; whoever appends holds its lock.
create table record_head (
  only_one boolean primary key default true check (only_one),
  size bigint not null,
  root text not null,
  checkpoint text not null
);

-- What opens the commitments of a subject's leaves. Deleting a row is erasure: the log stays as it is.
create table record_salt (
  subject text primary key,
  ref text not null unique,
  salt text not null
);

-- What was published of a decision, as often as it changed: nothing is shown before its version stands here and in a leaf.
create table record_statement (
  decision text not null,
  version integer not null check (version > 0),
  recorded_at timestamptz not null,
  -- Of the decision when this was published: a decision that has moved on since is told again without being asked for.
  state text not null,
  statement text not null,
  sha256 text not null,
  leaf text not null,
  leaf_sha256 text not null references record_leaf (leaf_sha256) deferrable initially deferred,
  primary key (decision, version)
);

-- Receipts that were given before there was a record go into it first, in their order.
insert into record_leaf (leaf, leaf_sha256) select receipt_leaf, receipt_sha256 from report order by receipt_number;
