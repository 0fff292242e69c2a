/**
 * What siteverify found, before any dialect puts it into its words; and what a dialect is: a thin table of names.
 *
 * | ours        | hCaptcha       | reCAPTCHA                  | Turnstile         |
 * | ----------- | -------------- | -------------------------- | ----------------- |
 * | secret      | `secret`       | `secret`                   | `secret`          |
 * | token       | `response`     | `response`                 | `response`        |
 * | address     | `remoteip`     | `remoteip`                 | `remoteip`        |
 * | site key    | `sitekey`      | –                          | –                 |
 * | question id | –              | –                          | `idempotency_key` |
 * | issuedMs    | `challenge_ts` | `challenge_ts`             | `challenge_ts`    |
 * | hostname    | `hostname`     | `hostname`                 | `hostname`        |
 * | action      | –              | `action`, beside a `score` | `action`          |
 * | cData       | –              | –                          | `cdata`           |
 */
import type { TokenFields } from '../../../core/captcha/token.ts';
import type { Dialect as DialectName } from '../test-keys.ts';

/** Why a question is answered with a no. */
export type Failing =
  /** A field twice, a list, something that is no text; a body that cannot be read. */
  | 'bad-request'
  | 'missing-secret'
  | 'bad-secret'
  | 'missing-response'
  /** There, without a character. */
  | 'empty-response'
  /** None of ours, of a key that is gone, or of a page that the key is not for. */
  | 'bad-response'
  | 'expired'
  | 'used'
  | 'bad-address'
  | 'bad-site-key'
  /** Token, secret and site key are not of one key. */
  | 'other-key'
  /** The token of a test key, with a secret that is not its own. */
  | 'dummy'
  /** An order suspends the key. */
  | 'suspended'
  /** We cannot know now: the database does not answer, or not in time. */
  | 'unavailable';

export type Passed = Pick<TokenFields, 'issuedMs' | 'hostname' | 'action' | 'cData' | 'siteKey'>;

export type Verdict =
  | { readonly kind: 'passed'; readonly token: Passed }
  | { readonly kind: 'failed'; readonly why: readonly Failing[]; readonly statement?: string | null };

/** What a test secret says; null: it is none of this dialect. */
export type TestVerdict = (asked: {
  readonly secret: string;
  readonly response: string;
  readonly siteKey: string | null;
  readonly nowMs: number;
}) => { readonly kind: 'answer'; readonly answer: unknown } | { readonly kind: 'failed'; readonly why: Failing } | null;

export type Dialect = {
  readonly name: DialectName;
  readonly path: string;
  readonly siteKeyField: string | null;
  readonly idempotencyField: string | null;
  /** Whether an address that is none fails the question. */
  readonly minds: { readonly address: boolean };
  /** Whether a token that is none is said before a secret that is none. */
  readonly tokenFirst: boolean;
  readonly codes: Readonly<Record<Failing, readonly string[]>>;
  readonly passed: (token: Passed) => unknown;
  /** `statement`: of an order that suspends the key. */
  readonly failed: (codes: readonly string[], statement: string | null) => unknown;
  readonly test: TestVerdict;
};

/** Beside the dialect's own code: the documented word of ours for a key that an order suspends. */
export const suspendedCode = 'sitekey-suspended';
