/** Captures against real servers on loopback: what is kept, what is said, and what a hostile page cannot do. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WARCParser } from 'warcio';
import { listCustody } from '../../../store/desk/custody.ts';
import { captureRecordsOf } from '../../../store/desk/captures.ts';
import { findEvidence } from '../../../store/desk/evidence.ts';
import { Cidr } from '../../../contract/network.ts';
import type { BlobId } from '../../../contract/ids.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';
import { startEvidenceHouse, startOrigin } from '../../../tests/harness/evidence-house.ts';
import type { EvidenceHouse, Origin } from '../../../tests/harness/evidence-house.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { unzipped } from '../../../tests/harness/zip.ts';
import { startTimestampAuthority } from '../../../tests/harness/timestamp-authority.ts';
import type { TestAuthority } from '../../../tests/harness/timestamp-authority.ts';

const chromium = '/usr/bin/chromium';

describe('a capture', () => {
  const folder = temporaryFolder('captures');
  let authority: TestAuthority;
  let house: EvidenceHouse;
  const origins: Origin[] = [];
  beforeAll(async () => {
    authority = await startTimestampAuthority();
    house = await startEvidenceHouse(await embeddedAddress(folder), { timestampUrls: [authority.url] });
  });
  afterEach(async () => {
    for (const origin of origins.splice(0)) await origin.stop();
  });
  afterAll(async () => {
    await house.stop();
    await authority.stop();
    removeFolder(folder);
  });
  const origin = async (...args: Parameters<typeof startOrigin>) => {
    const started = await startOrigin(...args);
    origins.push(started);
    return started;
  };
  const opened = async (blobId: BlobId | null) => {
    const blob = blobId === null ? null : await house.deps.seal.openBlob(house.deps.store.db, blobId);
    if (blob === null) throw new Error('the blob is there');
    return Buffer.from(blob.bytes);
  };

  it('keeps request and answer byte for byte in a WACZ whose hashes hold, with words, custody and an outside time', async () => {
    const page =
      '<!doctype html><title>Thread 12</title><p>[threat naming a place and time]</p><script>document.title="ran"</script>';
    const { url } = await origin((request, response) => {
      if (request.url === '/start') response.writeHead(302, { location: '/thread/12?page=2' }).end('moved');
      else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': 'a=b' }).end(page);
    });
    const { item, capture } = await house.capture(await house.addCase(), `${url}/start#post-7`);
    expect(item).toMatchObject({ level: 'A2', captureState: 'captured' });
    expect(capture).toMatchObject({ state: 'captured', http_status: 200, address: '127.0.0.1' });
    expect(capture.finding).toBe(
      `HTTP 200 from 127.0.0.1. After 1 redirects. Outside time by ${new URL(authority.url).host}: chain not checked, no root is configured.`,
    );
    expect(capture.timestamped_at).not.toBeNull();
    expect((await opened(capture.text_blob_id)).toString()).toBe('Thread 12\n\n[threat naming a place and time]');

    const wacz = await opened(capture.wacz_blob_id);
    expect(createHash('sha256').update(wacz).digest('hex')).toBe(capture.wacz_sha256);
    const files = await unzipped(wacz);
    const description: { resources: { path: string; hash: string; bytes: number }[] } = JSON.parse(
      textOf(files, 'datapackage.json'),
    );
    expect(description.resources.map(({ path: name }) => name)).toEqual([
      'archive/data.warc.gz',
      'indexes/index.cdx.gz',
      'pages/pages.jsonl',
    ]);
    for (const resource of description.resources) expect(sha256(files.get(resource.path))).toBe(resource.hash);
    const digest: { hash: string } = JSON.parse(textOf(files, 'datapackage-digest.json'));
    expect(sha256(files.get('datapackage.json'))).toBe(digest.hash);

    const records = await readWarc(files.get('archive/data.warc.gz'));
    expect(records.map(({ type }) => type)).toEqual([
      'warcinfo',
      'request',
      'response',
      'metadata',
      'request',
      'response',
      'metadata',
      'resource',
    ]);
    const last = records.findLast(({ type }) => type === 'response');
    expect(last).toMatchObject({ url: `${url}/thread/12?page=2`, status: 200, body: page });
    const index = gunzipSync(files.get('indexes/index.cdx.gz') ?? '')
      .toString()
      .trim()
      .split('\n');
    expect(index).toHaveLength(3);
    for (const line of index) {
      const entry: { url: string; offset: string; length: string } = JSON.parse(line.slice(line.indexOf('{')));
      const start = Number(entry.offset);
      const member = files.get('archive/data.warc.gz')?.subarray(start, start + Number(entry.length)) ?? Buffer.alloc(0);
      expect(gunzipSync(member).toString()).toContain(`WARC-Target-URI: ${entry.url}\r\n`);
    }
    const asked = records.findLast(({ type }) => type === 'request');
    expect(asked?.raw).toMatch(/^GET \/thread\/12\?page=2 HTTP\/1\.1\r\n/);
    expect(asked?.raw).not.toMatch(/cookie|referer/i);

    const { lines, intact } = await listCustody(house.deps.store.db, item.evidenceId);
    expect(lines.map(({ act }) => act)).toEqual(['create', 'capture', 'timestamp']);
    expect(lines.at(-1)?.sha256).toBe(capture.wacz_sha256);
    expect(intact).toBe(true);
    expect(house.logged.join()).not.toContain('thread/12');
  });

  it('without an authority says that there is no outside time, and why', async () => {
    const { url } = await origin((_request, response) => response.end('words'));
    authority.mood('tampered');
    const { capture } = await house.capture(await house.addCase(), url);
    authority.mood('honest');
    expect(capture.timestamped_at).toBeNull();
    expect(capture.finding).toMatch(/No outside time: 127\.0\.0\.1:\d+: its signature does not hold\./);
  });

  it('says that its outside time leads to the root that was configured, and has none from whom another root vouches for', async () => {
    const { url } = await origin((_request, response) => response.end('words'));
    const place = temporaryFolder('roots');
    const timestampRootFile = path.join(place, 'roots.pem');
    const other = await startTimestampAuthority();
    const rooted = await startEvidenceHouse(await embeddedAddress(place), { timestampUrls: [authority.url], timestampRootFile });
    try {
      for (const [root, expected] of [
        [authority.rootFile, /Outside time by 127\.0\.0\.1:\d+: verified to the root that you configured\./],
        [other.rootFile, /No outside time: 127\.0\.0\.1:\d+: its certificate leads to no root that you configured\./],
        [null, /No outside time: the file of roots cannot be read\./],
      ] as const) {
        if (root === null) rmSync(timestampRootFile);
        else copyFileSync(root, timestampRootFile);
        const { capture } = await rooted.capture(await rooted.addCase(), url);
        expect(capture.finding).toMatch(expected);
        expect(capture.timestamped_at === null).toBe(root !== authority.rootFile);
      }
    } finally {
      await rooted.stop();
      await other.stop();
      removeFolder(place);
    }
  });

  it('of a page that is gone says so and keeps the answer; of a name without an address too', async () => {
    const { url } = await origin((_request, response) => response.writeHead(410).end('removed'));
    const { item, capture } = await house.capture(await house.addCase(), url);
    expect(capture.state).toBe('gone');
    expect(capture.wacz_sha256).not.toBeNull();
    expect(item).toMatchObject({ captureState: 'gone', level: 'A0' });
  });

  it('is tried four times with growing pauses when a server is away, and then fails in a sentence', async () => {
    const { url, stop } = await startOrigin(() => undefined);
    await stop();
    const evidenceId = await house.addUrl(await house.addCase(), url);
    const states: (string | undefined)[] = [];
    for (const waitMs of [0, 60_000, 240_000, 960_000]) {
      house.pass(waitMs);
      expect(await house.runDue()).toBe(1);
      states.push((await captureRecordsOf(house.deps.store.db, [evidenceId]))[0]?.state);
    }
    expect(states).toEqual(['waiting', 'waiting', 'waiting', 'failed']);
    const [capture] = await captureRecordsOf(house.deps.store.db, [evidenceId]);
    expect(capture?.finding).toBe('The server refused the connection.');
    house.pass(3_600_000);
    expect(await house.runDue()).toBe(0);
  });

  it('an hour later makes a second copy, which makes A3; one at once does not', async () => {
    const { url } = await origin((_request, response) => response.end('the same words'));
    const { item } = await house.capture(await house.addCase(), url);
    await house.askAgain(item.evidenceId, url);
    await house.runDue();
    expect((await findEvidence(house.deps.store.db, item.evidenceId))?.level).toBe('A2');
    house.pass(3_600_000);
    await house.askAgain(item.evidenceId, url);
    await house.runDue();
    expect((await findEvidence(house.deps.store.db, item.evidenceId))?.level).toBe('A3');
    expect(await captureRecordsOf(house.deps.store.db, [item.evidenceId])).toHaveLength(3);
  });

  it('never fetches what may be criminal to hold', async () => {
    const { url, seen } = await origin((_request, response) => response.end('never'));
    const { item, capture } = await house.capture(await house.addCase('child-abuse'), url);
    expect(capture).toMatchObject({ state: 'never', wacz_blob_id: null });
    expect(item.level).toBe('A0');
    expect(seen).toEqual([]);
  });

  it('of a huge page keeps ten megabytes and says that it is cut off', async () => {
    const { url } = await origin((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
      };
      response.on('drain', more);
      more();
    });
    const { capture } = await house.capture(await house.addCase(), url);
    expect(capture.state).toBe('captured');
    expect(capture.finding).toContain('Cut off: only the first part was kept.');
    const warc = (await unzipped(await opened(capture.wacz_blob_id))).get('archive/data.warc.gz');
    const response = (await readWarc(warc)).find(({ type }) => type === 'response');
    expect(response?.truncated).toBe('length');
  });

  it('does not unpack a gzip bomb: its bytes are kept, its words are not read', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    const { url } = await origin((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(bomb),
    );
    const { capture } = await house.capture(await house.addCase(), url);
    expect(capture).toMatchObject({ state: 'captured', text_blob_id: null });
    expect(capture.finding).toContain('would unpack to more than 20 MB');
  });

  it('of a server with a certificate of its own making is kept, with the chain and what is wrong with it', async () => {
    const files = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
    const [keyFile = '', certFile = ''] = files;
    const subject = ['-subj', '/CN=forum.example', '-days', '2', '-keyout', keyFile, '-out', certFile];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', ...subject], {
      stdio: 'ignore',
    });
    const [key = '', cert = ''] = files.map((file) => readFileSync(file, 'utf8'));
    const { url } = await origin((_request, response) => response.end('secret words'), { key, cert });
    const { capture } = await house.capture(await house.addCase(), url);
    expect(capture.finding).toMatch(/A certificate on the way is not valid \(.*self.signed/i);
    const records = await readWarc((await unzipped(await opened(capture.wacz_blob_id))).get('archive/data.warc.gz'));
    expect(records.find(({ url: address }) => address.startsWith('urn:tls-chain:'))?.raw.trim()).toBe(cert.trim());
  });

  it.runIf(existsSync(chromium))(
    'takes a picture with a browser that runs no script and reaches nothing inward',
    async () => {
      const beacon = await origin((_request, response) => response.end('reached'), undefined, '127.0.0.2');
      const html = (body: string) => `<!doctype html><style>body{margin:0;background:#fff}</style>${body}`;
      const script = '<script>document.body.style.background="#f00";new Image().src="/script-ran"</script>';
      const inward = `<img src="http://169.254.169.254/meta"><img src="${beacon.url}/by-address"><img src="/picture.png">`;
      const page = await origin((request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(html(request.url === '/plain' ? '<p>words</p>' : `<p>words</p>${inward}${script}`));
      });
      const seeing = await startEvidenceHouse(await embeddedAddress(path.join(folder, 'seeing')), {
        chromium,
        allowCaptures: [Cidr.parse('127.0.0.1')],
      });
      try {
        const pictures: Buffer[] = [];
        for (const name of ['/plain', '/scripted']) {
          const { capture } = await seeing.capture(await seeing.addCase(), `${page.url}${name}`);
          const blob =
            capture.screenshot_blob_id === null
              ? null
              : await seeing.deps.seal.openBlob(seeing.deps.store.db, capture.screenshot_blob_id);
          if (blob === null) throw new Error('there is a picture');
          pictures.push(Buffer.from(blob.bytes));
        }
        expect(pictures[0]?.subarray(1, 4).toString()).toBe('PNG');
        expect(page.seen).toContain('/picture.png');
        expect(page.seen).not.toContain('/script-ran');
        expect(beacon.seen).toEqual([]);
      } finally {
        await seeing.stop();
      }
    },
    120_000,
  );
});

type ReadRecord = { type: string; url: string; status: number; raw: string; body: string; truncated: string | null };

async function readWarc(bytes: Buffer | undefined): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  for await (const record of new WARCParser(Readable.from([bytes ?? Buffer.alloc(0)]))) {
    const http = record.warcType === 'response';
    const status = http ? Number(record.httpHeaders?.statusCode ?? 0) : 0;
    const head = record.warcType === 'request' ? (record.httpHeaders?.toString() ?? '') : '';
    const body = Buffer.from(await record.readFully(true)).toString();
    records.push({
      type: record.warcType ?? '',
      url: record.warcTargetURI ?? '',
      status,
      raw: head + body,
      body,
      truncated: record.warcHeader('WARC-Truncated') ?? null,
    });
  }
  return records;
}

function textOf(files: ReadonlyMap<string, Buffer>, name: string): string {
  return files.get(name)?.toString() ?? '';
}

function sha256(bytes: Buffer | undefined): string {
  return `sha256:${createHash('sha256')
    .update(bytes ?? '')
    .digest('hex')}`;
}
