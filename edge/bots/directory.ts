/**
 * Asks a directory of keys over https: of addresses that the whole world reaches, without following redirects, bounded in time and bytes.
 *
 * The operator of the edge wrote the address down; even so its name must not lead into the operator's own network, or whoever runs that name could look
 * around there. Source of the path and form: draft-meunier-webbotauth-httpsig-directory.
 */
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, request } from 'undici';

/** Resolves with the parsed JSON; rejects when it cannot be had. */
export type FetchDirectory = (url: string) => Promise<unknown>;

const limitMs = 10_000;
const mostBytes = 65_536;

/** Whether an address is one of the public internet. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** How names become addresses, and who vouches for them; tests have their own. */
export type Reach = { readonly lookup: LookupFunction; readonly ca?: string };

const publicOnly: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { all: true }).then(
    (found) => {
      const usable = found.filter(({ address }) => isPublic(address));
      const first = usable[0];
      if (first === undefined) callback(new Error(`${hostname} has no public address`), '', 0);
      else if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    },
    (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 0),
  );
};

export function directoryFetcher({ lookup: find, ca }: Reach = { lookup: publicOnly }): FetchDirectory {
  const connect = { lookup: find, timeout: limitMs, ...(ca === undefined ? {} : { ca }) };
  const dispatcher = new Agent({ connect, maxResponseSize: mostBytes, pipelining: 0 });
  return async (url) => {
    const { hostname, protocol } = new URL(url);
    // An address is never looked up, so it would pass by the guard.
    if (protocol !== 'https:' || ipaddr.isValid(hostname.replace(/^\[|\]$/g, '')))
      throw new RangeError('Only https addresses with a name.');
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { accept: 'application/http-message-signatures-directory+json, application/json' },
      signal: AbortSignal.timeout(limitMs),
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`answered ${statusCode}`);
    }
    return body.json();
  };
}
