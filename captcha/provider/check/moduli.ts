/**
 * The moduli of time steps: the same in every process of the provider, made from a MAC key and the day, kept nowhere.
 *
 * A step that one process asked can be checked by any other, after a restart too, without a word between them: primes are the first ones from a number
 * that HMAC draws from the key, the day and a label, so whoever has the key has the factors, and nobody else. A modulus is asked for one day and its
 * answers are taken while its key lives and the day before counts. Making one takes a tenth of a second of OpenSSL's threads; the next day's is
 * made when it is first asked for, while the old one still serves.
 * What can still go wrong: a MAC key that leaks makes time steps free as well as tokens; it is rotated for both at once.
 */
import { checkPrime, createHash, createHmac } from 'node:crypto';
import { makeTimeLock } from '../../../core/captcha/time-lock.ts';
import type { TimeLock } from '../../../core/captcha/time-lock.ts';

/** A live MAC key of the provider, and the name under which lines and tokens call it. */
export type MacKey = { readonly name: string; readonly secret: Uint8Array };

const dayMs = 24 * 3_600_000;

export type Modulus = {
  readonly id: string;
  readonly value: bigint;
  readonly hex: string;
  readonly p: bigint;
  readonly q: bigint;
};

export class Moduli {
  readonly #bits: number;
  readonly #made = new Map<string, Promise<Modulus>>();
  readonly #ready = new Map<string, Modulus>();
  readonly #locks = new Map<string, TimeLock>();

  constructor(bits: number) {
    this.#bits = bits;
  }

  /** The one that is asked now, by the newest key. Waits only when not even yesterday's is there. */
  async current(keys: readonly MacKey[], nowMs: number): Promise<Modulus> {
    const [key] = keys;
    if (key === undefined) throw new Error('there is no live MAC key');
    const day = Math.floor(nowMs / dayMs);
    const today = this.#ready.get(nameOf(key, day));
    if (today !== undefined) return today;
    const making = this.#make(key, day);
    const yesterday = this.#ready.get(nameOf(key, day - 1));
    if (yesterday === undefined) return making;
    making.catch(() => undefined);
    return yesterday;
  }

  /** One that any process may have asked for, today or yesterday, by any live key; null when it is none of those. */
  async find(id: string, keys: readonly MacKey[], nowMs: number): Promise<Modulus | null> {
    const day = Math.floor(nowMs / dayMs);
    for (const one of this.#ready.values()) if (one.id === id) return one;
    for (const key of keys)
      // Tomorrow's too: clocks of processes differ.
      for (const near of [day, day - 1, day + 1]) {
        const modulus = await this.#make(key, near);
        if (modulus.id === id) return modulus;
      }
    return null;
  }

  /** The lock of a modulus for so many squarings: two small powers the first time, kept after it. */
  lock(modulus: Modulus, squarings: number): TimeLock {
    const name = `${modulus.id} ${squarings}`;
    let lock = this.#locks.get(name);
    if (lock === undefined) {
      lock = makeTimeLock(modulus.p, modulus.q, squarings);
      if (this.#locks.size >= 64) this.#locks.clear();
      this.#locks.set(name, lock);
    }
    return lock;
  }

  #make(key: MacKey, day: number): Promise<Modulus> {
    const name = nameOf(key, day);
    let made = this.#made.get(name);
    if (made === undefined) {
      made = makeModulus(key, day, this.#bits);
      this.#made.set(name, made);
      made.then(
        (modulus) => this.#ready.set(name, modulus),
        () => this.#made.delete(name),
      );
      // Days and keys that are gone.
      for (const old of [...this.#made.keys()].slice(0, -8)) {
        this.#made.delete(old);
        this.#ready.delete(old);
      }
    }
    return made;
  }
}

function nameOf(key: MacKey, day: number): string {
  return `${key.name} ${day}`;
}

async function makeModulus(key: MacKey, day: number, bits: number): Promise<Modulus> {
  const [p, q] = await Promise.all(['p', 'q'].map((which) => primeFrom(seedOf(key, day, which), bits / 2)));
  if (p === undefined || q === undefined || p === q) throw new Error('a modulus could not be made');
  const value = p * q;
  const hex = value.toString(16);
  return { id: createHash('sha256').update(hex).digest('hex').slice(0, 16), value, hex, p, q };
}

function seedOf(key: MacKey, day: number, which: string): Buffer {
  return createHmac('sha256', key.secret).update(`portcullis captcha modulus 1\n${day}\n${which}`).digest();
}

/** The first prime from a number with both of its top bits set, so that a product of two has its full length. */
async function primeFrom(seed: Buffer, bits: number): Promise<bigint> {
  const drawn = createHash('shake256', { outputLength: bits / 8 })
    .update(seed)
    .digest('hex');
  const top = 3n << BigInt(bits - 2);
  for (let candidate = BigInt(`0x${drawn}`) | top | 1n; ; candidate += 2n) {
    if (await isPrime(candidate)) return candidate;
  }
}

function isPrime(candidate: bigint): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(candidate, (error: Error | null | undefined, prime) => {
      if (error instanceof Error) reject(error);
      else resolve(prime);
    });
  });
}
