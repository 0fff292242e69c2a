/**
 * The cache of what the API answered: one key per call, so that a live event can name what to load again.
 *
 * A key is `[path of the route, params, query]`. Nothing is ever shown as fresh without the live feed or a refetch behind it:
 * `live.ts` marks as stale what an event names, and everything after the feed was away.
 */
import {
  keepPreviousData,
  QueryCache,
  QueryClient,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import type { InfiniteData } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { z } from 'zod';
import { getMe } from '../../../contract/routes/identity.ts';
import type { Route } from '../../../contract/routes/route.ts';
import { ApiError, call } from './client.ts';
import type { Given } from './client.ts';

/** Query options for a GET route. */
export function ask<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: Route<P, Q, B, A>,
  given: Pick<Given<P, Q, B>, 'params' | 'query'> = {},
) {
  return queryOptions<z.output<A>, ApiError>({
    queryKey: [route.path, given.params ?? {}, given.query ?? {}],
    queryFn: ({ signal }) => call(route, { ...given, signal }),
  });
}

export const meQuery = { ...ask(getMe), staleTime: 5 * 60_000 };

/**
 * Makes the cache. `onSignedOut` is called when a call is refused because the session has ended.
 * Only `offline` and `store-down` are tried again: every other refusal would be the same a second later.
 */
export function makeQueryClient(onSignedOut: () => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof ApiError && error.code === 'not-signed-in') onSignedOut();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: true,
        retry: (count, error) =>
          count < 3 && error instanceof ApiError && (error.code === 'offline' || error.code === 'store-down'),
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5000),
      },
      mutations: { retry: false },
    },
  });
}

/**
 * A call that changes something. `touches` names the routes whose answers are loaded again after it, for when the live feed is
 * slow or away. Never repeated by itself: whoever pressed the button decides.
 */
export function useAct<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: Route<P, Q, B, A>,
  touches: readonly { readonly path: string }[] = [],
) {
  const client = useQueryClient();
  return useMutation<z.output<A>, ApiError, Given<P, Q, B>>({
    mutationFn: (given) => call(route, given),
    onSuccess: () => Promise.all(touches.map((touched) => client.invalidateQueries({ queryKey: [touched.path] }))),
  });
}

/** What pages of a list answer with. */
type PageAnswer<Item> = { items: Item[]; next: string | null; total: number };

/** A list that is loaded page by page, all pages so far as one array. */
export function usePages<P extends z.ZodType, Q extends z.ZodType, Item>(
  route: Route<P, Q, z.ZodType, z.ZodType<PageAnswer<Item>>>,
  query: z.input<Q> & object,
  params?: z.input<P> & object,
) {
  const pages = useInfiniteQuery<PageAnswer<Item>, ApiError, InfiniteData<PageAnswer<Item>>, readonly unknown[], string | null>({
    queryKey: [route.path, params ?? {}, query, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      call(route, {
        ...(params === undefined ? {} : { params }),
        query: pageParam === null ? query : { ...query, cursor: pageParam },
        signal,
      }),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
  const items = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  return {
    /** Undefined until the first answer. */
    items,
    total: pages.data?.pages.at(-1)?.total ?? 0,
    error: pages.error,
    hasMore: pages.hasNextPage,
    loadingMore: pages.isFetchingNextPage,
    loadMore: () => void pages.fetchNextPage(),
    reload: () => void pages.refetch(),
  };
}
