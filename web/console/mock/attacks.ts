/** The mock's attacks: one that is over on every site, and settings that are kept. */
import { Attack, AutomaticAttack } from '../../../contract/attacks.ts';
import { actOnAttack, getAttack, getAutomatic, listAttacks, setAutomatic } from '../../../contract/routes/attacks.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

export function registerAttacks(on: On, state: MockState): void {
  const kept = new Map<string, AutomaticAttack>();
  const automatic = (siteId: string): AutomaticAttack => kept.get(siteId) ?? { attackMode: 'suggest', sensitivity: 'normal' };
  const ago = (minutes: number) => new Date(state.nowMs() - minutes * 60_000).toISOString();
  const attacks = (): Attack[] =>
    state.sites.slice(0, 1).map((site) =>
      Attack.parse({
        attackId: mockId('atk', 'f1ood'),
        siteId: site.siteId,
        accountId: site.accountId,
        siteName: site.name,
        state: 'ended',
        beganAt: ago(95),
        switchedAt: ago(95),
        switchedBy: null,
        endedAt: ago(71),
        endedBy: null,
        peak: 18_240,
        signals: {
          version: 1,
          sensitivity: 'normal',
          window: ago(95),
          demand: 9210,
          originErrors: 12,
          baseline: 410,
          threshold: 1640,
          calmBelow: 410,
          cause: 'demand',
        },
      }),
    );
  on(getAutomatic, ({ params }) => automatic(params.siteId));
  on(setAutomatic, ({ params, body }) => {
    const before = automatic(params.siteId);
    const after = {
      attackMode: body.attackMode ?? before.attackMode,
      sensitivity: body.sensitivity ?? before.sensitivity,
    };
    kept.set(params.siteId, after);
    return after;
  });
  on(listAttacks, ({ query }) => {
    const items = attacks().filter(({ siteId }) => query.siteId === undefined || siteId === query.siteId);
    return { items, next: null, total: items.length };
  });
  on(getAttack, ({ params }) => {
    const found = attacks().find(({ attackId }) => attackId === params.attackId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such attack.');
    return found;
  });
  on(actOnAttack, () => {
    throw new MockFailure('wrong-state', 'This attack is over. Nothing was changed; the site’s own switch turns attack mode on.');
  });
}
