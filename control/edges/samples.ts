/**
 * A site's own last hour, asked of the edges that serve it: their sampled requests, and which edge told how many.
 *
 * Nothing of it is stored here. An edge that is away, older, slow, or connected to another control process has no part in it, and the
 * answer says so; waiting is bounded. Of very many edges some are asked, spread evenly over the group.
 */
import type { GroupName, SiteId } from '../../contract/ids.ts';
import type { SampledRequest } from '../../contract/rules.ts';
import type { AskedEdge, OwnHour } from '../../contract/routes/rules.ts';
import { mostSamplesPerAnswer } from '../../contract/stream.ts';
import { listEdges } from '../../store/edges.ts';
import type { EdgeRecord } from '../../store/edges.ts';
import type { ControlDeps } from '../deps.ts';
import { stateOf } from './routes.ts';
import type { EdgeStream } from './stream.ts';

const answerWithinMs = 3000;
const mostAsked = 64;
/** Of all edges together; as many as may be given to a dry run by hand. */
const mostRequests = 2000;
const leastOfEach = 50;

export type SiteSample = { readonly requests: readonly SampledRequest[]; readonly ownHour: OwnHour };

/** Asks the edges of the site's group; takes three seconds at most. */
export async function gatherSamples(
  deps: Pick<ControlDeps, 'store' | 'now'>,
  stream: Pick<EdgeStream, 'ask'>,
  site: { readonly siteId: SiteId; readonly group: GroupName },
): Promise<SiteSample> {
  const edges = (await listEdges(deps.store.db, site.group)).filter(
    ({ revokedAt, lastSeenAt }) => revokedAt === null && lastSeenAt !== null,
  );
  const chosen = spread(edges, mostAsked);
  const most = Math.min(mostSamplesPerAnswer, Math.max(leastOfEach, Math.floor(mostRequests / Math.max(1, chosen.length))));
  const told = await Promise.all(chosen.map((edge) => askOne(deps, stream, edge, site.siteId, most)));
  const requests = told
    .flatMap(({ requests: some }) => some)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .slice(-mostRequests);
  return {
    requests,
    ownHour: {
      from: requests[0]?.at ?? null,
      until: requests.at(-1)?.at ?? null,
      edges: told.map(({ edge }) => edge),
      notAsked: edges.length - chosen.length,
    },
  };
}

async function askOne(
  deps: Pick<ControlDeps, 'now'>,
  stream: Pick<EdgeStream, 'ask'>,
  edge: EdgeRecord,
  siteId: SiteId,
  most: number,
): Promise<{ edge: AskedEdge; requests: readonly SampledRequest[] }> {
  const { edgeId } = edge;
  const answer = await stream.ask(edgeId, { what: 'samples', siteId, most }, answerWithinMs);
  if (answer === 'not-here') {
    const away = stateOf(edge, edge.revision, deps.now()) === 'away';
    return { edge: { edgeId, said: away ? 'away' : 'elsewhere', requests: 0, since: null }, requests: [] };
  }
  if (answer === 'no-answer' || answer.what !== 'samples' || answer.siteId !== siteId)
    return { edge: { edgeId, said: 'nothing', requests: 0, since: null }, requests: [] };
  return { edge: { edgeId, said: 'told', requests: answer.requests.length, since: answer.since }, requests: answer.requests };
}

/** So many of a list, evenly. */
function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return items.filter(
    (_item, index) => Math.floor((index * most) / items.length) !== Math.floor(((index - 1) * most) / items.length),
  );
}
