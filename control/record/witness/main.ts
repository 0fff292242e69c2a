/**
 * The program `portcullis witness`: signs what it saw of other people's records, for whoever does not trust those who run them.
 *
 * Runs at somebody else's: a university, another provider. Keeps its key and the last checkpoint of each log in its folder; asks nobody anything.
 * `POST /add-checkpoint` as C2SP tlog-witness; `GET /key`, `GET /checkpoint?origin=`. TLS is a proxy's. On stdout one JSON line says when it listens.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { noteKey, noteKeyText, readNoteKey } from '../../../contract/record/note.ts';
import type { NoteKey } from '../../../contract/record/note.ts';
import { writeDurable } from '../../../kit/durable.ts';
import { generateSigningKeyPair, publicKeyOf, textSigner } from '../../../kit/ed25519.ts';
import { sha256 } from '../../../kit/sha256.ts';
import { takeProcessLock } from '../../../kit/process-lock.ts';
import { openWitnessBook } from './book.ts';
import type { WitnessBook } from './book.ts';

export const witnessHelp = `Usage: portcullis witness --name NAME --log KEY [--log KEY …] [options]

Signs checkpoints of records (C2SP tlog-witness) that go on from what it signed before, and no others.

  --name NAME        this witness's name, such as witness.example
  --log KEY          a record's published key (NAME+ID+KEY, as its /record/key answers); may be given several times
  --listen ADDR:PORT where it listens (default 127.0.0.1:8620)
  --state FOLDER     its key and what it signed last (default ./.portcullis-witness); without them it is another witness
  --help
`;

const mostBytes = 64 * 1024;

type WitnessConfig = {
  readonly name: string;
  readonly logs: NoteKey[];
  readonly host: string;
  readonly port: number;
  readonly state: string;
};

/** Runs until it is stopped; resolves with the exit code: 0 stopped, 1 failed, 2 usage. */
export async function main(argv: readonly string[]): Promise<number> {
  const config = readArgs(argv);
  if (typeof config === 'string') {
    (config === witnessHelp ? process.stdout : process.stderr).write(config);
    return config === witnessHelp ? 0 : 2;
  }
  const stopped = new Promise<void>((done) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => done());
    process.once('disconnect', () => done());
  });
  mkdirSync(config.state, { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(join(config.state, 'lock'));
  if (!lock.ok) {
    process.stderr.write(`Another witness runs on ${config.state}. Two on one folder could sign two histories.\n`);
    return 1;
  }
  try {
    const privateKey = await settleKey(join(config.state, 'witness.key'));
    const key = noteKey(sha256, config.name, publicKeyOf(privateKey), 'witness');
    const book = openWitnessBook({
      folder: join(config.state, 'logs'),
      key,
      sign: textSigner(privateKey),
      logs: config.logs,
      nowMs: () => Date.now(),
    });
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
      answer(request, response, book, noteKeyText(key)).catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
        reply(response, 500, 'text/plain; charset=utf-8', 'Nothing was signed. The log of this witness says why.\n');
      });
    });
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(config.port, config.host, done);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : config.port;
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    process.stdout.write(`${JSON.stringify({ kind: 'listening', role: 'witness', url, key: noteKeyText(key) })}\n`);
    await stopped;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    return 0;
  } catch (error) {
    process.stderr.write(`The witness could not start: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    lock.release();
  }
}

function readArgs(argv: readonly string[]): WitnessConfig | string {
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: { name: text, log: { ...text, multiple: true }, listen: text, state: text, help: { type: 'boolean' } },
    }));
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${witnessHelp}`;
  }
  if (values.help === true) return witnessHelp;
  const listen = /^(\[[0-9a-f:]+\]|[0-9a-z.-]+):(\d{1,5})$/i.exec(values.listen ?? '127.0.0.1:8620');
  const [, host = '', portText = ''] = listen ?? [];
  if (listen === null || Number(portText) > 65_535) return '--listen is not ADDR:PORT.\n';
  if (!/^[^\s+]{1,200}$/.test(values.name ?? '')) return '--name is missing, or has spaces or a plus.\n';
  const logs: NoteKey[] = [];
  for (const given of values.log ?? []) {
    const log = readNoteKey(sha256, given);
    if (log?.use !== 'log') return `--log: “${given}” is not a record’s key.\n`;
    logs.push(log);
  }
  if (logs.length === 0) return '--log is missing: a witness signs only for logs that it was told of.\n';
  const state = resolve(process.cwd(), values.state ?? '.portcullis-witness');
  return { name: values.name ?? '', logs, host: host.replace(/^\[|\]$/g, ''), port: Number(portText), state };
}

async function settleKey(file: string): Promise<string> {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const { privateKey } = generateSigningKeyPair();
  await writeDurable(file, `${privateKey}\n`);
  return privateKey;
}

async function answer(request: IncomingMessage, response: ServerResponse, book: WitnessBook, key: string): Promise<void> {
  const plain = 'text/plain; charset=utf-8';
  const url = new URL(request.url ?? '/', 'http://witness');
  if (request.method === 'GET' && url.pathname === '/key') return reply(response, 200, plain, `${key}\n`);
  if (request.method === 'GET' && url.pathname === '/checkpoint') {
    const last = book.last(url.searchParams.get('origin') ?? '');
    return reply(response, last === null ? 404 : 200, plain, last ?? 'Nothing was signed for this origin.\n');
  }
  if (request.method !== 'POST' || url.pathname !== '/add-checkpoint')
    return reply(response, 404, plain, 'There is POST /add-checkpoint, GET /key and GET /checkpoint?origin=.\n');
  const parts: Buffer[] = [];
  let bytes = 0;
  const chunks: AsyncIterable<Buffer> = request;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) return reply(response, 413, plain, 'The request is larger than 64 KiB.\n');
    parts.push(chunk);
  }
  const { status, type, body } = await book.add(Buffer.concat(parts).toString('utf8'));
  reply(response, status, type, body);
}

function reply(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return;
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(body);
}
