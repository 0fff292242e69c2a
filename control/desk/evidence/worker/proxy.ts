/**
 * A forward proxy on loopback for one browser run: the browser resolves nothing and reaches nothing but through it, under a capture's rules.
 *
 * Names are resolved and checked for each connection; only GET and HEAD pass in the clear; bytes and time are capped for the whole run.
 * Its port can be used by any program of this machine while it lives (some seconds): it gives nobody more than the open internet.
 */
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { dnsResolver } from '../../../sites/resolver.ts';
import { reach } from './reach.ts';
import type { ProxyJob } from './words.ts';

/** Headers that tell of the browser's state or are between the browser and us only. */
const dropped = new Set(['cookie', 'authorization', 'proxy-authorization', 'proxy-connection', 'connection', 'referer']);

export async function openProxy(job: ProxyJob): Promise<{ port: number; close: () => void }> {
  const resolver = dnsResolver(job.rules.dnsServers);
  const sockets = new Set<Duplex>();
  let bytes = 0;
  const count = (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > job.mostBytes) close();
  };
  const track = (socket: Duplex) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((request, response) => void forward(request, response));

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : null;
    if (target?.protocol !== 'http:' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(403).end();
      return;
    }
    const port = target.port === '' ? 80 : Number(target.port);
    const reached = await reach(target.hostname, port, job.rules, resolver);
    if (reached.kind !== 'address') {
      response.writeHead(403).end();
      return;
    }
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !dropped.has(name)));
    const onward = httpRequest({
      host: reached.address,
      port,
      method: request.method,
      path: `${target.pathname}${target.search}`,
      headers: { ...headers, host: target.host, connection: 'close' },
      agent: false,
    });
    onward.on('socket', track);
    onward.on('error', () => (response.headersSent ? response.destroy() : void response.writeHead(502).end()));
    onward.on('response', (answer) => {
      const { 'set-cookie': _cookies, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, kept);
      answer.on('data', count);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    onward.end();
  }

  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    track(client);
    const target = URL.canParse(`https://${request.url ?? ''}/`) ? new URL(`https://${request.url ?? ''}/`) : null;
    const refuse = () => void client.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    if (target === null) {
      refuse();
      return;
    }
    const port = target.port === '' ? 443 : Number(target.port);
    void reach(target.hostname, port, job.rules, resolver).then((reached) => {
      if (reached.kind !== 'address') {
        refuse();
        return;
      }
      const onward = net.connect({ host: reached.address, port }, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        if (head.byteLength > 0) onward.write(head);
        onward.on('data', count);
        onward.pipe(client);
        client.pipe(onward);
      });
      track(onward);
      onward.once('close', () => client.destroy());
      client.once('close', () => onward.destroy());
    });
  });
  server.on('connection', track);
  server.on('clientError', (_error, socket) => socket.destroy());
  const timer = setTimeout(() => close(), job.timeoutMs);

  function close(): void {
    clearTimeout(timer);
    server.close();
    for (const socket of sockets) socket.destroy();
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return { port: address.port, close };
}
