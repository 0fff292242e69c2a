/** What visitors will meet when the order is in force, in the words that are being typed. */
import { useQuery } from '@tanstack/react-query';
import { getStatus } from '../../../../contract/routes/house.ts';
import { SiteId } from '../../../../contract/ids.ts';
import { getSite } from '../../../../contract/routes/sites.ts';
import { ask } from '../../api/queries.ts';
import { exactTime, utcTime } from '../../format/time.ts';
import { Mark } from '../../shell/mark.tsx';
import { orders } from '../../words/en/orders.ts';
import { language, say } from '../../words/index.ts';
import { linesOf } from '../sites/typed.ts';
import { endOf } from './draft.ts';
import type { TypedOrder } from './draft.ts';

const words = orders.preview;

export function Preview({ typed, nowMs }: { typed: TypedOrder; nowMs: number }) {
  const chosen = SiteId.safeParse(typed.siteId);
  const site = useQuery({ ...ask(getSite, { params: { siteId: typed.siteId } }), enabled: chosen.success });
  const status = useQuery(ask(getStatus));
  if (!chosen.success || site.data === undefined) return <p className="hint">{words.chooseSite}</p>;
  const some = typed.scope === 'some' ? linesOf(typed.hostnames) : [];
  const host = (some.length > 0 ? some : site.data.hostnames).join(', ');
  const where = typed.measure === 'notice-on-path' ? `${host}${typed.path}` : host;
  const provider = status.data?.provider ?? say.product;

  if (typed.measure === 'challenge') return <Plain where={where}>{words.challenge}</Plain>;
  if (typed.measure === 'rate-limit') return <Plain where={where}>{words.rate(typed.requestsPer10s)}</Plain>;
  if (typed.measure === 'suspend-captcha-keys') return <Plain where={where}>{words.captcha}</Plain>;

  const legal = typed.basis === 'legal-order';
  const ends = endOf(typed, nowMs);
  return (
    <div className="stack">
      <p>
        {words.at(where)} <strong>{legal ? words.status.legal : words.status.own}</strong>
      </p>
      <article className="notice-preview">
        <p className="brand">
          <Mark /> {provider}
        </p>
        <h3>{words.heading(where)}</h3>
        <p>{legal ? words.whoLegal(provider, typed.authority === '' ? '…' : typed.authority) : words.who(provider)}</p>
        <p className={typed.publicReason === '' ? 'hint' : 'notice-reason'}>
          {typed.publicReason === '' ? words.reasonMissing : typed.publicReason}
        </p>
        <p>
          {words.until}: {ends === null ? '…' : `${exactTime(Date.parse(ends), language)} (${utcTime(Date.parse(ends))})`}
        </p>
        <p>
          {words.decision}: <span className="hint">{words.decisionLater}</span>
        </p>
        <p>{words.reports}</p>
        <p className="hint">{words.appeal}</p>
      </article>
      <p className="hint">{words.note}</p>
    </div>
  );
}

function Plain({ where, children }: { where: string; children: string }) {
  return (
    <div className="stack">
      <p>{words.at(where)}</p>
      <p className="note">{children}</p>
    </div>
  );
}
