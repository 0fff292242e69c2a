/**
 * One provider on one store: keys, tokens, routes, and what is done now and then. Knows no flags, no environment and no signals.
 *
 * Several may run on one PostgreSQL; on the embedded database it is a guest of the control plane's process. It opens nothing itself, and what it
 * was handed stays open when it stops.
 */
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Cidr } from '../../contract/network.ts';
import { errorForLog } from '../../kit/log-error.ts';
import type { Store } from '../../store/open.ts';
import { Pool } from '../pool.ts';
import { createHttp } from './http.ts';
import { KeyBook } from './keys.ts';
import { MacKeys } from './mac-keys.ts';
import { routesOf } from './routes.ts';
import { Tokens } from './tokens.ts';
import { trustOf, usualProxies } from './visitor.ts';

export type ProviderParts = {
  readonly store: Store;
  /** 32 bytes that the keys of tokens are sealed with in the database. */
  readonly sealKey: Uint8Array;
  /** The database's time (clock.ts). */
  readonly nowMs: () => number;
  readonly log: Logger;
  /** Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly trustedProxies?: readonly Cidr[];
  /** Threads that check answers. */
  readonly threads: number;
};

export type Provider = { readonly url: string; readonly port: number; readonly stop: () => Promise<void> };

const forgetEveryMs = 60_000;
const mostConnections = 4096;

/** Starts a provider. Throws an Error with a sentence: the port is taken, the captcha key is another. */
export async function startProvider(parts: ProviderParts): Promise<Provider> {
  const { store, log, nowMs } = parts;
  const macKeys = await MacKeys.open({ store, sealKey: parts.sealKey, nowMs, log });
  const keys = new KeyBook(store, nowMs);
  const tokens = new Tokens({ store, macKeys, nowMs });
  const pool = new Pool(parts.threads);
  const forgetting = setInterval(() => {
    tokens
      .forget()
      .catch((error: unknown) => log.warn({ err: errorForLog(error) }, 'spent tokens were not forgotten; the next time does it'));
  }, forgetEveryMs);
  forgetting.unref();
  const stopParts = async () => {
    clearInterval(forgetting);
    macKeys.close();
    keys.close();
    await pool.stop();
  };
  try {
    const warned = new Set<string>();
    const onSecretInUrl = (keyId: string) => {
      if (warned.has(keyId) || warned.size >= 10_000) return;
      warned.add(keyId);
      log.warn(
        { keyId },
        'a server sends the secret of this key in the address of its questions; let it use POST, and renew the secret',
      );
    };
    const routes = routesOf({ store, keys, tokens, macKeys, check: (job) => pool.run(job), nowMs, log, onSecretInUrl });
    const server = createHttp({ routes, trust: trustOf(parts.trustedProxies ?? usualProxies), log });
    server.maxConnections = mostConnections;
    const port = await listen(server, parts.listen);
    const host = parts.listen.host.includes(':') ? `[${parts.listen.host}]` : parts.listen.host;
    return {
      url: `http://${host}:${port}`,
      port,
      stop: async () => {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

async function listen(server: Server, { host, port }: ProviderParts['listen']): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the provider listens nowhere');
  return address.port;
}
