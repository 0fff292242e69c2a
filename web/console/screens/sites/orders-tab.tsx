/** The orders on one site, newest first. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listOrders } from '../../../../contract/routes/orders.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { sites } from '../../words/en/sites.ts';
import { OrderTable } from '../orders/table.tsx';

const words = sites.ordersTab;

export function OrdersOfSite({ site }: { site: Site }) {
  const orders = useQuery(ask(listOrders, { query: { siteId: site.siteId, limit: 50 } }));
  return (
    <Panel
      title={words.title}
      acts={
        <Link to="/orders" search={{ siteId: site.siteId }}>
          {words.all}
        </Link>
      }
    >
      <Failure error={orders.error} onRetry={() => void orders.refetch()} />
      {orders.data === undefined ? (
        <Waiting />
      ) : orders.data.items.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <OrderTable caption={words.title} orders={orders.data.items} withSite={false} />
      )}
    </Panel>
  );
}
