/** Turnstile's siteverify, as developers.cloudflare.com/turnstile says: `error-codes` is always a list, and a question may be asked again under its own key. */
import { instantOf } from '../../../core/instant.ts';
import { turnstileDummy, turnstileTestSecrets } from '../test-keys.ts';
import { suspendedCode } from './verdict.ts';
import type { Dialect } from './verdict.ts';

export const turnstile: Dialect = {
  name: 'turnstile',
  path: '/turnstile/v0/siteverify',
  siteKeyField: null,
  idempotencyField: 'idempotency_key',
  minds: { address: false },
  tokenFirst: false,
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
    unavailable: ['internal-error'],
  },
  passed: ({ issuedMs, hostname, action, cData }) => ({
    success: true,
    'error-codes': [],
    challenge_ts: instantOf(issuedMs),
    hostname,
    action,
    cdata: cData,
    metadata: { interactive: false },
    messages: [],
  }),
  failed: (codes, statement) => ({
    success: false,
    'error-codes': codes,
    messages: statement === null ? [] : [`This site key is suspended by an order: ${statement}`],
  }),
  test: ({ secret, response, nowMs }) => {
    const does = turnstileTestSecrets.get(secret);
    if (does === undefined) return null;
    if (response !== turnstileDummy || does === 'fail') return { kind: 'failed', why: 'bad-response' };
    if (does === 'used') return { kind: 'failed', why: 'used' };
    const token = { issuedMs: nowMs, hostname: 'example.com', action: '', cData: '', siteKey: '' };
    return { kind: 'answer', answer: turnstile.passed(token) };
  },
};
