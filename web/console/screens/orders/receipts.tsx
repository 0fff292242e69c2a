/** The signed words of edges, or of the captcha provider's processes, that the order is enforced, or no longer is, as they arrive. */
import type { Order, StoredCaptchaReceipt, StoredReceipt } from '../../../../contract/routes/orders.ts';
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

export function Receipts({
  order,
  receipts,
  captchaReceipts = [],
}: {
  order: Order;
  receipts: readonly StoredReceipt[];
  captchaReceipts?: readonly StoredCaptchaReceipt[] | undefined;
}) {
  if (captchaReceipts.length > 0) return <CaptchaReceipts receipts={captchaReceipts} />;
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

const captchaColumns = [
  { key: 'process', head: words.captchaColumns.process },
  { key: 'state', head: words.captchaColumns.state },
  { key: 'at', head: words.captchaColumns.at },
  { key: 'took', head: words.captchaColumns.took, align: 'end' },
  { key: 'keys', head: words.captchaColumns.keys, align: 'end' },
  { key: 'signature', head: words.captchaColumns.signature },
] as const;

function CaptchaReceipts({ receipts }: { receipts: readonly StoredCaptchaReceipt[] }) {
  return (
    <>
      <p className="hint receipts-help">{words.captchaReceiptsHelp}</p>
      <Table caption={words.receipts} columns={captchaColumns}>
        {receipts.map(({ receiptId, processName, receipt: { body, signature } }) => (
          <tr key={receiptId}>
            <td className="no-wrap">{processName}</td>
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
            <td data-align="end">{words.keysAsked(body.asked, body.keys)}</td>
            <td className="mono" title={signature}>
              {signature.slice(0, 12)}…
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
