/** Envelope encryption of what names people. */
import type { ControlDeps } from '../deps.ts';
import type { Seal } from './deps.ts';

const notYet = () => {
  throw new Error('not wired');
};

/** `key`: base64 of 32 bytes from the environment; null: kept in `folder`/seal.key, made at the first start. */
export async function openSeal(_deps: Pick<ControlDeps, 'now'>, _folder: string, _key: string | null): Promise<Seal> {
  return {
    keep: notYet,
    open: notYet,
    keepBlob: notYet,
    openBlob: notYet,
    shred: notYet,
    mark: notYet,
    encrypt: notYet,
    decrypt: notYet,
  };
}
