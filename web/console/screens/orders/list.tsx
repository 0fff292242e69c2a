/** The orders: those in force and those that wait first to the eye, every state in the URL. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { SiteId } from '../../../../contract/ids.ts';
import { Measure } from '../../../../contract/policy.ts';
import { listOrders, OrderState } from '../../../../contract/routes/orders.ts';
import type { Order } from '../../../../contract/routes/orders.ts';
import { getSite } from '../../../../contract/routes/sites.ts';
import { ask, usePages } from '../../api/queries.ts';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { orders as words } from '../../words/en/orders.ts';
import { say } from '../../words/index.ts';
import { OrderTable } from './table.tsx';

const api = getRouteApi('/in/orders');

export function OrdersScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/orders' });
  const can = useCan();
  const siteId = SiteId.safeParse(search.siteId);
  const state = OrderState.safeParse(search.state);
  const pages = usePages(listOrders, {
    ...(siteId.success ? { siteId: siteId.data } : {}),
    ...(state.success ? { state: state.data } : {}),
    ...(search.state === 'inForce' ? { inForce: 'true' as const } : {}),
  });
  const site = useQuery({
    ...ask(getSite, { params: { siteId: siteId.success ? siteId.data : '' } }),
    enabled: siteId.success,
  });
  const set = useMemo(
    () => (name: 'search' | 'state' | 'measure' | 'siteId') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const wanted = search.search?.toLowerCase();
  const shown = pages.items?.filter(
    (order) =>
      (search.measure === undefined || order.measure === search.measure) &&
      (wanted === undefined || textOf(order).includes(wanted)),
  );
  const place = can('orders:propose') ? (
    <ButtonLink kind="primary" to="/orders/new" search={search.siteId === undefined ? {} : { siteId: search.siteId }} isNew>
      {words.place}
    </ButtonLink>
  ) : undefined;

  return (
    <Screen
      title={words.title}
      acts={place}
      {...(site.data === undefined
        ? {}
        : {
            lead: (
              <>
                {words.ofSite(site.data.name)}{' '}
                <Link to="/orders" search={withWord(search, 'siteId', '')}>
                  {words.allSites}
                </Link>
              </>
            ),
          })}
    >
      <FilterBar shown={shown === undefined ? null : say.list.shown(shown.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.filter.state}
          value={search.state ?? ''}
          onPick={set('state')}
          options={[
            { value: 'inForce', label: say.orderState.inForce },
            ...OrderState.options.map((value) => ({ value, label: say.orderState[value] })),
          ]}
        />
        <Filter
          label={words.filter.measure}
          value={search.measure ?? ''}
          onPick={set('measure')}
          options={Measure.options.map((value) => ({ value, label: say.measure[value] }))}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {shown === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <OrderTable caption={words.title} orders={shown} />
      ) : Object.keys(search).length > 0 ? (
        <Empty
          title={say.list.nothingFits}
          act={<Button onClick={() => void navigate({ search: {}, replace: true })}>{say.act.clearFilters}</Button>}
        >
          <p>{say.list.nothingFitsHelp}</p>
        </Empty>
      ) : (
        <Empty title={words.empty.title} act={place}>
          <p>{words.empty.text}</p>
        </Empty>
      )}
      <More pages={pages} />
    </Screen>
  );
}

function textOf(order: Order): string {
  return [order.decision, order.siteName, ...order.hostnames, order.path ?? '', order.publicReason, order.internalReason]
    .join(' ')
    .toLowerCase();
}
