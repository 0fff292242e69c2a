/** The mock's captcha keys: one that works and has figures, one that an order suspends. */
import { CaptchaKeyId, Instant } from '../../../contract/ids.ts';
import * as routes from '../../../contract/routes/captcha-keys.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

const hourMs = 3_600_000;

export function registerCaptcha(on: On, state: MockState): void {
  const at = (ms: number) => Instant.parse(new Date(state.nowMs() + ms).toISOString());
  const secret = `pcs_${'mock'.repeat(10)}Aid`;
  const accountId = mockId('acct', 'house');
  const shown = (lastFour: string, endsAt: Instant | null = null) => ({ lastFour, madeAt: at(-9 * 24 * hourMs), endsAt });
  const make = (more: object): routes.CaptchaKey =>
    routes.CaptchaKey.parse({
      keyId: mockId('ckey', 'signvp'),
      siteKey: '3f0c2b1e-7a49-4c55-9d1b-2f6f3b6a0c11',
      name: 'Sign-up form',
      accountId,
      site: null,
      hostnames: ['forum.example', '*.boards.example'],
      kind: 'managed',
      level: 'normal',
      secrets: [shown('7Qx2')],
      suspended: null,
      softened: null,
      createdAt: at(-40 * 24 * hourMs),
      version: 1,
      ...more,
    });
  let keys: routes.CaptchaKey[] =
    state.sites.length === 0
      ? []
      : [
          make({}),
          make({
            keyId: mockId('ckey', 'contact'),
            siteKey: '9a1d7c44-0b5e-4a6f-8a57-6c1d9f0e2b22',
            name: 'Contact form',
            hostnames: ['archive.example'],
            suspended: {
              since: at(-hourMs),
              until: at(48 * hourMs),
              decision: 'D-2026-0007',
              statementUrl: '/decisions/D-2026-0007',
            },
          }),
        ];
  let review: routes.ReviewDay['review'] = null;
  const find = (keyId: string): routes.CaptchaKey => {
    const key = keys.find((one) => one.keyId === keyId);
    if (key === undefined) throw new MockFailure('not-found', 'There is no captcha key with this id.');
    return key;
  };
  const put = (key: routes.CaptchaKey): routes.CaptchaKey => {
    keys = keys.map((one) => (one.keyId === key.keyId ? key : one));
    return key;
  };
  const siteOf = (siteId: string | null | undefined) => {
    const site = state.sites.find((one) => one.siteId === siteId);
    return site === undefined ? null : { siteId: site.siteId, name: site.name };
  };
  const free = (key: routes.CaptchaKey): void => {
    if (key.suspended !== null)
      throw new MockFailure('site-under-order', `Order ${key.suspended.decision} suspends this key. Nothing was changed.`);
  };
  const days = (): routes.ReviewDay[] =>
    [0, 1, 2].map((back) => ({
      day: at(-back * 24 * hourMs).slice(0, 10),
      asked: 420 - back * 60,
      passed: back === 1 ? 190 : 380 - back * 60,
      gaveUp: back === 1 ? 170 : 40,
      calmAsked: 300,
      calmGaveUp: back === 1 ? 120 : 12,
      p95Ms: 2400,
      worthALook: back === 1,
      review: back === 1 ? review : null,
    }));

  on(routes.listCaptchaKeys, ({ query }) => {
    const wanted = query.search?.toLowerCase() ?? '';
    const items = keys.filter(({ name, hostnames, siteKey }) =>
      `${name} ${hostnames.join(' ')} ${siteKey}`.toLowerCase().includes(wanted),
    );
    return { items, next: null, total: items.length };
  });
  on(routes.getCaptchaKey, ({ params }) => find(params.keyId));
  on(routes.addCaptchaKey, ({ body }) => {
    if (body.hostnames?.some((name) => name.includes('/')) === true)
      throw new MockFailure('bad-request', 'Nothing was changed.', [{ path: 'hostnames.0', message: 'give the name alone' }]);
    const hostnames = body.hostnames ?? state.sites.find(({ siteId }) => siteId === body.siteId)?.hostnames ?? [];
    const made = make({
      keyId: CaptchaKeyId.parse(mockId('ckey', `new${keys.length}`)),
      siteKey: `5c3e9f10-1111-4222-8333-00000000000${keys.length}`,
      name: body.name,
      site: siteOf(body.siteId),
      hostnames,
      secrets: [shown(secret.slice(-4))],
      createdAt: at(0),
    });
    keys = [made, ...keys];
    return { key: made, secret };
  });
  on(routes.changeCaptchaKey, ({ params, body }) => {
    const { siteId, version: _version, ...rest } = body;
    const held = find(params.keyId);
    if (siteId !== undefined && siteId !== (held.site?.siteId ?? null)) free(held);
    return put(
      routes.CaptchaKey.parse({
        ...held,
        ...rest,
        site: siteId === undefined ? held.site : siteOf(siteId),
        version: held.version + 1,
      }),
    );
  });
  on(routes.renewCaptchaSecret, ({ params, body }) => {
    const held = find(params.keyId);
    const old = held.secrets.slice(0, 1).map((one) => ({ ...one, endsAt: at(body.oldEndsInHours * hourMs) }));
    const secrets = [{ lastFour: secret.slice(-4), madeAt: at(0), endsAt: null }, ...(body.oldEndsInHours === 0 ? [] : old)];
    return { key: put({ ...held, secrets }), secret };
  });
  on(routes.removeCaptchaKey, ({ params }) => {
    free(find(params.keyId));
    keys = keys.filter(({ keyId }) => keyId !== params.keyId);
    return {};
  });
  on(routes.getCaptchaFigures, ({ params, query }) => {
    find(params.keyId);
    const stepMs = query.stepSeconds * 1000;
    const firstMs = Math.floor((state.nowMs() - query.minutes * 60_000) / stepMs) * stepMs;
    const points = Array.from({ length: Math.ceil((state.nowMs() - firstMs) / stepMs) }, (_, n) => ({
      at: Instant.parse(new Date(firstMs + n * stepMs).toISOString()),
      asked: 40 + (n % 7) * 5,
      passed: 36 + (n % 7) * 4,
    }));
    const sum = (of: (point: { asked: number; passed: number }) => number) => points.reduce((all, point) => all + of(point), 0);
    const [asked, passed] = [sum((point) => point.asked), sum((point) => point.passed)];
    const share = (part: number) => ({
      begun: Math.round(asked * part),
      passed: Math.round(passed * part),
      gaveUp: Math.round(20 * part),
      waited: 0,
    });
    return {
      since: Instant.parse(new Date(firstMs).toISOString()),
      until: at(0),
      stepSeconds: query.stepSeconds,
      closedUntil: at(-hourMs / 3),
      total: { asked, passed, gaveUp: asked - passed, waited: 4, wrong: 7 },
      p50Ms: 480,
      p95Ms: 2300,
      devices: [
        { device: 'fast' as const, ...share(0.5), p50Ms: 300, p95Ms: 700 },
        { device: 'middle' as const, ...share(0.35), p50Ms: 700, p95Ms: 1600 },
        { device: 'slow' as const, ...share(0.1), p50Ms: 2100, p95Ms: 4200 },
        { device: 'unknown' as const, ...share(0.05), passed: 0, p50Ms: null, p95Ms: null },
      ],
      points,
    };
  });
  on(routes.listCaptchaReviews, ({ params }) => {
    find(params.keyId);
    return { days: days() };
  });
  on(routes.reviewCaptchaDay, ({ params, body }) => {
    const { personId, name } = state.me;
    review = { verdict: body.verdict, note: body.note, by: { personId, name }, at: at(0) };
    if (body.soften) put({ ...find(params.keyId), softened: { since: at(0), until: at(24 * hourMs) } });
    return { days: days() };
  });
}
