/**
 * The program that reaches out to what strangers reported: a process of its own, without the database, without secrets, with an empty environment.
 *
 * One job comes as a line of JSON on standard input, one answer goes out as a line of JSON followed by the bytes of its parts. It ends by
 * itself, or when its standard input closes. The control plane starts it with Node's permission model (it can read the program and write
 * nothing) and ends it when it takes too long.
 */
import { capture } from './capture.ts';
import { openProxy } from './proxy.ts';
import { WorkerAnswer, WorkerJob } from './words.ts';

const mostJobBytes = 256 * 1024;

/** Runs one job to its end. */
export async function main(): Promise<void> {
  const job = await readJob();
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
  if (job.kind === 'capture') {
    const { answer, parts } = await capture(job);
    await say(answer, parts);
    process.exit(0);
  }
  const proxy = await openProxy(job);
  await say({ kind: 'listening', port: proxy.port, parts: [] }, []);
}

function readJob(): Promise<WorkerJob> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf('\n');
      if (end === -1 && text.length <= mostJobBytes) return;
      process.stdin.off('data', take);
      if (end === -1) reject(new Error('the job is too long'));
      else resolve(WorkerJob.parse(JSON.parse(text.slice(0, end))));
    };
    process.stdin.on('data', take);
    process.stdin.once('end', () => reject(new Error('no job came')));
  });
}

async function write(bytes: Uint8Array | string): Promise<void> {
  await new Promise<void>((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));
}

async function say(answer: WorkerAnswer, parts: readonly Buffer[]): Promise<void> {
  await write(`${JSON.stringify(WorkerAnswer.parse(answer))}\n`);
  for (const bytes of parts) await write(bytes);
}

if (import.meta.main) await main();
