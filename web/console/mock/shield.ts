/** The mock's sites and orders. Edges answer at once: a change is applied, an order enforced, within a few milliseconds. */
import { parseHostname } from '../../../contract/hostname.ts';
import { EdgeId, Instant, Revision } from '../../../contract/ids.ts';
import { defaultHttpsSettings } from '../../../contract/certificates.ts';
import { defaultChallengeSettings, defaultSiteLimits } from '../../../contract/policy.ts';
import type { LiveEvent } from '../../../contract/routes/house.ts';
import {
  confirmOrder,
  getOrder,
  liftOrder,
  listOrders,
  Order,
  placeOrder,
  StoredReceipt,
  withdrawOrder,
} from '../../../contract/routes/orders.ts';
import {
  addSite,
  changeSite,
  checkOwnership,
  getSite,
  getTraffic,
  listSites,
  removeSite,
  Site,
  waiveOwnership,
} from '../../../contract/routes/sites.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';
import { countsAt } from './traffic.ts';

const answerAfterMs = 60;

export function registerShield(on: On, state: MockState, emit: (event: LiveEvent) => void): void {
  const now = () => Instant.parse(new Date(state.nowMs()).toISOString());
  const siteAt = (siteId: string): { site: Site; index: number } => {
    const index = state.sites.findIndex((site) => site.siteId === siteId);
    const site = state.sites[index];
    if (site === undefined) throw new MockFailure('not-found', 'There is no such site.');
    return { site, index };
  };
  const orderAt = (orderId: string): { order: Order; index: number } => {
    const index = state.orders.findIndex((order) => order.orderId === orderId);
    const order = state.orders[index];
    if (order === undefined) throw new MockFailure('not-found', 'There is no such order.');
    return { order, index };
  };
  const serving = () => state.edges.filter((edge) => edge.state === 'current' || edge.state === 'behind');

  /** Keeps a site with a new revision; its edges acknowledge a moment later. */
  const keep = (site: Site, change: 'added' | 'changed'): Site => {
    state.revision += 1;
    const revision = Revision.parse(state.revision);
    const kept: Site = {
      ...site,
      version: change === 'added' ? 1 : site.version + 1,
      propagation: { revision, committedAt: now(), edges: serving().length, applied: 0, tookMs: null },
    };
    const index = state.sites.findIndex((held) => held.siteId === site.siteId);
    if (index === -1) state.sites.unshift(kept);
    else state.sites[index] = kept;
    emit({ kind: 'site', siteId: kept.siteId, change });
    setTimeout(() => {
      const held = state.sites.find((candidate) => candidate.siteId === kept.siteId);
      if (held === undefined) return;
      held.propagation = { ...kept.propagation, applied: kept.propagation.edges, tookMs: 31 };
      const edge = serving()[0];
      if (edge !== undefined) emit({ kind: 'applied', group: kept.group, edgeId: edge.edgeId, revision, tookMs: 31 });
    }, answerAfterMs);
    return kept;
  };

  const hostnamesOf = (typed: readonly string[]) =>
    typed.map((text) => {
      const parsed = parseHostname(text);
      if (!parsed.ok) throw new MockFailure('bad-request', parsed.why, [{ path: 'hostnames', message: parsed.why }]);
      return parsed.hostname;
    });

  on(listSites, ({ query }) => {
    const wanted = query.search?.toLowerCase();
    const items = state.sites.filter(
      (site) => wanted === undefined || `${site.name} ${site.hostnames.join(' ')}`.toLowerCase().includes(wanted),
    );
    return { items: items.slice(0, query.limit), next: null, total: items.length };
  });
  on(getSite, ({ params }) => siteAt(params.siteId).site);
  on(addSite, ({ body }) => {
    const hostnames = hostnamesOf(body.hostnames);
    const taken = hostnames.find((name) => state.sites.some((site) => site.hostnames.includes(name)));
    if (taken !== undefined) throw new MockFailure('hostname-taken', `“${taken}” belongs to another site. Nothing was saved.`);
    if (typeof body.origin === 'string') throw new MockFailure('origin-refused', 'The mock takes origins in parts.');
    const first = hostnames[0] ?? '';
    const proof = 'portcullis-site=5t9w1x3y7z2m4n6p8q0r';
    return keep(
      Site.parse({
        siteId: mockId('site', `n${state.revision}`),
        accountId: body.accountId ?? mockId('acct', 'house'),
        group: body.group ?? 'default',
        name: body.name ?? first,
        hostnames,
        origin: body.origin,
        originAddresses: ['192.0.2.50'],
        originFinding: null,
        mode: body.mode ?? 'off',
        limits: { ...defaultSiteLimits, ...body.limits },
        networks: body.networks ?? [],
        challenge: { ...defaultChallengeSettings, ...body.challenge },
        https: { ...defaultHttpsSettings, ...body.https },
        ownership: {
          state: body.waiveOwnership === true ? 'waived' : 'pending',
          dnsName: `_portcullis.${first}`,
          dnsValue: proof,
          fileUrl: `http://${first}/.well-known/portcullis.txt`,
          fileContent: proof,
          checkedAt: null,
          finding: null,
        },
        ready: body.waiveOwnership === true,
        ordersInForce: [],
        createdAt: now(),
        version: 1,
        propagation: { revision: state.revision, committedAt: now(), edges: 0, applied: 0, tookMs: null },
      }),
      'added',
    );
  });
  on(changeSite, ({ params, body }) => {
    const { site } = siteAt(params.siteId);
    if (body.version !== undefined && body.version !== site.version) {
      throw new MockFailure('conflict', 'The site was changed by somebody else meanwhile. Nothing was saved.');
    }
    return keep(
      {
        ...site,
        name: body.name ?? site.name,
        hostnames: body.hostnames === undefined ? site.hostnames : hostnamesOf(body.hostnames),
        origin: body.origin === undefined || typeof body.origin === 'string' ? site.origin : body.origin,
        mode: body.mode ?? site.mode,
        ...(body.attackPaths === undefined ? {} : { attackPaths: body.attackPaths.length === 0 ? undefined : body.attackPaths }),
        limits: {
          requestsPer10s: body.limits?.requestsPer10s === undefined ? site.limits.requestsPer10s : body.limits.requestsPer10s,
          concurrentPerClient: body.limits?.concurrentPerClient ?? site.limits.concurrentPerClient,
          concurrentPerSite: body.limits?.concurrentPerSite ?? site.limits.concurrentPerSite,
        },
        networks: body.networks ?? site.networks,
        challenge: {
          expectedHashes: body.challenge?.expectedHashes ?? site.challenge.expectedHashes,
          clearanceSeconds: body.challenge?.clearanceSeconds ?? site.challenge.clearanceSeconds,
          pagesPer10Min:
            body.challenge?.pagesPer10Min === undefined ? (site.challenge.pagesPer10Min ?? null) : body.challenge.pagesPer10Min,
          crawlers: body.challenge?.crawlers ?? site.challenge.crawlers ?? 'pass',
          bots: body.challenge?.bots ?? site.challenge.bots ?? 'pass',
          work: body.challenge?.work ?? site.challenge.work ?? 'usual',
          ...(body.challenge?.keepBodiesUpTo === undefined ? {} : { keepBodiesUpTo: body.challenge.keepBodiesUpTo }),
        },
        https: {
          plain: body.https?.plain ?? site.https.plain,
          hsts: body.https?.hsts === undefined ? site.https.hsts : body.https.hsts,
          certificates: body.https?.certificates ?? site.https.certificates,
        },
      },
      'changed',
    );
  });
  on(removeSite, ({ params }) => {
    const { site, index } = siteAt(params.siteId);
    if (site.ordersInForce.length > 0) throw new MockFailure('site-under-order', 'Lift the order first. Nothing was removed.');
    state.sites.splice(index, 1);
    emit({ kind: 'site', siteId: site.siteId, change: 'removed' });
    return {};
  });
  on(checkOwnership, ({ params }) => {
    const { site } = siteAt(params.siteId);
    throw new MockFailure(
      'ownership-unproved',
      `No TXT record at ${site.ownership.dnsName}, and the file answers 404. Nothing was changed.`,
    );
  });
  on(waiveOwnership, ({ params }) => {
    const { site } = siteAt(params.siteId);
    return keep({ ...site, ready: true, ownership: { ...site.ownership, state: 'waived' } }, 'changed');
  });
  on(getTraffic, ({ params, query }) => {
    siteAt(params.siteId);
    return {
      from: new Date(state.nowMs() - query.minutes * 60_000).toISOString(),
      stepSeconds: query.stepSeconds,
      points: traffic(state.nowMs(), query, params.siteId),
    };
  });

  /** Puts an order in force; its edges answer a moment later. */
  const enforce = (order: Order): Order => {
    state.revision += 1;
    const revision = Revision.parse(state.revision);
    const edges = serving();
    const enforced: Order = {
      ...order,
      state: 'confirmed',
      inForce: true,
      revision,
      receipts: { expected: edges.length, enforced: 0, lifted: 0, failed: 0, tookMs: null },
    };
    const { site } = siteAt(order.siteId);
    if (!site.ordersInForce.includes(order.orderId)) site.ordersInForce.push(order.orderId);
    setTimeout(() => answer(enforced.orderId, 'enforced'), answerAfterMs);
    return enforced;
  };
  const answer = (orderId: string, word: 'enforced' | 'lifted') => {
    const { order } = orderAt(orderId);
    const edges = serving();
    const stored = edges.map((edge, index) =>
      StoredReceipt.parse({
        receiptId: mockId('rcpt', `${state.revision}${word.slice(-2)}${index}`),
        receivedAt: now(),
        edgeName: edge.name,
        receipt: {
          body: {
            edgeId: edge.edgeId,
            group: edge.group,
            orderId,
            state: word,
            revision: state.revision,
            digest: 'cd'.repeat(32),
            at: now(),
            tookMs: 24 + index * 7,
            probe: {
              url: `http://${order.siteName}/`,
              status: word === 'enforced' ? 403 : 200,
              action: word === 'enforced' ? 'notice' : 'pass',
              decision: word === 'enforced' ? order.decision : null,
            },
            detail: null,
          },
          signature: `${'A'.repeat(86)}==`,
        },
      }),
    );
    state.receipts.set(orderId, [...stored, ...(state.receipts.get(orderId) ?? [])]);
    order.receipts = { ...order.receipts, expected: edges.length, [word]: edges.length, tookMs: 31 };
    emit({
      kind: 'receipt',
      orderId: order.orderId,
      edgeId: EdgeId.parse(edges[0]?.edgeId ?? mockId('edge', 'none')),
      state: word,
      tally: order.receipts,
    });
  };
  const put = (order: Order): Order => {
    const index = state.orders.findIndex((held) => held.orderId === order.orderId);
    if (index === -1) state.orders.unshift(order);
    else state.orders[index] = order;
    emit({ kind: 'order', orderId: order.orderId, siteId: order.siteId });
    return order;
  };

  on(listOrders, ({ query }) => {
    const items = state.orders.filter(
      (order) =>
        (query.siteId === undefined || order.siteId === query.siteId) &&
        (query.state === undefined || order.state === query.state) &&
        (query.inForce === undefined || order.inForce === (query.inForce === 'true')),
    );
    return { items: items.slice(0, query.limit), next: null, total: items.length };
  });
  on(getOrder, ({ params }) => ({ order: orderAt(params.orderId).order, receipts: state.receipts.get(params.orderId) ?? [] }));
  on(placeOrder, ({ body }) => {
    const { site } = siteAt(body.siteId);
    const decision = `D-2026-${String(state.orders.length + 1).padStart(4, '0')}`;
    const order = Order.parse({
      orderId: mockId('order', `n${state.orders.length}`),
      decision,
      state: 'proposed',
      inForce: false,
      measure: body.measure,
      siteId: body.siteId,
      siteName: site.name,
      hostnames: body.hostnames ?? [],
      path: body.path ?? null,
      requestsPer10s: body.requestsPer10s ?? null,
      basis: body.basis,
      internalReason: body.internalReason,
      publicReason: body.publicReason,
      startsAt: body.startsAt ?? now(),
      endsAt: body.endsAt,
      proposer: { personId: state.me.personId, name: state.me.name },
      proposedAt: now(),
      confirmer: null,
      confirmedAt: null,
      breakGlass:
        body.breakGlass === undefined
          ? null
          : { reason: body.breakGlass.reason, expiresAt: new Date(state.nowMs() + 4 * 3_600_000).toISOString() },
      lifter: null,
      liftedAt: null,
      liftReason: null,
      statementUrl: `http://localhost/decisions/${decision}`,
      revision: null,
      receipts: { expected: 0, enforced: 0, lifted: 0, failed: 0, tookMs: null },
    });
    return put(body.breakGlass === undefined ? order : enforce(order));
  });
  on(confirmOrder, ({ params }) => {
    const { order } = orderAt(params.orderId);
    if (order.proposer.personId === state.me.personId)
      throw new MockFailure('same-person', 'You proposed it; somebody else must confirm it.');
    const confirmed = { ...order, confirmer: { personId: state.me.personId, name: state.me.name }, confirmedAt: now() };
    return put(enforce(confirmed));
  });
  on(withdrawOrder, ({ params, body }) => {
    const { order } = orderAt(params.orderId);
    if (order.state !== 'proposed') throw new MockFailure('wrong-state', 'Only a proposal can be withdrawn.');
    return put({ ...order, state: 'withdrawn', liftReason: body.reason });
  });
  on(liftOrder, ({ params, body }) => {
    const { order } = orderAt(params.orderId);
    if (order.state !== 'confirmed') throw new MockFailure('wrong-state', 'Only an order in force can be lifted.');
    const { site } = siteAt(order.siteId);
    site.ordersInForce = site.ordersInForce.filter((held) => held !== order.orderId);
    setTimeout(() => answer(order.orderId, 'lifted'), answerAfterMs);
    return put({
      ...order,
      state: 'lifted',
      inForce: false,
      lifter: { personId: state.me.personId, name: state.me.name },
      liftedAt: now(),
      liftReason: body.reason,
      receipts: { ...order.receipts, lifted: 0, tookMs: null },
    });
  });
}

function traffic(nowMs: number, query: { minutes: number; stepSeconds: number }, siteId: string) {
  const stepMs = query.stepSeconds * 1000;
  const points = [];
  for (let at = Math.floor((nowMs - query.minutes * 60_000) / stepMs) * stepMs; at < nowMs; at += stepMs) {
    const share = (nowMs - at) / 60_000 / query.minutes;
    points.push({ at: new Date(at).toISOString(), counts: countsAt(at, query.stepSeconds, share, siteId) });
  }
  return points;
}
