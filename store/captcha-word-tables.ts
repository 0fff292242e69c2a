/** The tables of what the captcha provider's processes say and people find, as store/migrations/000015_captcha-words.sql makes them. */
import type { ColumnType, GeneratedAlways } from 'kysely';
import type { CaptchaKeyId, CaptchaProcessId, Instant, OrderId, PersonId, ReceiptId } from '../contract/ids.ts';

export type CaptchaProcessTable = {
  process_id: CaptchaProcessId;
  name: string;
  public_key: string;
  started_at: Instant;
  seen_at: Instant;
  stopped_at: ColumnType<Instant | null, Instant | null | undefined, Instant | null>;
};

export type CaptchaReceiptTable = {
  receipt_id: ReceiptId;
  arrival: GeneratedAlways<number>;
  order_id: OrderId;
  process_id: CaptchaProcessId;
  state: 'enforced' | 'lifted' | 'failed';
  at: Instant;
  received_at: Instant;
  body: string;
  signature: string;
};

export type CaptchaReviewTable = {
  key_id: CaptchaKeyId;
  /** Written as text such as `2026-11-23`; read back through to_char. */
  day: ColumnType<string, string, string>;
  verdict: 'people' | 'machines' | 'unclear';
  note: string;
  person_id: PersonId;
  person_name: string;
  at: Instant;
};

export type CaptchaWordTables = {
  captcha_process: CaptchaProcessTable;
  captcha_receipt: CaptchaReceiptTable;
  captcha_review: CaptchaReviewTable;
};
