/** Under a list that comes in pages: the next one. */
import { say } from '../words/index.ts';
import { Button } from './button.tsx';

export type Pages = { readonly hasMore: boolean; readonly loadingMore: boolean; readonly loadMore: () => void };

export function More({ pages, label = say.act.more }: { pages: Pages; label?: string }) {
  if (!pages.hasMore) return null;
  return (
    <p className="more">
      <Button onClick={pages.loadMore} busy={pages.loadingMore}>
        {pages.loadingMore ? say.act.loadingMore : label}
      </Button>
    </p>
  );
}
