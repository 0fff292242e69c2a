/**
 * One line for each request that this edge refused, for programs of the operator such as fail2ban: on stdout, or in a file.
 *
 * A line is an interface: fields in this order, `name=value`, the only two that a visitor words quoted as JSON and last, everything but printable ASCII
 * escaped. So nobody can forge a line or a field. The address is whole only where the operator asked for that; else its network. Requests that passed
 * are never here. Under a flood not every refusal is (requests.ts); a file is cut at 16 MiB, one older copy is kept. Fails open: what cannot
 * be written is left out and said once, and tried again after ten seconds.
 */
import { createWriteStream, fstatSync, openSync, renameSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import type { Logger } from 'pino';
import type { LoggedRequest } from './request-line.ts';

const usualLimitBytes = 16 * 1024 * 1024;
const tryAgainMs = 10_000;
/** What waits for a disk or a pipe that is slow; more is left out. */
const mostWaitingBytes = 1024 * 1024;

export class SecurityLog {
  readonly #file: string | 'stdout';
  readonly #log: Logger;
  #stream: WriteStream | null = null;
  #bytes = 0;
  #failedMs: number | null = null;
  readonly #limitBytes: number;

  constructor(file: string | 'stdout', log: Logger, limitBytes: number = usualLimitBytes) {
    this.#file = file;
    this.#log = log;
    this.#limitBytes = limitBytes;
  }

  write(request: LoggedRequest, guard: string): void {
    const line = securityLine(request, guard);
    if (this.#file === 'stdout') {
      if (process.stdout.writableLength <= mostWaitingBytes) process.stdout.write(line);
      return;
    }
    const stream = this.#open(this.#file);
    if (stream === null || stream.writableLength > mostWaitingBytes) return;
    this.#bytes += line.length;
    stream.write(line);
    if (this.#bytes >= this.#limitBytes) this.#turn(this.#file);
  }

  stop(): void {
    this.#stream?.end();
    this.#stream = null;
  }

  /** Null when it cannot be written now. */
  #open(file: string): WriteStream | null {
    if (this.#stream !== null) return this.#stream;
    if (this.#failedMs !== null && performance.now() - this.#failedMs < tryAgainMs) return null;
    try {
      const fd = openSync(file, 'a', 0o640);
      this.#bytes = fstatSync(fd).size;
      const stream = createWriteStream(file, { fd });
      stream.on('error', (error) => {
        this.#fail(error);
        if (this.#stream === stream) this.#stream = null;
      });
      this.#stream = stream;
      return stream;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #fail(error: unknown): void {
    if (this.#failedMs === null) this.#log.warn({ error: String(error) }, 'the security log cannot be written');
    this.#failedMs = performance.now();
  }

  #turn(file: string): void {
    this.stop();
    try {
      renameSync(file, `${file}.1`);
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'the security log could not be cut');
    }
  }
}

/** The line of a refused request, with its end. */
export function securityLine(request: LoggedRequest, guard: string): string {
  const { at, address, network, siteId, status, ruleId, orderId, reference, method, path } = request;
  const fields = [
    `act=${guard}`,
    `address=${address ?? network}`,
    `site=${siteId}`,
    `status=${status}`,
    `rule=${ruleId ?? '-'}`,
    `order=${orderId ?? '-'}`,
    `reference=${reference}`,
    `method=${quoted(method)}`,
    `path=${quoted(path)}`,
  ];
  return `${at} portcullis ${fields.join(' ')}\n`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
