/**
 * The edge's end of a sealed channel through a relay: what comes out of it was said by the control plane, or nothing comes out.
 *
 * Fails closed: a greeting that the policy key did not sign, a box that does not open, a frame under a key that was not told: the tunnel is over and
 * the edge takes another way. What this cannot see: that the relay keeps things back (relay-watch.ts).
 */
import type { KeyObject } from 'node:crypto';
import { ChannelHello, channelMark, channelText, frameContext, relayProtocol } from '../../contract/relay.ts';
import type { ChannelKey } from '../../contract/relay.ts';
import type { VerifyText } from '../../kit/ed25519.ts';
import { boxKey, boxKeyBytes, openBox } from '../../kit/sealed-box.ts';
import { newExchangeKey } from '../../kit/sealed-channel.ts';
import type { SealedChannel } from '../../kit/sealed-channel.ts';

export type FromTunnel =
  | { readonly kind: 'said'; readonly text: string }
  /** To be sent back as it is. */
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'nothing' }
  /** `forged`: somebody says what the control plane has not said. */
  | { readonly kind: 'over'; readonly why: 'forged' | 'other-protocol' };

/** Keys of frames that are known at once: the present one, and one before for what is on its way. */
const mostKeys = 2;

export class Tunnel {
  readonly #verify: VerifyText;
  #channel: SealedChannel | null = null;
  readonly #keys = new Map<number, KeyObject>();

  constructor(verify: VerifyText) {
    this.#verify = verify;
  }

  /** Takes one message of the relay. */
  take(bytes: Uint8Array): FromTunnel {
    const mark = bytes[0];
    const body = bytes.subarray(1);
    if (mark === channelMark.greeting) return this.#greet(body);
    if (mark === channelMark.frame) {
      const key = this.#keys.get(numberOf(body));
      const text = key === undefined ? null : openBox(key, frameContext, body.subarray(4));
      return text === null ? { kind: 'over', why: 'forged' } : { kind: 'said', text: text.toString('utf8') };
    }
    if (mark !== channelMark.said && mark !== channelMark.frameKey) return { kind: 'nothing' };
    const opened = this.#channel?.open(body) ?? null;
    if (opened === null) return { kind: 'over', why: 'forged' };
    if (mark === channelMark.said) return { kind: 'said', text: opened.toString('utf8') };
    if (opened.length !== 4 + boxKeyBytes) return { kind: 'over', why: 'forged' };
    this.#keys.set(numberOf(opened), boxKey(opened.subarray(4)));
    for (const old of [...this.#keys.keys()].slice(0, -mostKeys)) this.#keys.delete(old);
    return { kind: 'nothing' };
  }

  /** A message for the control plane as the relay is to carry it; null before there is a channel. */
  seal(text: string): Uint8Array | null {
    if (this.#channel === null) return null;
    return Buffer.concat([Buffer.of(channelMark.said), this.#channel.seal(Buffer.from(text, 'utf8'))]);
  }

  #greet(body: Uint8Array): FromTunnel {
    const hello = ChannelHello.safeParse(parseJson(body));
    if (!hello.success || this.#channel !== null) return { kind: 'over', why: 'forged' };
    const { protocol, key, signature } = hello.data;
    if (!this.#verify(channelText(protocol, key), signature)) return { kind: 'over', why: 'forged' };
    if (protocol !== relayProtocol) return { kind: 'over', why: 'other-protocol' };
    const own = newExchangeKey();
    this.#channel = own.channelWith(key, 'opener');
    if (this.#channel === null) return { kind: 'over', why: 'forged' };
    const answer = { protocol: relayProtocol, key: own.publicKey } satisfies { [K in keyof ChannelKey]: unknown };
    return { kind: 'answer', bytes: Buffer.concat([Buffer.of(channelMark.greeting), Buffer.from(JSON.stringify(answer))]) };
  }
}

function numberOf(bytes: Uint8Array): number {
  return bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
