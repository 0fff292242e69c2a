/**
 * HAProxy's admin socket on one kept connection: commands in, answers out, each with a time limit.
 *
 * The connection is in prompt mode, so an answer ends with "\n> " (0.13 ms a command measured, against 0.3 ms with a connection each).
 * A kept connection also stays with the worker that accepted it: during a reload it is clear who answers. Answers that are long
 * (`show map`, `show table`) are asked on a connection of their own, which ends with the answer.
 * Injection: `;` ends a command, so arguments are escaped with backslashes (`argument`) and entries go in payload form, where every
 * character but the line feed is literal. A payload over 16 KB is dropped in silence by 2.6 and hangs 3.2 (edge-measured.md, pitfall
 * 3), hence `maxPayloadBytes`, and callers read back what they wrote.
 * After a time-out or a closed connection nothing is known about what was done: the connection is closed, `SocketDown` is thrown, and
 * the caller compares everything again.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Most bytes of one payload, with room for the command itself. */
export const maxPayloadBytes = 12_000;
const prompt = '\n> ';

/** HAProxy does not answer: it is down, restarting, or it hangs. */
export class SocketDown extends Error {
  override readonly name = 'SocketDown';
}

export class RuntimeSocket {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #received = '';
  #waiting: { readonly resolve: (answer: string) => void; readonly reject: (error: Error) => void }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #down: SocketDown | null = null;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#fail(new SocketDown(`The admin socket failed: ${error.message}`)));
    socket.on('close', () => this.#fail(new SocketDown('The admin socket was closed.')));
  }

  /** Connects and switches to prompt mode. Rejects with SocketDown. */
  static async open(path: string, timeoutMs = 5000): Promise<RuntimeSocket> {
    const socket = await connected(path, timeoutMs);
    const runtime = new RuntimeSocket(socket, timeoutMs);
    await runtime.command('prompt');
    return runtime;
  }

  get isDown(): boolean {
    return this.#down !== null;
  }

  /** Calls back once when the connection ends, for whatever reason. */
  onDown(listener: () => void): void {
    this.#socket.once('close', listener);
  }

  /** Sends one command and resolves with its answer, without the trailing line feed. */
  async command(line: string): Promise<string> {
    const [answer] = await this.commands([line]);
    return answer ?? '';
  }

  /** Sends commands in one write and resolves with their answers in order. Keep it to a few dozen. */
  async commands(lines: readonly string[]): Promise<string[]> {
    if (this.#down !== null) throw this.#down;
    if (lines.length === 0) return [];
    const answers = Promise.all(
      lines.map(() => new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }))),
    );
    this.#socket.write(lines.map((line) => `${line}\n`).join(''));
    this.#arm();
    return answers;
  }

  /** Sends a command with a payload of lines; a line holds no line feed and is not empty. */
  async payload(command: string, lines: readonly string[]): Promise<string> {
    for (const line of lines) {
      if (line === '' || /[\n\r\0]/.test(line)) throw new RangeError('a payload line is not empty and holds no line break');
    }
    const answer = await this.command(`${command} <<\n${lines.join('\n')}\n`);
    // In prompt mode HAProxy prints "+ " for each line of a payload that it has read.
    return answer.replace(/^(\+ )+/, '');
  }

  close(): void {
    this.#fail(new SocketDown('The admin connection was closed by the agent.'));
  }

  #take(text: string): void {
    this.#received += text;
    for (let end = this.#received.indexOf(prompt); end !== -1; end = this.#received.indexOf(prompt)) {
      const answer = this.#received.slice(0, end);
      this.#received = this.#received.slice(end + prompt.length);
      this.#waiting.shift()?.resolve(answer.replace(/\n$/, ''));
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length === 0 || this.#down !== null) return;
    this.#timer = setTimeout(
      () => this.#fail(new SocketDown(`HAProxy did not answer on its admin socket within ${this.#timeoutMs} ms.`)),
      this.#timeoutMs,
    );
  }

  #fail(error: SocketDown): void {
    if (this.#down !== null) return;
    this.#down = error;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket.destroy();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}

/** Asks one command on a connection of its own and resolves with the whole answer. Rejects with SocketDown. */
export async function askOnce(path: string, command: string, timeoutMs = 10_000): Promise<string> {
  const socket = await connected(path, timeoutMs);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', (error) => reject(new SocketDown(`The admin socket failed: ${error.message}`)));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.on('close', () => reject(new SocketDown('The admin socket was closed before its answer ended.')));
    socket.end(`${command}\n`);
  });
}

/**
 * One argument of a command, with the characters that the command line would take for its own escaped. `<` too: a line that ends in
 * `<<` announces a payload, and HAProxy 2.6 then waits for it and never answers.
 */
export function argument(text: string): string {
  if (/[\n\r\0]/.test(text)) throw new RangeError('an argument holds no line break');
  return text.replace(/[\\; \t<]/g, '\\$&');
}

/** The answer to `show info`: names and values. */
export function parseInfo(answer: string): ReadonlyMap<string, string> {
  const info = new Map<string, string>();
  for (const line of answer.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) info.set(line.slice(0, colon), line.slice(colon + 2));
  }
  return info;
}

function connected(path: string, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(new SocketDown(`The admin socket ${path} does not answer: ${error.message}`));
    });
  });
}
