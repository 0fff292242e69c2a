/**
 * A visitor without a browser: sends exactly the request that a test describes and reads what comes back, byte for byte.
 *
 * `node:http` and not fetch, because stories need a wrong Host, a raw path, HEAD, upgrades, and loopback source addresses, and must
 * not follow redirects. `solveChallenge` does what the challenge page's own script does, from the same text that the page carries.
 */
import http from 'node:http';
import https from 'node:https';

export type Visit = {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly scheme?: 'http' | 'https';
  /** The visitor's own address, within 127.0.0.0/8. */
  readonly from?: string;
  readonly agent?: http.Agent;
  readonly timeoutMs?: number;
};

export type Met = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
};

/** What a browser sends when somebody types an address. */
export const navigation: Readonly<Record<string, string>> = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0',
};

/** Sends one request to loopback; rejects when the connection fails or nothing comes for `timeoutMs` (10 s). */
export function visit(what: Visit): Promise<Met> {
  return new Promise((resolve, reject) => {
    const options: https.RequestOptions = {
      host: '127.0.0.1',
      port: what.port,
      path: what.path ?? '/',
      method: what.method ?? 'GET',
      setHost: false,
      headers: {
        host: what.host,
        ...(what.body === undefined ? {} : { 'content-length': Buffer.byteLength(what.body) }),
        ...what.headers,
      },
      agent: what.agent ?? false,
      timeout: what.timeoutMs ?? 10_000,
      ...(what.from === undefined ? {} : { localAddress: what.from }),
      ...(what.scheme === 'https' ? { servername: what.host, rejectUnauthorized: false } : {}),
    };
    const request = (what.scheme === 'https' ? https : http).request(options);
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error(`no answer from port ${what.port} in time`)));
    const read = (response: http.IncomingMessage): void => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }),
      );
    };
    request.once('response', read);
    request.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    request.end(what.body);
  });
}
