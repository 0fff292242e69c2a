/**
 * The program in which a large mail is taken apart: its bytes come on standard input, what was read goes out on standard output in V8's own
 * form, and it ends. Started by mail-reader.ts with an empty environment, without the right to write, to start anything, or to read
 * more than the program's own files.
 */
import { buffer } from 'node:stream/consumers';
import { serialize } from 'node:v8';
import { readMail } from './read-mail.ts';

export async function main(): Promise<void> {
  const mail = await readMail(await buffer(process.stdin));
  process.stdout.end(serialize({ ...mail, files: mail.files.map((file) => ({ ...file, bytes: new Uint8Array(file.bytes) })) }));
}

if (import.meta.main) await main();
