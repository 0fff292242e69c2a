/**
 * A page of a list that is newest first: what it shows, and where the next one begins.
 *
 * Queries fetch one row more than a page holds; whether it came says whether there is a next page. Not here: the queries themselves. A row that
 * is written while somebody turns pages moves nothing, for pages continue below an order number and not at an offset.
 */

/** `rows` are at most `limit + 1`, newest first. `next` is what the next page's `before` must be; null on the last one. */
export function pageOf<Row extends { readonly created_order: number }>(
  rows: readonly Row[],
  limit: number,
): { shown: Row[]; next: number | null } {
  const shown = rows.slice(0, limit);
  return { shown, next: rows.length > limit ? (shown.at(-1)?.created_order ?? null) : null };
}
