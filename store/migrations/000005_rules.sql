-- Rules of a site's owner: conditions and what follows, headers, maintenance (contract/rules.ts, SiteRules), and the preset that is in use.

alter table site add column rules jsonb;

-- Whether an edge needs patterns for them: HAProxy reads those line by line, so sites that have some are counted per group.
alter table site add column rules_contain boolean not null default false;

-- Which preset was applied, and what it replaced, to go back to.
alter table site add column preset jsonb;

create index site_with_contains on site (group_name) where rules_contain;
