/** The mock's references: each stands for a request that was over the limit. */
import { explainReference, Explanation } from '../../../contract/routes/insight.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

export function registerInsight(on: On, state: MockState): void {
  on(explainReference, ({ params }) => {
    const site = state.sites[0];
    if (site === undefined || params.reference.startsWith('00000000'))
      throw new MockFailure('not-found', 'Nothing is kept under this reference, or it is of a site that is not yours.');
    return Explanation.parse({
      reference: params.reference,
      at: new Date(state.nowMs() - 90_000).toISOString(),
      siteId: site.siteId,
      siteName: site.name,
      edgeId: mockId('edge', 'f1rst'),
      guard: 'limit',
      ruleId: null,
      orderId: null,
      status: 429,
      network: '192.0.2.0/24',
      method: 'GET',
      path: '/search',
      sentence: 'The visitor’s network was over the site’s limit of requests. The answer was 429.',
    });
  });
}
