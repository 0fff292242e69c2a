/**
 * A bad network on one machine: a TCP proxy that delays, stalls and cuts, in a process of its own.
 *
 * TCP hides loss, so what an application meets of it is what is made here: per piece of data and direction a delay with jitter, in order as TCP
 * has it; with the chance of `loss` the piece waits as long again as a retransmission takes, or, once in five of those, the connection is
 * reset. `node network.ts '<JSON of NetworkJob>'` prints `{"port":…}`; a line of JSON (`Weather`) on its input changes the weather.
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

export const NetworkJob = z.strictObject({ to: z.int().min(1).max(65_535) });
export type NetworkJob = z.infer<typeof NetworkJob>;

/** Linux' shortest time until a lost segment is sent again, beside the round trip. */
const retransmissionMs = 200;
const resetsAmongLosses = 0.2;

let weather = clear;

/** Data goes on in its order: a piece that waits holds up those behind it. */
function carry(from: Socket, to: Socket): void {
  let freeAtMs = 0;
  const later = (what: () => void, extraMs: number): void => {
    const nowMs = performance.now();
    const atMs = Math.max(freeAtMs, nowMs + extraMs);
    freeAtMs = atMs;
    if (atMs <= nowMs) what();
    else setTimeout(what, atMs - nowMs);
  };
  const oneWayMs = (): number => Math.max(0, weather.delayMs + (Math.random() * 2 - 1) * weather.jitterMs);
  from.on('data', (piece) => {
    let waitMs = oneWayMs();
    if (Math.random() < weather.loss) {
      if (Math.random() < resetsAmongLosses) {
        from.resetAndDestroy();
        to.resetAndDestroy();
        return;
      }
      waitMs += retransmissionMs + 2 * oneWayMs();
    }
    later(() => void (to.destroyed || to.write(piece)), waitMs);
  });
  from.on('end', () => later(() => void (to.destroyed || to.end()), oneWayMs()));
  from.on('close', () => later(() => to.destroy(), oneWayMs()));
  from.on('error', () => undefined);
}

function main(): void {
  const { to } = NetworkJob.parse(JSON.parse(process.argv[2] ?? ''));
  const server = createServer({ noDelay: true, pauseOnConnect: false }, (edge) => {
    const control = connect({ host: '127.0.0.1', port: to, noDelay: true });
    carry(edge, control);
    carry(control, edge);
  });
  server.listen(0, '127.0.0.1', 4096, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') process.stdout.write(`${JSON.stringify({ port: address.port })}\n`);
  });
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      weather = Weather.parse(JSON.parse(line));
    })
    .on('close', () => process.exit(0));
}

if (process.argv[1] === import.meta.filename) main();
