/** What a capture worker may reach: whatever somebody reports, it never connects inward, whichever way the address is written or changes. */
import { join } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cidr } from '../../../../contract/network.ts';
import { startDns } from '../../../../tests/harness/dns.ts';
import type { TestDns } from '../../../../tests/harness/dns.ts';
import { startOrigin } from '../../../../tests/harness/evidence-house.ts';
import type { Origin } from '../../../../tests/harness/evidence-house.ts';
import { runCapture, runProxy } from '../worker-process.ts';
import { capture } from './capture.ts';
import type { CaptureJob, ReachRules } from './words.ts';

const never = new AbortController().signal;
const jobFor = (url: string, rules: Partial<ReachRules> = {}, timeoutMs = 10_000): CaptureJob => ({
  kind: 'capture',
  url,
  rules: { allowed: [], dnsServers: [], ...rules },
  mostBytes: 1024 * 1024,
  mostHeadBytes: 64 * 1024,
  mostRedirects: 5,
  mostCharacters: 10_000,
  timeoutMs,
});
const loopback = { allowed: [Cidr.parse('127.0.0.1')] };

const checkout = join(import.meta.dirname, '..', '..', '..', '..');

describe('a capture', () => {
  let dns: TestDns;
  const running: { stop: () => Promise<void> }[] = [];
  beforeAll(async () => {
    dns = await startDns();
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });
  afterAll(() => dns.stop());
  const origin = async (...args: Parameters<typeof startOrigin>): Promise<Origin> => {
    const started = await startOrigin(...args);
    running.push(started);
    return started;
  };

  it('refuses every inward address, however it is written', async () => {
    const inward = [
      'http://127.0.0.1/',
      'http://127.1/',
      'http://0x7f.1/',
      'http://0177.0.0.1/',
      'http://2130706433/',
      'http://0/',
      'http://[::1]/',
      'http://[::]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
      'http://[64:ff9b::7f00:1]/',
      'http://[2002:7f00:1::]/',
      'http://[fc00::1]/',
      'http://[fe80::1]/',
      'http://[fd00:ec2::254]/latest/meta-data',
      'http://169.254.169.254/latest/meta-data/',
      'http://10.0.0.1/',
      'http://172.16.5.4/',
      'http://192.168.1.1/',
      'http://100.64.0.1/',
      'http://224.0.0.1/',
      'http://255.255.255.255/',
      'https://127.0.0.1:443/',
      'http://user:password@127.0.0.1/',
      'http://①②⑦.⓪.⓪.①/',
      'http://127。0。0。1/',
    ];
    for (const url of inward) {
      const { answer } = await capture(jobFor(url));
      expect(answer.kind, url).toBe('refused');
    }
  });

  it('refuses what is no address of the web, and ports that are not the web’s', async () => {
    const wrong = [
      'file:///etc/passwd',
      'ftp://192.0.2.1/x',
      'gopher://192.0.2.1/',
      'javascript:alert(1)',
      'data:text/html,x',
      'not an address',
      'http://',
      'http://192.0.2.1:22/',
      'http://192.0.2.1:6379/',
      'https://[2001:db8::1]:9200/',
      '',
    ];
    for (const url of wrong) expect((await capture(jobFor(url))).answer.kind, url).toBe('refused');
  });

  it('refuses a name that leads inward, also when only one of its addresses does and the others do not answer', async () => {
    dns.set('inward.example', { a: ['127.0.0.1'] });
    dns.set('private.example', { aaaa: ['fd00::1'] });
    dns.set('metadata.example', { a: ['169.254.169.254'], aaaa: ['fe80::1'] });
    for (const name of ['inward.example', 'private.example', 'metadata.example']) {
      const { answer } = await capture(jobFor(`http://${name}/`, { dnsServers: [dns.address] }));
      expect(answer.kind, name).toBe('refused');
    }
  });

  it('says that a name without an address is gone, and that name servers which fail may be asked again', async () => {
    expect((await capture(jobFor('http://nobody.example/', { dnsServers: [dns.address] }))).answer).toEqual({
      kind: 'gone',
      why: 'The name nobody.example has no address.',
      parts: [],
    });
    dns.fail(true);
    expect((await capture(jobFor('http://nobody.example/', { dnsServers: [dns.address] }))).answer.kind).toBe('failed');
    dns.fail(false);
  });

  it('checks every redirect anew: one that leads inward is not followed, one round in a circle ends', async () => {
    const secret = await origin((_request, response) => response.end('inward'), undefined, '127.0.0.2');
    const page = await origin((request, response) => {
      const to = request.url === '/circle' ? '/circle' : `${secret.url}/meta`;
      response.writeHead(302, { location: to }).end();
    });
    const inward = await runCapture(jobFor(`${page.url}/start`, loopback), never);
    expect(inward.answer).toMatchObject({ kind: 'refused', why: expect.stringContaining('A redirect leads on: 127.0.0.2') });
    expect(secret.seen).toEqual([]);
    const circle = await runCapture(jobFor(`${page.url}/circle`, loopback), never);
    expect(circle.answer).toMatchObject({ kind: 'captured', notes: ['More than 5 redirects; the last one was not followed.'] });
    expect(page.seen.filter((path) => path === '/circle')).toHaveLength(6);
  });

  it('connects to the very address that it checked: a name that changes its answer leads nowhere (DNS rebinding)', async () => {
    const secret = await origin((_request, response) => response.end('inward'), undefined, '127.0.0.2');
    dns.set('rebind.example', { a: ['127.0.0.1'], ttl: 0 });
    const page = await origin((_request, response) => {
      dns.set('rebind.example', { a: ['127.0.0.2'], ttl: 0 });
      response.writeHead(302, { location: `http://rebind.example:${secret.port}/meta` }).end();
    });
    const rules = { ...loopback, dnsServers: [dns.address] };
    const { answer } = await runCapture(jobFor(`http://rebind.example:${page.port}/`, rules), never);
    expect(answer.kind).toBe('refused');
    expect(page.seen).toEqual(['/']);
    expect(secret.seen).toEqual([]);
  });

  it('of a server that drips one byte at a time ends when the time is over', async () => {
    const sockets = new Set<Socket>();
    const timers = new Set<NodeJS.Timeout>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      timers.add(setInterval(() => socket.write('H'), 50));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const began = performance.now();
    const { answer } = await capture(jobFor(`http://127.0.0.1:${port}/`, loopback, 1000));
    expect(answer.kind).toBe('failed');
    expect(performance.now() - began).toBeLessThan(5000);
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('of a page that never ends in time keeps what came, and says so', async () => {
    const page = await origin((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('the beginning');
    });
    const { answer, parts } = await capture(jobFor(page.url, loopback, 1000));
    expect(answer).toMatchObject({ kind: 'captured', truncated: 'time' });
    expect(parts.at(-1)?.toString()).toBe('the beginning');
  });

  it('of a head that is too large fails', async () => {
    const page = await origin((_request, response) => response.writeHead(200, { 'x-large': 'x'.repeat(100_000) }).end());
    expect((await capture(jobFor(page.url, loopback))).answer).toMatchObject({
      kind: 'failed',
      why: 'The server sent a head that is too large.',
    });
  });

  it('runs without the environment of the control plane, may read only the program, and write and start nothing', async () => {
    process.env['PORTCULLIS_TEST_SECRET'] = 'do not hand this on';
    const seen: { environ: string; command: string }[] = [];
    try {
      const page = await origin((_request, response) => {
        for (const pid of childrenOfThis()) {
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          if (command.includes('worker/main.ts')) seen.push({ environ: readFileSync(`/proc/${pid}/environ`, 'utf8'), command });
        }
        response.end('seen');
      });
      const { answer } = await runCapture(jobFor(page.url, loopback), never);
      expect(answer.kind).toBe('captured');
    } finally {
      delete process.env['PORTCULLIS_TEST_SECRET'];
    }
    expect(seen).toHaveLength(1);
    expect(seen[0]?.environ).toBe('');
    const words = seen[0]?.command.split('\0') ?? [];
    expect(words).toContain('--permission');
    const allowed = words.filter((word) => word.startsWith('--allow')).map((word) => word.split('=')[0]);
    expect(new Set(allowed)).toEqual(new Set(['--allow-fs-read']));
    // Nothing outside the checkout, wherever that is, and nothing of a state folder in it.
    const read = words.flatMap((word) => (word.startsWith('--allow-fs-read=') ? [word.slice('--allow-fs-read='.length)] : []));
    expect(read.filter((path) => !path.startsWith(checkout) || /\.portcullis|seal/.test(path.slice(checkout.length)))).toEqual(
      [],
    );
  });

  it('by a browser goes through a proxy with the same rules', async () => {
    const secret = await origin((_request, response) => response.end('inward'), undefined, '127.0.0.2');
    const page = await origin((_request, response) => response.end('outward'));
    const rules: ReachRules = { allowed: loopback.allowed, dnsServers: [dns.address] };
    dns.set('inward.example', { a: ['127.0.0.2'] });
    const proxy = await runProxy({ kind: 'proxy', rules, mostBytes: 1e6, timeoutMs: 20_000 }, never);
    if (proxy === null) throw new Error('the proxy started');
    try {
      expect(await firstLine(proxy.port, `GET ${page.url}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toContain('200');
      for (const target of [
        `127.0.0.2:${secret.port}`,
        `inward.example:${secret.port}`,
        `localhost:${secret.port}`,
        '169.254.169.254:80',
      ]) {
        expect(
          await firstLine(proxy.port, `GET http://${target}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
          target,
        ).toContain('403');
        expect(await firstLine(proxy.port, `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`), target).toContain('403');
      }
      expect(await firstLine(proxy.port, `POST ${page.url}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)).toContain('403');
      expect(secret.seen).toEqual([]);
    } finally {
      proxy.close();
    }
  });
});

/** Processes that this one started. */
function childrenOfThis(): string[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid !== ''),
  );
}

function firstLine(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => void socket.write(request));
    let text = '';
    socket.setTimeout(8000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n')) return;
      socket.destroy();
      resolve(text.slice(0, text.indexOf('\r\n')));
    });
    socket.on('error', reject);
  });
}
