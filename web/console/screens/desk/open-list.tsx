/** A room of the desk that is one list: what is open, or what is over; the choice lives in the URL. */
import type { ReactNode } from 'react';
import type { usePages } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import type { Pages } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { say } from '../../words/index.ts';
import { DeskTabs } from './parts.tsx';

type Words = {
  readonly title: string;
  readonly lead: string;
  readonly show: string;
  readonly open: string;
  readonly what: { readonly one: string; readonly many: string };
  readonly empty: { readonly title: string; readonly text: string };
};

type Listed<Item> = Pages &
  Pick<ReturnType<typeof usePages>, 'total' | 'error' | 'reload'> & { items: readonly Item[] | undefined };

export function OpenList<Item>({
  room,
  words,
  over,
  show,
  onShow,
  pages,
  acts,
  row,
  children,
}: {
  room: 'appeals' | 'authority';
  words: Words;
  /** What is over: its value in the URL and its word. */
  over: { readonly value: string; readonly label: string };
  show: string | undefined;
  /** The empty value means what is open. */
  onShow: (value: string) => void;
  pages: Listed<Item>;
  acts?: ReactNode;
  row: (item: Item) => ReactNode;
  /** Windows of the screen. */
  children?: ReactNode;
}) {
  return (
    <Screen title={words.title} lead={words.lead} acts={acts}>
      <DeskTabs current={room} />
      <FilterBar shown={pages.items === undefined ? null : say.list.shown(pages.items.length, pages.total, words.what)}>
        <Filter
          label={words.show}
          value={show ?? 'open'}
          all={false}
          onPick={(value) => onShow(value === 'open' ? '' : value)}
          options={[{ value: 'open', label: words.open }, over]}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {pages.items === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : pages.items.length === 0 ? (
        <Empty title={words.empty.title} act={acts}>
          <p>{words.empty.text}</p>
        </Empty>
      ) : (
        <ul className="items panel">{pages.items.map(row)}</ul>
      )}
      <More pages={pages} />
      {children}
    </Screen>
  );
}
