/** One order: what it does, what has happened, its receipts as they arrive; confirm, withdraw, lift. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { OrderId } from '../../../../contract/ids.ts';
import { getStatus } from '../../../../contract/routes/house.ts';
import { confirmOrder, getOrder, liftOrder, listOrders, withdrawOrder } from '../../../../contract/routes/orders.ts';
import type { Order } from '../../../../contract/routes/orders.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { AskReason, ConfirmByTyping } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Exactly } from '../../parts/when.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { orders } from '../../words/en/orders.ts';
import { say } from '../../words/index.ts';
import { Receipts } from './receipts.tsx';
import { OrderBadge, scopeWords, Tally } from './state.tsx';
import { Timeline } from './timeline.tsx';

const api = getRouteApi('/in/orders/$orderId');
const words = orders.detail;

export function OrderScreen() {
  const orderId = OrderId.safeParse(api.useParams().orderId);
  return orderId.success ? <OrderById orderId={orderId.data} /> : <NotFound />;
}

function OrderById({ orderId }: { orderId: OrderId }) {
  const answer = useQuery(ask(getOrder, { params: { orderId } }));
  const trail = <Link to="/orders">{orders.title}</Link>;
  if (answer.data === undefined) {
    return (
      <Screen title={orders.title} trail={trail}>
        {answer.error === null ? <Waiting /> : <Failure error={answer.error} onRetry={() => void answer.refetch()} />}
      </Screen>
    );
  }
  const { order, receipts, captchaReceipts } = answer.data;
  return (
    <Screen
      title={`${order.decision}: ${say.measure[order.measure]}`}
      trail={trail}
      lead={
        <>
          <Link to="/sites/$siteId" params={{ siteId: order.siteId }}>
            {order.siteName}
          </Link>
          , {scopeWords(order)}
          <p className="site-states">
            <OrderBadge order={order} />
            {isPublic(order) ? <Tally order={order} /> : null}
          </p>
        </>
      }
      acts={<Acts order={order} />}
    >
      <div className="columns">
        <div>
          <About order={order} />
        </div>
        <div>
          <Panel title={words.timeline}>
            <Timeline order={order} />
          </Panel>
        </div>
      </div>
      <Panel title={words.receipts}>
        <Receipts order={order} receipts={receipts} captchaReceipts={captchaReceipts} />
      </Panel>
    </Screen>
  );
}

/** A proposal has no public page, and no edge has heard of it. */
function isPublic(order: Order): boolean {
  return order.state === 'confirmed' || order.state === 'lifted' || order.state === 'expired';
}

type Asking = 'confirm' | 'withdraw' | 'lift';

/** What may be done with an order in its state, by this person. */
function Acts({ order }: { order: Order }) {
  const me = useMe();
  const can = useCan();
  const [asking, setAsking] = useState<Asking | null>(null);
  const touches = [getOrder, listOrders, listSites, getSite, getStatus];
  const confirm = useAct(confirmOrder, touches);
  const withdraw = useAct(withdrawOrder, touches);
  const lift = useAct(liftOrder, touches);
  const params = { orderId: order.orderId };
  const close = () => setAsking(null);
  const done = (text: string) => ({
    onSuccess: () => {
      close();
      notify(text);
    },
  });

  const waits = order.state === 'proposed' || (order.inForce && order.breakGlass !== null && order.confirmer === null);
  const own = order.proposer.personId === me.personId;
  const live = order.state === 'confirmed';
  return (
    <>
      {isPublic(order) ? (
        <a href={order.statementUrl} className="button" data-kind="quiet" rel="noreferrer">
          {words.statement}
        </a>
      ) : null}
      {waits && can('orders:confirm') && !own ? (
        <Button kind="primary" onClick={() => setAsking('confirm')}>
          {words.confirm}
        </Button>
      ) : null}
      {waits && own && can('orders:confirm') ? <p className="hint own-proposal">{words.ownProposal}</p> : null}
      {order.state === 'proposed' && can('orders:propose') ? (
        <Button onClick={() => setAsking('withdraw')}>{words.withdraw}</Button>
      ) : null}
      {live && can('orders:lift') ? (
        <Button kind="danger" onClick={() => setAsking('lift')}>
          {words.lift}
        </Button>
      ) : null}
      {asking === 'confirm' ? (
        <ConfirmByTyping
          title={words.confirmTitle}
          name={order.siteName}
          action={words.confirm}
          busy={confirm.isPending}
          failure={confirm.error}
          onClose={close}
          onConfirm={() => confirm.mutate({ params }, done(words.confirmed))}
        >
          <p>{words.confirmLead}</p>
          <p>
            {say.measure[order.measure]}: {order.siteName}, {scopeWords(order)}
          </p>
        </ConfirmByTyping>
      ) : null}
      {asking === 'withdraw' ? (
        <AskReason
          title={words.withdrawTitle}
          label={words.reasonLabel}
          hint={words.reasonHint}
          action={words.withdraw}
          kind="primary"
          least={3}
          busy={withdraw.isPending}
          failure={withdraw.error}
          onClose={close}
          onConfirm={(reason) => withdraw.mutate({ params, body: { reason } }, done(words.withdrawn))}
        />
      ) : null}
      {asking === 'lift' ? (
        <AskReason
          title={words.liftTitle}
          label={words.reasonLabel}
          hint={words.liftReasonHint}
          action={words.lift}
          kind="danger"
          least={3}
          busy={lift.isPending}
          failure={lift.error}
          onClose={close}
          onConfirm={(reason) => lift.mutate({ params, body: { reason } }, done(words.lifted))}
        />
      ) : null}
    </>
  );
}

function About({ order }: { order: Order }) {
  return (
    <Panel title={words.about}>
      <Facts
        facts={[
          [words.measure, say.measure[order.measure]],
          [words.scope, scopeWords({ ...order, path: null })],
          order.path === null ? null : [words.path, <span className="mono">{order.path}</span>],
          order.requestsPer10s === null ? null : [words.rate, `${order.requestsPer10s} ${orders.form.rateUnit}`],
          [
            words.basis,
            order.basis.kind === 'own-decision' ? (
              words.ownDecision
            ) : (
              <a href={order.basis.authorityUrl} rel="noreferrer">
                {words.legalOrder(order.basis.authority, order.basis.reference)}
              </a>
            ),
          ],
          [words.starts, <Exactly at={order.startsAt} />],
          [
            words.ends,
            <Exactly at={order.breakGlass !== null && order.confirmer === null ? order.breakGlass.expiresAt : order.endsAt} />,
          ],
          [words.publicReason, order.publicReason],
          [words.internalReason, order.internalReason],
        ]}
      />
    </Panel>
  );
}
