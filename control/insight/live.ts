/**
 * The live view: counts and refusals as edges tell of them, as server-sent events, to whoever may see the site.
 *
 * Only of edges whose stream comes to this process, and only while somebody listens: nothing is kept for it. Events beyond `mostEventsPerSecond` of a
 * listener are left out and counted; a listener that does not read is dropped. Every beat asks again who listens: a revoked session ends its
 * stream. Fails closed: a site that cannot be looked up is not told of.
 */
import type { EdgeId, SiteId } from '../../contract/ids.ts';
import { insightLivePath, LiveQuery } from '../../contract/routes/insight.ts';
import type { InsightLive } from '../../contract/routes/insight.ts';
import { explain } from '../../core/shield/explain.ts';
import { findSite } from '../../store/sites.ts';
import type { ToldRefusal } from '../../store/insight.ts';
import type { ControlDeps } from '../deps.ts';
import { nowOf } from '../deps.ts';
import { registerDownload } from '../http/download.ts';
import type { App } from '../http/register.ts';
import { Nothing } from '../../contract/routes/common.ts';

export type ToldLive =
  | Extract<InsightLive, { kind: 'counts' }>
  | { readonly kind: 'refused'; readonly siteId: SiteId; readonly edgeId: EdgeId; readonly told: ToldRefusal };

export type InsightHub = {
  tell(told: ToldLive): void;
  hasListeners(): boolean;
  listen(listener: (told: ToldLive) => void): () => void;
};

export function insightHub(): InsightHub {
  const listeners = new Set<(told: ToldLive) => void>();
  return {
    tell: (told) => {
      for (const listener of listeners) listener(told);
    },
    hasListeners: () => listeners.size > 0,
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const beatMs = 15_000;
const mostBufferedBytes = 1024 * 1024;
const mostEventsPerSecond = 50;

export function registerInsightLive(app: App, deps: ControlDeps, hub: InsightHub, stopping: AbortSignal): void {
  const served = {
    method: 'GET',
    path: insightLivePath,
    needs: 'sites:read',
    params: Nothing,
    query: LiveQuery,
    body: Nothing,
  } as const;
  registerDownload(app, deps, served, async ({ query, caller, request }) => {
    const names = new Map<SiteId, Promise<string | null>>();
    /** The site's name, or null when the caller may not see it. */
    const nameOf = (siteId: SiteId): Promise<string | null> => {
      const known = names.get(siteId) ?? findSite(deps.store.db, siteId, caller.accountId).then((site) => site?.name ?? null);
      names.set(siteId, known);
      known.catch(() => names.delete(siteId));
      return known;
    };
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
          const tell = (event: InsightLive) => send(`data: ${JSON.stringify(event)}\n\n`);
          let [events, leftOut] = [0, 0];
          const stop = hub.listen((told) => {
            if (query.siteId !== undefined && told.siteId !== query.siteId) return;
            if (query.edgeId !== undefined && told.edgeId !== query.edgeId) return;
            nameOf(told.siteId).then(
              (siteName) => {
                if (siteName === null) return;
                if (told.kind === 'counts') return tell(told);
                if (events >= mostEventsPerSecond) return void (leftOut += 1);
                events += 1;
                tell({ kind: 'event', event: { ...told.told, siteName, sentence: explain(told.told) } });
              },
              () => undefined,
            );
          });
          const second = setInterval(() => {
            if (leftOut > 0) tell({ kind: 'left-out', events: leftOut });
            [events, leftOut] = [0, 0];
          }, 1000);
          const beat = setInterval(() => {
            deps.authenticate(request).then(
              (still) => (still?.scopes.has('sites:read') === true ? send(': still here\n\n') : end()),
              () => send(': still here\n\n'),
            );
          }, beatMs);
          let ended = false;
          end = () => {
            if (ended) return;
            ended = true;
            stop();
            clearInterval(second);
            clearInterval(beat);
            stopping.removeEventListener('abort', end);
            try {
              controller.close();
            } catch {
              // The reader went away first.
            }
          };
          stopping.addEventListener('abort', end);
          send('retry: 1000\n');
          tell({ kind: 'hello', at: nowOf(deps) });
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
