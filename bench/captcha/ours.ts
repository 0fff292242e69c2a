/**
 * Our own checks in the bench's process, as the provider's program puts them together, but with what is spent in a map: as the peers have it.
 */
import { timingSafeEqual } from 'node:crypto';
import { isRight } from '../../captcha/jobs.ts';
import { createChecks } from '../../captcha/provider/check/checks.ts';
import type { CheckedKey, Checks } from '../../captcha/provider/check/checks.ts';
import { hmacText } from '../../captcha/provider/check/quick.ts';
import { Tally } from '../../captcha/provider/check/tally.ts';
import type { CheckLevel, CheckReply } from '../../contract/captcha.ts';
import { secretBytes } from '../../kit/random-bytes.ts';
import { readToken, tokenAge, writeToken } from '../../core/captcha/token.ts';

export type Ours = {
  readonly checks: Checks;
  /** As siteverify does: reads a token and spends it. */
  readonly verify: (token: string) => boolean;
};

export const siteKey = 'bench-of-the-captcha';
export const host = 'shop.example';

export function ours(level: CheckLevel): Ours {
  const spent = new Set<string>();
  const secret = secretBytes(32);
  const macKeys = Promise.resolve([{ name: 'bench', secret }]);
  const mac = (_name: string, text: string) => hmacText(secret, text);
  const same = (one: string, other: string) =>
    one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
  const key: CheckedKey = { keyId: 'ckey_0123456789ab', siteKey, hostnames: [host], level, suspended: null, test: null };
  const spend = (id: string) => !spent.has(id) && spent.add(id).size > 0;
  const checks = createChecks({
    nowMs: Date.now,
    findKey: () => Promise.resolve(key),
    macKeys: () => macKeys,
    issueToken: ({ hostname, action, cData }) => {
      const [issuedMs, tokenId] = [Date.now(), secretBytes(16).toString('hex')];
      const fields = { tokenId, issuedMs, expiresMs: issuedMs + 300_000, siteKey, hostname, action, cData };
      return Promise.resolve({ token: writeToken(fields, 'bench', mac), expiresInSeconds: 300 });
    },
    spend: (id) => Promise.resolve(spend(id)),
    check: (job) => Promise.resolve(isRight(job)),
    tally: new Tally(),
    places: { all: 1000, perSite: 1000, perNetwork: 1000 },
  });
  return {
    checks,
    verify: (token) => {
      const read = readToken(token, mac, same);
      return read !== null && tokenAge(read, Date.now()) === 'good' && spend(read.tokenId);
    },
  };
}

let networks = 0;

/** Each from a network of its own: nobody here is to be asked for more than the first. */
export function begin({ checks }: Ours): Promise<CheckReply> {
  networks += 1;
  const network = `10.${(networks >> 8) % 256}.${networks % 256}.0/24`;
  return checks.begin({ body: { siteKey, host, action: 'login' }, network });
}
