/** hCaptcha's siteverify, as docs.hcaptcha.com and recorded answers of it say: no `error-codes` on success, no `score` without one. */
import { instantOf } from '../../../core/instant.ts';
import { hcaptchaTestKeys, hcaptchaTestSecret } from '../test-keys.ts';
import { suspendedCode } from './verdict.ts';
import type { Dialect } from './verdict.ts';

export const hcaptcha: Dialect = {
  name: 'hcaptcha',
  path: '/siteverify',
  siteKeyField: 'sitekey',
  idempotencyField: null,
  minds: { address: true },
  tokenFirst: true,
  codes: {
    'bad-request': ['bad-request'],
    'missing-secret': ['missing-input-secret'],
    'bad-secret': ['invalid-input-secret'],
    'missing-response': ['missing-input-response'],
    'empty-response': ['invalid-input-response'],
    'bad-response': ['invalid-input-response'],
    expired: ['expired-input-response'],
    used: ['already-seen-response'],
    'bad-address': ['invalid-remoteip'],
    'bad-site-key': ['invalid-sitekey'],
    'other-key': ['sitekey-secret-mismatch'],
    dummy: ['not-using-dummy-passcode'],
    suspended: ['invalid-sitekey', suspendedCode],
    unavailable: ['bad-request'],
  },
  passed: ({ issuedMs, hostname, siteKey }) => ({
    success: true,
    challenge_ts: instantOf(issuedMs),
    hostname: hostname === '' ? 'not-provided' : hostname,
    sitekey: siteKey,
  }),
  failed: (codes) => ({ success: false, 'error-codes': codes }),
  test: ({ secret, response, siteKey, nowMs }) => {
    if (secret !== hcaptchaTestSecret) return null;
    const key = hcaptchaTestKeys.find(({ does }) => does !== 'never' && does.token === response);
    if (key === undefined) return { kind: 'failed', why: 'bad-response' };
    if (siteKey !== null && siteKey !== key.siteKey) return { kind: 'failed', why: 'bad-site-key' };
    const answer = { success: true, challenge_ts: instantOf(nowMs), hostname: 'dummy-key-pass' };
    const [first, safe] = hcaptchaTestKeys;
    // Those of the enterprise: 0 is safe, 1 a bot.
    const more = key === first ? { credit: false } : { score: key === safe ? 0 : 1, score_reason: [] };
    return { kind: 'answer', answer: { ...answer, ...more } };
  },
};
