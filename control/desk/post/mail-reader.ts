/**
 * Takes mails apart without holding up the control plane: small ones here, large ones in a process of their own with limits of time and memory.
 *
 * Measured on a small, busy machine: 26 MB of short lines take the parser 24 seconds and over 400 MB, one file of 18 MB takes 2.5 seconds. In
 * this process that would be 24 seconds in which no edge hears anything; in a thread of it, running out of memory ended the whole
 * process (Node 24.21, `resourceLimits`). What the worker does not manage is read as a broken mail is (its first words), so it still makes a
 * report. Mails to danger@ have lines of their own and wait for nobody else's; in both, what is under a megabyte does not wait behind what is
 * over it. So at most four such processes run at once.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import { z } from 'zod';
import { Serial } from '../../../kit/serial.ts';
import { readBroken, readMail } from './read-mail.ts';
import type { ReadMail } from './read-mail.ts';

const largeBytes = 32 * 1024;
const hugeBytes = 1024 * 1024;
const readWithinMs = 15_000;
const memoryMb = 384;
/** Files decoded are smaller than the mail; the words of a mail twice in UTF-16. */
const mostAnswerBytes = 80 * 1024 * 1024;

const checkout = join(import.meta.dirname, '..', '..', '..');
const readable = ['control/desk/post', 'contract', 'core', 'kit', 'node_modules', 'package.json'];

/** Our own program made it, from code that this checks with the compiler: the shape is looked at only as far as a broken pipe could bend it. */
const Answer = z.custom<ReadMail>(
  (value) => typeof value === 'object' && value !== null && 'headers' in value && 'files' in value,
);

export type MailReader = (raw: Buffer, line: 'danger' | 'other') => Promise<ReadMail>;

/** `apart`: reads one large mail in a process of its own; null when it was not managed. Handed in by tests. */
export function openMailReader({ withinMs = readWithinMs, apart = readApart } = {}): MailReader {
  const line = () => ({ large: new Serial(), huge: new Serial() });
  const lines = { danger: line(), other: line() };
  return (raw, to) =>
    raw.byteLength <= largeBytes
      ? readMail(raw)
      : lines[to][raw.byteLength <= hugeBytes ? 'large' : 'huge'].run(
          async () => (await apart(raw, withinMs)) ?? readBroken(raw),
        );
}

/** Null when the worker took too long, grew too large or died. */
function readApart(raw: Buffer, withinMs: number): Promise<ReadMail | null> {
  return new Promise((resolve) => {
    const rights = ['--permission', ...readable.map((name) => `--allow-fs-read=${join(checkout, name)}`)];
    const program = join(import.meta.dirname, 'mail-worker.ts');
    const child = spawn(process.execPath, [...rights, `--max-old-space-size=${memoryMb}`, program], {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const pieces: Buffer[] = [];
    let size = 0;
    const done = (mail: ReadMail | null) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(mail);
    };
    const timer = setTimeout(() => done(null), withinMs);
    child.once('error', () => done(null));
    child.once('close', (code) => done(code === 0 ? answerIn(Buffer.concat(pieces)) : null));
    child.stdout.on('data', (piece: Buffer) => {
      size += piece.byteLength;
      if (size > mostAnswerBytes) return done(null);
      pieces.push(piece);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(raw);
  });
}

function answerIn(bytes: Buffer): ReadMail | null {
  try {
    const answer = Answer.safeParse(deserialize(bytes));
    return answer.success ? answer.data : null;
  } catch {
    return null;
  }
}
