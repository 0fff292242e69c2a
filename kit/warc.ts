/**
 * WARC 1.1 records, each its own gzip member, with their index lines: bytes go in as they came and come out as they were.
 *
 * Written by hand (a record is a few header lines and a block) because a library that parses HTTP to write it again changes what it kept.
 * tests read the files back with `warcio`. Not here: fetching, packing. After: ISO 28500:2017; CDXJ as pywb writes it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const zip = promisify(gzip);

export type WarcRecord = {
  readonly type: 'warcinfo' | 'response' | 'request' | 'resource' | 'metadata';
  /** Null for `warcinfo`. */
  readonly url: string | null;
  readonly atMs: number;
  readonly contentType: string;
  readonly block: Uint8Array;
  /** Bytes of the block before the payload: of an HTTP message, its head. */
  readonly headBytes?: number;
  /** Further WARC headers, such as `WARC-IP-Address`. Values are one line. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the index; records without it are not in it. */
  readonly index?: { readonly mime: string; readonly status: number | null };
};

export type WarcFile = {
  readonly bytes: Buffer;
  /** CDXJ, sorted. */
  readonly index: string;
  /** Ids of the records, in their order. */
  readonly ids: readonly string[];
};

export async function writeWarc(name: string, records: readonly WarcRecord[]): Promise<WarcFile> {
  const members: Buffer[] = [];
  const lines: string[] = [];
  const ids: string[] = [];
  let offset = 0;
  for (const record of records) {
    const id = `<urn:uuid:${randomUUID()}>`;
    ids.push(id);
    const payload = record.block.subarray(record.headBytes ?? 0);
    const head = [
      'WARC/1.1',
      `WARC-Type: ${record.type}`,
      `WARC-Record-ID: ${id}`,
      `WARC-Date: ${new Date(record.atMs).toISOString().replace(/\.\d+Z$/, 'Z')}`,
      ...(record.url === null ? [`WARC-Filename: ${name}`] : [`WARC-Target-URI: ${oneLine(record.url)}`]),
      `WARC-Block-Digest: ${digestOf(record.block)}`,
      ...(record.type === 'response' || record.type === 'request' ? [`WARC-Payload-Digest: ${digestOf(payload)}`] : []),
      ...Object.entries(record.headers ?? {}).map(([key, value]) => `${key}: ${oneLine(value)}`),
      `Content-Type: ${oneLine(record.contentType)}`,
      `Content-Length: ${record.block.byteLength}`,
    ];
    const member = await zip(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), record.block, Buffer.from('\r\n\r\n')]));
    if (record.url !== null && record.index !== undefined) {
      const stamp = new Date(record.atMs).toISOString().replaceAll(/\D/g, '').slice(0, 14);
      const entry = {
        url: record.url,
        mime: record.index.mime,
        ...(record.index.status === null ? {} : { status: String(record.index.status) }),
        digest: digestOf(payload),
        length: String(member.byteLength),
        offset: String(offset),
        filename: name,
      };
      lines.push(`${searchKey(record.url)} ${stamp} ${JSON.stringify(entry)}\n`);
    }
    members.push(member);
    offset += member.byteLength;
  }
  return { bytes: Buffer.concat(members), index: lines.sort().join(''), ids };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]+/g, ' ');
}

/** The sort-friendly form of an address: `example,forum)/path?query`. */
function searchKey(url: string): string {
  const parts = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)([^#]*)/i.exec(url);
  if (parts === null) return url.replaceAll(' ', '%20');
  const [, host = '', rest = ''] = parts;
  const [name = '', port] = host.startsWith('[') ? [host] : host.split(':');
  const turned = name.startsWith('[') ? name : name.toLowerCase().split('.').reverse().join(',');
  return `${turned}${port === undefined ? '' : `:${port}`})${(rest === '' ? '/' : rest).toLowerCase()}`.replaceAll(' ', '%20');
}
