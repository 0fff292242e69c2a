/** The verifier by itself: its protocol, its bounds, and where its keys come from. */
import https from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Bot, SignOptions } from '../../tests/harness/bot.ts';
import { makeBot } from '../../tests/harness/bot.ts';
import { makeCertificate } from '../../tests/harness/tls.ts';
import { directoryFetcher, isPublic } from './directory.ts';
import { BotKeeper } from './keeper.ts';
import type { BotKey } from './keys.ts';
import { readDirectory, thumbprint } from './keys.ts';
import { Bots } from './service.ts';
import { ackFrame, readFrame, SpopError, varintBytes } from './spop.ts';

const host = 'forum.example';
const bot = makeBot();
const keyOf = (one: Bot, more: Partial<BotKey> = {}): BotKey => ({
  keyId: one.keyId,
  name: 'example',
  publicKey: one.jwk.x,
  notBefore: null,
  notAfter: null,
  ...more,
});
const lines = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
const asked = (headers: Readonly<Record<string, string>>, more: { key?: string; network?: string; host?: string } = {}) => ({
  key: bot.keyId,
  network: '0A',
  method: 'GET',
  scheme: 'http' as const,
  host,
  target: '/',
  headers: lines(headers),
  ...more,
});
const signed = (options: Partial<SignOptions> = {}) => asked(bot.headers({ host, ...options }));

describe('verdicts', () => {
  it('a signature passes once; keys that are gone, too young or too old are none', () => {
    const bots = new Bots(Date.now);
    bots.hold([keyOf(bot)]);
    const request = signed();
    expect([bots.verdict(request), bots.verdict(request)]).toEqual(['verified', 'replay']);
    const plain = signed({ nonce: null });
    expect([bots.verdict(plain), bots.verdict(plain)]).toEqual(['verified', 'verified']);
    expect(bots.verdict({ ...signed(), host: 'other.example' })).toBe('signature');
    const now = Date.now() / 1000;
    for (const bounds of [{ notBefore: now + 60 }, { notAfter: now - 1 }]) {
      bots.hold([keyOf(bot, bounds)]);
      expect(bots.verdict(signed())).toBe('key');
    }
    bots.hold([]);
    expect(bots.verdict(signed())).toBe('key');
  });

  it('a network that sends bad signatures gets no more sums for a minute, another network does; a full memory of nonces refuses', () => {
    let atMs = Date.now();
    const bots = new Bots(() => atMs, 2);
    bots.hold([keyOf(bot)]);
    const bad = asked({ ...bot.headers({ host }), 'signature-agent': 'sig1="https://other.example"' });
    const verdicts = Array.from({ length: 31 }, () => bots.verdict(bad));
    expect([verdicts.filter((one) => one === 'signature').length, verdicts.at(-1)]).toEqual([30, 'busy']);
    expect(bots.verdict(signed())).toBe('busy');
    expect(bots.verdict({ ...signed(), network: '0B' })).toBe('verified');
    atMs += 61_000;
    expect(bots.verdict(signed({ agoSeconds: -61 }))).toBe('verified');
    expect(bots.verdict(signed({ agoSeconds: -61 }))).toBe('busy');
  });
});

describe('the protocol', () => {
  const bytesOf = (text: string) => Buffer.concat([varintBytes(text.length), Buffer.from(text, 'latin1')]);
  const frame = (body: readonly Buffer[]) => {
    const whole = Buffer.concat(body);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(whole.length);
    return Buffer.concat([head, whole]);
  };
  const notify = (stream: number, fields: Readonly<Record<string, string>>) =>
    frame([
      Buffer.of(3, 0, 0, 0, 1),
      varintBytes(stream),
      varintBytes(1),
      bytesOf('request'),
      Buffer.of(Object.keys(fields).length),
      ...Object.entries(fields).flatMap(([name, value]) => [bytesOf(name), Buffer.of(8), bytesOf(value)]),
    ]);

  it('numbers and texts of any length come through, whole or in pieces', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.string({ maxLength: 3000, unit: 'binary-ascii' }), fc.nat(3000), (stream, text, cut) => {
        const bytes = notify(stream, { headers: text, host });
        const read = readFrame(bytes);
        expect(read).toEqual({
          length: bytes.length,
          frame: {
            kind: 'notify',
            stream,
            frame: 1,
            messages: [{ name: 'request', fields: new Map(Object.entries({ headers: text, host })) }],
          },
        });
        expect(readFrame(bytes.subarray(0, cut % bytes.length))).toBeNull();
      }),
      { numRuns: 200 },
    );
    expect(ackFrame(300, 1, 'verdict', 'key').length).toBeGreaterThan(20);
  });

  it('bytes that are no frame are an error of the protocol and nothing else', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.constant(notify(5, { a: 'b' })),
      fc.constant(Buffer.of(0, 0, 0, 9, 1)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), (parts) => {
        try {
          readFrame(Buffer.concat(parts));
        } catch (error) {
          expect(error).toBeInstanceOf(SpopError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('keys', () => {
  it('are known by their thumbprint; the RFC’s own key, other kinds and no keys are refused', () => {
    expect(thumbprint('JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs')).toBe('poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U');
    const other = { kty: 'RSA', n: 'x', e: 'AQAB' };
    expect(readDirectory('example', { keys: [other, { ...bot.jwk, kid: 'any', exp: 5 }] })).toEqual([
      keyOf(bot, { notAfter: 5 }),
    ]);
    const published = { kty: 'OKP', crv: 'Ed25519', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs' };
    for (const bad of [{ keys: [other] }, { keys: [published] }, { keys: [] }, { keys: 'x' }, null])
      expect(() => readDirectory('example', bad)).toThrow();
  });

  it('files and directories are asked in their time; one that fails leaves what it said, for a day', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-bots-'));
    const second = makeBot();
    let atMs = 0;
    let answer: unknown = { keys: [second.jwk] };
    const urls: string[] = [];
    const known: string[][] = [];
    const keeper = new BotKeeper({
      folder,
      fetchDirectory: (url) => {
        urls.push(url);
        return Promise.resolve(answer);
      },
      log: pino({ level: 'silent' }),
      nowMs: () => atMs,
      onKnown: (_keys, entries) => known.push(entries.map(({ key, value }) => `${key === bot.keyId ? 'one' : 'two'} ${value}`)),
    });
    const directory = 'https://bot.example/.well-known/http-message-signatures-directory';
    try {
      writeFileSync(join(folder, 'first.json'), JSON.stringify({ keys: [bot.jwk] }));
      writeFileSync(join(folder, 'second.json'), JSON.stringify({ directory }));
      writeFileSync(join(folder, 'http.json'), JSON.stringify({ directory: 'http://bot.example/keys' }));
      writeFileSync(join(folder, 'inside.json'), JSON.stringify({ directory: 'https://127.0.0.1/keys' }));
      writeFileSync(join(folder, 'Third.json'), JSON.stringify({ keys: [bot.jwk] }));
      await keeper.turn();
      await keeper.turn();
      expect([known, urls]).toEqual([[['one first', 'two second']], [directory]]);
      answer = { keys: [] };
      atMs += 3_600_001;
      await keeper.turn();
      expect([known.length, urls.length]).toEqual([1, 2]);
      atMs += 24 * 3_600_000;
      await keeper.turn();
      expect(known.at(-1)).toEqual(['one first']);
      rmSync(join(folder, 'first.json'));
      await keeper.turn();
      expect(known.at(-1)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ['192.0.2.1', false],
    ['10.0.0.1', false],
    ['127.0.0.1', false],
    ['::1', false],
    ['::ffff:169.254.169.254', false],
    ['fd00::1', false],
    ['8.8.8.8', true],
    ['2606:4700::1', true],
  ])('a directory is never asked at an address that the world does not reach: %s', (address, usable) => {
    expect(isPublic(address)).toBe(usable);
  });

  it('a directory is read over https from its own name; redirects, other answers, long ones and inward names are refused', async () => {
    const made = makeCertificate(['bot.example']);
    const server = https.createServer({ key: made.key, cert: made.chain }, (request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/keys' });
      response.end(request.url === '/long' ? JSON.stringify('x'.repeat(100_000)) : JSON.stringify({ keys: [bot.jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const loopback = (ca?: string) =>
      directoryFetcher({
        lookup: (_name, options, callback) =>
          options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4),
        ...(ca === undefined ? {} : { ca }),
      });
    const ask = loopback(made.chain);
    try {
      expect(await ask(`https://bot.example:${port}/keys`)).toEqual({ keys: [bot.jwk] });
      for (const path of ['moved', 'long']) await expect(ask(`https://bot.example:${port}/${path}`)).rejects.toThrow();
      await expect(ask(`https://other.example:${port}/keys`)).rejects.toThrow();
      await expect(loopback()(`https://bot.example:${port}/keys`)).rejects.toThrow();
      const usual = directoryFetcher();
      await expect(usual(`https://localhost:${port}/keys`)).rejects.toThrow('no public address');
      for (const inward of [`https://127.0.0.1:${port}/keys`, `https://[::1]:${port}/keys`, `http://bot.example:${port}/keys`])
        await expect(usual(inward)).rejects.toThrow('Only https');
    } finally {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});
