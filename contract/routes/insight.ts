/** Insight over the API: what a reference on a page stands for. */
import { z } from 'zod';
import { EdgeId } from '../ids.ts';
import { RefusedRequest, RequestReference } from '../insight.ts';
import { Nothing } from './common.ts';
import { route } from './route.ts';

export const Explanation = RefusedRequest.extend({
  edgeId: EdgeId,
  siteName: z.string(),
  /** What happened, for people. */
  sentence: z.string(),
});
export type Explanation = z.infer<typeof Explanation>;

export const explainReference = route({
  method: 'GET',
  path: '/api/v1/explain/{reference}',
  summary: 'Why the request with this reference was not answered by its origin. Under a flood not every one is kept.',
  needs: 'sites:read',
  params: z.strictObject({ reference: RequestReference }),
  query: Nothing,
  body: Nothing,
  answer: Explanation,
  status: 200,
  errors: ['not-found'],
});
