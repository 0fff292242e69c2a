/**
 * Two origins of different make, Node and nginx, that write down every request they believe to have been sent.
 *
 * They read HTTP with parsers that share no line of code. Where an edge hands them bytes that can be read in two ways, their lists differ, or one
 * holds a request that the edge never decided on (it lacks the header by which the edge says who asked).
 * Not here: what is sent to them (tests/attacks).
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { freePorts, isListening, removeFolder, temporaryFolder, until } from './ports.ts';

/** One request as an origin understood it. Texts hold one character per byte. */
export type Understood = {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** Who is said to ask, under every spelling of the headers that say so: exactly one address when the edge decided on this request. */
  readonly from: string;
  /** Null when it is too long to be kept. */
  readonly body: string | null;
  /** It was not served: refused by the parser, or not whole. `from` is then known of Node's only, and of nginx's if it read so far. */
  readonly refused: boolean;
  /** The line as it came, or as it was understood. */
  readonly line: string;
};

export type OriginPair = {
  readonly node: { readonly port: number; readonly take: () => Understood[] };
  readonly nginx: { readonly port: number; readonly take: () => Understood[] };
  readonly stop: () => Promise<void>;
};

/** The header in which both say what they were asked for, so that an answer that went to somebody else is seen. */
export const echoHeader = 'x-asked-for';

const keptBody = 8192;

export async function startOriginPair(): Promise<OriginPair> {
  const [node, nginx] = await Promise.all([startNode(), startNginx()]);
  return { node, nginx, stop: async () => void (await Promise.all([node.stop(), nginx.stop()])) };
}

type Stoppable = OriginPair['node'] & { readonly stop: () => Promise<void> };

async function startNode(): Promise<Stoppable> {
  let seen: Understood[] = [];
  // It is the other one's parser that is compared: Node's own limits in time would add answers of their own.
  const server = http.createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('error', () => seen.push({ ...understood(request), refused: true }));
    request.once('end', () => {
      const bytes = Buffer.concat(chunks);
      seen.push({ ...understood(request), body: bytes.length <= keptBody ? bytes.toString('latin1') : null });
      response.setHeader(echoHeader, encodeURIComponent(request.url ?? '').slice(0, 200));
      response.end('node');
    });
  });
  for (const tunnel of ['upgrade', 'connect'] as const) {
    server.on(tunnel, (request: http.IncomingMessage, socket: Duplex) => {
      seen.push(understood(request));
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnode');
    });
  }
  server.on('checkContinue', (request, response) => void server.emit('request', request, response));
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket) => {
    if (error.rawPacket !== undefined) seen.push(refusedByParser(error.rawPacket.toString('latin1')));
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const take = () => {
    const all = seen;
    seen = [];
    return all;
  };
  const stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: address.port, take, stop };
}

/** Names of headers that say who asks, as programs see them that make variables of them (CGI, WSGI, PHP). */
const sayWhoAsks = /^(x_forwarded_for|x_real_ip|forwarded)$/;

function saidToAsk(headers: readonly (readonly [name: string, value: string])[]): string {
  const saying = headers.filter(([name]) => sayWhoAsks.test(name.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')));
  return saying.map(([, value]) => value).join(', ');
}

function understood({ method = '', url = '', headers, rawHeaders, httpVersion }: http.IncomingMessage): Understood {
  const fields = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : []));
  const line = `${method} ${url} HTTP/${httpVersion}`;
  return { method, target: url, host: headers.host ?? '', from: saidToAsk(fields), body: '', refused: false, line };
}

/** What the edge wrote and the parser refused: in one piece, for it is less than a buffer. */
function refusedByParser(packet: string): Understood {
  const [line = '', ...rest] = (packet.split('\r\n\r\n')[0] ?? '').split('\r\n');
  const fields = rest.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1).trim()] as const);
  return { method: '', target: '', host: '', from: saidToAsk(fields), body: null, refused: true, line };
}

const Line = z.object({
  line: z.string(),
  method: z.string(),
  target: z.string(),
  host: z.string(),
  from: z.string(),
  body: z.string(),
  length: z.string(),
  status: z.string(),
});

async function startNginx(): Promise<Stoppable> {
  const folder = temporaryFolder('nginx');
  const [port = 0, behind = 0] = await freePorts(2);
  const fields = `{"line":"$request","method":"$request_method","target":"$request_uri","host":"$http_host","from":"$http_x_forwarded_for","body":"$request_body","length":"$content_length","status":"$status"}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`);
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 2048; }
http {
  log_format seen escape=json '${fields}';
  access_log off; keepalive_timeout 60; keepalive_requests 100000; merge_slashes off;
  ${temporary.join(' ')}
  client_body_buffer_size 256k; client_body_in_single_buffer on; client_max_body_size 0; large_client_header_buffers 8 64k;
  map $request_uri $echo { default $request_uri; }
  # Only what is handed on has its body read.
  server { listen 127.0.0.1:${port} backlog=4096; server_name _; access_log ${folder}/seen.log seen;
    location / { proxy_pass http://127.0.0.1:${behind}; proxy_method GET; proxy_pass_request_headers off; proxy_set_header X-Echo $request_uri; } }
  server { listen 127.0.0.1:${behind} backlog=4096; location / { add_header ${echoHeader} $http_x_echo always; return 200 nginx; } }
}`,
  );
  const child = spawn('nginx', ['-c', `${folder}/nginx.conf`, '-p', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
  });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await until('nginx listens', () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${printed}`);
    return isListening(port);
  });
  const file = openSync(`${folder}/seen.log`, 'r');
  let rest = '';
  const take = () => {
    const buffer = Buffer.alloc(1 << 16);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) rest += buffer.toString('latin1', 0, read);
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    return lines.map((text): Understood => {
      const one = Line.parse(JSON.parse(text));
      const { method, target, host, from, line } = one;
      const body = one.body.length <= keptBody ? one.body : null;
      return { method, target, host, from, body, refused: one.status !== '200', line };
    });
  };
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    closeSync(file);
    removeFolder(folder);
  };
  return { port, take, stop };
}
