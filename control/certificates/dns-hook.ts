/**
 * Publishes TXT records for dns-01 by a program of the operator's: `<program> present <name> <value>`, afterwards `<program> remove <name> <value>`.
 *
 * It ends with 0 when the record can be seen by everybody, which may take minutes. It gets its arguments, an environment of PATH alone and no
 * input; what it needs besides (a key of the DNS provider) it reads from its own files, so no secret passes through here. Fails closed: a program
 * that fails or takes too long is a failed order. The last line that it writes to stderr is told to whoever looks at the order.
 */
import { spawn } from 'node:child_process';

const timeoutMs = 5 * 60_000;
const mostOutputBytes = 4096;

export type DnsHook = (act: 'present' | 'remove', name: string, value: string) => Promise<void>;

/** `program`: an absolute path. The hook rejects with an Error that says in a sentence what the program said. */
export function dnsHook(program: string, limitMs: number = timeoutMs): DnsHook {
  return (act, name, value) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, [act, name, value], {
        env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: limitMs,
        killSignal: 'SIGKILL',
      });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-mostOutputBytes)));
      child.once('error', (error) => reject(new Error(`The DNS program could not be run: ${error.message}`)));
      child.once('close', (code, signal) => {
        if (code === 0) return resolve();
        const last = said.trim().split('\n').at(-1) ?? '';
        const ended = signal === null ? `ended with code ${code ?? '?'}` : `was ended after ${limitMs / 1000} s`;
        reject(new Error(`The DNS program ${ended}${last === '' ? '.' : `: ${last.slice(0, 300)}`}`));
      });
    });
}
