/**
 * Ed25519 signatures over text, with keys and signatures as base64 of their raw bytes.
 *
 * A public key is 32 bytes (44 characters), a private key is the 32-byte seed (44 characters), a signature 64 bytes (88 characters).
 * Raw bytes, because that is what travels on wires and fits one line; Node wants a DER wrapper, which is a fixed prefix (RFC 8410).
 * Text is signed as UTF-8, without any prefix of ours: whoever signs puts the purpose into the text.
 * Not here: where keys are kept, who trusts which. Hazard: base64 has more than one spelling of the same bytes; compare keys by the
 * text that was stored at enrolment, never by what a peer sends.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Both halves as base64 of raw bytes; `privateKey` is a secret. */
export type SigningKeyPair = { readonly publicKey: string; readonly privateKey: string };

/** Signs one text; returns base64 of the 64 bytes. */
export type SignText = (text: string) => string;
/** Whether a signature (base64) over a text holds. Never throws: what is not a signature does not hold. */
export type VerifyText = (text: string, signature: string) => boolean;

/** A new key pair from the system's random source. */
export function generateSigningKeyPair(): SigningKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length).toString('base64'),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privatePrefix.length).toString('base64'),
  };
}

/** The public half of a private key. Throws a RangeError on text that is not 32 bytes of base64. */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(readPrivate(privateKey))
    .export({ format: 'der', type: 'spki' })
    .subarray(publicPrefix.length)
    .toString('base64');
}

/** A function that signs with this private key, parsed once. Throws a RangeError on text that is not 32 bytes of base64. */
export function textSigner(privateKey: string): SignText {
  const key = readPrivate(privateKey);
  return (text) => sign(null, Buffer.from(text, 'utf8'), key).toString('base64');
}

/** A function that verifies with this public key, parsed once. Throws a RangeError on text that is not 32 bytes of base64. */
export function textVerifier(publicKey: string): VerifyText {
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, rawBytes(publicKey)]), format: 'der', type: 'spki' });
  return (text, signature) => {
    const bytes = Buffer.from(signature, 'base64');
    return bytes.length === 64 && verify(null, Buffer.from(text, 'utf8'), key, bytes);
  };
}

function readPrivate(privateKey: string): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privatePrefix, rawBytes(privateKey)]), format: 'der', type: 'pkcs8' });
}

function rawBytes(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== 32) throw new RangeError('an Ed25519 key is 32 bytes in base64');
  return bytes;
}
