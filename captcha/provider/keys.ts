/**
 * The book of keys: who is asking, by site key or by secret, as the database says it now.
 *
 * An answer is kept for a second, and forgotten at once when the doorbell says that keys changed: a suspension is in force everywhere within that
 * time. Closed: without the database there is no key. What cannot be a key of ours is not looked up. Of the others few are at once whose names were
 * never found before, and many more of those that were: a flood of invented keys or secrets is rejected while those in use are still found.
 */
import { hash } from 'node:crypto';
import type { CheckKind, CheckLevel } from '../../contract/captcha.ts';
import { CaptchaSecret, CaptchaSiteKey } from '../../contract/captcha-secret.ts';
import type { Hostname } from '../../contract/hostname.ts';
import { CaptchaKeyId } from '../../contract/ids.ts';
import type { Instant } from '../../contract/ids.ts';
import { instantOf } from '../../core/instant.ts';
import { briefCache } from '../../kit/brief-cache.ts';
import { findCaptchaKey, findCaptchaSecret } from '../../store/captcha.ts';
import type { Store } from '../../store/open.ts';
import { testKeys } from './test-keys.ts';

export type CaptchaKey = {
  readonly keyId: CaptchaKeyId;
  readonly siteKey: string;
  readonly name: string;
  /** Empty: any page. */
  readonly hostnames: readonly Hostname[];
  readonly kind: CheckKind;
  readonly level: CheckLevel;
  /** An order suspends it: since when, and the address of the public statement. Nothing passes. */
  readonly suspended: { readonly since: Instant; readonly statement: string | null } | null;
  /** A test key of a dialect: passes at once with this token, or never. */
  readonly test: { readonly token: string } | 'never' | null;
};

/** Names that nobody has found before are asked for faster than they can be looked up. */
export class TooManyQuestions extends Error {}

const keptMs = 1000;
const mostKept = 20_000;
const mostAtOnce = { known: 512, strange: 32 } as const;
const mostKnown = 50_000;

export class KeyBook {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #unhear: () => void;
  #keys: Kept<CaptchaKey | null>;
  #secrets: Kept<string | null>;
  readonly #asking = { known: 0, strange: 0 };
  /** Names that were found once, the longest known first: of site keys, and of secrets by their hash. */
  readonly #known = new Set<string>();

  /** `nowMs`: the time by which orders and secrets begin and end. */
  constructor(store: Store, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#keys = newCache();
    this.#secrets = newCache();
    this.#unhear = store.doorbell.onRing('captcha-keys', () => {
      this.#keys = newCache();
      this.#secrets = newCache();
    });
  }

  /** The key of a page; null when there is none. Rejects when the database does not answer. */
  async find(siteKey: string): Promise<CaptchaKey | null> {
    const test = testKey(siteKey);
    if (test !== null) return test;
    const read = CaptchaSiteKey.safeParse(siteKey);
    if (!read.success) return null;
    const wanted = read.data.toLowerCase();
    return await this.#keys(wanted, () =>
      this.#ask(wanted, async () => {
        const found = await findCaptchaKey(this.#store.db, wanted, instantOf(this.#nowMs()));
        return found === null ? null : { ...found, test: null };
      }),
    );
  }

  /** The key that a live secret is for; null when it is none. Rejects when the database does not answer. */
  async bySecret(secret: string): Promise<CaptchaKey | null> {
    if (!CaptchaSecret.safeParse(secret).success) return null;
    const sha256 = hash('sha256', secret, 'hex');
    const siteKey = await this.#secrets(sha256, () =>
      this.#ask(sha256, () => findCaptchaSecret(this.#store.db, sha256, instantOf(this.#nowMs()))),
    );
    return siteKey === null ? null : await this.find(siteKey);
  }

  close(): void {
    this.#unhear();
  }

  async #ask<Answer>(name: string, question: () => Promise<Answer | null>): Promise<Answer | null> {
    const row = this.#known.has(name) ? 'known' : 'strange';
    if (this.#asking[row] >= mostAtOnce[row]) throw new TooManyQuestions('too many questions about keys at once');
    this.#asking[row] += 1;
    try {
      const answer = await question();
      if (answer === null) this.#known.delete(name);
      else this.#known.add(name);
      const [oldest] = this.#known;
      if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
      return answer;
    } finally {
      this.#asking[row] -= 1;
    }
  }
}

type Kept<Value> = ReturnType<typeof briefCache<Value>>;

function newCache<Value>(): Kept<Value> {
  // A clock that does not go back, whatever the one of orders does.
  return briefCache<Value>(keptMs, mostKept, () => performance.now());
}

const testKeyId = CaptchaKeyId.parse('ckey_000000000000');

function testKey(siteKey: string): CaptchaKey | null {
  const found = testKeys.get(siteKey);
  if (found === undefined) return null;
  const { kind, does } = found;
  return { keyId: testKeyId, siteKey, name: 'test key', hostnames: [], kind, level: 'light', suspended: null, test: does };
}
