/**
 * The sums of a check, as they are done on a thread of their own: Argon2id and powers by OpenSSL. Pure but for that.
 */
import { argon2Sync, createDiffieHellman, createHash } from 'node:crypto';
import type { DiffieHellman } from 'node:crypto';
import { isChain } from '../core/captcha/memory-chain.ts';
import type { Find, MemoryHash } from '../core/captcha/memory-chain.ts';
import type { MemoryPuzzle } from '../core/captcha/puzzle.ts';
import { opensTimeLock } from '../core/captcha/time-lock.ts';
import type { Power, TimeLock } from '../core/captcha/time-lock.ts';

export type Job =
  | { readonly kind: 'time'; readonly lock: TimeLock; readonly seed: string; readonly answer: bigint }
  | { readonly kind: 'memory'; readonly puzzle: MemoryPuzzle; readonly finds: readonly Find[]; readonly first: number };

export const argon2id: MemoryHash = (message, nonce, memory) =>
  new Uint8Array(argon2Sync('argon2id', { message, nonce, memory, parallelism: 1, passes: 1, tagLength: 16 }));

/** The number that is squared: as long as the modulus, so that it is no product of small ones whose answers somebody has kept. */
export function baseOf(seed: string, modulus: bigint): bigint {
  const bytes = createHash('shake256', { outputLength: 256 }).update(seed).digest('hex');
  return (BigInt(`0x${bytes}`) % (modulus - 3n)) + 2n;
}

const groups = new Map<bigint, DiffieHellman>();

/** OpenSSL offers a modular power under the name of Diffie-Hellman: eight times faster than bigints. The modulus must be prime. */
export const opensslPower: Power = (base, exponent, modulus) => {
  if (base <= 1n || base >= modulus - 1n) return base === modulus - 1n && (exponent & 1n) === 0n ? 1n : base;
  let group = groups.get(modulus);
  if (group === undefined) {
    // Two for each modulus that is alive, and there are two of those.
    if (groups.size >= 8) groups.clear();
    group = createDiffieHellman(bytesOf(modulus), 2);
    groups.set(modulus, group);
  }
  group.setPrivateKey(bytesOf(exponent));
  return BigInt(`0x${group.computeSecret(bytesOf(base)).toString('hex')}`);
};

export function isRight(job: Job): boolean {
  if (job.kind === 'memory') return isChain(job.puzzle, job.finds, job.first, argon2id);
  return opensTimeLock(job.lock, baseOf(job.seed, job.lock.modulus), job.answer, opensslPower);
}

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
