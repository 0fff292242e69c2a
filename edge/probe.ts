/**
 * Asks this edge's own listener for one URL, as a visitor's browser would, over TCP.
 *
 * The request comes from a loopback address that nobody outside can use, so that limits on connections do not refuse it; everything
 * else in HAProxy applies to it. The certificate is not checked: the question is what HAProxy answers, not who it is.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Listener } from './render/types.ts';

export type ProbeTarget = { readonly method: 'GET' | 'HEAD'; readonly host: string; readonly path: string };
/** `status` 0: no answer; `connected` says whether the listener took the request at least. `action` and `decision` are the headers by which HAProxy says which guard answered. */
export type ProbeAnswer = {
  readonly connected: boolean;
  readonly url: string;
  readonly status: number;
  readonly action: string | null;
  readonly decision: string | null;
};

/** What the edge answers by itself comes within milliseconds; what takes longer waits for an origin. */
const timeoutMs = 3000;

/** Asks the first listener that speaks plain HTTP, else the first; never rejects. */
export async function probe(listeners: readonly Listener[], source: string, target: ProbeTarget): Promise<ProbeAnswer> {
  const listener = listeners.find(({ scheme }) => scheme === 'http') ?? listeners[0];
  const nothing = { connected: false, url: `http://${target.host}${target.path}`, status: 0, action: null, decision: null };
  if (listener === undefined) return nothing;
  const url = `${listener.scheme}://${target.host}${target.path}`;
  const address = reachable(listener.address);
  const options = {
    host: address,
    port: listener.port,
    method: target.method,
    path: target.path,
    agent: false,
    timeout: timeoutMs,
    ...(address.includes(':') ? {} : { localAddress: source }),
    headers: {
      Host: target.host,
      'User-Agent': 'Mozilla/5.0 (compatible; portcullis-probe)',
      Accept: 'text/html',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
      Connection: 'close',
    },
  };
  return new Promise((resolve) => {
    const asked =
      listener.scheme === 'https'
        ? httpsRequest({ ...options, servername: target.host, rejectUnauthorized: false })
        : httpRequest(options);
    let connected = false;
    asked.on('socket', (socket) => socket.once('connect', () => (connected = true)));
    const timer = setTimeout(() => asked.destroy(new Error('no answer')), timeoutMs);
    asked.on('response', (response) => {
      clearTimeout(timer);
      const header = (name: string) => {
        const value = response.headers[name];
        return typeof value === 'string' ? value : null;
      };
      resolve({
        connected: true,
        url,
        status: response.statusCode ?? 0,
        action: header('portcullis-action')?.slice(0, 60) ?? null,
        decision: header('portcullis-decision')?.slice(0, 200) ?? null,
      });
      response.destroy();
    });
    asked.on('error', () => {
      clearTimeout(timer);
      resolve({ ...nothing, url, connected });
    });
    asked.end();
  });
}

function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
