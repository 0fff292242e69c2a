/**
 * The group's certificate key on this edge: opens the private keys in the policy. Kept in a file of its own, mode 600.
 *
 * Apart from the policy, so that a copy of the policy's files gives nobody a private key; whoever can read all of the edge's folder, or
 * HAProxy's memory, has them: an edge must hold what it serves with (ARCHITECTURE.md, trust). Fails closed: a key that does not open, or does
 * not fit its certificate, is served for no name.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { certificateContext, certificatePurpose } from '../../contract/certificates.ts';
import type { CertificatePolicy } from '../../contract/certificates.ts';
import { boxKeyBytes, keyFor, openBox } from '../../kit/sealed-box.ts';

/** PEM of chain and key in one, as HAProxy reads it, or why there is none (a sentence without anything secret). */
export type Opened = { readonly kind: 'pem'; readonly pem: string } | { readonly kind: 'closed'; readonly why: string };

export class CertificateKey {
  readonly #file: string;
  #text: string | null;
  #key: BoxKey | null = null;

  /** Reads the key that the folder holds; a file that is missing or damaged is none, and the control plane sends it again. */
  constructor(folder: string) {
    this.#file = join(folder, 'certificate.key');
    this.#text = readKey(this.#file);
    if (this.#text !== null) this.#key = boxKeyOf(this.#text);
  }

  /** Keeps a key that the control plane sent (base64); says whether it is another than before. Throws when the disk refuses. */
  keep(text: string): boolean {
    if (Buffer.from(text, 'base64').byteLength !== boxKeyBytes) throw new RangeError('a certificate key has 32 bytes');
    if (this.#text === text) return false;
    mkdirSync(join(this.#file, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#file}.next`, `${text}\n`, { mode: 0o600, flush: true });
    renameSync(`${this.#file}.next`, this.#file);
    this.#text = text;
    this.#key = boxKeyOf(text);
    return true;
  }

  /** Opens one certificate's key and checks that HAProxy will take both. */
  open({ certificateId, chain, sealedKey }: Pick<CertificatePolicy, 'certificateId' | 'chain' | 'sealedKey'>): Opened {
    if (this.#key === null) return { kind: 'closed', why: 'the control plane has not sent the key that opens certificates yet' };
    const opened = openBox(this.#key, certificateContext(certificateId), Buffer.from(sealedKey, 'base64'));
    if (opened === null) return { kind: 'closed', why: 'its private key is sealed with another key than this edge has' };
    const key = opened.toString('utf8');
    try {
      createSecureContext({ cert: chain, key, minVersion: 'TLSv1.2' });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      return { kind: 'closed', why: `it could not be used (${code})` };
    }
    return { kind: 'pem', pem: `${chain}${key.endsWith('\n') ? key : `${key}\n`}` };
  }
}

/** SHA-1 of the chain's first certificate in upper-case hex: what HAProxy's `show ssl cert` tells of it. */
export function fingerprintOf(chain: string): string {
  const body = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(chain)?.[1] ?? '';
  return createHash('sha1').update(Buffer.from(body, 'base64')).digest('hex').toUpperCase();
}

type BoxKey = ReturnType<typeof keyFor>;

/** The key that boxes are made with, from the one that travels. */
function boxKeyOf(text: string): BoxKey {
  return keyFor(certificatePurpose, Buffer.from(text, 'base64'));
}

function readKey(file: string): string | null {
  try {
    chmodSync(file, 0o600);
    const text = readFileSync(file, 'utf8').trim();
    return Buffer.from(text, 'base64').byteLength === boxKeyBytes ? text : null;
  } catch {
    return null;
  }
}
