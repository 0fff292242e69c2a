/**
 * A bad network on one machine: a TCP proxy that delays, stalls and cuts, in a process of its own.
 *
 * TCP hides loss, so what an application meets of it is what is made here: per piece of data and direction a delay with jitter, in order as TCP
 * has it; with the chance of `loss` the piece waits as long again as a retransmission takes, or, once in five of those, the connection is
 * reset. `node network.ts '<JSON of NetworkJob>'` prints `{"ports":[…]}`; a line of JSON (`Weather`) on its input changes the weather.
 * A `dense` way carries many edges at once: data follows a lost piece at once, so it is sent again after a round trip, and nothing is reset.
 * Hazard: what one event loop adds by itself (some milliseconds with a thousand connections) is measured with the product.
 */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

export const Weather = z.strictObject({
  /** One way, in milliseconds: evenly from `delayMs - jitterMs` to `delayMs + jitterMs`. */
  delayMs: z.number().min(0),
  jitterMs: z.number().min(0),
  /** Of pieces of data, 0 to 1. */
  loss: z.number().min(0).max(1),
});
export type Weather = z.infer<typeof Weather>;
export const clear: Weather = { delayMs: 0, jitterMs: 0, loss: 0 };

export const NetworkJob = z.strictObject({ to: z.array(z.int().min(1).max(65_535)).min(1), dense: z.boolean() });
export type NetworkJob = z.infer<typeof NetworkJob>;

/** Linux' shortest time until a lost segment is sent again, beside the round trip. */
const retransmissionMs = 200;
const resetsAmongLosses = 0.2;

let weather = clear;

/** Data goes on in its order: a piece that waits holds up those behind it. */
function carry(from: Socket, to: Socket, dense: boolean): void {
  const waiting: { readonly atMs: number; readonly what: () => void }[] = [];
  let timer: NodeJS.Timeout | null = null;
  // One timer for the foremost: timers of their own, rounded to milliseconds, would now and then let one piece past another.
  const release = (): void => {
    timer = null;
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const leftMs = first.atMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(release, Math.ceil(leftMs));
        return;
      }
      waiting.shift();
      first.what();
    }
  };
  const later = (what: () => void, extraMs: number): void => {
    waiting.push({ atMs: performance.now() + extraMs, what });
    if (timer === null) release();
  };
  const oneWayMs = (): number => Math.max(0, weather.delayMs + (Math.random() * 2 - 1) * weather.jitterMs);
  from.on('data', (piece) => {
    let waitMs = oneWayMs();
    if (Math.random() < weather.loss) {
      if (!dense && Math.random() < resetsAmongLosses) {
        from.resetAndDestroy();
        to.resetAndDestroy();
        return;
      }
      waitMs += (dense ? 0 : retransmissionMs) + 2 * oneWayMs();
    }
    later(() => void (to.destroyed || to.write(piece)), waitMs);
  });
  from.on('end', () => later(() => void (to.destroyed || to.end()), oneWayMs()));
  from.on('close', () => later(() => to.destroy(), oneWayMs()));
  from.on('error', () => undefined);
}

async function main(): Promise<void> {
  const { to, dense } = NetworkJob.parse(JSON.parse(process.argv[2] ?? ''));
  const ports = await Promise.all(to.map((port) => open(port, dense)));
  process.stdout.write(`${JSON.stringify({ ports })}\n`);
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      weather = Weather.parse(JSON.parse(line));
    })
    .on('close', () => process.exit(0));
}

/** A way to a port; resolves with the port at which it begins. */
function open(to: number, dense: boolean): Promise<number> {
  const server = createServer({ noDelay: true, pauseOnConnect: false }, (near) => {
    const far = connect({ host: '127.0.0.1', port: to, noDelay: true });
    carry(near, far, dense);
    carry(far, near, dense);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 4096, () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address.port);
    });
  });
}

if (process.argv[1] === import.meta.filename) await main();
