/**
 * Passwords: Argon2id with 19 MiB, two passes, one lane (OWASP's password storage sheet), stored in the PHC string form.
 *
 * A hash takes about 50 ms of a thread and 19 MiB, so only a few run at once and few may wait: whoever floods the sign-in is told to
 * come back and the rest of the control plane keeps its threads. Fails closed: no room, no sign-in.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../http/failure.ts';

const memoryKiB = 19_456;
const passes = 2;
const lanes = 1;
const hashBytes = 32;

export type PasswordHasher = {
  /** The PHC string of a password. */
  hash(password: string): Promise<string>;
  /** Whether it is the password. With null (nobody has this name) takes as long and says no. */
  verify(password: string, stored: string | null): Promise<boolean>;
};

/** `running` hashes at once, `waiting` at most in the queue; beyond that throws Failure `too-many-requests`. */
export function passwordHasher({ running = 2, waiting = 16 } = {}): PasswordHasher {
  let active = 0;
  const queue: (() => void)[] = [];
  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (active >= running) {
      if (queue.length >= waiting) {
        throw new Failure(
          'too-many-requests',
          'Many people are signing in just now. Nothing was changed; try again in a few seconds.',
          { retryAfterSeconds: 5 },
        );
      }
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    active += 1;
    try {
      return await work();
    } finally {
      active -= 1;
      queue.shift()?.();
    }
  }
  const nobodysSalt = randomBytes(16);
  return {
    async hash(password) {
      const salt = randomBytes(16);
      const digest = await inTurn(() => digestOf(password, salt, { m: memoryKiB, t: passes, p: lanes, bytes: hashBytes }));
      return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${unpadded(salt)}$${unpadded(digest)}`;
    },
    async verify(password, stored) {
      const parsed = stored === null ? null : Phc.parse(stored);
      const costs = parsed ?? { m: memoryKiB, t: passes, p: lanes, salt: nobodysSalt, digest: Buffer.alloc(hashBytes) };
      const digest = await inTurn(() => digestOf(password, costs.salt, { ...costs, bytes: costs.digest.length }));
      return timingSafeEqual(digest, costs.digest) && parsed !== null;
    },
  };
}

type Costs = { readonly m: number; readonly t: number; readonly p: number; readonly bytes: number };

function digestOf(password: string, salt: Buffer, costs: Costs): Promise<Buffer> {
  const settings = {
    message: password.normalize('NFKC'),
    nonce: salt,
    parallelism: costs.p,
    tagLength: costs.bytes,
    memory: costs.m,
    passes: costs.t,
  };
  return new Promise((resolve, reject) => {
    argon2('argon2id', settings, (error, digest) => {
      if (error === null) resolve(Buffer.from(digest));
      else reject(error);
    });
  });
}

const Phc = z
  .string()
  .regex(/^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{22,128}$/)
  .transform((text) => {
    const [, , , costs = '', salt = '', digest = ''] = text.split('$');
    const [m = 0, t = 0, p = 0] = costs.split(',').map((part) => Number(part.slice(2)));
    return { m, t, p, salt: Buffer.from(salt, 'base64'), digest: Buffer.from(digest, 'base64') };
  });

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
