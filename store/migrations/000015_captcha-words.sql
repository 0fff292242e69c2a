-- What processes of the captcha provider say of orders that suspend keys, and what people found when they looked at give-ups.

-- Each start is a process of its own: its signing key lives in its memory only.
create table captcha_process (
  process_id text primary key,
  name text not null,
  public_key text not null unique,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  stopped_at timestamptz
);
create index captcha_process_running on captcha_process (seen_at) where stopped_at is null;

create table captcha_receipt (
  receipt_id text primary key,
  arrival bigint generated always as identity,
  order_id text not null references shield_order,
  process_id text not null references captcha_process,
  state text not null check (state in ('enforced', 'lifted', 'failed')),
  at timestamptz not null,
  received_at timestamptz not null,
  -- The signed body as canonical JSON text, so that the signature can be checked again at any time.
  body text not null,
  signature text not null,
  unique (process_id, signature)
);
create index captcha_receipt_by_order on captcha_receipt (order_id, process_id, arrival);

-- Whether those who gave up on a day were people who were asked too much. The newest word of a day stands.
create table captcha_review (
  key_id text not null references captcha_key,
  day date not null,
  verdict text not null check (verdict in ('people', 'machines', 'unclear')),
  note text not null,
  person_id text not null,
  person_name text not null,
  at timestamptz not null,
  primary key (key_id, day)
);
