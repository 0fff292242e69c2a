/** What the operator says of insight: how much of an address is kept, and what is kept for how long. */
import type { KeptAddress } from '../../contract/traffic.ts';
import { mostKeptAddress } from '../../contract/traffic.ts';

export type InsightConfig = {
  readonly keepOfAddresses: KeptAddress;
  /** Roll-ups of ten seconds and lists of ten minutes. Four hours at least: coarser ones are made from them. */
  readonly fineHours: number;
  /** Roll-ups of a minute. */
  readonly minuteDays: number;
  /** Roll-ups of an hour, and lists of six hours. */
  readonly days: number;
};

export const defaultInsight: InsightConfig = { keepOfAddresses: mostKeptAddress, fineHours: 24, minuteDays: 3, days: 30 };

/** `24h,3d,30d`; null for what is no such text, or keeps what is finer for longer than what is coarser. */
export function readKept(text: string): Omit<InsightConfig, 'keepOfAddresses'> | null {
  const found = /^(\d{1,4})h,(\d{1,4})d,(\d{1,4})d$/.exec(text.replaceAll(' ', ''));
  const [fineHours, minuteDays, days] = [Number(found?.[1]), Number(found?.[2]), Number(found?.[3])];
  if (found === null || fineHours < 12 || fineHours > minuteDays * 24 || minuteDays > days || days > 400) return null;
  return { fineHours, minuteDays, days };
}

/** `24,48`, less of either, or `none`; null for what is no such text. */
export function readKeptAddress(text: string): KeptAddress | null {
  if (text === 'none') return { v4: 0, v6: 0 };
  const found = /^(\d{1,2}),(\d{1,2})$/.exec(text.replaceAll(' ', ''));
  const [v4, v6] = [Number(found?.[1]), Number(found?.[2])];
  return found === null || v4 > mostKeptAddress.v4 || v6 > mostKeptAddress.v6 ? null : { v4, v6 };
}
