/**
 * Tokens are issued when a check was passed, and spent once, in whichever process and whichever dialect.
 *
 * Order of a spending: signature → age → use known here → an insert that all processes share. Closed: a success is said only after the insert was
 * committed; without the database nothing is spent and nothing passes.
 */
import { randomBytes } from 'node:crypto';
import { readToken, tokenAge, writeToken } from '../../core/captcha/token.ts';
import type { TokenFields } from '../../core/captcha/token.ts';
import { instantOf } from '../../core/instant.ts';
import { forgetSpent, spendAnswered, spendOnce } from '../../store/captcha.ts';
import type { Store } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';
import { SpentLines } from './check/spent-lines.ts';
import type { CaptchaKey } from './keys.ts';
import { sameText } from './mac-keys.ts';
import type { MacKeys } from './mac-keys.ts';

/** Two minutes are usual elsewhere and too short for a long form; five are the longest that any dialect documents. */
export const tokenLifeMs = 300_000;
/** What is spent is remembered beyond the last moment at which any process takes it. */
const rememberedMs = 15 * 60_000;

export type IssueAsked = {
  readonly key: CaptchaKey;
  readonly hostname: string;
  readonly action: string;
  readonly cData: string;
};
export type Issued = { readonly token: string; readonly expiresInSeconds: number };

export type Unspendable = 'invalid' | 'expired' | 'used';
export type Spent = { readonly kind: 'spent'; readonly token: TokenFields } | { readonly kind: Unspendable };

export type TokenParts = { readonly store: Store; readonly macKeys: MacKeys; readonly nowMs: () => number };

export class Tokens {
  readonly #parts: TokenParts;
  readonly #seen: SpentLines;

  constructor(parts: TokenParts) {
    this.#parts = parts;
    this.#seen = new SpentLines((id, expiresMs) => spendOnce(parts.store.db, id, instantOf(expiresMs)));
  }

  /** A new token. A test key has always the same. Throws for a key that is suspended or never passes: a fault of who calls. */
  issue({ key, hostname, action, cData }: IssueAsked): Promise<Issued> {
    const { macKeys, nowMs } = this.#parts;
    const expiresInSeconds = tokenLifeMs / 1000;
    if (key.suspended !== null || key.test === 'never') return Promise.reject(new Error('this key issues no tokens'));
    if (key.test !== null) return Promise.resolve({ token: key.test.token, expiresInSeconds });
    const [signs] = macKeys.live();
    if (signs === undefined) return Promise.reject(new Error('there is no key to sign with'));
    const issuedMs = nowMs();
    const tokenId = randomBytes(16).toString('hex');
    const fields = { tokenId, issuedMs, expiresMs: issuedMs + tokenLifeMs, siteKey: key.siteKey, hostname, action, cData };
    return Promise.resolve({ token: writeToken(fields, signs.name, macKeys.mac), expiresInSeconds });
  }

  /** What a token says, without spending it: signature and age only. */
  read(text: string): Spent {
    const { macKeys, nowMs } = this.#parts;
    const token = readToken(text, macKeys.mac, sameText);
    if (token === null) return { kind: 'invalid' };
    const age = tokenAge(token, nowMs());
    if (age === 'good') return { kind: 'spent', token };
    return { kind: age === 'expired' ? 'expired' : 'invalid' };
  }

  /** Spends a token that was read: true once, of everybody who tries. Rejects when the database does not answer. */
  async use({ tokenId, expiresMs }: TokenFields): Promise<boolean> {
    return await this.#seen.use(tokenId, expiresMs + rememberedMs, this.#parts.nowMs());
  }

  /**
   * The same for an asker who names his question: who asks again with the same name is answered the same, until the token expires.
   * Null: it was used under another name.
   */
  async useNamed({ tokenId, expiresMs }: TokenFields, idempotencyKey: string, answer: unknown): Promise<unknown> {
    const expiresAt = instantOf(expiresMs + rememberedMs);
    return await transact(this.#parts.store, ({ tx }) => spendAnswered(tx, { tokenId, expiresAt, idempotencyKey, answer }));
  }

  /** Reads and spends. */
  async spend(text: string): Promise<Spent> {
    const read = this.read(text);
    if (read.kind !== 'spent') return read;
    return (await this.use(read.token)) ? read : { kind: 'used' };
  }

  /** Forgets what nobody can bring again. */
  async forget(): Promise<void> {
    await forgetSpent(this.#parts.store.db, instantOf(this.#parts.nowMs()));
  }
}
