/**
 * A certificate authority as we use one: order a certificate, ask when it should be renewed. The one file that knows acme-client.
 *
 * Every order has a new private key (P-256), made here and handed back; it is never used twice. The account's key comes from the caller, and its
 * address goes back to it. What the authority says when it refuses is told as it says it, for only that helps; it holds no secret.
 * Not here: when to order, waiting for edges, storing (obtain.ts). After: RFC 8555, RFC 9773 (our own: acme-client has none of it).
 */
import { axios, Client, crypto } from 'acme-client';
import { z } from 'zod';
import type { RenewalWindow } from '../../core/shield/certificates.ts';
import { renewalName } from '../../kit/certificate-pem.ts';

/** What the authority will look for. */
export type Challenge =
  | { readonly kind: 'http-01'; readonly hostname: string; readonly token: string; readonly keyAuthorization: string }
  /** A TXT record of this name with this value. */
  | { readonly kind: 'dns-01'; readonly hostname: string; readonly name: string; readonly value: string };

export type OrderRequest = {
  readonly hostname: string;
  readonly way: Challenge['kind'];
  /** Resolves when the answer can be seen from outside. */
  readonly answer: (challenge: Challenge) => Promise<void>;
  /** Called after each `answer`, whatever came of it. */
  readonly forget: (challenge: Challenge) => Promise<void>;
  /** The chain that this one replaces, for authorities with renewal information. */
  readonly replaces: string | null;
};

export type Issued = { readonly chain: string; readonly key: string };

export type Authority = {
  readonly directory: string;
  /** Orders a certificate for one hostname. Rejects with AuthorityRefused, or with a network's Error. */
  order(request: OrderRequest): Promise<Issued>;
  /** When the authority wants a certificate to be replaced, and when to ask again; null: it does not say. */
  renewal(chain: string): Promise<{ readonly window: RenewalWindow; readonly askAgainMs: number } | null>;
};

/** The authority said no; the message is its own. */
export class AuthorityRefused extends Error {
  override readonly name = 'AuthorityRefused';
}

/** An authority's customer, as it tells us (RFC 8555, 7.3.4): a name and the key, in base64url, that shows it is us. The key is a secret. */
export type AccountBinding = { readonly keyId: string; readonly macKey: string };

export type AuthorityParts = {
  readonly directory: string;
  /** `mailto:` addresses that the authority may write to. */
  readonly contact: string | null;
  /** Used once, when the account is made. */
  readonly binding: AccountBinding | null;
  readonly account: { readonly key: string; readonly url: string | null };
  readonly onAccount: (url: string) => Promise<void>;
  readonly fetch: typeof globalThis.fetch;
};

const askAgainMs = 6 * 3_600_000;
const longestAskAgainMs = 24 * 3_600_000;
const requestTimeoutMs = 20_000;

/** A new key for an account, as PEM. */
export async function newAccountKey(): Promise<string> {
  return (await crypto.createPrivateEcdsaKey('P-256')).toString();
}

/** Opens an authority; nothing is asked of it yet. */
export function openAuthority(parts: AuthorityParts): Authority {
  // A request that fails is not tried five times inside the library: the wish that it belongs to has waits of its own.
  Object.assign(axios.defaults, { timeout: requestTimeoutMs });
  Object.assign(axios.defaults, { acmeSettings: { retryMaxAttempts: 1, retryDefaultDelay: 1 } });
  const { binding } = parts;
  let accountUrl = parts.account.url;
  const connect = () =>
    new Client({
      directoryUrl: parts.directory,
      accountKey: parts.account.key,
      ...(accountUrl === null ? {} : { accountUrl }),
      ...(binding === null ? {} : { externalAccountBinding: { kid: binding.keyId, hmacKey: binding.macKey } }),
      backoffAttempts: 25,
      backoffMin: 500,
      backoffMax: 8000,
    });

  async function client(): Promise<Client> {
    const opened = connect();
    if (accountUrl !== null) return opened;
    // Asked again with the same key, the authority answers with the account that it has.
    await opened.createAccount({ termsOfServiceAgreed: true, ...(parts.contact === null ? {} : { contact: [parts.contact] }) });
    accountUrl = opened.getAccountUrl();
    await parts.onAccount(accountUrl);
    return opened;
  }

  return {
    directory: parts.directory,
    async order({ hostname, way, answer, forget, replaces }) {
      try {
        const opened = await client();
        // Only an authority with renewal information knows the word.
        const known = replaces !== null && (await renewalBase(parts).catch(() => null)) !== null;
        const name = known ? renewalName(replaces) : null;
        const identifiers = [{ type: 'dns', value: hostname }];
        const request = name === null ? { identifiers } : { identifiers, replaces: name };
        const order = await opened.createOrder(request);
        for (const authorization of await opened.getAuthorizations(order)) {
          if (authorization.status === 'valid') continue;
          const offered = authorization.challenges.find(({ type }) => type === way);
          if (offered === undefined) throw new AuthorityRefused(`The authority does not offer ${way} for ${hostname}.`);
          const text = await opened.getChallengeKeyAuthorization(offered);
          const bare = hostname.replace(/^\*\./, '');
          const challenge: Challenge =
            way === 'http-01'
              ? { kind: way, hostname, token: offered.token, keyAuthorization: text }
              : { kind: way, hostname, name: `_acme-challenge.${bare}`, value: text };
          try {
            await answer(challenge);
            await opened.completeChallenge(offered);
            await opened.waitForValidStatus(offered);
          } finally {
            await forget(challenge);
          }
        }
        const ownKey = await crypto.createPrivateEcdsaKey('P-256');
        const [key, request509] = await crypto.createCsr({ commonName: hostname, altNames: [hostname] }, ownKey);
        const chain = await opened.getCertificate(await opened.finalizeOrder(order, request509));
        return { chain, key: key.toString() };
      } catch (error) {
        // An account that the authority has forgotten is made anew next time.
        if (error instanceof Error && /account.*does not exist|unable to find account/i.test(error.message)) accountUrl = null;
        throw error;
      }
    },
    async renewal(chain) {
      const name = renewalName(chain);
      if (name === null) return null;
      const base = await renewalBase(parts);
      if (base === null) return null;
      const response = await parts.fetch(`${base.replace(/\/$/, '')}/${name}`, { signal: AbortSignal.timeout(requestTimeoutMs) });
      if (!response.ok) return null;
      const told = RenewalInfo.safeParse(await response.json());
      if (!told.success) return null;
      const { start, end } = told.data.suggestedWindow;
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const again = Number.isFinite(seconds) && seconds > 60 ? Math.min(seconds * 1000, longestAskAgainMs) : askAgainMs;
      return { window: { startMs: Date.parse(start), endMs: Date.parse(end) }, askAgainMs: again };
    },
  };
}

const Directory = z.object({ renewalInfo: z.url({ protocol: /^https?$/ }).optional() });
const RenewalInfo = z.object({
  suggestedWindow: z.object({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) }),
});

async function renewalBase({ directory, fetch }: AuthorityParts): Promise<string | null> {
  const response = await fetch(directory, { signal: AbortSignal.timeout(requestTimeoutMs) });
  const parsed = Directory.safeParse(await response.json());
  return parsed.success ? (parsed.data.renewalInfo ?? null) : null;
}
