-- Certificates: what an account at a certificate authority is, which certificates there are, and which hostnames want one.

-- How a site is met over http and https, and where its certificates come from (contract/certificates.ts, HttpsSettings).
alter table site add column https jsonb not null default '{"plain": "serve", "hsts": null, "certificates": "acme"}';

-- Our account at an authority, by its directory. The key is sealed; it never leaves the control plane.
create table acme_account (
  directory text primary key,
  sealed_key bytea not null,
  account_url text,
  created_at timestamptz not null
);

create table certificate (
  certificate_id text primary key,
  site_id text not null,
  group_name text not null references edge_group,
  source text not null check (source in ('acme', 'own')),
  -- DNS names that it is valid for, as a JSON list.
  names jsonb not null,
  -- PEM, the site's own certificate first.
  chain text not null,
  -- Sealed with the group's certificate key, as the edges get it (base64).
  sealed_key text not null,
  -- SHA-256 of the certificate, lower-case hex.
  fingerprint text not null,
  issuer text not null,
  not_before timestamptz not null,
  not_after timestamptz not null,
  -- The last threshold, in days before the end, at which an alarm was raised; null when none was.
  alarmed_days integer,
  created_at timestamptz not null,
  renewed_at timestamptz not null
);
create index certificate_by_site on certificate (site_id, certificate_id);
create index certificate_by_end on certificate (not_after);

-- A hostname that shall have a certificate of an authority: what was tried, and when it is looked at next.
create table certificate_wish (
  site_id text not null,
  hostname text not null,
  wished_at timestamptz not null,
  -- Null: not by itself, because only a person can change what stands in the way.
  next_at timestamptz,
  -- The process that works on it, until when nobody else may.
  claimed_by text,
  claimed_until timestamptz,
  failures integer not null,
  finding text,
  certificate_id text,
  -- When the present certificate is to be replaced; looked at again before.
  renew_at timestamptz,
  primary key (site_id, hostname)
);
create index certificate_wish_due on certificate_wish (next_at);

insert into certificate_wish (site_id, hostname, wished_at, next_at, failures)
select s.site_id, h.hostname, now(), now(), 0 from site s join site_hostname h on h.site_id = s.site_id
where s.ready and h.ownership <> 'pending';
