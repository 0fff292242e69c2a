/**
 * Starts a capture worker, hands it one job, takes its answer, and ends it when it takes too long.
 *
 * The worker gets an empty environment and Node's permission model: it can read the program's own files and nothing else, write nothing, start
 * nothing. The network is not taken from it; who wants that too runs the control plane behind a firewall (handbook). What it answers is
 * parsed and bounded like anything from outside.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { WorkerAnswer } from './worker/words.ts';
import type { CaptureJob, ProxyJob } from './worker/words.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const readable = [
  'control/desk/evidence/worker',
  'control/sites/resolver.ts',
  'contract',
  'core/shield/origin.ts',
  'kit',
  'node_modules',
  'package.json',
];
const memoryMb = 192;
/** What a worker may answer: a page of ten megabytes, its redirects, its words. */
const mostAnswerBytes = 48 * 1024 * 1024;
const startMs = 10_000;

function startWorker(): ChildProcess {
  const folders = readable.map((name) => `--allow-fs-read=${join(checkout, name)}`);
  const program = join(import.meta.dirname, 'worker', 'main.ts');
  return spawn(process.execPath, ['--permission', ...folders, `--max-old-space-size=${memoryMb}`, program], {
    env: {},
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

export type WorkerResult = { readonly answer: WorkerAnswer; readonly parts: readonly Buffer[] };

/** Runs one capture. Never rejects for what the other side does: that is an answer `failed`. */
export async function runCapture(job: CaptureJob, signal: AbortSignal): Promise<WorkerResult> {
  const child = startWorker();
  try {
    return await answerOf(child, job, job.timeoutMs + startMs, signal);
  } catch (error) {
    const why =
      error instanceof Error && error.message === 'late' ? 'The capture took too long and was ended.' : 'The capture broke off.';
    return { answer: { kind: 'failed', why, parts: [] }, parts: [] };
  } finally {
    child.kill('SIGKILL');
  }
}

/** A proxy under the rules of a capture; it lives until `close`. Null when it could not be started. */
export async function runProxy(job: ProxyJob, signal: AbortSignal): Promise<{ port: number; close: () => void } | null> {
  const child = startWorker();
  try {
    const { answer } = await answerOf(child, job, startMs, signal);
    if (answer.kind === 'listening') return { port: answer.port, close: () => void child.kill('SIGKILL') };
  } catch {
    // It is as good as not started.
  }
  child.kill('SIGKILL');
  return null;
}

function answerOf(
  child: ChildProcess,
  job: CaptureJob | ProxyJob,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<WorkerResult> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let expected = Number.POSITIVE_INFINITY;
    let head: { answer: WorkerAnswer; start: number } | null = null;
    const timer = setTimeout(() => end(new Error('late')), timeoutMs);
    const abort = () => end(new Error('stopped'));
    signal.addEventListener('abort', abort, { once: true });
    function end(error: Error | null): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (error !== null) reject(error);
    }
    child.once('error', end);
    child.once('close', () => end(new Error('it ended without an answer')));
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > mostAnswerBytes) {
        end(new Error('it said too much'));
        child.kill('SIGKILL');
        return;
      }
      if (head === null && chunk.includes(10)) {
        const all = Buffer.concat(chunks);
        const line = all.indexOf(10);
        let value: unknown;
        try {
          value = JSON.parse(all.subarray(0, line).toString('utf8'));
        } catch {
          value = null;
        }
        const parsed = WorkerAnswer.safeParse(value);
        if (!parsed.success) {
          end(new Error('it said what is no answer'));
          return;
        }
        head = { answer: parsed.data, start: line + 1 };
        expected = parsed.data.parts.reduce((sum, bytes) => sum + bytes, 0) + head.start;
      }
      if (head === null || size < expected) return;
      const all = Buffer.concat(chunks);
      const parts: Buffer[] = [];
      let at = head.start;
      for (const bytes of head.answer.parts) {
        parts.push(all.subarray(at, at + bytes));
        at += bytes;
      }
      end(null);
      resolve({ answer: head.answer, parts });
    });
    child.stdin?.write(`${JSON.stringify(job)}\n`);
  });
}
