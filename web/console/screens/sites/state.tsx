/** Whether a site is served, and if not, why. */
import type { Site } from '../../../../contract/routes/sites.ts';
import { Badge } from '../../parts/badge.tsx';
import { sites as words } from '../../words/en/sites.ts';

export function SiteState({ site }: { site: Site }) {
  if (site.ready) return <Badge tone="good">{words.state.ready}</Badge>;
  return (
    <>
      <Badge tone="caution">{words.state.waiting}</Badge>
      <span className="sub">{whyNotReady(site)}</span>
    </>
  );
}

export function whyNotReady(site: Site): string {
  if (site.ownership.state === 'pending') return words.why.ownership;
  if (site.originAddresses.length === 0) return site.originFinding ?? words.why.origin;
  return words.why.pending;
}
