/**
 * Verifies signed requests of bots for HAProxy, which asks over SPOP on a unix socket and goes on with `verified` or a reason.
 *
 * HAProxy sends only what it would otherwise challenge, with a key that it holds, at a site that lets that bot pass (edge/render/skeleton/bots.ts).
 * Every request is verified by itself: a pass for a network or a cookie would be good for others who have it too. Bounds: one frame is one request of at most
 * 16 KB; a network that sends bad signatures has `mostBad` in a minute, then no more sums; nonces are remembered until their signature ends, and
 * when there is no room for more, what brings one is refused. Closed: no answer, a wrong one or a broken connection is none, and HAProxy lets nobody pass.
 * Not seen: a nonce that was used at another edge.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { readBotClaim } from '../../core/shield/signatures/bot.ts';
import type { BotRefusal } from '../../core/shield/signatures/bot.ts';
import type { BotKey } from './keys.ts';
import { ackFrame, disconnectFrame, helloFrame, mostFrameBytes, readFrame, SpopError } from './spop.ts';
import type { Frame } from './spop.ts';

/** Bad signatures that a network may send in a minute. */
const mostBad = 30;
const badWindowMs = 60_000;
const mostNetworks = 10_000;
const mostNonces = 200_000;
const sweepEveryMs = 10_000;

/** What HAProxy says of a request (skeleton/bots.ts). */
const Asked = z.object({
  key: z.string(),
  network: z.string(),
  method: z.string(),
  scheme: z.enum(['http', 'https']),
  host: z.string(),
  target: z.string(),
  headers: z.string(),
});

export type BotVerdict = 'verified' | BotRefusal;
export type BotCounts = { readonly verified: number; readonly refused: number };

export class Bots {
  readonly #nowMs: () => number;
  readonly #mostNonces: number;
  #keys: ReadonlyMap<string, { readonly key: BotKey; readonly object: KeyObject }> = new Map();
  readonly #nonces = new Map<string, number>();
  readonly #bad = new Map<string, { readonly untilMs: number; count: number }>();
  #sweptMs = 0;
  #verified = 0;
  #refused = 0;

  constructor(nowMs: () => number, nonces = mostNonces) {
    this.#nowMs = nowMs;
    this.#mostNonces = nonces;
  }

  /** Replaces all keys. One that is gone is of no use from now on. */
  hold(keys: readonly BotKey[]): void {
    this.#keys = new Map(
      keys.map((key) => [
        key.keyId,
        { key, object: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' }) },
      ]),
    );
  }

  counts(): BotCounts {
    return { verified: this.#verified, refused: this.#refused };
  }

  /** Serves one connection of HAProxy's. */
  serve(socket: Socket): void {
    let held: Buffer = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      try {
        for (let next = readFrame(held); next !== null; next = readFrame(held)) {
          held = held.subarray(next.length);
          this.#answer(socket, next.frame);
        }
      } catch (error) {
        socket.destroy();
        if (!(error instanceof SpopError)) throw error;
      }
    });
  }

  #answer(socket: Socket, frame: Frame): void {
    switch (frame.kind) {
      case 'hello': {
        const most = frame.fields.get('max-frame-size');
        if (frame.fields.get('supported-versions') === undefined || typeof most !== 'number') throw new SpopError('no hello');
        const hello = helloFrame(Math.min(most, mostFrameBytes));
        if (frame.fields.get('healthcheck') === true) socket.end(hello);
        else socket.write(hello);
        return;
      }
      case 'disconnect':
        socket.end(disconnectFrame());
        return;
      case 'notify': {
        const asked = Asked.safeParse(Object.fromEntries(frame.messages[0]?.fields ?? []));
        const verdict = asked.success ? this.verdict(asked.data) : 'malformed';
        if (verdict === 'verified') this.#verified += 1;
        else this.#refused += 1;
        socket.write(ackFrame(frame.stream, frame.frame, 'verdict', verdict));
        return;
      }
      default:
        frame satisfies never;
    }
  }

  /** What becomes of a request. `headers` are lines, latin1, as HAProxy's `req.hdrs` has them. */
  verdict({ key: keyId, network, method, scheme, host, target, headers: lines }: z.infer<typeof Asked>): BotVerdict {
    const atMs = this.#nowMs();
    this.#sweep(atMs);
    const held = this.#keys.get(keyId);
    if (held === undefined || !isGood(held.key, atMs / 1000)) return 'key';
    const bad = this.#bad.get(network);
    if (bad !== undefined && bad.untilMs > atMs && bad.count >= mostBad) return 'busy';
    const claim = readBotClaim({ method, scheme, host, target, headers: headersOf(lines) }, keyId, Math.floor(atMs / 1000));
    if (typeof claim === 'string') return claim;
    const signature = Buffer.from(claim.signature, 'base64');
    if (signature.length !== 64 || !verify(null, Buffer.from(claim.base, 'latin1'), held.object, signature)) {
      this.#countBad(network, atMs);
      return 'signature';
    }
    if (claim.nonce === null) return 'verified';
    const once = `${keyId} ${claim.nonce}`;
    if (this.#nonces.has(once)) return 'replay';
    if (this.#nonces.size >= this.#mostNonces) return 'busy';
    this.#nonces.set(once, claim.expires * 1000);
    return 'verified';
  }

  #countBad(network: string, atMs: number): void {
    const bad = this.#bad.get(network);
    if (bad !== undefined && bad.untilMs > atMs) bad.count += 1;
    else if (bad !== undefined || this.#bad.size < mostNetworks)
      this.#bad.set(network, { untilMs: atMs + badWindowMs, count: 1 });
  }

  #sweep(atMs: number): void {
    if (atMs - this.#sweptMs < sweepEveryMs) return;
    this.#sweptMs = atMs;
    for (const [nonce, untilMs] of this.#nonces) if (untilMs <= atMs) this.#nonces.delete(nonce);
    for (const [network, { untilMs }] of this.#bad) if (untilMs <= atMs) this.#bad.delete(network);
  }
}

function isGood({ notBefore, notAfter }: BotKey, atSeconds: number): boolean {
  return (notBefore ?? 0) <= atSeconds && (notAfter === null || notAfter > atSeconds);
}

function headersOf(lines: string): [name: string, value: string][] {
  return lines.split('\r\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
  });
}
