/** Secrets of captcha keys: what a site's own server proves itself with. Shown once, kept as SHA-256. The prefix lets scanners find one that leaked. */
import { z } from 'zod';

export const captchaSecretPrefix = 'pcs_';

/** The prefix and 32 random bytes, base64url. */
export const CaptchaSecret = z.string().regex(/^pcs_[A-Za-z0-9_-]{43}$/, 'must be a secret such as pcs_…');

/** A site key of ours. Test keys of the dialects look otherwise. */
export const CaptchaSiteKey = z.uuid();
