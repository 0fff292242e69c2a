/** The edges' signed words that the order is enforced, or no longer is, as they arrive. */
import type { Order, StoredReceipt } from '../../../../contract/routes/orders.ts';
import { whole } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { orders } from '../../words/en/orders.ts';
import { language } from '../../words/index.ts';

const words = orders.detail;
const tones: Readonly<Record<'enforced' | 'lifted' | 'failed', Tone>> = { enforced: 'good', lifted: 'off', failed: 'alarm' };
const columns = [
  { key: 'edge', head: words.columns.edge },
  { key: 'state', head: words.columns.state },
  { key: 'at', head: words.columns.at },
  { key: 'took', head: words.columns.took, align: 'end' },
  { key: 'probe', head: words.columns.probe },
  { key: 'answered', head: words.columns.answered },
  { key: 'revision', head: words.columns.revision, align: 'end' },
  { key: 'signature', head: words.columns.signature },
] as const;

export function Receipts({ order, receipts }: { order: Order; receipts: readonly StoredReceipt[] }) {
  if (order.measure === 'suspend-captcha-keys') return <p>{words.receiptsNotNeeded}</p>;
  if (receipts.length === 0) {
    return (
      <p role="status">
        {words.receiptsNone} {order.state === 'confirmed' ? words.receiptsWaiting : ''}
      </p>
    );
  }
  return (
    <>
      <p className="hint receipts-help">{words.receiptsHelp}</p>
      <Table caption={words.receipts} columns={columns}>
        {receipts.map((stored) => {
          const { body, signature } = stored.receipt;
          return (
            <tr key={stored.receiptId}>
              <td className="no-wrap">{stored.edgeName}</td>
              <td>
                <Badge tone={tones[body.state]}>{words.receiptState[body.state]}</Badge>
                {body.detail === null ? null : <span className="sub">{body.detail}</span>}
              </td>
              <td>
                <When at={body.at} />
              </td>
              <td data-align="end" className="no-wrap">
                {duration(body.tookMs, language)}
              </td>
              <td className="probe-url mono">{body.probe.url}</td>
              <td>
                {words.answeredBy(String(body.probe.status), body.probe.action ?? words.noAction)}
                {body.probe.decision === null ? null : <span className="sub">{body.probe.decision}</span>}
              </td>
              <td data-align="end">{whole(body.revision, language)}</td>
              <td className="mono" title={signature}>
                {signature.slice(0, 12)}…
              </td>
            </tr>
          );
        })}
      </Table>
    </>
  );
}
