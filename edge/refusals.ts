/** What a refused or failed change is called: the reason of a NACK, and sentences for it and for logs. */
import type { NackReason } from '../contract/stream.ts';
import { FrameRefused } from './stream/policy-state.ts';

/** Why a change was refused, for whoever sent it. */
export function reasonOf(error: unknown): NackReason {
  if (error instanceof FrameRefused) return error.reason;
  return error instanceof RangeError ? 'bad-policy' : 'refused-by-haproxy';
}

export function diskSentence(error: unknown): string {
  return `The policy could not be written to this edge’s disk: ${messageOf(error)}`;
}

/** What went wrong, as text for a log or a NACK. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
