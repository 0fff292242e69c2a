/** The mock's attacks: one that people are asked about and one that is over, on its first site; settings, notes and a program that are kept. */
import type { z } from 'zod';
import { Attack, AttackEntry, AutomaticAttack } from '../../../contract/attacks.ts';
import * as routes from '../../../contract/routes/attacks.ts';
import { PathPrefix } from '../../../contract/policy.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

const minuteMs = 60_000;

export function registerAttacks(on: On, state: MockState): void {
  const settings = new Map<string, AutomaticAttack>();
  const automatic = (siteId: string): AutomaticAttack => settings.get(siteId) ?? { attackMode: 'suggest', sensitivity: 'normal' };
  const hosts = new Map<string, string>();
  const began = state.nowMs();
  const ago = (minutes: number) => new Date(began - minutes * minuteMs).toISOString();
  const attacks = new Map<string, Attack>();
  const entries = new Map<string, AttackEntry[]>();
  const enter = (attackId: string, entry: z.input<typeof AttackEntry>) =>
    entries.set(attackId, [...(entries.get(attackId) ?? []), AttackEntry.parse(entry)]);
  const me = () => ({ personId: state.me.personId, name: state.me.name });
  const now = () => new Date(state.nowMs()).toISOString();

  for (const site of state.sites.slice(0, 1)) {
    const make = (word: string, given: Partial<z.input<typeof Attack>>, signals: object) => {
      const attack = Attack.parse({
        attackId: mockId('atk', word),
        siteId: site.siteId,
        accountId: site.accountId,
        siteName: site.name,
        switchedAt: null,
        switchedBy: null,
        endedAt: null,
        endedBy: null,
        path: null,
        edgeId: null,
        signals: {
          version: 1,
          sensitivity: 'normal',
          originErrors: 12,
          baseline: 410,
          calmBelow: 410,
          cause: 'demand',
          ...signals,
        },
        ...given,
      });
      attacks.set(attack.attackId, attack);
      return attack.attackId;
    };
    const over = make(
      'f1ood',
      { state: 'ended', beganAt: ago(95), switchedAt: ago(95), endedAt: ago(71), peak: 18_240 },
      { window: ago(95), demand: 9210, threshold: 1640 },
    );
    const seen = `${site.name} gets 9210 requests in ten seconds; an attack begins at 1640.`;
    enter(over, { at: ago(95), kind: 'began', who: null, words: seen });
    enter(over, { at: ago(80), kind: 'note', who: me(), words: 'The newsletter went out at ten.' });
    enter(over, { at: ago(71), kind: 'ended', who: null, words: null });
    const open = make(
      'search',
      { state: 'suggested', beganAt: ago(4), peak: 5120, path: PathPrefix.parse('/search') },
      { window: ago(4), demand: 4890, threshold: 820, cause: 'demand-with-origin-errors', originErrors: 310 },
    );
    const below = `${site.name} gets 4890 requests in ten seconds, nearly all of them below /search; an attack begins at 820.`;
    enter(open, { at: ago(4), kind: 'began', who: null, words: below });
  }

  const find = (attackId: string): Attack => {
    const found = attacks.get(attackId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such attack.');
    return found;
  };
  const siteOf = (siteId: string) => state.sites.find((site) => site.siteId === siteId);
  const recordOf = (attack: Attack): z.input<typeof routes.getAttackRecord.answer> => {
    const fromMs = Math.floor(Date.parse(attack.beganAt) / 10_000) * 10_000 - 5 * minuteMs;
    const untilMs = Math.min(
      state.nowMs(),
      (attack.endedAt === null ? state.nowMs() : Date.parse(attack.endedAt)) + 5 * minuteMs,
    );
    const points = Array.from({ length: Math.floor((untilMs - fromMs) / 10_000) }, (_none, index) => {
      const atMs = fromMs + index * 10_000;
      const isAttack = atMs >= Date.parse(attack.beganAt) && (attack.endedAt === null || atMs < Date.parse(attack.endedAt));
      const counts = {
        passed: 380 + (index % 5) * 12,
        challenged: 0,
        solved: 0,
        limited: 4,
        denied: 0,
        noticed: 0,
        'origin-error': 0,
      };
      const flood = isAttack ? Math.round(attack.peak * (0.8 + 0.2 * Math.sin(index / 3))) : 0;
      const met =
        attack.switchedAt === null ? { passed: counts.passed + flood } : { challenged: flood, solved: isAttack ? 30 : 0 };
      return { at: new Date(atMs).toISOString(), counts: { ...counts, ...met } };
    });
    return {
      attack,
      entries: entries.get(attack.attackId) ?? [],
      timeline: { from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString(), stepSeconds: 10, points },
      edges: state.edges.map(({ edgeId, name }, index) => ({
        edgeId,
        name,
        requests: Math.round(attack.peak * 40 * 0.6 ** index),
      })),
    };
  };

  on(routes.getAutomatic, ({ params }) => automatic(params.siteId));
  on(routes.setAutomatic, ({ params, body }) => {
    const before = automatic(params.siteId);
    const after = {
      attackMode: body.attackMode ?? before.attackMode,
      sensitivity: body.sensitivity ?? before.sensitivity,
    };
    settings.set(params.siteId, after);
    return after;
  });
  on(routes.listAttacks, ({ query }) => {
    const items = [...attacks.values()]
      .filter(({ siteId }) => query.siteId === undefined || siteId === query.siteId)
      .filter(({ endedAt }) => query.open === undefined || (endedAt === null) === (query.open === 'true'))
      .filter(({ beganAt }) => query.from === undefined || beganAt >= query.from)
      .sort((a, b) => (a.beganAt < b.beganAt ? 1 : -1));
    return { items, next: null, total: items.length };
  });
  on(routes.getAttack, ({ params }) => find(params.attackId));
  on(routes.getAttackRecord, ({ params }) => recordOf(find(params.attackId)));
  on(routes.noteAttack, ({ params, body }) => {
    const attack = find(params.attackId);
    enter(attack.attackId, { at: now(), kind: 'note', who: me(), words: body.words });
    return recordOf(attack);
  });
  on(routes.actOnAttack, ({ params, body }) => {
    const attack = find(params.attackId);
    const site = siteOf(attack.siteId);
    if (attack.state === 'ended' || site === undefined)
      throw new MockFailure(
        'wrong-state',
        'This attack is over. Nothing was changed; the site’s own switch turns attack mode on.',
      );
    const { attackId } = attack;
    const set = (change: Partial<Attack>, kind: AttackEntry['kind']) => {
      const after = Attack.parse({ ...attack, ...change });
      attacks.set(attackId, after);
      enter(attackId, { at: now(), kind, who: me(), words: null });
      return after;
    };
    const at = Attack.shape.beganAt.parse(now());
    if (body.act === 'switch-on') return set({ state: 'on', switchedAt: at, switchedBy: me() }, 'switched-on');
    if (body.act === 'widen') return set({ path: null }, 'widened');
    if (body.act === 'keep-on') {
      if (attack.path === null) site.mode = 'attack';
      else site.attackPaths = [...(site.attackPaths ?? []), attack.path];
    }
    return set({ state: 'ended', endedAt: at, endedBy: me() }, body.act === 'end' ? 'ended' : 'kept-on');
  });
  on(routes.getAttackHook, ({ params }) => ({ host: hosts.get(params.siteId) ?? null }));
  on(routes.setAttackHook, ({ params, body }) => {
    const url = new URL(body.url);
    if (url.protocol !== 'https:')
      throw new MockFailure('origin-refused', 'Only https: addresses can be called. Nothing was changed.');
    hosts.set(params.siteId, url.host);
    return { host: url.host, secret: '4f2a'.repeat(16) };
  });
  on(routes.removeAttackHook, ({ params }) => {
    hosts.delete(params.siteId);
    return {};
  });
}
