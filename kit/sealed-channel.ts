/**
 * A sealed channel between two ends with somebody in the middle who may see, hold back and cut, but neither read nor change.
 *
 * Each end makes an X25519 key for this one channel and sends its public half; who the other is must be shown over it: by a signature of the
 * key, or by what is said inside. From the shared secret come two AES-256-GCM keys, one each way (HKDF-SHA-256 over both public halves).
 * Boxes carry no number: the n-th that is sealed opens as the n-th or not at all, so what is dropped, repeated, swapped or altered ends the
 * channel. Keys live in memory for as long as the channel: what was recorded cannot be opened later.
 * Not here: whose keys these are. Hazard: length and time of each message show. After: the Noise protocol framework's XX without its statics.
 */
import { createCipheriv, createDecipheriv, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { boxKey } from './sealed-box.ts';

const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');
const tagBytes = 16;

/** One end's key of one channel. */
export type ExchangeKey = {
  /** Base64 of 32 bytes. */
  readonly publicKey: string;
  /** The channel with whoever has the other key. `opener` is the end that asked for the channel; null when that is no usable key. */
  readonly channelWith: (other: string, side: 'opener' | 'answerer') => SealedChannel | null;
};

export type SealedChannel = {
  /** Seals the next message. */
  readonly seal: (bytes: Uint8Array) => Buffer;
  /** Opens the next message; null when it is not that, and from then on for ever. */
  readonly open: (box: Uint8Array) => Buffer | null;
};

/** A key for one channel, from the system's random source. */
export function newExchangeKey(): ExchangeKey {
  const own = generateKeyPairSync('x25519');
  const publicKey = own.publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length).toString('base64');
  return {
    publicKey,
    channelWith(other, side) {
      const bytes = Buffer.from(other, 'base64');
      if (bytes.length !== 32) return null;
      try {
        const theirs = createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' });
        const secret = diffieHellman({ privateKey: own.privateKey, publicKey: theirs });
        const [opener, answerer] = side === 'opener' ? [publicKey, other] : [other, publicKey];
        const salt = Buffer.concat([Buffer.from(opener, 'base64'), Buffer.from(answerer, 'base64')]);
        const out = keyOf(secret, salt, side);
        const back = keyOf(secret, salt, side === 'opener' ? 'answerer' : 'opener');
        return channel(out, back);
      } catch {
        // A key of small order: the secret would be the same for everybody.
        return null;
      }
    },
  };
}

function keyOf(secret: Buffer, salt: Buffer, from: 'opener' | 'answerer'): KeyObject {
  return boxKey(new Uint8Array(hkdfSync('sha256', secret, salt, `sealed channel, from the ${from}`, 32)));
}

function channel(out: KeyObject, back: KeyObject): SealedChannel {
  let sealed = 0n;
  let opened = 0n;
  let broken = false;
  return {
    seal(bytes) {
      const cipher = createCipheriv('aes-256-gcm', out, nonceOf(sealed++));
      return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    open(box) {
      if (broken || box.byteLength < tagBytes) {
        broken = true;
        return null;
      }
      const end = box.byteLength - tagBytes;
      try {
        const decipher = createDecipheriv('aes-256-gcm', back, nonceOf(opened++), { authTagLength: tagBytes });
        decipher.setAuthTag(box.subarray(end));
        return Buffer.concat([decipher.update(box.subarray(0, end)), decipher.final()]);
      } catch {
        broken = true;
        return null;
      }
    },
  };
}

function nonceOf(number: bigint): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(number, 4);
  return nonce;
}
