/**
 * Who attacks does not use a browser: the same steps by OpenSSL, as fast as they go on one thread. Squarings as one power of two, hashes by Node's own
 * Argon2id. Used by the bench as the attacker, and to make answers whose checking is measured.
 */
import { createDiffieHellman } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { argon2id } from '../../captcha/jobs.ts';
import { CheckStep } from '../../contract/captcha.ts';
import { searchChain, writeFinds } from '../../core/captcha/memory-chain.ts';

export function solveStep(step: CheckStep): string {
  if (step.kind === 'memory') return writeFinds(searchChain({ ...step, issuedMs: 0, beganMs: 0 }, argon2id));
  // Some four times faster than bigints: a Diffie-Hellman group does not ask whether its modulus is prime.
  const power = createDiffieHellman(
    Buffer.from(step.modulus.padStart(step.modulus.length + (step.modulus.length % 2), '0'), 'hex'),
    2,
  );
  const exponent = Buffer.alloc(Math.floor(step.squarings / 8) + 1);
  exponent[0] = 1 << (step.squarings % 8);
  power.setPrivateKey(exponent);
  return power
    .computeSecret(Buffer.from(step.base.padStart(step.base.length + (step.base.length % 2), '0'), 'hex'))
    .toString('hex')
    .replace(/^0+/, '');
}

/** As a thread of the attacker: solves the steps over and over until so many ms are over, and says how many a second. */
const Given = z.object({ steps: z.array(CheckStep), forMs: z.number() });
const given = Given.safeParse(workerData);
if (given.success && parentPort !== null) {
  const { steps, forMs } = given.data;
  const began = performance.now();
  let solved = 0;
  for (; solved % steps.length !== 0 || performance.now() - began < forMs; solved += 1) {
    const step = steps[solved % steps.length];
    if (step !== undefined) solveStep(step);
  }
  parentPort.postMessage({ perSecond: solved / ((performance.now() - began) / 1000) });
}
