/**
 * The test keys of the dialects, as their documentation names them: constants, the same at every provider, harmless.
 *
 * A test secret takes nothing but the dummy token of its dialect, and no other secret takes a dummy token: neither opens anything real.
 * Sources: docs.hcaptcha.com, developers.google.com/recaptcha/docs/faq, developers.cloudflare.com/turnstile/troubleshooting/testing.
 */
import type { CheckKind } from '../../contract/captcha.ts';

export type Dialect = 'hcaptcha' | 'recaptcha' | 'turnstile';

export type TestKey = {
  readonly siteKey: string;
  readonly kind: CheckKind;
  /** The token that it passes with, or `never`. */
  readonly does: { readonly token: string } | 'never';
};

export const turnstileDummy = 'XXXX.DUMMY.TOKEN.XXXX';
/** Google documents none: its test secret takes whatever its test key gave. Long enough for clients that look. */
export const recaptchaDummy = `dummy-token-of-the-test-key-${'0'.repeat(80)}`;

const hcaptcha = (digit: '1' | '2' | '3'): TestKey => ({
  siteKey: `${digit}0000000-ffff-ffff-ffff-00000000000${digit}`,
  kind: 'checkbox',
  does: { token: `${digit}0000000-aaaa-bbbb-cccc-00000000000${digit}` },
});

export const hcaptchaTestKeys: readonly TestKey[] = [hcaptcha('1'), hcaptcha('2'), hcaptcha('3')];
export const hcaptchaTestSecret = '0x0000000000000000000000000000000000000000';

export const recaptchaTestKeys: readonly TestKey[] = [
  { siteKey: '6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI', kind: 'checkbox', does: { token: recaptchaDummy } },
];
export const recaptchaTestSecret = '6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe';

export const turnstileTestKeys: readonly TestKey[] = [
  { siteKey: '1x00000000000000000000AA', kind: 'managed', does: { token: turnstileDummy } },
  { siteKey: '2x00000000000000000000AB', kind: 'managed', does: 'never' },
  { siteKey: '1x00000000000000000000BB', kind: 'invisible', does: { token: turnstileDummy } },
  { siteKey: '2x00000000000000000000BB', kind: 'invisible', does: 'never' },
  { siteKey: '3x00000000000000000000FF', kind: 'checkbox', does: { token: turnstileDummy } },
];
const turnstileSecret = (digit: '1' | '2' | '3') => `${digit}x0000000000000000000000000000000AA`;
/** What each of Turnstile's test secrets says of the dummy token. */
export const turnstileTestSecrets: ReadonlyMap<string, 'pass' | 'fail' | 'used'> = new Map([
  [turnstileSecret('1'), 'pass'],
  [turnstileSecret('2'), 'fail'],
  [turnstileSecret('3'), 'used'],
]);

export const testKeys: ReadonlyMap<string, TestKey> = new Map(
  [...hcaptchaTestKeys, ...recaptchaTestKeys, ...turnstileTestKeys].map((key) => [key.siteKey, key]),
);

const dummies: ReadonlySet<string> = new Set(
  [...testKeys.values()].flatMap(({ does }) => (does === 'never' ? [] : [does.token])),
);

/** Whether a token is one of test keys, of any dialect. */
export function isDummy(token: string): boolean {
  return dummies.has(token);
}
