/** Tables of the captcha's figures, as store/migrations/*_captcha-counts.sql makes them. */
import type { Generated } from 'kysely';
import type { Instant } from '../contract/ids.ts';
import type { DeviceOrNone } from '../core/captcha/figures.ts';

type Sum = Generated<number>;

type CaptchaCountTable = {
  key_id: string;
  at: Instant;
  device: DeviceOrNone;
  asked: Sum;
  calm_asked: Sum;
  stepped: Sum;
  passed: Sum;
  calm_passed: Sum;
  waited: Sum;
  wrong: Sum;
  s1: Sum;
  s2: Sum;
  s3: Sum;
  s4: Sum;
  s5: Sum;
  s6: Sum;
  s7: Sum;
  s8: Sum;
};

type CaptchaSoftenedTable = { key_id: string; since: Instant; until: Instant; asked: number; passed: number };

export type CaptchaCountTables = { captcha_count: CaptchaCountTable; captcha_softened: CaptchaSoftenedTable };
