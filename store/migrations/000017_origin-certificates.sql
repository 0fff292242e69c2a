-- The client certificate that edges show to a site's origin, and the one that waits to take its place. Keys are sealed (control/certificates/keys.ts).
alter table site add column origin_certificate jsonb;
alter table site add column next_origin_certificate jsonb;
create index site_origin_certificate on site (group_name) where origin_certificate is not null;
