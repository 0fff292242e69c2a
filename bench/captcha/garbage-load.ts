/**
 * A thread that sends garbage at a fixed rate: from networks of which none comes twice in a while, in turn unreadable, invented, with a changed
 * signature, and used before.
 *
 * Two ways. `ahead`: hundreds of requests on a connection before the first is answered, whether any is; what a flood over few connections can do at the
 * most. `turn`: one at a time on each of many connections, as clients and proxies do. Bytes are made once; the thread stands behind the others in
 * priority, so that what is measured is not its own hunger, and it says how much processor it took.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

export const GarbageOrder = z.object({
  port: z.int(),
  perSecond: z.number(),
  connections: z.int(),
  usedLine: z.string(),
  way: z.enum(['ahead', 'turn']),
});
export type GarbageOrder = z.infer<typeof GarbageOrder>;
/** `cpuMs`: of this thread. */
export type GarbageTold = { readonly sent: number; readonly answered: number; readonly broken: number; readonly cpuMs: number };

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

function send({ port, perSecond, connections, usedLine, way }: GarbageOrder): void {
  // Linux gives each thread a priority of its own.
  setPriority(5);
  const told = { sent: 0, answered: 0, broken: 0 };
  const texts = bodies(usedLine);
  const answerStart = Buffer.from('HTTP/1.1 ');
  const idle: Socket[] = [];
  const sockets: Socket[] = [];
  const open = (at: number): void => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    sockets[at] = socket;
    socket.on('connect', () => idle.push(socket));
    socket.on('data', (bytes) => {
      for (let from = bytes.indexOf(answerStart); from !== -1; from = bytes.indexOf(answerStart, from + 1)) told.answered += 1;
      idle.push(socket);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      told.broken += 1;
      // Who was refused comes again, not in the same instant.
      setTimeout(() => open(at), tickMs);
    });
  };
  for (let one = 0; one < connections; one += 1) open(one);
  const request = (n: number): string => {
    const body = texts[n % texts.length] ?? '';
    const from = `${11 + ((n >> 16) % 90)}.${(n >> 8) % 256}.${n % 256}.9`;
    return `POST /check/answer HTTP/1.1\r\nhost: captcha.example\r\ncontent-type: application/json\r\nx-forwarded-for: ${from}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
  const turn = (due: number): void => {
    while (told.sent < due) {
      const socket = idle.pop();
      // Nobody is free: what is not sent is missing from `sent`, and the bench says so.
      if (socket === undefined) return;
      if (socket.writable && socket.writableLength === 0) socket.write(request(told.sent++));
    }
  };
  const ahead = (due: number): void => {
    for (; told.sent < due; told.sent += 1) {
      const socket = sockets[told.sent % connections];
      if (socket !== undefined && socket.writable && socket.writableLength < 65_536) socket.write(request(told.sent));
    }
  };
  const began = performance.now();
  setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    if (way === 'ahead') ahead(due);
    else turn(due);
  }, tickMs);
  parentPort?.on('message', () => {
    const { user, system } = process.threadCpuUsage();
    parentPort?.postMessage({ ...told, cpuMs: (user + system) / 1000 } satisfies GarbageTold);
  });
}

const order = GarbageOrder.safeParse(workerData);
if (order.success) send(order.data);
