/**
 * `portcullis verify`: checks the receipts of an order, or receipts in a file, and says in words what that proves and what not. Published
 * statements are in verify-statement.ts.
 *
 * The signature is checked here, by this program, not by the control plane. With `--keys` (a kept `portcullis edge list --json`) the
 * control plane need not be trusted for the keys either; with a file of receipts it is not asked at all.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { EdgeId } from '../../contract/ids.ts';
import { SignedReceipt } from '../../contract/receipt.ts';
import { listEdges } from '../../contract/routes/edges.ts';
import { getOrder } from '../../contract/routes/orders.ts';
import { PublicKey } from '../../contract/stream.ts';
import { textVerifier } from '../../kit/ed25519.ts';
import { apiCommand, collect, findOrder } from '../command.ts';
import type { Reply } from '../command.ts';
import type { Client } from '../client.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';
import { table } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { checkReceipts } from '../verify/receipts.ts';
import type { Claim, Finding } from '../verify/receipts.ts';
import { meansStatement, verifyStatement } from './verify-statement.ts';
import type { StatementOptions } from './verify-statement.ts';

type VerifyOptions = ConnectionOptions & StatementOptions & { readonly keys?: string; readonly receipts?: string };

/** What `edge list --json` prints, as far as it matters here; an edge whose key was not told is passed over. */
const KeyFile = z.array(z.object({ edgeId: EdgeId, publicKey: PublicKey.optional() }));

/** `order show --json`, a list of stored or signed receipts, or one receipt. */
const Stored = z.object({ receipt: SignedReceipt });
const ReceiptFile = z.union([
  z.object({ receipts: z.array(Stored) }).transform(({ receipts }) => receipts.map(({ receipt }) => receipt)),
  z.array(z.union([SignedReceipt, Stored.transform(({ receipt }) => receipt)])),
  SignedReceipt.transform((receipt) => [receipt]),
  Stored.transform(({ receipt }) => [receipt]),
]);

export function addVerifyCommand(program: Command, terminal: Terminal): void {
  apiCommand<VerifyOptions>(
    program,
    terminal,
    'verify [what]',
    'Verifies the receipts of an order (id or decision number) or those in a file, or a published statement (its address, or a file).',
    (command) =>
      command
        .option('--keys <file>', 'the edges’ public keys, kept from an earlier `portcullis edge list --json`')
        .option('--receipts <file>', 'receipts as JSON (such as `order show --json`); the control plane is then not asked')
        .option('--record-key <key>', 'the record’s key (text or file) that you kept from /record/key, for statements')
        .option('--witness <key>', 'the key (text or file) of a witness that must have signed too (repeat)', collect)
        .option('--save <file>', 'writes the statement and its proof to a new file, to be verified later without asking anybody'),
    async ({ client, options, args }) => {
      const [typed] = args;
      if ((typed === undefined) === (options.receipts === undefined)) {
        throw new CommandFailure('usage', 'Name an order, a statement’s address or file, or a file with --receipts.');
      }
      if (typed !== undefined && meansStatement(typed, terminal.cwd)) return verifyStatement(typed, options, terminal);
      const read = (file: string): unknown => readJson(resolve(terminal.cwd, file));
      const subject =
        options.receipts === undefined
          ? await receiptsOfOrder(client, args[0] ?? '')
          : {
              claim: { orderId: null, decision: null, measure: null },
              receipts: parsed(ReceiptFile, read(options.receipts), options.receipts),
            };
      if (options.receipts !== undefined && options.keys === undefined) {
        throw new CommandFailure(
          'usage',
          'Receipts in a file are verified with keys in a file: --keys (from `portcullis edge list --json`).',
        );
      }
      const edges =
        options.keys === undefined ? (await client.call(listEdges, {})).items : parsed(KeyFile, read(options.keys), options.keys);
      const keys = new Map<EdgeId, string>();
      for (const { edgeId, publicKey } of edges) if (publicKey !== undefined) keys.set(edgeId, publicKey);
      const findings = checkReceipts(subject.receipts, keys, subject.claim, (key, text, signature) =>
        textVerifier(key)(text, signature),
      );
      return judge(findings, options.keys !== undefined, options.receipts === undefined);
    },
  );
}

async function receiptsOfOrder(client: Client, typed: string): Promise<{ claim: Claim; receipts: SignedReceipt[] }> {
  const { order, receipts } = await client.call(getOrder, { params: { orderId: await findOrder(client, typed) } });
  return {
    claim: { orderId: order.orderId, decision: order.decision, measure: order.measure },
    receipts: receipts.map(({ receipt }) => receipt),
  };
}

function judge(findings: readonly Finding[], keysFromFile: boolean, claimKnown: boolean): Reply {
  const broken = findings.filter((finding) => finding.wrong.length > 0);
  const unproved = findings.filter((finding) => finding.wrong.length === 0 && finding.unchecked.length > 0);
  const holds = findings.length - broken.length - unproved.length;
  const proved = [
    `${holds} of ${findings.length} receipts hold: signed with the edge’s own key${claimKnown ? ', about this order, and what its own listener answered fits what it says' : ''}.`,
  ];
  const notProved = [
    'That the edge told the truth: whoever owns an edge can sign what they like in its name. Ask the site from elsewhere.',
    ...(keysFromFile
      ? []
      : [
          'That the keys are the edges’ own: they came from the control plane. Keep `portcullis edge list --json` elsewhere and give it with --keys.',
        ]),
    ...(claimKnown ? [] : ['That the order said what you think: a file of receipts does not hold the order.']),
  ];
  const rows = findings.map((finding) => [
    finding.edgeId,
    finding.state,
    `r${finding.revision}`,
    finding.at,
    finding.wrong.length > 0
      ? `WRONG: ${finding.wrong.join('; ')}`
      : finding.unchecked.length > 0
        ? `not checked: ${finding.unchecked.join('; ')}`
        : 'holds',
  ]);
  const text = [
    findings.length === 0 ? 'No receipts: nothing is proved.' : table(['edge', 'says', 'revision', 'at', 'verdict'], rows),
    '',
    ...(findings.length === 0 ? [] : proved.map((line) => `Proved: ${line}`)),
    ...notProved.map((line) => `Not proved: ${line}`),
  ].join('\n');
  const json = { holds, broken: broken.length, unproved: unproved.length, findings, proved, notProved };
  if (holds === findings.length && findings.length > 0) return { json, text };
  const sentence =
    findings.length === 0
      ? 'There is no receipt to verify.'
      : `${broken.length} receipts do not hold, ${unproved.length} could not be checked.`;
  return { json, text, exit: { name: 'failed', sentence } };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new CommandFailure(
      'usage',
      `${file} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      null,
      cause,
    );
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CommandFailure('usage', `${file} does not hold what was expected: ${z.prettifyError(result.error)}`);
}
