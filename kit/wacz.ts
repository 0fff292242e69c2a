/**
 * WACZ 1.1.1: a WARC with its index and pages in one ZIP, with the SHA-256 of each part in `datapackage.json` and the hash of that in
 * `datapackage-digest.json`.
 *
 * Everything is stored, not deflated, as the specification wants for the archive; times in the ZIP are the capture's, so that the same parts
 * give the same file. After: specs.webrecorder.net/wacz/1.1.1.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { ZipFile } from 'yazl';
import type { WarcFile } from './warc.ts';

export type WaczDraft = {
  readonly title: string;
  readonly software: string;
  readonly createdMs: number;
  readonly warc: WarcFile;
  readonly page: { readonly url: string; readonly title: string; readonly text: string };
  /** Other files, by their name below the root. */
  readonly extras: readonly { readonly name: string; readonly bytes: Buffer }[];
};

export async function writeWacz(draft: WaczDraft): Promise<Buffer> {
  const created = new Date(draft.createdMs).toISOString();
  const pages = [
    JSON.stringify({ format: 'json-pages-1.0', id: 'pages', title: 'All pages', hasText: draft.page.text !== '' }),
    JSON.stringify({ id: '1', url: draft.page.url, ts: created, title: draft.page.title, text: draft.page.text }),
  ];
  const files = [
    { name: 'archive/data.warc.gz', bytes: draft.warc.bytes },
    { name: 'indexes/index.cdx.gz', bytes: gzipSync(draft.warc.index) },
    { name: 'pages/pages.jsonl', bytes: Buffer.from(`${pages.join('\n')}\n`) },
    ...draft.extras,
  ];
  const datapackage = Buffer.from(
    `${JSON.stringify(
      {
        profile: 'data-package',
        wacz_version: '1.1.1',
        title: draft.title,
        software: draft.software,
        created,
        mainPageUrl: draft.page.url,
        mainPageDate: created,
        resources: files.map(({ name, bytes }) => ({
          name: name.split('/').at(-1) ?? name,
          path: name,
          hash: `sha256:${hexOf(bytes)}`,
          bytes: bytes.byteLength,
        })),
      },
      null,
      2,
    )}\n`,
  );
  const digest = Buffer.from(`${JSON.stringify({ path: 'datapackage.json', hash: `sha256:${hexOf(datapackage)}` }, null, 2)}\n`);
  const zip = new ZipFile();
  const settings = { mtime: new Date(draft.createdMs), mode: 0o100644, compress: false, forceDosTimestamp: true };
  for (const { name, bytes } of files) zip.addBuffer(bytes, name, settings);
  zip.addBuffer(datapackage, 'datapackage.json', settings);
  zip.addBuffer(digest, 'datapackage-digest.json', settings);
  zip.end();
  const chunks: Uint8Array[] = [];
  for await (const chunk of zip.outputStream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
}

function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
