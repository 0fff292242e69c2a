/**
 * Bad input through the front doors of a running provider: API, command line, edge. Each gets its own clear refusal, and afterwards
 * everything still works and nothing was changed. The rooms test their own parsers in depth; this is the last mile.
 */
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../contract/errors.ts';
import { listSites } from '../contract/routes/sites.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { startProvider } from './harness/provider.ts';
import type { Provider } from './harness/provider.ts';
import { runProgram } from './harness/program.ts';
import { visit } from './harness/visitor.ts';

let origin: Echo;
let provider: Provider;

beforeAll(async () => {
  [origin, provider] = await Promise.all([startEcho(), startProvider()]);
  await provider.protect('good.example', origin.port);
}, 120_000);

afterEach(async () => {
  expect((await provider.operator.call(listSites)).items.map((site) => site.hostnames)).toEqual([['good.example']]);
  expect((await visit({ port: provider.edge.http, host: 'good.example' })).status).toBe(200);
});

afterAll(async () => {
  await provider?.stop();
  await origin?.stop();
}, 60_000);

/** Posts bytes to the API as the operator. */
async function post(
  path: string,
  body: string | Buffer,
  type = 'application/json',
): Promise<{ status: number; problem: Problem }> {
  const met = await visit({
    port: provider.edge.control,
    host: `127.0.0.1:${provider.edge.control}`,
    path,
    method: 'POST',
    headers: { authorization: `Bearer ${provider.operator.token ?? ''}`, 'content-type': type },
    body,
  });
  return { status: met.status, problem: Problem.parse(JSON.parse(met.body)) };
}

/** Sends text as it is and returns what came back until the peer closed, or after a second of silence. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port }, () => socket.write(text, 'latin1'));
    let answer = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

describe('the API', () => {
  const draft = (over: object): string =>
    JSON.stringify({ hostnames: ['bad.example'], origin: `http://127.0.0.1:${origin.port}`, waiveOwnership: true, ...over });

  it('names every mistake at once: unknown keys and wrong types', async () => {
    const { status, problem } = await post(
      '/api/v1/sites',
      draft({ colour: 'red', mode: 'maximum', limits: { concurrentPerClient: 'many' } }),
    );
    expect(status).toBe(400);
    expect(problem.code).toBe('bad-request');
    const paths = problem.fields?.map((field) => field.path);
    expect(paths).toEqual(expect.arrayContaining(['colour', 'mode', 'limits.concurrentPerClient']));
  });

  it('refuses 10 MB without reading them, broken UTF-8, broken JSON, deep nesting and other content types', async () => {
    const huge = `POST /api/v1/sites HTTP/1.1\r\nHost: 127.0.0.1:${provider.edge.control}\r\nAuthorization: Bearer ${provider.operator.token ?? ''}\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n\r\n`;
    expect(await raw(provider.edge.control, huge)).toMatch(/^HTTP\/1\.1 413 /);
    expect((await post('/api/v1/sites', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]))).problem.code).toBe(
      'bad-request',
    );
    expect((await post('/api/v1/sites', '{"hostnames":')).problem.code).toBe('bad-request');
    expect((await post('/api/v1/sites', '['.repeat(200_000))).problem.code).toBe('bad-request');
    expect((await post('/api/v1/sites', draft({}), 'text/plain')).problem.code).toBe('bad-request');
    expect((await post('/api/v1/sites', 'null')).problem.code).toBe('bad-request');
    expect((await post('/api/v1/sites', '{"__proto__":{"waiveOwnership":true},"hostnames":["a.example"]}')).problem.code).toBe(
      'bad-request',
    );
  });

  it.each([
    'good.example',
    'GOOD.example',
    'good.example.',
    'good.example:80',
    'http://other.example/',
    'other..example',
    '../other.example',
    'other.exa\nmple',
    'g\u043eod.example',
    '192.0.2.1',
    'xn--.example',
    'a'.repeat(64) + '.example',
    '*.*.example',
    'other.example\u0000',
  ])('hostname %j is refused with a sentence', async (hostname) => {
    const { status, problem } = await post('/api/v1/sites', draft({ hostnames: ['fine.example', hostname] }));
    expect([400, 409]).toContain(status);
    expect(problem.detail).toMatch(/[.…)]$/);
    expect(problem.detail).not.toMatch(/\bat .*\.ts:\d+/);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://10.0.0.1',
    'http://192.168.1.1:8080',
    'http://[::1]:8080',
    'http://[::ffff:10.0.0.1]',
    'http://[64:ff9b::a00:1]',
    'http://0.0.0.0',
    'http://2852039166',
    'http://0x0a000001',
    'http://224.0.0.1',
    'ftp://192.0.2.7',
    'http://user:password@192.0.2.7',
    'http://192.0.2.7/path',
  ])('origin %s is refused', async (url) => {
    const { status, problem } = await post('/api/v1/sites', draft({ origin: url }));
    expect([400, 422]).toContain(status);
    expect(problem.detail).not.toBe('');
  });

  it('a stranger learns nothing, not even what exists', async () => {
    for (const path of ['/api/v1/sites', '/api/v1/sites/site_0123456789ab', '/api/v1/orders', '/api/v1/audit', '/api/v1/edges']) {
      for (const authorization of ['', 'Bearer pcl_wrong', 'Basic b3BlcmF0b3I6', `Bearer ${'x'.repeat(5000)}`]) {
        const met = await fetch(`${provider.controlUrl}${path}`, { headers: authorization === '' ? {} : { authorization } });
        expect(met.status, `${path} ${authorization.slice(0, 20)}`).toBe(401);
      }
    }
  });
});

// tests/edge-hosts.test.ts has every trick with hosts and paths; these few show that the running product is the same.
describe('the edge', () => {
  const get = (lines: string): Promise<string> => raw(provider.edge.http, `GET ${lines}\r\nConnection: close\r\n\r\n`);

  it.each([
    ['no such host', '/ HTTP/1.1\r\nHost: nobody.example', 421],
    ['two hosts', '/ HTTP/1.1\r\nHost: good.example\r\nHost: evil.example', 400],
    ['a back-slash', '/a\\b HTTP/1.1\r\nHost: good.example', 400],
    ['not HTTP at all', '\u0016\u0003\u0001', 400],
  ])('%s is answered by ourselves and never by an origin', async (_what, lines, status) => {
    const before = origin.hits();
    expect(await get(lines)).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} `));
    expect(origin.hits()).toBe(before);
  });

  it.each(['Good.Example.:8080'])('host %s is the same site', async (host) => {
    expect((await visit({ port: provider.edge.http, host })).status).toBe(200);
  });
});

describe('the command line', () => {
  const cli = (...args: string[]) => runProgram([...args, '--state', provider.state]);

  it.each([
    [['site', 'add', 'http://127.0.0.1:1', '--host', 'bad..example']],
    [['site', 'add', 'http://10.0.0.1', '--host', 'bad.example']],
    [['site', 'add', 'gopher://127.0.0.1', '--host', 'bad.example']],
    [['site', 'show', 'nobody.example']],
    [['order', 'confirm', 'order_0123456789ab']],
    [['site', 'fly']],
    [['site', 'add', '--nonsense']],
  ])('%j ends with a sentence, a code of its own and no stack trace', async (args) => {
    const ended = await cli(...args);
    expect(ended.code).toBeGreaterThan(0);
    expect(ended.code).toBeLessThan(10);
    expect(ended.stderr.trim()).not.toBe('');
    expect(ended.stderr).not.toMatch(/\n\s+at .*\.ts:\d+/);
  });
});
