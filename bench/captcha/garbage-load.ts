/**
 * A thread that sends garbage at a fixed rate, whether it is answered or not: pipelined on kept connections, from networks of which none comes twice in
 * a while, in turn unreadable, invented, with a changed signature, and used before.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

export const GarbageOrder = z.object({ port: z.int(), perSecond: z.number(), connections: z.int(), usedLine: z.string() });
export type GarbageOrder = z.infer<typeof GarbageOrder>;
export type GarbageTold = { readonly sent: number; readonly answered: number; readonly broken: number };

const tickMs = 5;

function bodies(usedLine: string): readonly string[] {
  const changed = usedLine.replace(/^([^.]+)\.(.)/, (_, name: string, letter: string) => `${name}.${letter === 'A' ? 'B' : 'A'}`);
  return [
    '{"line":',
    JSON.stringify({ line: 'nothing', a: 'zz', b: 5 }),
    JSON.stringify({ line: `abcdefgh.${'x'.repeat(43)}.${'y'.repeat(300)}`, a: '12' }),
    JSON.stringify({ line: changed, a: 'f'.repeat(512), b: 20 }),
    JSON.stringify({ line: usedLine, a: 'f'.repeat(512), b: 20 }),
    'line=x&a=y',
    JSON.stringify({ line: [usedLine], a: { b: 1 } }),
  ];
}

function send({ port, perSecond, connections, usedLine }: GarbageOrder): void {
  const told = { sent: 0, answered: 0, broken: 0 };
  const texts = bodies(usedLine);
  const open = (): Socket => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    socket.on('data', (bytes) => {
      for (let at = bytes.indexOf('HTTP/1.1 '); at !== -1; at = bytes.indexOf('HTTP/1.1 ', at + 1)) told.answered += 1;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      told.broken += 1;
      sockets[sockets.indexOf(socket)] = open();
    });
    return socket;
  };
  const sockets: Socket[] = [];
  for (let one = 0; one < connections; one += 1) sockets.push(open());
  const request = (n: number): string => {
    const body = texts[n % texts.length] ?? '';
    const from = `${11 + ((n >> 16) % 90)}.${(n >> 8) % 256}.${n % 256}.9`;
    return `POST /check/answer HTTP/1.1\r\nhost: captcha.example\r\ncontent-type: application/json\r\nx-forwarded-for: ${from}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
  const began = performance.now();
  setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    // A few on each connection: whole bursts on one would measure its own queue.
    for (; told.sent < due; told.sent += 1) {
      const socket = sockets[told.sent % sockets.length];
      // Who does not read is not sent more: what is not sent is missing from `sent`, and the bench says so.
      if (socket !== undefined && socket.writableLength < 65_536) socket.write(request(told.sent));
    }
  }, tickMs);
  parentPort?.on('message', () => parentPort?.postMessage(told satisfies GarbageTold));
}

const order = GarbageOrder.safeParse(workerData);
if (order.success) send(order.data);
