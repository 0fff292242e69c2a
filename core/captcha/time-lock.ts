/**
 * Work that cannot be shared out: a number squared many times modulo one whose factors only we know (Rivest, Shamir and Wagner, 1996).
 *
 * Each squaring needs the one before, so neither many cores nor a graphics card help; a browser is some two to six times slower than a
 * native program, not thousands of times. Who knows the factors checks with two small powers. Numbers are bigints without a sign.
 * What can still go wrong: factors that are found or leak make it free, so a modulus lives for a day at most (captcha/service.ts).
 */

/** `base ** exponent % modulus`: an argument, because OpenSSL does it eight times faster than this language. */
export type Power = (base: bigint, exponent: bigint, modulus: bigint) => bigint;

export type TimeLock = {
  readonly modulus: bigint;
  readonly p: bigint;
  readonly q: bigint;
  readonly squarings: number;
  /** `2 ** squarings`, reduced for each factor: the short cut. */
  readonly exponentP: bigint;
  readonly exponentQ: bigint;
};

/** `p` and `q` are different primes of the same length. */
export function makeTimeLock(p: bigint, q: bigint, squarings: number): TimeLock {
  const times = BigInt(squarings);
  return {
    modulus: p * q,
    p,
    q,
    squarings,
    exponentP: plainPower(2n, times, p - 1n),
    exponentQ: plainPower(2n, times, q - 1n),
  };
}

/** Whether `answer` is `base` squared as often as the lock asks. Never throws, whatever the numbers. */
export function opensTimeLock(lock: TimeLock, base: bigint, answer: bigint, power: Power): boolean {
  if (answer <= 1n || answer >= lock.modulus) return false;
  // By the Chinese remainder theorem it is enough that both remainders are right.
  return (
    power(base % lock.p, lock.exponentP, lock.p) === answer % lock.p &&
    power(base % lock.q, lock.exponentQ, lock.q) === answer % lock.q
  );
}

/** The long way, as a browser goes it. */
export function squareTimes(base: bigint, squarings: number, modulus: bigint): bigint {
  let value = base % modulus;
  for (let done = 0; done < squarings; done += 1) value = (value * value) % modulus;
  return value;
}

export function plainPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus;
  let factor = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}
