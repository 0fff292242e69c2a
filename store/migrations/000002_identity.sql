-- Identity: people, their ways to sign in, sessions, one-time links, ceremonies, attempts and API tokens.

-- One row for each person who may act. `name_key` is the name as it is compared: lower case, NFKC.
create table person (
  person_id text primary key,
  name text not null,
  name_key text not null unique,
  -- A JSON list of role names.
  roles jsonb not null check (jsonb_array_length(roles) > 0),
  account_id text references account,
  state text not null check (state in ('invited', 'active', 'disabled')),
  created_at timestamptz not null,
  last_sign_in_at timestamptz,
  check ((roles = '["owner"]'::jsonb) = (account_id is not null))
);
create index person_by_account on person (account_id) where account_id is not null;

-- Public keys only: a copy of this table signs nobody in.
create table passkey (
  credential_id text primary key,
  person_id text not null references person on delete cascade,
  -- The authenticator's own id of the key, base64url.
  external_id text not null unique,
  -- COSE key, base64url.
  public_key text not null,
  counter bigint not null,
  -- A JSON list of transport names, as the browser told them.
  transports jsonb not null,
  label text not null,
  synced boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index passkey_by_person on passkey (person_id);

-- A password never stands without its TOTP secret. `last_step` is the newest time step that was accepted: no code works twice.
create table password (
  person_id text primary key references person on delete cascade,
  hash text not null,
  totp_secret text not null,
  last_step bigint not null,
  set_at timestamptz not null
);

create table recovery_code (
  person_id text not null references person on delete cascade,
  code_hash text not null,
  primary key (person_id, code_hash)
);

create table session (
  session_id text primary key,
  secret_hash text not null unique,
  person_id text not null references person on delete cascade,
  method text not null check (method in ('link', 'passkey', 'password', 'recovery-code')),
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  until timestamptz not null,
  agent text not null,
  network text not null
);
create index session_by_person on session (person_id);

-- A setup link has no person yet. `used_at` is set by the statement that checks it, so that a link works once.
create table one_time_link (
  code_hash text primary key,
  purpose text not null check (purpose in ('setup', 'invitation')),
  person_id text references person on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  check ((purpose = 'setup') = (person_id is null))
);
create index one_time_link_by_person on one_time_link (person_id);

-- A challenge that was handed out and waits for its answer; deleted by the statement that reads it.
create table ceremony (
  ceremony_id text primary key,
  kind text not null check (kind in ('link', 'sign-in', 'passkey', 'password')),
  -- To whom it was handed: a link's code hash, a person's id, or nobody.
  holder text,
  challenge text,
  totp_secret text,
  -- The person to be, and the name chosen for the first account.
  person_id text,
  name text,
  network text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index ceremony_by_network on ceremony (network, created_at);
create index ceremony_by_expiry on ceremony (expires_at);

-- Failed attempts by person (hash of the name as typed, whether or not it exists) and by network.
create table attempt (
  bucket text primary key,
  failures integer not null,
  last_at timestamptz not null
);

create table api_token (
  token_id text primary key,
  secret_hash text not null unique,
  person_id text not null references person on delete cascade,
  name text not null,
  -- A JSON list of scope names as granted; cut to what the person's roles hold at each use.
  scopes jsonb not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_token_by_person on api_token (person_id);
