-- Keys of the captcha provider: who may ask, what proves it, what was used already, and what suspends a key.

create table captcha_key (
  key_id text primary key,
  -- Public: stands in pages.
  site_key text not null unique,
  name text not null,
  account_id text not null references account,
  -- A site of ours that it belongs to, so that an order against the site finds it; null: a site anywhere.
  owner_site_id text references site,
  -- Exact, or `*.` and a parent. Empty: any.
  hostnames text[] not null default '{}',
  kind text not null default 'managed' check (kind in ('managed', 'checkbox', 'invisible')),
  level text not null default 'normal' check (level in ('light', 'normal', 'hard')),
  created_at timestamptz not null,
  version integer not null default 1,
  removed_at timestamptz
);
create index captcha_key_account on captcha_key (account_id, created_at);
create index captcha_key_owner_site on captcha_key (owner_site_id) where owner_site_id is not null;

-- A secret is shown once; this is its SHA-256 in hex. At most two of a key live at once (store/captcha.ts).
create table captcha_secret (
  sha256 text primary key,
  key_id text not null references captcha_key,
  last_four text not null,
  made_at timestamptz not null,
  -- From then on it is none; null: no end.
  ends_at timestamptz
);
create index captcha_secret_key on captcha_secret (key_id);

-- What may be used once: tokens, and the lines of checks.
create table captcha_spent (
  token_id text primary key,
  expires_at timestamptz not null
);
create index captcha_spent_expires on captcha_spent (expires_at);

-- What a server was answered under a key of its own, so that it may ask again after a lost answer.
create table captcha_answered (
  idempotency_key text not null,
  token_id text not null,
  answer jsonb not null,
  expires_at timestamptz not null,
  primary key (token_id, idempotency_key)
);
create index captcha_answered_expires on captcha_answered (expires_at);

-- Orders that suspend keys. A key is suspended while one of its rows has begun and not ended.
create table captcha_suspension (
  key_id text not null references captcha_key,
  order_id text not null references shield_order,
  since timestamptz not null,
  until timestamptz,
  statement text,
  primary key (key_id, order_id)
);

-- What tokens and lines are signed with, sealed: the newest two live.
create table captcha_mac_key (
  name text primary key,
  sealed bytea not null,
  made_at timestamptz not null
);
