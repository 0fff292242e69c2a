/**
 * A customer's origin that answers with what it was sent: how a test sees what the edge really forwarded.
 *
 * `GET /…` answers 200 with a JSON `Seen`; an upgrade to websocket is accepted (101) without speaking the protocol. `hits` counts
 * requests, so that "never reached the origin" can be claimed.
 */
import { createHash } from 'node:crypto';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';

export const Seen = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  body: z.string(),
});
export type Seen = z.infer<typeof Seen>;

export type Echo = {
  readonly port: number;
  readonly hits: () => number;
  readonly stop: () => Promise<void>;
};

export async function startEcho(): Promise<Echo> {
  let hits = 0;
  const upgraded = new Set<Duplex>();
  const server = http.createServer((request, response) => {
    hits += 1;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
  });
  server.on('upgrade', (request, socket) => {
    hits += 1;
    upgraded.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => upgraded.delete(socket));
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    hits: () => hits,
    stop: async () => {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
