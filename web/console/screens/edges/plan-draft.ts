/** The plan of a group as text in fields, and back: what was changed, and what is wrong with it. Pure. */
import type { z } from 'zod';
import { changeGroup } from '../../../../contract/routes/rollouts.ts';
import type { EdgeGroup } from '../../../../contract/routes/rollouts.ts';
import type { FieldMistake } from '../../api/client.ts';

export type PlanDraft = {
  readonly title: string;
  /** Shares in percent, apart by commas or spaces. */
  readonly waves: string;
  readonly canaryBakeSeconds: string;
  readonly waveBakeSeconds: string;
};

export function planDraftOf({ title, waves, canaryBakeSeconds, waveBakeSeconds }: EdgeGroup): PlanDraft {
  return {
    title: title ?? '',
    waves: waves.join(', '),
    canaryBakeSeconds: String(canaryBakeSeconds),
    waveBakeSeconds: String(waveBakeSeconds),
  };
}

type Field = keyof PlanDraft;
const fields = ['title', 'waves', 'canaryBakeSeconds', 'waveBakeSeconds'] as const satisfies readonly Field[];

/**
 * What to send: the changed parts only, because waves are refused while a rollout is under way and the rest is not.
 * `words` says what each field must be when the contract does not take it.
 */
export function planChangeOf(
  group: EdgeGroup,
  draft: PlanDraft,
  words: Readonly<Record<Field, string>>,
): { readonly body: z.input<typeof changeGroup.body>; readonly mistakes: readonly FieldMistake[] } {
  const held = planDraftOf(group);
  const typed = {
    title: draft.title.trim() === '' ? null : draft.title.trim(),
    waves: numbersOf(draft.waves),
    canaryBakeSeconds: numberOf(draft.canaryBakeSeconds),
    waveBakeSeconds: numberOf(draft.waveBakeSeconds),
  };
  const same: Readonly<Record<Field, boolean>> = {
    title: typed.title === group.title,
    waves: typed.waves.join() === group.waves.join(),
    canaryBakeSeconds: draft.canaryBakeSeconds.trim() === held.canaryBakeSeconds,
    waveBakeSeconds: draft.waveBakeSeconds.trim() === held.waveBakeSeconds,
  };
  const body = {
    ...(same.title ? {} : { title: typed.title }),
    ...(same.waves ? {} : { waves: typed.waves }),
    ...(same.canaryBakeSeconds ? {} : { canaryBakeSeconds: typed.canaryBakeSeconds }),
    ...(same.waveBakeSeconds ? {} : { waveBakeSeconds: typed.waveBakeSeconds }),
  };
  const checked = changeGroup.body.safeParse(body);
  const wrong = new Set(checked.error?.issues.map(({ path }) => path[0]));
  return { body, mistakes: fields.filter((field) => wrong.has(field)).map((path) => ({ path, message: words[path] })) };
}

/** NaN for what is no number, which the contract then refuses. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

function numbersOf(text: string): number[] {
  return text
    .replaceAll('%', '')
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(Number);
}
