/** The mock's relays: one, which all edges but the first hang on. */
import type { z } from 'zod';
import { Instant, RelayId } from '../../../contract/ids.ts';
import { createRelayToken, listRelays, Relay, revokeRelay } from '../../../contract/routes/relays.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import type { MockState } from './state.ts';

export function registerRelays(on: On, state: MockState): void {
  const at = (ms: number) => Instant.parse(new Date(state.nowMs() - ms).toISOString());
  let relays: z.infer<typeof Relay>[] = [
    {
      relayId: RelayId.parse('relay_0123456789ab'),
      name: 'relay-north',
      state: 'linked',
      version: '0.1.0',
      enrolledAt: at(9 * 86_400_000),
      lastSeenAt: at(2000),
      edges: 1,
    },
  ];
  // A house without edges has no relays either.
  on(listRelays, () => ({ items: state.edges.length === 0 ? [] : relays }));
  on(createRelayToken, ({ body }) => ({ token: 'pcr_4f2m8k1v9q7r3s5t0w6x', expiresAt: at(-body.validMinutes * 60_000) }));
  on(revokeRelay, ({ params }) => {
    const known = relays.find(({ relayId, state }) => relayId === params.relayId && state !== 'revoked');
    if (known === undefined) throw new MockFailure('not-found', 'There is no such relay.');
    relays = relays.map((relay) => (relay === known ? { ...relay, state: 'revoked', edges: 0 } : relay));
    return {};
  });
}
