/**
 * What may happen to a task: it is done with an acknowledgement on record, or a lead says why it is not possible.
 *
 * Both are final: what was forgotten is a new task, so that the record of the first is never written over. Fails closed.
 */
import type { TaskState } from '../../contract/desk/words.ts';

export const taskActs = ['finish', 'give-up'] as const;
export type TaskStep = (typeof taskActs)[number];

type Row = Readonly<Record<TaskStep, TaskState | null>>;

/** From each state, where each act leads; null where it is not possible. */
export const taskTable = {
  open: { finish: 'done', 'give-up': 'not-possible' },
  done: { finish: null, 'give-up': null },
  'not-possible': { finish: null, 'give-up': null },
} as const satisfies Record<TaskState, Row>;

export type TaskAct = { readonly kind: TaskStep; readonly record: string; readonly byLead: boolean };

export type TaskStepped =
  | { readonly ok: true; readonly state: TaskState }
  | { readonly ok: false; readonly code: 'wrong-state' | 'not-allowed'; readonly why: string };

/** Fewest characters that say how a task was acknowledged, or why it is not possible. */
const shortestRecord = 10;

/** What an act does to a task, or why not. */
export function stepTask(state: TaskState, act: TaskAct): TaskStepped {
  const row: Row = taskTable[state];
  const next = row[act.kind];
  if (next === null) return { ok: false, code: 'wrong-state', why: 'This task is settled: add a new one.' };
  if (act.record.trim().length < shortestRecord) {
    return { ok: false, code: 'wrong-state', why: 'Say how it was acknowledged, or why it is not possible.' };
  }
  if (act.kind === 'give-up' && !act.byLead) {
    return { ok: false, code: 'not-allowed', why: 'Only a lead can say that a task is not possible.' };
  }
  return { ok: true, state: next };
}
