/**
 * The relay's door: edges come in at one path, and ask at another whether that makes sense. Everything else is not there.
 *
 * Open to everybody who reaches the port: who an edge is, only the control plane can tell, through the channel. So a stranger gets a signed greeting
 * and ten seconds. At most 200 who have said nothing yet are taken in at once; what is more is told to come back.
 */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { relayHealthPath, relayedPath } from '../../contract/relay.ts';
import { maxMessageBytes } from '../../contract/stream.ts';
import type { Office } from './office.ts';

export type Door = { readonly port: number; readonly close: () => Promise<void> };

const mostSilent = 200;

/** Listens; rejects when the address is taken. */
export async function openDoor(at: { readonly address: string; readonly port: number }, office: Office): Promise<Door> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes + 64, perMessageDeflate: false });
  let silent = 0;
  const server = createServer((request, response) => {
    const isHealth = request.url?.split('?')[0] === relayHealthPath && (request.method === 'GET' || request.method === 'HEAD');
    const status = !isHealth ? 404 : office.isOpen ? 200 : 503;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    response.writeHead(status, headers).end(isHealth ? JSON.stringify({ linked: office.isOpen }) : '');
  });
  server.requestTimeout = 5000;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // From here on node leaves the socket to us: without a listener, a stranger who resets the connection would end the process.
    socket.on('error', () => socket.destroy());
    const refuse = (status: string) => void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    if (request.url?.split('?')[0] !== relayedPath) return refuse('404 Not Found');
    if (!office.isOpen || silent >= mostSilent) return refuse('503 Service Unavailable');
    sockets.handleUpgrade(request, socket, head, (opened) => {
      silent += 1;
      let counted = true;
      const speaks = () => {
        if (counted) silent -= 1;
        counted = false;
      };
      opened.once('message', speaks);
      opened.once('close', speaks);
      office.take(opened, request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.address, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
