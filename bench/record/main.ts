/**
 * What the record costs with a million leaves on PostgreSQL. `npm run bench -- record [--json] [--leaves N]`, on a server and a folder of its own.
 *
 * Leaves are queued by SQL, as many and as long as acts make them; timed is what the control plane's job does with them: places in the database, tiles
 * and checkpoints on disk, each file flushed before the next says that it is there. Then proofs of leaves at random, found by their SHA-256 as
 * `/record/proof/` finds them. No peer: Tessera and Trillian are not in the registries that a bench may use. The folder's disk is whatever TMPDIR is;
 * the share of time in flushes is in the figures of a real one.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { noteKey } from '../../contract/record/note.ts';
import { checkProofFile } from '../../contract/record/proof-file.ts';
import { sha256 } from '../../kit/sha256.ts';
import { openRecordLog } from '../../control/record/log.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { findLeaf, readLeaves } from '../../store/record.ts';
import { bytesOfLeaves, queueManyLeaves } from '../../tests/harness/many-leaves.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import { machine } from '../machine.ts';
import { percentile } from '../propagation/percentile.ts';

const usage = `Usage: npm run bench -- record [--json] [--leaves N] [--folder F]

  --json       print one JSON object and nothing else
  --leaves N   how many (default 1000000)
  --folder F   where the tiles are written, on the disk that is meant (default: this folder)
`;

const proofs = 2000;

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      leaves: { type: 'string', default: '1000000' },
      folder: { type: 'string', default: process.cwd() },
    },
  });
  const leaves = Number(values.leaves);
  if (values.help || !Number.isSafeInteger(leaves) || leaves < 1000 || leaves > 50_000_000) {
    (values.help ? process.stdout : process.stderr).write(usage);
    return values.help ? 0 : 2;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const server = await startPostgres();
  const folder = await mkdtemp(join(values.folder, 'record-bench-'));
  try {
    const store = await openStore(await server.database());
    try {
      await migrate(store);
      await queueManyLeaves(store, leaves);
      say(`${leaves} leaves are queued`);
      const figures = await measure(store, folder, leaves, say);
      if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'record', machine: machine(), leaves, ...figures })}\n`);
    } finally {
      await store.close();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return 0;
}

async function measure(store: Store, folder: string, leaves: number, say: (line: string) => void) {
  const pair = generateSigningKeyPair();
  const key = noteKey(sha256, 'shield.example/record', pair.publicKey);
  const log = openRecordLog({ store, folder, key, sign: textSigner(pair.privateKey) });
  const turnsMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  while ((log.published()?.size ?? 0) < leaves) {
    const from = performance.now();
    await log.turn();
    turnsMs.push(performance.now() - from);
  }
  const appendS = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  say(`appended in ${appendS.toFixed(1)} s, ${turnsMs.length} turns, longest ${Math.max(...turnsMs).toFixed(0)} ms`);
  const trust = {
    keys: [key],
    sha256,
    verify: (publicKey: string, text: string, signature: string) => textVerifier(publicKey)(text, signature),
  };
  const tookMs: number[] = [];
  for (let turn = 0; turn < proofs; turn += 1) {
    const index = randomInt(leaves);
    const [leaf = ''] = await readLeaves(store.db, index, index + 1);
    const bytes = new TextEncoder().encode(leaf);
    const hashed = Buffer.from(sha256(bytes)).toString('hex');
    const from = performance.now();
    const found = await findLeaf(store.db, hashed);
    const proof = await log.prove(found?.index ?? -1);
    tookMs.push(performance.now() - from);
    if (checkProofFile(proof ?? '', bytes, trust).kind !== 'holds') throw new Error(`the proof of leaf ${index} does not hold`);
  }
  const files = await sizeOf(folder);
  const again = openRecordLog({ store, folder, key, sign: textSigner(pair.privateKey) });
  const restart = performance.now();
  await again.turn();
  const figures = {
    append_per_s: Math.round(leaves / appendS),
    append_cpu_us_per_leaf: round((cpu.user + cpu.system) / leaves),
    turn_p50_ms: round(percentile(turnsMs, 0.5)),
    turn_max_ms: round(Math.max(...turnsMs)),
    prove_p50_ms: round(percentile(tookMs, 0.5)),
    prove_p99_ms_1m: round(percentile(tookMs, 0.99)),
    start_ms: round(performance.now() - restart),
    files: files.count,
    file_bytes_per_leaf: round(files.bytes / leaves),
    database_bytes_per_leaf: round((await bytesOfLeaves(store)) / leaves),
  };
  for (const [name, value] of Object.entries(figures)) say(`  ${name.padEnd(26)}${value}`);
  return figures;
}

async function sizeOf(folder: string): Promise<{ count: number; bytes: number }> {
  let [count, bytes] = [0, 0];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    count += 1;
    bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return { count, bytes };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
