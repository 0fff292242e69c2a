/**
 * The program `portcullis monitor`: demands of somebody's record that it goes on from what was seen before.
 *
 * For researchers, witnesses' neighbours, and a provider who wants to know first. Remembers in one file; asks only the record. On stdout one line for each
 * look that found something new, or one JSON object with `--json`. Ends with 1 when the record contradicts itself, and never takes such a state as the
 * one to go on from (fails closed).
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readNoteKey } from '../../../contract/record/note.ts';
import type { NoteKey } from '../../../contract/record/note.ts';
import { writeDurable } from '../../../kit/durable.ts';
import { sha256 } from '../../../kit/sha256.ts';
import { keptText, look, nothingKept, readKept } from './watch.ts';
import type { Fetch, Finding, Kept } from './watch.ts';

export const monitorHelp = `Usage: portcullis monitor URL --key KEY [options]

Reads a record (such as https://shield.example/record) and demands that it goes on from what was seen before, leaf by leaf.

  --key KEY         the record's key (NAME+ID+KEY) that you kept from its /record/key; with several, any may sign
  --witness KEY     a witness that must have signed (repeat)
  --state FILE      what was seen (default ./portcullis-monitor.json)
  --every SECONDS   look again and again, at least 10 (default: once)
  --json            one JSON object a look
  --help

Ends with 0 when it goes on, 1 when it is shorter, rewritten, incomplete, not signed or not witnessed, 3 when it could not be read.
`;

const timeoutMs = 15_000;
const mostBytes = 20_000_000;

type Config = {
  readonly url: string;
  readonly keys: NoteKey[];
  readonly state: string;
  readonly everyMs: number | null;
  readonly json: boolean;
};

/** Runs once, or until it is stopped or finds a contradiction; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const config = readArgs(argv);
  if (typeof config === 'string') {
    (config === monitorHelp ? process.stdout : process.stderr).write(config);
    return config === monitorHelp ? 0 : 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const kept = readState(config.state);
  if (kept === null) {
    process.stderr.write(
      `${config.state} is not what a monitor wrote. Nothing was looked at: give another file, or put it right.\n`,
    );
    return 2;
  }
  let seen: Kept = kept;
  for (;;) {
    let finding: Finding | null = null;
    try {
      finding = await look(fetcher(config.url), config.keys, seen);
    } catch (error) {
      process.stderr.write(
        `The record could not be read: ${error instanceof Error ? error.message : String(error)}. What was seen before is kept.\n`,
      );
      if (config.everyMs === null) return 3;
    }
    if (finding !== null) {
      tell(finding, config.json);
      if (finding.kind !== 'goes-on') return 1;
      seen = finding.kept;
      await writeDurable(config.state, keptText(seen), 0o644);
    }
    if (config.everyMs === null || stop.signal.aborted) return 0;
    await setTimeout(config.everyMs, null, { signal: stop.signal }).catch(() => null);
    if (stop.signal.aborted) return 0;
  }
}

function tell(finding: Finding, json: boolean): void {
  if (finding.kind !== 'goes-on') {
    const sentence = `The record does not go on from what was seen: ${finding.why}. Keep the state file: it holds the checkpoint that proves it.`;
    process.stdout.write(json ? `${JSON.stringify({ ok: false, ...finding })}\n` : `${sentence}\n`);
    return;
  }
  const { from, size, backDated } = finding;
  const late =
    backDated.length === 0
      ? ''
      : ` ${backDated.length} of them say an earlier time than those before (${backDated.slice(0, 5).join(', ')}).`;
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, from, size, backDated })}\n`);
  else process.stdout.write(`The record goes on: ${size} leaves, ${size - from} of them new, all read.${late}\n`);
}

function readState(file: string): Kept | null {
  try {
    return readKept(readFileSync(file, 'utf8'));
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? nothingKept : null;
  }
}

function fetcher(url: string): Fetch {
  return async (path) => {
    const response = await fetch(`${url.replace(/\/+$/, '')}/${path}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok || response.body === null) throw new Error(`${path} answered ${response.status}`);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    const chunks: AsyncIterable<Uint8Array> = response.body;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Error(`${path} has more than ${mostBytes} bytes`);
      parts.push(chunk);
    }
    return new Uint8Array(Buffer.concat(parts));
  };
}

function readArgs(argv: readonly string[]): Config | string {
  const text = { type: 'string' } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        key: { ...text, multiple: true },
        witness: { ...text, multiple: true },
        state: text,
        every: text,
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${monitorHelp}`;
  }
  const { values, positionals } = parsed;
  if (values.help === true) return monitorHelp;
  const [url = '', ...more] = positionals;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url) || more.length > 0)
    return `Give one address, such as https://shield.example/record.\n`;
  const keys: NoteKey[] = [];
  for (const [use, given] of [
    ['log', values.key ?? []],
    ['witness', values.witness ?? []],
  ] as const) {
    for (const one of given) {
      const key = readNoteKey(sha256, one);
      if (key?.use !== use) return `“${one}” is not the key of a ${use === 'log' ? 'record' : 'witness'} (NAME+ID+KEY).\n`;
      keys.push(key);
    }
  }
  if (!keys.some(({ use }) => use === 'log'))
    return '--key is missing: whoever takes the key from the record itself checks little.\n';
  const every = values.every === undefined ? null : Number(values.every);
  if (every !== null && !(every >= 10 && every <= 86_400)) return '--every is not a number of seconds from 10 to 86400.\n';
  const state = resolve(process.cwd(), values.state ?? 'portcullis-monitor.json');
  return { url, keys, state, everyMs: every === null ? null : every * 1000, json: values.json === true };
}
