/** The tables of captcha keys, as store/migrations/000014_captcha-keys.sql makes them. */
import type { ColumnType } from 'kysely';
import type { CheckKind, CheckLevel } from '../contract/captcha.ts';
import type { AccountId, CaptchaKeyId, Instant, OrderId, SiteId } from '../contract/ids.ts';

export type CaptchaKeyTable = {
  key_id: CaptchaKeyId;
  site_key: string;
  name: string;
  account_id: AccountId;
  owner_site_id: SiteId | null;
  hostnames: ColumnType<string[], readonly string[] | undefined, readonly string[]>;
  kind: ColumnType<CheckKind, CheckKind | undefined, CheckKind>;
  level: ColumnType<CheckLevel, CheckLevel | undefined, CheckLevel>;
  created_at: Instant;
  version: ColumnType<number, number | undefined, number>;
  removed_at: Instant | null;
};

export type CaptchaSecretTable = {
  sha256: string;
  key_id: CaptchaKeyId;
  last_four: string;
  made_at: Instant;
  ends_at: Instant | null;
};

export type CaptchaSpentTable = { token_id: string; expires_at: Instant };

export type CaptchaAnsweredTable = {
  idempotency_key: string;
  token_id: string;
  answer: ColumnType<unknown, string, string>;
  expires_at: Instant;
};

export type CaptchaSuspensionTable = {
  key_id: CaptchaKeyId;
  order_id: OrderId;
  since: Instant;
  until: Instant | null;
  statement: string | null;
};

export type CaptchaMacKeyTable = { name: string; sealed: Buffer; made_at: Instant };

export type CaptchaTables = {
  captcha_key: CaptchaKeyTable;
  captcha_secret: CaptchaSecretTable;
  captcha_spent: CaptchaSpentTable;
  captcha_answered: CaptchaAnsweredTable;
  captcha_suspension: CaptchaSuspensionTable;
  captcha_mac_key: CaptchaMacKeyTable;
};
