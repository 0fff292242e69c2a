/** SHA-256 of a text in hex, as artefacts of addresses are named by it. */
import { createHash } from 'node:crypto';

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
