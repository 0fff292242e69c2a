/** SHA-256 of bytes as bytes, by Node: for code that takes its hash handed in (core/record, contract/record). */
import { createHash } from 'node:crypto';

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
