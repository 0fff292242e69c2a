/**
 * The live feed: server-sent events that say what has changed, so that screens are never older than the wire.
 *
 * An event names a thing; the queries that show it are loaded again (coalesced, because a storm of events must not become a storm of
 * calls). Traffic is the exception: its counts travel in the event and are added to the series on screen. After a gap everything
 * is loaded again, because what happened in between is unknown. The feed says of itself whether it is live: the shell shows it.
 */
import type { QueryClient } from '@tanstack/react-query';
import { eventsPath, getStatus, listAlarms, LiveEvent } from '../../../contract/routes/house.ts';
import { listEdges } from '../../../contract/routes/edges.ts';
import { listGroups, listRollouts } from '../../../contract/routes/rollouts.ts';
import { getOrder, listOrders } from '../../../contract/routes/orders.ts';
import { listAllCertificates, listCertificates } from '../../../contract/routes/certificates.ts';
import { getAttackRecord, getAutomatic, listAttacks } from '../../../contract/routes/attacks.ts';
import { getSite, getTraffic, listSites } from '../../../contract/routes/sites.ts';
import { addTraffic } from './traffic.ts';
import type { Traffic } from './traffic.ts';

export type FeedState =
  { readonly kind: 'connecting' } | { readonly kind: 'live' } | { readonly kind: 'away'; readonly sinceMs: number };

const firstRetryMs = 1000;
const longestRetryMs = 15_000;
/** Events within this time become one round of calls. */
const coalesceMs = 120;

/**
 * Where the desk's answers live. Said here in text, because the desk's own routes are many and load with its screens, not with the page;
 * live.test.ts compares.
 */
export const deskPaths = {
  below: '/api/v1/desk/',
  decisions: '/api/v1/desk/cases/{caseId}/decisions',
  notices: '/api/v1/notices',
} as const;

/** Of captcha keys, whose routes load with their screens too. An order may suspend any of them. */
export const captchaPaths = { all: '/api/v1/captcha-keys', one: '/api/v1/captcha-keys/{keyId}' } as const;

export class LiveFeed {
  #client: QueryClient;
  #source: EventSource | null = null;
  #state: FeedState = { kind: 'connecting' };
  #listeners = new Set<() => void>();
  #stale = new Map<string, readonly unknown[]>();
  #cases = new Set<string>();
  #flush: ReturnType<typeof setTimeout> | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #retryMs = firstRetryMs;

  constructor(client: QueryClient) {
    this.#client = client;
  }

  readonly state = (): FeedState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  open(): void {
    if (this.#source !== null) return;
    const source = new EventSource(eventsPath);
    this.#source = source;
    source.onopen = () => {
      if (this.#state.kind === 'away') void this.#client.invalidateQueries();
      this.#retryMs = firstRetryMs;
      this.#become({ kind: 'live' });
    };
    source.onmessage = (message) => this.take(String(message.data));
    source.onerror = () => {
      // The browser's own retry gives up after an HTTP error, so the feed is opened anew in any case.
      source.close();
      this.#source = null;
      if (this.#state.kind !== 'away') this.#become({ kind: 'away', sinceMs: Date.now() });
      this.#retry = setTimeout(() => this.open(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
    };
  }

  close(): void {
    this.#source?.close();
    this.#source = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#flush !== null) clearTimeout(this.#flush);
    // A round that was waiting is gone with its timer: left standing, it would keep every later event waiting for it.
    this.#retry = null;
    this.#flush = null;
    this.#stale.clear();
    this.#cases.clear();
    this.#become({ kind: 'connecting' });
  }

  /** Takes one event's text. What does not fit the contract is passed over: it is a hint, never the truth itself. */
  take(text: string): void {
    const event = readEvent(text);
    if (event === null) return;
    if (event.kind === 'traffic') {
      this.#client.setQueriesData<Traffic>({ queryKey: [getTraffic.path, { siteId: event.siteId }] }, (held) =>
        held === undefined ? held : addTraffic(held, Date.parse(event.at), event.counts),
      );
      return;
    }
    for (const key of staleAfter(event)) this.#stale.set(JSON.stringify(key), key);
    if (event.kind === 'case') this.#cases.add(event.caseId);
    this.#flush ??= setTimeout(() => {
      this.#flush = null;
      const keys = [...this.#stale.values()];
      this.#stale.clear();
      for (const queryKey of keys) void this.#client.invalidateQueries({ queryKey: [...queryKey] });
      for (const caseId of this.#cases)
        void this.#client.invalidateQueries({ predicate: (query) => isOfCase(query.queryKey, caseId) });
      this.#cases.clear();
    }, coalesceMs);
  }

  #become(state: FeedState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** The query keys that an event makes stale. */
export function staleAfter(event: LiveEvent): readonly (readonly unknown[])[] {
  switch (event.kind) {
    case 'hello':
    case 'traffic':
    // Everything that shows the case, whatever its route: `isOfCase`.
    case 'case':
      return [];
    case 'notice':
      return [[deskPaths.notices]];
    case 'site':
      return [
        [listSites.path],
        [getSite.path, { siteId: event.siteId }],
        [listAllCertificates.path],
        [listCertificates.path, { siteId: event.siteId }],
        [listAttacks.path],
        [getAttackRecord.path],
        [getAutomatic.path, { siteId: event.siteId }],
        [getStatus.path],
      ];
    case 'order':
      return [
        [listOrders.path],
        [getOrder.path, { orderId: event.orderId }],
        [listSites.path],
        [getSite.path, { siteId: event.siteId }],
        [captchaPaths.all],
        [captchaPaths.one],
        [getStatus.path],
      ];
    case 'receipt':
      return [[listOrders.path], [getOrder.path, { orderId: event.orderId }], [deskPaths.decisions]];
    case 'applied':
      return [[getSite.path], [listEdges.path], [getStatus.path]];
    case 'edge':
      return [[listEdges.path], [listGroups.path], [getStatus.path]];
    case 'rollout':
      return [[listRollouts.path], [listGroups.path]];
    case 'alarm':
      return [[listAlarms.path], [getStatus.path]];
    default:
      return event satisfies never;
  }
}

/** Whether a held answer shows this case: one of the desk's that names it, or that names no case and may list it. */
function isOfCase([path, params]: readonly unknown[], caseId: string): boolean {
  if (typeof path !== 'string' || !path.startsWith(deskPaths.below)) return false;
  const named = typeof params === 'object' && params !== null && 'caseId' in params ? params.caseId : caseId;
  return named === caseId;
}

function readEvent(text: string): LiveEvent | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = LiveEvent.safeParse(json);
  return parsed.success ? parsed.data : null;
}
