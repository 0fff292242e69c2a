/**
 * Packs what a worker brought into WARC and WACZ: bytes as they came, and beside them what was found on the way (names, addresses, certificates).
 *
 * Nothing here reads what a stranger wrote; it only writes it down. After: desk.md 2.7.
 */
import { writeWacz } from '../../../kit/wacz.ts';
import { writeWarc } from '../../../kit/warc.ts';
import type { WarcRecord } from '../../../kit/warc.ts';
import type { Hop, WorkerAnswer } from './worker/words.ts';

export type Captured = Extract<WorkerAnswer, { kind: 'captured' }>;

export type PackDraft = {
  readonly captureId: string;
  readonly version: string;
  readonly captured: Captured;
  readonly parts: readonly Buffer[];
  readonly screenshot: Buffer | null;
};

export async function packCapture({ captureId, version, captured, parts, screenshot }: PackDraft): Promise<Buffer> {
  const last = captured.hops.at(-1);
  if (last === undefined) throw new Error('a capture has at least one hop');
  const software = `Portcullis ${version}`;
  const text = captured.text === null ? Buffer.alloc(0) : partOf(parts, captured.text);
  const records: WarcRecord[] = [
    {
      type: 'warcinfo',
      url: null,
      atMs: last.atMs,
      contentType: 'application/warc-fields',
      block: fields({
        software,
        format: 'WARC File Format 1.1',
        conformsTo: 'http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/',
        'capture-id': captureId,
        cookies: 'none',
        scripts: 'not run',
      }),
    },
    ...captured.hops.flatMap((hop, index) =>
      recordsOf(hop, parts, index === captured.hops.length - 1 ? captured.truncated : null),
    ),
    ...(text.byteLength === 0 ? [] : [resource(`urn:text:${last.url}`, last.atMs, 'text/plain; charset=utf-8', text)]),
    ...(screenshot === null ? [] : [resource(`urn:view:${last.url}`, last.atMs, 'image/png', screenshot)]),
  ];
  const warc = await writeWarc('data.warc.gz', records);
  return writeWacz({
    title: `Capture ${captureId}`,
    software,
    createdMs: last.atMs,
    warc,
    page: { url: captured.hops[0]?.url ?? last.url, title: captured.title, text: text.toString('utf8') },
    extras: [],
  });
}

function recordsOf(hop: Hop, parts: readonly Buffer[], truncated: Captured['truncated']): WarcRecord[] {
  const { url, atMs } = hop;
  const headers = { 'WARC-IP-Address': hop.address };
  const host = new URL(url).hostname;
  const tls = hop.tls;
  return [
    ...(hop.dns.length === 0 ? [] : [resource(`dns:${host}`, atMs, 'text/dns', Buffer.from(`${hop.dns.join('\n')}\n`))]),
    ...(tls === null
      ? []
      : [
          resource(
            `urn:tls-chain:${url}`,
            atMs,
            'application/pem-certificate-chain',
            Buffer.from(tls.chain.map((part) => pemOf(partOf(parts, part))).join('')),
          ),
        ]),
    {
      type: 'request',
      url,
      atMs,
      contentType: 'application/http; msgtype=request',
      block: partOf(parts, hop.request),
      headBytes: partOf(parts, hop.request).byteLength,
      headers,
    },
    {
      type: 'response',
      url,
      atMs,
      contentType: 'application/http; msgtype=response',
      block: partOf(parts, hop.response),
      headBytes: hop.responseHeadBytes,
      headers: { ...headers, ...(truncated === null ? {} : { 'WARC-Truncated': truncated }) },
      index: { mime: hop.mime, status: hop.status },
    },
    {
      type: 'metadata',
      url,
      atMs,
      contentType: 'application/warc-fields',
      block: fields({
        port: String(hop.port),
        ...(tls === null ? {} : { 'tls-protocol': tls.protocol, 'tls-cipher': tls.cipher, 'tls-problem': tls.problem ?? 'none' }),
      }),
    },
  ];
}

function resource(url: string, atMs: number, contentType: string, block: Buffer): WarcRecord {
  return {
    type: 'resource',
    url,
    atMs,
    contentType,
    block,
    index: { mime: contentType.split(';')[0] ?? contentType, status: null },
  };
}

function fields(values: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(values).map(([name, value]) => `${name}: ${value.replaceAll(/[\r\n]+/g, ' ')}\r\n`);
  return Buffer.from(lines.join(''));
}

function partOf(parts: readonly Buffer[], index: number): Buffer {
  const part = parts[index];
  if (part === undefined) throw new Error('the worker named a part that it did not send');
  return part;
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
