/**
 * Exit codes of every command: scripts may rely on them, so a meaning never changes; a new meaning gets a new number.
 *
 * The handbook's table (docs/handbook/commands.md) is held to this one by cli/exit-codes.test.ts.
 */
import type { Problem } from '../contract/errors.ts';

export const exitCodes = {
  ok: { code: 0, means: 'It was done.' },
  failed: {
    code: 1,
    means: 'The control plane answered that it cannot be done, or a check did not hold; the sentence says why.',
  },
  usage: { code: 2, means: 'The command line is not right; nothing was sent.' },
  unreachable: { code: 3, means: 'The control plane does not answer. What was asked may or may not have been done.' },
  timedOut: { code: 4, means: 'It was done, but not every edge has answered within the time given to --wait.' },
  notAllowed: { code: 5, means: 'No token, a token that is not valid, or one whose person may not do this.' },
  interrupted: { code: 130, means: 'Interrupted by Ctrl-C.' },
} as const satisfies Record<string, { code: number; means: string }>;

export type ExitName = keyof typeof exitCodes;

/** The one way for a command to end without success: which exit code, and a sentence for the person. */
export class CommandFailure extends Error {
  readonly exit: ExitName;
  /** What the control plane answered, when it was the one that refused. */
  readonly problem: Problem | null;

  constructor(exit: ExitName, sentence: string, problem: Problem | null = null, cause?: unknown) {
    super(sentence, { cause });
    this.name = 'CommandFailure';
    this.exit = exit;
    this.problem = problem;
  }
}
