/**
 * One provider on one store: keys, tokens, routes, and what is done now and then. Knows no flags, no environment and no signals.
 *
 * Several may run on one PostgreSQL; on the embedded database it is a guest of the control plane's process. It opens nothing itself, and what it
 * was handed stays open when it stops.
 */
import type { Server } from 'node:http';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Cidr } from '../../contract/network.ts';
import { errorForLog } from '../../kit/log-error.ts';
import type { Store } from '../../store/open.ts';
import type { Job } from '../jobs.ts';
import { Pool } from '../pool.ts';
import { createHttp } from './http.ts';
import { KeyBook } from './keys.ts';
import { MacKeys } from './mac-keys.ts';
import { startAnswering } from './routes.ts';
import type { Answering } from './routes.ts';
import { Tokens } from './tokens.ts';
import { trustOf, usualProxies } from './visitor.ts';
import { startWitness } from './witness.ts';
import type { Witness } from './witness.ts';

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
  const check = (job: Job) => pool.run(job);
  const forgetting = setInterval(() => {
    tokens
      .forget()
      .catch((error: unknown) => log.warn({ err: errorForLog(error) }, 'spent tokens were not forgotten; the next time does it'));
  }, forgetEveryMs);
  forgetting.unref();
  let answering: Answering | null = null;
  let witness: Witness | null = null;
  const stopParts = async () => {
    await witness?.stop();
    await answering?.stop();
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
    answering = startAnswering({ store, keys, tokens, macKeys, check, nowMs, log, onSecretInUrl });
    const server = createHttp({ routes: answering.routes, trust: trustOf(parts.trustedProxies ?? usualProxies), log });
    server.maxConnections = mostConnections;
    const port = await listen(server, parts.listen);
    const host = parts.listen.host.includes(':') ? `[${parts.listen.host}]` : parts.listen.host;
    const url = `http://${host}:${port}`;
    const isSuspended = async (siteKey: string) => {
      const key = await keys.find(siteKey);
      return key === null ? null : key.suspended !== null;
    };
    witness = await startWitness({ store, log, nowMs, name: `${hostname()}:${port}`, url, isSuspended });
    return {
      url,
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
    server.once('error', (cause) => {
      const taken = 'code' in cause && cause.code === 'EADDRINUSE';
      const why = taken ? 'is taken by another program' : `cannot be had (${cause.message})`;
      reject(new Error(`Port ${port} on ${host}, wanted for the captcha provider, ${why}. Choose another.`, { cause }));
    });
    // A queue that is full drops a handshake, which is tried again only a second later.
    server.listen({ port, host, backlog: mostConnections }, resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the provider listens nowhere');
  return address.port;
}
