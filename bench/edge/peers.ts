/**
 * The peers: an origin, and bare proxies in front of it that protect nothing. Each is one thread on CPU 0, the origin is on CPU 1.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort, isListening, until } from '../../tests/harness/ports.ts';
import { pin } from './load.ts';

export type Peer = { readonly port: number; readonly pid: number; readonly stop: () => Promise<void> };

/** nginx answering 1 KB to everything. */
export async function startOrigin(folder: string): Promise<Peer> {
  return startNginx(
    folder,
    'origin',
    1,
    (port) => `server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "${'x'.repeat(1023)}\\n"; } }`,
  );
}

export async function startNginxProxy(folder: string, originPort: number): Promise<Peer> {
  return startNginx(
    folder,
    'nginx',
    0,
    (port) => `upstream o { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; } }`,
  );
}

async function startNginx(folder: string, name: string, cpu: number, server: (port: number) => string): Promise<Peer> {
  const port = await freePort();
  const text = `daemon off; master_process off; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 60;
  client_body_temp_path ${folder}/${name}-b; proxy_temp_path ${folder}/${name}-p; fastcgi_temp_path ${folder}/${name}-f; uwsgi_temp_path ${folder}/${name}-u; scgi_temp_path ${folder}/${name}-s;
  ${server(port)}
}`;
  writeFileSync(`${folder}/${name}.conf`, text);
  return start('/usr/sbin/nginx', ['-c', `${folder}/${name}.conf`, '-p', folder], port, cpu);
}

export async function startBareHaproxy(folder: string, originPort: number): Promise<Peer> {
  const port = await freePort();
  writeFileSync(
    `${folder}/bare.cfg`,
    `global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout connect 3s
    timeout client 30s
    timeout server 30s
    timeout http-request 5s
    timeout http-keep-alive 15s
    http-reuse safe
frontend f
    bind 127.0.0.1:${port}
    default_backend o
backend o
    server origin 127.0.0.1:${originPort}
`,
  );
  return start('haproxy', ['-db', '-f', `${folder}/bare.cfg`], port, 0);
}

export async function startNodeProxy(originPort: number): Promise<Peer> {
  const port = await freePort();
  return start(
    process.execPath,
    [fileURLToPath(new URL('./node-proxy.ts', import.meta.url)), String(port), String(originPort)],
    port,
    0,
  );
}

async function start(program: string, args: readonly string[], port: number, cpu: number): Promise<Peer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = child.pid ?? 0;
  await until(`${program} listens`, () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${errors}`);
    return isListening(port);
  });
  await pin(pid, cpu);
  return {
    port,
    pid,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
