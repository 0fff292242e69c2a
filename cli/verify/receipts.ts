/**
 * Whether receipts prove what they claim: signatures, the order that they speak of, what the edge's own listener answered.
 *
 * Pure but for the signature check that is handed in. Proves: whoever holds the edge's private key signed this text. Does not prove
 * that the edge told the truth (a stolen edge can lie in its own receipts) nor, when the keys came from the control plane itself,
 * that the control plane did not make the edge up; keys kept elsewhere (`--keys`) close the second gap.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import type { EdgeId, OrderId } from '../../contract/ids.ts';
import type { Measure } from '../../contract/policy.ts';
import type { ReceiptBody, SignedReceipt } from '../../contract/receipt.ts';

export type VerifySignature = (publicKey: string, text: string, signature: string) => boolean;

export type Claim = {
  readonly orderId: OrderId | null;
  readonly decision: string | null;
  readonly measure: Measure | null;
};

export type Finding = {
  readonly edgeId: EdgeId;
  readonly state: ReceiptBody['state'];
  readonly revision: number;
  readonly at: string;
  /** Everything that does not hold; empty means that the receipt holds. */
  readonly wrong: readonly string[];
  /** What could not be checked, and why; no failure, but no proof either. */
  readonly unchecked: readonly string[];
};

/** The text that an edge signs. */
export function receiptText(body: ReceiptBody): string {
  return canonicalJson(body);
}

/** Checks each receipt by itself, then against the others: two edges of one group at one revision hold one policy. */
export function checkReceipts(
  receipts: readonly SignedReceipt[],
  keys: ReadonlyMap<EdgeId, string>,
  claim: Claim,
  verify: VerifySignature,
): Finding[] {
  const digests = new Map<string, Set<string>>();
  for (const { body } of receipts) {
    const at = `${body.group} ${body.revision}`;
    digests.set(at, (digests.get(at) ?? new Set()).add(body.digest));
  }
  return receipts.map(({ body, signature }) => {
    const wrong: string[] = [];
    const unchecked: string[] = [];
    const key = keys.get(body.edgeId);
    if (key === undefined) unchecked.push(`the signature: the key of ${body.edgeId} is not known`);
    else if (!verify(key, receiptText(body), signature)) wrong.push('the signature does not fit the text and the edge’s key');
    if (claim.orderId !== null && body.orderId !== claim.orderId)
      wrong.push(`it speaks of ${body.orderId}, not of ${claim.orderId}`);
    if ((digests.get(`${body.group} ${body.revision}`)?.size ?? 0) > 1) {
      wrong.push(`edges of group ${body.group} hold different policies at revision ${body.revision}`);
    }
    wrong.push(...probeDoubts(body, claim));
    return { edgeId: body.edgeId, state: body.state, revision: body.revision, at: body.at, wrong, unchecked };
  });
}

/** What the probe must have seen for a notice or a challenge. A rate limit cannot be seen by one request, so it is not asked for. */
function probeDoubts({ state, probe }: ReceiptBody, { decision, measure }: Claim): string[] {
  const notice = measure === 'notice-on-host' || measure === 'notice-on-path';
  if (state === 'enforced' && notice) {
    if (probe.status !== 403 && probe.status !== 451)
      return [`a notice answers 403 or 451, its listener answered ${probe.status}`];
    if (decision !== null && probe.decision !== decision) {
      return [`its listener answered with ${probe.decision ?? 'no decision'}, not with ${decision}`];
    }
  }
  if (state === 'enforced' && measure === 'challenge' && probe.action !== 'challenge' && probe.action !== 'notice') {
    return [`its listener did not answer with a challenge but with ${probe.action ?? 'the origin’s own page'}`];
  }
  if (state === 'lifted' && decision !== null && probe.decision === decision) {
    return [`it says lifted, but its listener still answered with ${decision}`];
  }
  return [];
}
