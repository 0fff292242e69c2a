/**
 * Live events: what consoles and waiting commands hear, as server-sent events.
 *
 * Two ways in: `tellAfter` of a unit of work (store/transact.ts) reaches every control process over the doorbell; `tellHere` stays in this
 * one and is for what comes often (traffic, acknowledgements). An event only says what to load again, so a lost one costs nothing but time.
 * Owners hear of their own sites only, and nothing of proposals or of the desk. A listener that does not read is dropped at 1 MiB, and asked every 15 s whether it may still listen:
 * a revoked session ends its stream. Fails closed.
 */
import { LiveEvent, eventsPath } from '../contract/routes/house.ts';
import type { SiteId } from '../contract/ids.ts';
import type { Doorbell } from '../store/doorbell.ts';
import { findOrder } from '../store/orders.ts';
import { ownsSite } from '../store/sites.ts';
import type { ControlDeps } from './deps.ts';
import { nowOf } from './deps.ts';
import type { Caller } from './http/caller.ts';
import { problemResponse } from './http/problem.ts';
import { allow, requestFacts } from './http/register.ts';
import type { App } from './http/register.ts';

type Listener = (event: LiveEvent) => void;

export type LiveHub = {
  /** Tells listeners of this process. */
  tellHere(event: LiveEvent): void;
  /** Whether anybody listens here: what is only for them need not be made otherwise. */
  hasListeners(): boolean;
  listen(listener: Listener): () => void;
  /** For the house's own counting: hears what is told, but does not count as somebody who listens. */
  watch(listener: Listener): void;
};

export function liveHub(doorbell: Doorbell): LiveHub {
  const listeners = new Set<Listener>();
  const watchers = new Set<Listener>();
  const tellHere = (event: LiveEvent) => {
    for (const watcher of watchers) watcher(event);
    for (const listener of listeners) listener(event);
  };
  doorbell.onRing('live', (text) => {
    const event = LiveEvent.safeParse(JSON.parse(text));
    if (event.success) tellHere(event.data);
  });
  return {
    tellHere,
    hasListeners: () => listeners.size > 0,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    watch: (listener) => void watchers.add(listener),
  };
}

const beatMs = 15_000;
const mostBufferedBytes = 1024 * 1024;

/** Serves the event stream. `stopping` ends all streams so that the server can close. */
export function registerEvents(app: App, deps: ControlDeps, hub: LiveHub, stopping: AbortSignal): void {
  app.get(eventsPath, async (context) => {
    const request = requestFacts(context);
    const caller = await deps.authenticate(request);
    try {
      allow({ needs: 'status:read' }, caller, request);
    } catch (error) {
      return problemResponse(error, { method: 'GET', path: eventsPath }, deps);
    }
    // Who listens, as of the last beat: a scope that was taken away ends what it let hear.
    let listener = caller;
    const mayHear = caller === null ? async () => false : audience(deps, caller, () => listener);
    const encoder = new TextEncoder();
    let end: () => void = () => undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          const send = (text: string) => {
            const room = controller.desiredSize;
            if (room === null) return;
            if (room < 0) end();
            else controller.enqueue(encoder.encode(text));
          };
          const stop = hub.listen((event) => {
            mayHear(event).then(
              (may) => may && send(`data: ${JSON.stringify(event)}\n\n`),
              () => end(),
            );
          });
          const beat = setInterval(() => {
            deps.authenticate(request).then(
              (still) => {
                listener = still;
                if (still?.scopes.has('status:read') === true) send(': still here\n\n');
                else end();
              },
              // The database is away: the stream stays, as nothing is told without it anyway.
              () => send(': still here\n\n'),
            );
          }, beatMs);
          beat.unref();
          let ended = false;
          end = () => {
            if (ended) return;
            ended = true;
            stop();
            clearInterval(beat);
            stopping.removeEventListener('abort', end);
            try {
              controller.close();
            } catch {
              // The reader went away first.
            }
          };
          stopping.addEventListener('abort', end);
          send(`retry: 1000\ndata: ${JSON.stringify({ kind: 'hello', at: nowOf(deps) })}\n\n`);
        },
        cancel: () => end(),
      },
      { highWaterMark: mostBufferedBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    });
  });
}

/**
 * Which events a caller may hear. A case is heard by who may read the desk, a notice by the owner of its site and by the desk; `now` is the caller as
 * of the last beat. Fails closed: nobody any more, nothing heard.
 */
function audience(deps: ControlDeps, caller: Caller, now: () => Caller | null): (event: LiveEvent) => Promise<boolean> {
  const { accountId } = caller;
  const mayReadDesk = () => now()?.scopes.has('desk:read') === true;
  if (accountId === null) return async (event) => (event.kind === 'case' || event.kind === 'notice' ? mayReadDesk() : true);
  const known = new Map<SiteId, boolean>();
  return async (event) => {
    if (event.kind === 'hello') return true;
    // Not only for want of a site: an owner hears nothing of a case, whatever the event may carry some day.
    if (event.kind === 'case' || !('siteId' in event)) return false;
    const { siteId } = event;
    const owned = known.get(siteId) ?? (await ownsSite(deps.store.db, siteId, accountId));
    known.set(siteId, owned);
    if (owned && event.kind === 'notice') return now()?.scopes.has('notices:read') === true;
    if (owned && event.kind === 'order') return (await findOrder(deps.store.db, event.orderId, accountId)) !== null;
    return owned;
  };
}
