/** What has happened to an order and what is still to come, in order of time. */
import type { Order } from '../../../../contract/routes/orders.ts';
import { Exactly, When } from '../../parts/when.tsx';
import { eventsOf } from './events.ts';

export function Timeline({ order }: { order: Order }) {
  return (
    <ol className="timeline">
      {eventsOf(order, Date.now()).map((event) => (
        <li key={`${event.at}${event.text}`} data-past={event.past || undefined}>
          <strong>{event.text}</strong>
          <p className="hint">
            <When at={event.at} focusable /> · <Exactly at={event.at} />
          </p>
          {event.detail === null ? null : <p>{event.detail}</p>}
        </li>
      ))}
    </ol>
  );
}
