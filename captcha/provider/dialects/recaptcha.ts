/**
 * reCAPTCHA's siteverify, as developers.google.com/recaptcha/docs/verify says: no `error-codes` on success. A token with an action is answered as v3
 * answers, with `action` and a `score` (1 is a person): ours is 0.9 for everybody who passed, because a check is passed or not.
 */
import { instantOf } from '../../../core/instant.ts';
import { recaptchaDummy, recaptchaTestSecret } from '../test-keys.ts';
import { suspendedCode } from './verdict.ts';
import type { Dialect } from './verdict.ts';

const score = 0.9;

export const recaptcha: Dialect = {
  name: 'recaptcha',
  path: '/recaptcha/api/siteverify',
  siteKeyField: null,
  idempotencyField: null,
  minds: { address: false },
  tokenFirst: true,
  codes: {
    'bad-request': ['bad-request'],
    'missing-secret': ['missing-input-secret'],
    'bad-secret': ['invalid-input-secret'],
    'missing-response': ['missing-input-response'],
    'empty-response': ['missing-input-response'],
    'bad-response': ['invalid-input-response'],
    expired: ['timeout-or-duplicate'],
    used: ['timeout-or-duplicate'],
    'bad-address': ['bad-request'],
    'bad-site-key': ['bad-request'],
    'other-key': ['invalid-input-response'],
    dummy: ['invalid-input-response'],
    suspended: ['invalid-input-secret', suspendedCode],
    unavailable: ['bad-request'],
  },
  passed: ({ issuedMs, hostname, action }) => ({
    success: true,
    challenge_ts: seconds(issuedMs),
    hostname,
    ...(action === '' ? {} : { score, action }),
  }),
  failed: (codes) => ({ success: false, 'error-codes': codes }),
  test: ({ secret, response, nowMs }) => {
    if (secret !== recaptchaTestSecret) return null;
    if (response !== recaptchaDummy) return { kind: 'failed', why: 'bad-response' };
    return { kind: 'answer', answer: { success: true, challenge_ts: seconds(nowMs), hostname: 'testkey.google.com' } };
  },
};

/** As theirs: yyyy-MM-ddTHH:mm:ssZ. */
function seconds(ms: number): string {
  return `${instantOf(ms).slice(0, 19)}Z`;
}
