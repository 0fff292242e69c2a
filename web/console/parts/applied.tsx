/** How far a change has come: "Applied on 1 of 1 edges in 31 ms", arriving live. */
import type { z } from 'zod';
import type { Propagation } from '../../../contract/routes/sites.ts';
import { duration } from '../format/time.ts';
import { language, say } from '../words/index.ts';
import { Badge } from './badge.tsx';

export function Applied({ propagation, ready = true }: { propagation: z.infer<typeof Propagation>; ready?: boolean }) {
  const { edges, applied, tookMs } = propagation;
  return (
    <span aria-live="polite" className="applied">
      {!ready ? (
        <Badge tone="waiting">{say.applied.notServed}</Badge>
      ) : edges === 0 ? (
        <Badge tone="caution">{say.applied.noEdges}</Badge>
      ) : applied < edges || tookMs === null ? (
        <Badge tone="waiting">{say.applied.waiting(applied, edges)}</Badge>
      ) : (
        <Badge tone="good">{say.applied.done(edges, duration(tookMs, language))}</Badge>
      )}
    </span>
  );
}
