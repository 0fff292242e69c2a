/**
 * A rollout: what happens next to a slow change, by what its edges say. Pure; the caller looks every half second and does it.
 *
 * canary → wave → … → everybody, each step only when all before it is well: acknowledged, HAProxy up, no more failed or refused requests than
 * before and than elsewhere, and baked for its time. One bad sign takes the change back wherever it went. The stop switch holds every
 * step forward and no step back. Fails closed: canaries that nobody can hear let nothing pass; edges of a wave that are away do not
 * count, because they hear the present state when they come. Orders are no rollouts and never come here (lanes.ts).
 * After: Google's SRE workbook, chapter 16 (canarying releases), and the published review of a provider's outage of 2019-07-02, in
 * which one rule went everywhere at once.
 */
export type Pulse = { readonly requests: number; readonly refused: number; readonly failed: number };

export type RolloutEdge = {
  readonly name: string;
  readonly lane: number;
  readonly connected: boolean;
  /** Newest revision that it acknowledged. */
  readonly revision: number;
  readonly nack: { readonly revision: number; readonly reason: string; readonly detail: string } | null;
  readonly haproxyDown: boolean;
  /** The same stretch of time before the step, and since. */
  readonly before: Pulse;
  readonly since: Pulse;
};

export type RolloutSituation = {
  /** Lanes of the group; the last one is number `lanes - 1`. */
  readonly lanes: number;
  /** The last lane that has the change; -1: none. */
  readonly reached: number;
  /** Revision of the newest step. */
  readonly revision: number;
  readonly sinceStepMs: number;
  readonly canaryBakeMs: number;
  readonly waveBakeMs: number;
  readonly stopped: boolean;
  readonly hurried: boolean;
  readonly edges: readonly RolloutEdge[];
};

export type RolloutStep =
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'advance'; readonly to: number }
  | { readonly kind: 'finish' }
  | { readonly kind: 'roll-back'; readonly reason: string };

/** Edges' counts are kept in buckets of this length. */
export const pulseBucketMs = 10_000;
/** As long a stretch is compared before a step and since; longer ones are of another hour's visitors. */
const longestStretchMs = 600_000;

export type Stretch = { readonly fromMs: number; readonly toMs: number };

/**
 * Which whole buckets are compared, by when they begin (`toMs` excluded). The one in which the step was taken is in neither: it holds requests of
 * both sides, and what a change did there would count as usual.
 */
export function comparedStretches(stepMs: number, nowMs: number): { readonly before: Stretch; readonly since: Stretch } {
  const lengthMs = Math.min(longestStretchMs, Math.max(pulseBucketMs, nowMs - stepMs));
  const bucketMs = Math.floor(stepMs / pulseBucketMs) * pulseBucketMs;
  return {
    before: { fromMs: bucketMs - lengthMs, toMs: bucketMs },
    since: { fromMs: bucketMs + pulseBucketMs, toMs: nowMs + pulseBucketMs },
  };
}

/** An edge with a stream that has said neither yes nor no for so long is ill. */
export const answerWithinMs = 60_000;
/** Fewer requests than these say nothing about a share. */
const enoughRequests = 50;
/** The share may be twice what is usual, and this much above it. */
const failedSlack = 0.05;
const refusedSlack = 0.25;
/** What an edge cannot enforce; the other reasons are an edge's own troubles, or the stream's, and mend themselves. */
const refusals: ReadonlySet<string> = new Set(['bad-policy', 'refused-by-haproxy']);

/** What to do now. */
export function nextStep(situation: RolloutSituation): RolloutStep {
  const { reached, lanes, edges, stopped, hurried } = situation;
  const touched = edges.filter(({ lane }) => lane <= reached);
  const bad = whatIsBad(situation, touched);
  if (bad !== null) return { kind: 'roll-back', reason: bad };
  const last = lanes - 1;
  if (reached < last && stopped) return { kind: 'wait', why: 'Rollouts of this group are stopped.' };
  if (hurried) return reached < last ? { kind: 'advance', to: last } : { kind: 'finish' };
  if (reached < 0) return { kind: 'advance', to: 0 };
  const waiting = touched.filter(({ connected, revision }) => connected && revision < situation.revision);
  if (waiting.length > 0)
    return { kind: 'wait', why: `${waiting.length} of ${touched.length} edges have not acknowledged it yet.` };
  if (reached === 0 && touched.length > 0 && !touched.some(({ connected }) => connected))
    return { kind: 'wait', why: 'No canary is connected.' };
  const inLane = edges.some(({ lane }) => lane === reached);
  const bakeMs = reached === 0 ? situation.canaryBakeMs : situation.waveBakeMs;
  if (inLane && situation.sinceStepMs < bakeMs)
    return { kind: 'wait', why: `It is watched for ${Math.ceil((bakeMs - situation.sinceStepMs) / 1000)} s more.` };
  return reached < last ? { kind: 'advance', to: reached + 1 } : { kind: 'finish' };
}

function whatIsBad({ revision, sinceStepMs, edges, reached }: RolloutSituation, touched: readonly RolloutEdge[]): string | null {
  for (const edge of touched) {
    const { name, nack } = edge;
    if (nack !== null && refusals.has(nack.reason) && edge.revision < nack.revision && revision <= nack.revision)
      return `The edge ${name} refused it (${nack.reason}): ${nack.detail}`;
    if (!edge.connected) continue;
    if (edge.haproxyDown && edge.revision >= revision) return `HAProxy went down on the edge ${name}.`;
    if (edge.revision < revision && sinceStepMs > answerWithinMs)
      return `The edge ${name} did not say within a minute that it holds it.`;
  }
  const since = sum(touched.map((edge) => edge.since));
  if (since.requests < enoughRequests) return null;
  const usual = [
    sum(touched.map((edge) => edge.before)),
    sum(edges.flatMap((edge) => (edge.lane > reached ? [edge.since] : []))),
  ];
  for (const [what, slack] of [
    ['failed', failedSlack],
    ['refused', refusedSlack],
  ] as const) {
    const now = since[what] / since.requests;
    const most = Math.max(0, ...usual.map((one) => (one.requests < enoughRequests ? 0 : one[what] / one.requests)));
    const known = usual.some((one) => one.requests >= enoughRequests);
    if (known && now > 2 * most && now > most + slack)
      return `On edges that have it ${percent(now)} of requests ${what === 'failed' ? 'failed' : 'were refused'}; usual is ${percent(most)}.`;
  }
  return null;
}

function sum(pulses: readonly Pulse[]): Pulse {
  const none: Pulse = { requests: 0, refused: 0, failed: 0 };
  return pulses.reduce(
    (total, { requests, refused, failed }) => ({
      requests: total.requests + requests,
      refused: total.refused + refused,
      failed: total.failed + failed,
    }),
    none,
  );
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
