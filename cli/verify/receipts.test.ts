import { describe, expect, it } from 'vitest';
import { EdgeId, OrderId } from '../../contract/ids.ts';
import { ReceiptBody } from '../../contract/receipt.ts';
import type { SignedReceipt } from '../../contract/receipt.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { checkReceipts, receiptText } from './receipts.ts';

const pair = generateSigningKeyPair();
const edgeId = EdgeId.parse('edge_000000000001');
const orderId = OrderId.parse('order_000000000001');
const keys = new Map([[edgeId, pair.publicKey]]);
const claim = { orderId, decision: 'D-2026-0001', measure: 'notice-on-host' } as const;
const verify = (key: string, text: string, signature: string) => textVerifier(key)(text, signature);

const body = ReceiptBody.parse({
  edgeId,
  group: 'default',
  orderId,
  state: 'enforced',
  revision: 7,
  digest: 'a'.repeat(64),
  at: '2026-11-22T16:00:00.000Z',
  tookMs: 12,
  probe: { url: 'http://forum.example/', status: 403, action: 'notice', decision: 'D-2026-0001' },
  detail: null,
});

function sign(signed: ReceiptBody, privateKey = pair.privateKey): SignedReceipt {
  return { body: signed, signature: textSigner(privateKey)(receiptText(signed)) };
}

function wrong(receipt: SignedReceipt, others: readonly SignedReceipt[] = []): readonly string[] {
  return checkReceipts([receipt, ...others], keys, claim, verify)[0]?.wrong ?? ['no finding'];
}

describe('a receipt', () => {
  it('holds when its edge signed it and its listener answered with the decision', () => {
    expect(wrong(sign(body))).toEqual([]);
  });

  it('does not hold when a letter was changed, or another key signed it', () => {
    expect(wrong({ ...sign(body), body: { ...body, tookMs: 11 } })).toHaveLength(1);
    expect(wrong(sign(body, generateSigningKeyPair().privateKey))).toHaveLength(1);
  });

  it('does not hold for another order, another decision, or an answer that is no notice', () => {
    expect(wrong(sign({ ...body, orderId: OrderId.parse('order_000000000002') }))).toHaveLength(1);
    expect(wrong(sign({ ...body, probe: { ...body.probe, decision: 'D-2026-0002' } }))).toHaveLength(1);
    expect(wrong(sign({ ...body, probe: { ...body.probe, status: 200 } }))).toHaveLength(1);
  });

  it('does not hold when another edge of its group held another policy at the same revision', () => {
    expect(wrong(sign(body), [sign({ ...body, digest: 'b'.repeat(64) })])).toHaveLength(1);
    expect(wrong(sign(body), [sign({ ...body, revision: body.revision, at: body.at })])).toEqual([]);
  });

  it('does not hold when it says lifted while the listener still answers with the decision', () => {
    expect(wrong(sign({ ...body, state: 'lifted' }))).toHaveLength(1);
    expect(
      wrong(sign({ ...body, state: 'lifted', probe: { ...body.probe, status: 200, action: null, decision: null } })),
    ).toEqual([]);
  });

  it('is no proof, but no failure, when the edge’s key is not known', () => {
    const [finding] = checkReceipts([sign(body)], new Map(), claim, verify);
    expect([finding?.wrong, finding?.unchecked.length]).toEqual([[], 1]);
  });
});
