/** Orders as rows. */
import type { Order } from '../../../../contract/routes/orders.ts';
import { RowLink, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { orders as words } from '../../words/en/orders.ts';
import { say } from '../../words/index.ts';
import { OrderBadge, scopeWords, Tally } from './state.tsx';

export function OrderTable({
  caption,
  orders,
  withSite = true,
}: {
  caption: string;
  orders: readonly Order[];
  withSite?: boolean;
}) {
  const heads = words.columns;
  const columns = [
    { key: 'decision', head: heads.decision },
    { key: 'state', head: heads.state },
    { key: 'measure', head: heads.measure },
    { key: 'site', head: heads.site },
    { key: 'receipts', head: heads.receipts },
    { key: 'ends', head: heads.ends },
    { key: 'people', head: heads.people },
  ] as const;
  return (
    <Table caption={caption} columns={columns}>
      {orders.map((order) => (
        <tr key={order.orderId}>
          <td className="no-wrap">
            <RowLink to="/orders/$orderId" params={{ orderId: order.orderId }}>
              {order.decision}
            </RowLink>
          </td>
          <td>
            <OrderBadge order={order} />
          </td>
          <td>{say.measure[order.measure]}</td>
          <td>
            {withSite ? order.siteName : null}
            <span className={withSite ? 'sub' : ''}>{scopeWords(order)}</span>
          </td>
          <td>
            <Tally order={order} />
          </td>
          <td>
            <When at={order.liftedAt ?? order.breakGlass?.expiresAt ?? order.endsAt} />
          </td>
          <td>{decidedBy(order)}</td>
        </tr>
      ))}
    </Table>
  );
}

function decidedBy(order: Order): string {
  if (order.confirmer !== null) return words.twoPeople(order.proposer.name, order.confirmer.name);
  if (order.breakGlass !== null) return `${order.proposer.name} (${words.byBreakGlass.toLowerCase()})`;
  return order.proposer.name;
}
