-- Figures of captcha keys: sums per key, five minutes in which checks began, and class of device. Nothing of a visitor.

create table captcha_count (
  key_id text not null,
  at timestamptz not null,
  -- 'unknown' holds what is counted at the beginning, when nothing is known of the device.
  device text not null check (device in ('unknown', 'fast', 'middle', 'slow')),
  asked integer not null default 0,
  calm_asked integer not null default 0,
  stepped integer not null default 0,
  passed integer not null default 0,
  calm_passed integer not null default 0,
  waited integer not null default 0,
  wrong integer not null default 0,
  -- From beginning to token: up to 0.3, 0.6, 1, 2, 3, 5, 8 seconds, and longer (core/captcha/figures.ts).
  s1 integer not null default 0,
  s2 integer not null default 0,
  s3 integer not null default 0,
  s4 integer not null default 0,
  s5 integer not null default 0,
  s6 integer not null default 0,
  s7 integer not null default 0,
  s8 integer not null default 0,
  primary key (key_id, at, device)
);
-- For what is forgotten by age.
create index captcha_count_at on captcha_count (at);

-- Keys that ask one level less for a while, because too many gave up.
create table captcha_softened (
  key_id text primary key,
  since timestamptz not null,
  until timestamptz not null,
  -- Of those who count: how many were asked, and how many of them passed.
  asked integer not null,
  passed integer not null
);
