/**
 * A visitor that asks the edge again and again on one kept connection and says when the answer changed.
 *
 * One request at a time; the next one leaves at least `everyMs` after the answer before it, because on a small machine a busy loop
 * would take the processor from what is measured. So an instant that it reports is late by up to `everyMs` and one round trip,
 * never early. Raw socket, no HTTP client: about 0.1 ms of processor time an answer.
 * Hazard: it reads only what our own edge and origin answer (a status line and a Content-Length); it is no general HTTP client.
 */
import net from 'node:net';

export type Watch = {
  /** Resolves with the instant (milliseconds since 1970, with fractions) at which the first answer with this status had arrived. */
  readonly seen: (status: number, timeoutMs?: number) => Promise<number>;
  readonly close: () => void;
};

/** Milliseconds since 1970 with fractions: comparable with `Date.now()` of other processes on this machine. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts to ask for `host` at 127.0.0.1:port. */
export function watch(port: number, host: string, everyMs = 1): Watch {
  let socket: net.Socket | null = null;
  let closed = false;
  let buffer = Buffer.alloc(0);
  let last: { status: number; at: number } | null = null;
  const waiting = new Set<{ status: number; resolve: (at: number) => void }>();

  const open = (): void => {
    if (closed) return;
    buffer = Buffer.alloc(0);
    const fresh = net.connect({ host: '127.0.0.1', port, noDelay: true });
    socket = fresh;
    fresh.on('connect', ask);
    fresh.on('data', (chunk) => {
      buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
      const end = buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = buffer.toString('latin1', 0, end);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (buffer.length < end + 4 + length) return;
      buffer = Buffer.alloc(0);
      last = { status: Number(head.slice(9, 12)), at: wallMs() };
      for (const one of waiting) {
        if (one.status !== last.status) continue;
        waiting.delete(one);
        one.resolve(last.at);
      }
      if (/\r\nconnection: *close/i.test(head)) fresh.destroy();
      else setTimeout(ask, everyMs);
    });
    fresh.on('error', () => fresh.destroy());
    fresh.on('close', () => {
      if (socket === fresh && !closed) setTimeout(open, everyMs);
    });
  };
  const ask = (): void => {
    if (!closed) socket?.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\n\r\n`);
  };
  open();

  return {
    seen: (status, timeoutMs = 15_000) =>
      new Promise<number>((resolve, reject) => {
        const one = {
          status,
          resolve: (at: number) => {
            clearTimeout(timer);
            resolve(at);
          },
        };
        const timer = setTimeout(() => {
          waiting.delete(one);
          reject(
            new Error(
              `the edge did not answer ${status} for ${host} within ${timeoutMs} ms; its last answer was ${last?.status ?? 'none'}`,
            ),
          );
        }, timeoutMs);
        waiting.add(one);
      }),
    close: () => {
      closed = true;
      socket?.destroy();
    },
  };
}
