/**
 * `portcullis verify` of a published statement: from its address, or from a file that `--save` wrote, which asks nobody.
 *
 * No token is sent anywhere. Fails closed: what cannot be fetched, read or checked is no success. A key that came from the same address as the
 * statement is taken and said to prove little; one that was kept (`--record-key`) is what makes the check worth something.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { readNoteKey } from '../../contract/record/note.ts';
import type { KeyUse, NoteKey } from '../../contract/record/note.ts';
import { PublishedStatement, RecordReference } from '../../contract/record/statement.ts';
import { textVerifier } from '../../kit/ed25519.ts';
import type { Reply } from '../command.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { sha256 } from '../../kit/sha256.ts';
import { checkStatement, StatementFile } from '../verify/statement.ts';
import type { StatementFinding } from '../verify/statement.ts';

export type StatementOptions = { readonly recordKey?: string; readonly save?: string; readonly witness?: readonly string[] };

const timeoutMs = 15_000;
const largestBytes = 2_000_000;

/** Whether what was typed means a statement, not an order. */
export function meansStatement(typed: string, cwd: string): boolean {
  return /^https?:\/\//i.test(typed) || existsSync(resolve(cwd, typed));
}

/** Verifies the statement at an address or in a file. */
export async function verifyStatement(typed: string, options: StatementOptions, terminal: Terminal): Promise<Reply> {
  const fromAddress = /^https?:\/\//i.test(typed);
  const kept = options.recordKey === undefined ? null : keptKeys(options.recordKey, 'log', terminal);
  if (!fromAddress && kept === null)
    throw new CommandFailure('usage', 'A statement in a file is verified with a key that you kept: --record-key (text or file).');
  const file = fromAddress ? await fetchStatement(typed) : readStatement(resolve(terminal.cwd, typed));
  const witnesses = (options.witness ?? []).flatMap((given) => keptKeys(given, 'witness', terminal));
  const logKeys = kept ?? keysIn(await fetchText(new URL('/record/key', typed)), `${new URL(typed).origin}/record/key`, 'log');
  if (options.save !== undefined) save(resolve(terminal.cwd, options.save), file);
  return replyOf(
    checkStatement(file, [...logKeys, ...witnesses], (key, text, signature) => textVerifier(key)(text, signature)),
    kept !== null,
  );
}

async function fetchStatement(typed: string): Promise<StatementFile> {
  const url = new URL(typed);
  const statement = parsed(PublishedStatement, json(await fetchText(url), typed), typed);
  const named = RecordReference.safeParse(statement['record']);
  if (!named.success)
    throw new CommandFailure(
      'failed',
      `${typed} is not a statement that names its place in the record: a list, or an older version.`,
    );
  // The proof is asked of where the statement was read, whatever address it names: it proves the same from anywhere.
  return { v: 1, statement, proof: await fetchText(new URL(`/record/proof/${named.data.leafSha256}`, url)) };
}

async function fetchText(url: URL): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await boundedText(response);
  } catch (cause) {
    throw new CommandFailure('unreachable', `${url.href} cannot be fetched. Nothing was verified.`, null, cause);
  }
  if (response.ok) return text;
  const waits = url.pathname.startsWith('/record/proof/') ? ' A new leaf has its proof after some seconds: try again.' : '';
  throw new CommandFailure('failed', `${url.href} answered ${response.status}. Nothing was verified.${waits}`);
}

async function boundedText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const chunks: AsyncIterable<Uint8Array> = body;
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > largestBytes) throw new Error(`more than ${largestBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function readStatement(file: string): StatementFile {
  return parsed(StatementFile, json(readFile(file), file), file);
}

function save(file: string, content: StatementFile): void {
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { flag: 'wx' });
  } catch (cause) {
    throw new CommandFailure('usage', `${file} cannot be written, or is there already. Nothing was saved.`, null, cause);
  }
}

/** Published keys, one a line: typed, or in a file. */
function keptKeys(typed: string, use: KeyUse, terminal: Terminal): NoteKey[] {
  const file = resolve(terminal.cwd, typed);
  return existsSync(file) ? keysIn(readFile(file), file, use) : keysIn(typed, use === 'log' ? '--record-key' : '--witness', use);
}

function keysIn(text: string, where: string, use: KeyUse): NoteKey[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const key = readNoteKey(sha256, line.trim());
      if (key?.use !== use)
        throw new CommandFailure(
          'usage',
          `${where} does not hold ${use === 'log' ? 'a record’s key' : 'a witness’s key'} (NAME+ID+KEY, as its /key answers).`,
        );
      return key;
    });
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandFailure('usage', `${file} cannot be read.`, null, cause);
  }
}

function json(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandFailure(
      'failed',
      `${where} is not JSON. Give a decision’s address, such as https://shield.example/decisions/D-2026-0001.`,
      null,
      cause,
    );
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CommandFailure('failed', `${where} does not hold a statement: ${z.prettifyError(result.error)}`);
}

function replyOf(finding: StatementFinding, keyKept: boolean): Reply {
  if (finding.kind === 'broken') {
    const sentence = `It does not hold: ${finding.why}.`;
    return { json: { ...finding, proved: [], notProved: [] }, text: sentence, exit: { name: 'failed', sentence } };
  }
  const { decision, version, recordedAt, index, size, origin, witnesses } = finding;
  const proved = [
    `These words of ${decision} are leaf ${index} of ${size} in the record ${origin}, as version ${version}, told at ${recordedAt}.`,
    ...witnesses.map(
      ({ name, at }) => `The witness ${name} signed this tree at ${at}, as going on from every one that it signed before.`,
    ),
    'Whoever holds the record’s key signed a tree in which they stand. Changing them, or the order of leaves, would need another tree.',
  ];
  const notProved = [
    'That the statement is true, or that everything that was decided is in the record.',
    'How many edges have answered: receipts are not part of the statement. Verify them with `portcullis verify <decision>`.',
    ...(witnesses.length > 0
      ? []
      : ['That others are shown the same record: compare checkpoints with somebody, or require --witness.']),
    ...(keyKept
      ? []
      : [
          'That the key is theirs: it came from the same address as the statement. Keep what /record/key answers, and give it with --record-key.',
        ]),
  ];
  return {
    json: { ...finding, proved, notProved },
    text: [
      `${decision} holds.`,
      '',
      ...proved.map((line) => `Proved: ${line}`),
      ...notProved.map((line) => `Not proved: ${line}`),
    ].join('\n'),
  };
}
