/**
 * Random bytes from the system's random source, taken in larger portions: a call to it costs 4 µs however few bytes it gives, and an id, a token, a key
 * and a nonce are asked for in the same breath thousands of times a second.
 *
 * No byte is given twice: what was given is wiped from the portion. Each thread has a portion of its own.
 * What can still go wrong: bytes that are not given yet lie in this process's memory, where whoever reads it also finds the keys themselves.
 */
import { randomFillSync } from 'node:crypto';

const portion = Buffer.allocUnsafeSlow(8192);
let given = portion.byteLength;

/** So many new random bytes, in memory of their own. */
export function secretBytes(count: number): Buffer<ArrayBuffer> {
  const taken = Buffer.allocUnsafeSlow(count);
  if (count > portion.byteLength) return randomFillSync(taken);
  if (given + count > portion.byteLength) {
    randomFillSync(portion);
    given = 0;
  }
  portion.copy(taken, 0, given, given + count);
  portion.fill(0, given, given + count);
  given += count;
  return taken;
}
