/**
 * Argon2id for browsers, as its libraries ship it: hash-wasm where WebAssembly runs, @noble/hashes (a module of several files, six times slower) where it does not.
 *
 * The paths are what a worker beside them imports: `argon2.js`, and `noble/argon2.js` with its neighbours.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export const nobleFiles = ['argon2.js', 'blake2.js', '_blake.js', '_md.js', '_u64.js', 'utils.js'] as const;

/** Where each is found below the worker's own folder, and its bytes. Reads them from the libraries. */
export function argon2Scripts(): readonly { readonly path: string; readonly bytes: Buffer }[] {
  const require = createRequire(import.meta.url);
  const noble = path.dirname(require.resolve('@noble/hashes/argon2.js'));
  return [
    { path: 'argon2.js', bytes: readFileSync(require.resolve('hash-wasm/dist/argon2.umd.min.js')) },
    ...nobleFiles.map((name) => ({ path: `noble/${name}`, bytes: readFileSync(path.join(noble, name)) })),
  ];
}
