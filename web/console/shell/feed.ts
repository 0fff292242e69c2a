/** The live feed as React sees it. */
import { createContext, use, useSyncExternalStore } from 'react';
import type { FeedState, LiveFeed } from '../api/live.ts';

export const FeedContext = createContext<LiveFeed | null>(null);

export function useFeed(): LiveFeed {
  const feed = use(FeedContext);
  if (feed === null) throw new Error('no live feed above this component');
  return feed;
}

export function useFeedState(): FeedState {
  const feed = useFeed();
  return useSyncExternalStore(feed.subscribe, feed.state);
}
