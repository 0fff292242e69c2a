/**
 * The scripts of stronger work, which a page loads only when it is asked for that: ours, and those of two libraries that do Argon2id.
 *
 * hash-wasm where a browser runs WebAssembly, @noble/hashes (a module of several files, six times slower) where it does not. A file must fit one
 * buffer of HAProxy, so the libraries' are sent compressed to everybody; every browser that can do this work reads gzip.
 * Argon2id runs in a worker, whose own policy lets it compile WebAssembly and do nothing else; the page's policy stays as it is.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { argon2Scripts, nobleFiles } from '../../../kit/argon2-scripts.ts';

const compressed = 'hdr content-encoding gzip ';

/** Below the folder of stronger work: where each is found, its file among the pages, and what HAProxy says with it. */
export const strongFiles = [
  { path: 'strong.js', file: 'strong.js', more: '' },
  {
    path: 'solver.js',
    file: 'solver.js',
    more: `hdr content-security-policy "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'" `,
  },
  { path: 'argon2.js', file: 'argon2.js.gz', more: compressed },
  ...nobleFiles.map((name) => ({ path: `noble/${name}`, file: `noble-${name}.gz`, more: compressed })),
] as const;

/** The bytes of those files, by their names among the pages. Reads them from beside this file and from the libraries. */
export function strongFileBytes(): Record<string, Uint8Array> {
  return {
    'strong.js': new Uint8Array(readFileSync(new URL('strong.js', import.meta.url))),
    'solver.js': new Uint8Array(readFileSync(new URL('solver.js', import.meta.url))),
    ...Object.fromEntries(
      argon2Scripts().map(({ path, bytes }) => [
        `${path.replace('noble/', 'noble-')}.gz`,
        new Uint8Array(gzipSync(bytes, { level: 9 })),
      ]),
    ),
  };
}
