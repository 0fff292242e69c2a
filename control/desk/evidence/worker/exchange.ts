/**
 * One HTTP exchange with one address, kept byte for byte: what was sent, what came, whose certificate it was.
 *
 * Nothing is trusted: no cookies, no credentials, no scripts, a cap on bytes and time, and certificates are recorded, not believed.
 * What is cut off is said (`truncated`), because a page that never ends is still evidence.
 */
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import net from 'node:net';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { DetailedPeerCertificate } from 'node:tls';

export type ExchangeOptions = {
  readonly url: URL;
  /** The checked address; nothing is resolved here. */
  readonly address: string;
  readonly port: number;
  readonly mostBytes: number;
  readonly mostHeadBytes: number;
  /** Milliseconds of `performance.now`. */
  readonly deadline: number;
};

export type TlsFacts = {
  readonly protocol: string;
  readonly cipher: string;
  readonly problem: string | null;
  readonly chain: readonly Buffer[];
};

export type Exchange = {
  readonly request: Buffer;
  /** Head and body as they came. */
  readonly response: Buffer;
  readonly headBytes: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Without transfer coding, still with content coding. */
  readonly body: Buffer;
  readonly bodySha256: string;
  readonly truncated: 'length' | 'time' | null;
  readonly tls: TlsFacts | null;
};

/** Resolves to the exchange; rejects with an Error whose message is the end of “The server …”. */
export function exchange(options: ExchangeOptions): Promise<Exchange> {
  const { url, deadline } = options;
  const headers = [
    ['Host', url.host],
    ['User-Agent', 'Mozilla/5.0 (compatible; evidence capture)'],
    ['Accept', 'text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.8'],
    ['Accept-Language', 'en,*;q=0.5'],
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Connection', 'close'],
  ] as const;
  const path = `${url.pathname}${url.search}`;
  const sent = Buffer.from(`GET ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);

  return new Promise((resolve, reject) => {
    const raw: Buffer[] = [];
    const body: Buffer[] = [];
    let rawBytes = 0;
    let status = 0;
    let tlsFacts: TlsFacts | null = null;
    let answered: Readonly<Record<string, string>> | null = null;
    let over = false;
    const socket = connect(options);
    const timer = setTimeout(() => finish('time'), Math.max(1, deadline - performance.now()));

    function finish(truncated: Exchange['truncated']): void {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.destroy();
      if (answered === null) {
        reject(
          new Error(
            truncated === 'time' ? 'did not answer in time' : 'sent more before its answer than an answer’s head may have',
          ),
        );
        return;
      }
      const response = withoutInterim(Buffer.concat(raw));
      const bytes = Buffer.concat(body);
      resolve({
        request: sent,
        response,
        headBytes: headLength(response),
        status,
        headers: answered,
        body: bytes,
        bodySha256: createHash('sha256').update(bytes).digest('hex'),
        truncated,
        tls: tlsFacts,
      });
    }
    function fail(error: Error): void {
      if (over) return;
      // Whatever came before the connection broke is kept.
      if (answered !== null) {
        finish('length');
        return;
      }
      over = true;
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(whatBroke(error), { cause: error }));
    }
    socket.on('error', fail);
    socket.on('data', (chunk: Buffer) => {
      if (over) return;
      raw.push(chunk);
      rawBytes += chunk.byteLength;
      if (rawBytes > options.mostBytes + options.mostHeadBytes) finish('length');
    });
    if (socket instanceof tls.TLSSocket) socket.once('secureConnect', () => void (tlsFacts = factsOf(socket)));

    const request = httpRequest({
      method: 'GET',
      host: url.hostname,
      path,
      headers: headers.flatMap(([name, value]) => [name, value]),
      setHost: false,
      maxHeaderSize: options.mostHeadBytes,
      createConnection: () => socket,
    });
    request.on('error', fail);
    request.on('response', (response) => {
      status = response.statusCode ?? 0;
      answered = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [name, Array.isArray(value) ? (value[0] ?? '') : (value ?? '')]),
      );
      let bodyBytes = 0;
      response.on('data', (chunk: Buffer) => {
        if (over) return;
        const room = options.mostBytes - bodyBytes;
        body.push(chunk.subarray(0, Math.max(0, room)));
        bodyBytes += chunk.byteLength;
        if (bodyBytes > options.mostBytes) finish('length');
      });
      response.on('end', () => finish(null));
      response.on('error', fail);
      response.on('aborted', () => fail(new Error('aborted')));
    });
    request.end();
  });
}

function connect({ url, address, port }: ExchangeOptions): Socket {
  if (url.protocol === 'http:') return net.connect({ host: address, port });
  const name = url.hostname.replace(/^\[|\]$/g, '');
  return tls.connect({
    host: address,
    port,
    // An address has no place in SNI.
    ...(net.isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
}

function factsOf(socket: tls.TLSSocket): TlsFacts {
  const chain: Buffer[] = [];
  const seen = new Set<string>();
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < 10 && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  const problem: unknown = socket.authorizationError;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    problem: socket.authorized ? null : problem instanceof Error ? problem.message.slice(0, 200) : String(problem).slice(0, 200),
    chain,
  };
}

/** Without informational answers (100 to 199) before the real one. */
function withoutInterim(bytes: Buffer): Buffer {
  let rest = bytes;
  while (/^HTTP\/1\.[01] 1\d\d/.test(rest.subarray(0, 16).toString('latin1'))) {
    const end = headLength(rest);
    if (end >= rest.byteLength) break;
    rest = rest.subarray(end);
  }
  return rest;
}

function headLength(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n');
  return end === -1 ? bytes.byteLength : end + 4;
}

function whatBroke(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'HPE_HEADER_OVERFLOW') return 'sent a head that is too large';
  if (code.startsWith('HPE_')) return 'did not speak HTTP';
  if (code === 'ECONNREFUSED') return 'refused the connection';
  if (code === 'ECONNRESET') return 'closed the connection';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'cannot be reached from here';
  if (code === 'ETIMEDOUT') return 'did not answer in time';
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return 'and we found no common TLS';
  return `broke the exchange (${code === '' ? 'no reason' : code})`;
}
