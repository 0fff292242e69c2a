/** The receipt of a mailed report, in words. It repeats nothing of the report: whoever reads that mailbox may be whom it is about. */
import type { Accepted } from '../deps.ts';

type House = { readonly provider: string; readonly publicUrl: string; readonly domain: string };

export function receiptMail(accepted: Accepted, { provider, publicUrl, domain }: House): { subject: string; body: string } {
  return {
    subject: `We have your report: number ${accepted.number}`,
    body: `${provider} has received your report. Its number is ${accepted.number}, and it was received at ${accepted.receivedAt} (UTC).

If somebody is in danger now, call your local emergency number (112, 911, 999) first. Then tell us at ${publicUrl}/report, or write to danger@${domain}: that wakes the people on call.

Your private link shows how the report stands, our questions and our answer, and lets you add to it or withdraw it. Whoever has the link can do the same, so keep it to yourself:
${accepted.statusUrl}

You can also answer this mail from the same mailbox to add something.

We do not pass on who you are. The lines below prove that you reported, without saying what; keep them.
${accepted.leaf}
SHA-256 ${accepted.sha256}
`,
  };
}
