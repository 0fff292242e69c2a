/**
 * The live view of one site: requests a second as edges tell them, and refusals one by one, over server-sent events of its own.
 *
 * Opened only while somebody looks, and closed while the view is paused. What does not fit the contract is passed over. An event that was missed
 * stands in the list that the API answers, so nothing is made good here.
 */
import { useEffect, useState } from 'react';
import type { EdgeId, SiteId } from '../../../contract/ids.ts';
import { InsightLive, insightLivePath } from '../../../contract/routes/insight.ts';
import type { Explanation } from '../../../contract/routes/insight.ts';

export type LiveView = {
  /** Requests a second over all that was told in the last seconds; null until something was. */
  readonly perSecond: number | null;
  /** Newest first, a few. */
  readonly events: readonly Explanation[];
  /** So many were left out, because they came faster than anybody could read. */
  readonly leftOut: number;
};

const nothing: LiveView = { perSecond: null, events: [], leftOut: 0 };
const mostEvents = 50;
/** Edges tell every two seconds or so; a rate is taken over what ten seconds brought. */
const rateOverMs = 10_000;
const retryMs = 5000;

export function useInsightLive(siteId: SiteId, edgeId: EdgeId | undefined, paused: boolean): LiveView {
  const [view, setView] = useState(nothing);
  useEffect(() => {
    if (paused) return undefined;
    setView(nothing);
    const recent: { atMs: number; requests: number }[] = [];
    const rate = () => {
      const sinceMs = Date.now() - rateOverMs;
      while (recent[0] !== undefined && recent[0].atMs < sinceMs) recent.shift();
      return recent.reduce((sum, { requests }) => sum + requests, 0) / (rateOverMs / 1000);
    };
    const take = (text: string) => {
      const message = readLive(text);
      if (message === null) return;
      if (message.kind === 'counts') {
        const requests = Object.values(message.counts).reduce((sum, count) => sum + count, 0);
        recent.push({ atMs: Date.now(), requests });
        setView((now) => ({ ...now, perSecond: rate() }));
      } else if (message.kind === 'event') {
        setView((now) => ({ ...now, events: withEvent(now.events, message.event) }));
      } else if (message.kind === 'left-out') {
        setView((now) => ({ ...now, leftOut: now.leftOut + message.events }));
      }
    };
    let source: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      const query = new URLSearchParams({ siteId, ...(edgeId === undefined ? {} : { edgeId }) });
      source = new EventSource(`${insightLivePath}?${query.toString()}`);
      source.onmessage = (message) => take(String(message.data));
      source.onerror = () => {
        source?.close();
        again = setTimeout(open, retryMs);
      };
    };
    open();
    // A site that falls silent shows it.
    const settle = setInterval(() => setView((now) => (now.perSecond === null ? now : { ...now, perSecond: rate() })), 2000);
    return () => {
      clearInterval(settle);
      clearTimeout(again);
      source?.close();
    };
  }, [siteId, edgeId, paused]);
  return view;
}

/** The list with one more in front; the same one twice stands once. */
export function withEvent(held: readonly Explanation[], event: Explanation): readonly Explanation[] {
  return [event, ...held.filter(({ reference }) => reference !== event.reference)].slice(0, mostEvents);
}

/** One message, or null for what is none. */
export function readLive(text: string): InsightLive | null {
  try {
    const parsed = InsightLive.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
