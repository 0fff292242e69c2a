/**
 * Tasks of a case: what must be done and acknowledged, such as warning a target. One that holds keeps its case open.
 *
 * Take the case's row first (lockCase). Subjects name people by their label only ("Target A").
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { TaskId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, Instant } from '../../contract/ids.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import type { TaskKind } from '../../contract/desk/words.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import type { TaskTable } from './tables.ts';

export type TaskRecord = Selectable<TaskTable>;

export type TaskDraft = {
  readonly caseId: CaseId;
  readonly kind: TaskKind;
  /** Whom or what it is about, by label; null when the kind says it all. */
  readonly subject: string | null;
  readonly dueAt: Instant | null;
  readonly holds: boolean;
  readonly at: Instant;
};

/**
 * Makes a task unless the case has an open one of the same kind and subject; that one is then due at the earlier of both times and holds when
 * either does. Returns the task's id. The caller calls touchDue afterwards.
 */
export async function ensureTaskIn(tx: Tx, draft: TaskDraft): Promise<TaskId> {
  const open = await tx
    .selectFrom('task')
    .selectAll()
    .where('case_id', '=', draft.caseId)
    .where('kind', '=', draft.kind)
    .where(sql<boolean>`subject is not distinct from ${draft.subject}`)
    .where('state', '=', 'open')
    .limit(1)
    .executeTakeFirst();
  if (open !== undefined) {
    const dueAt = earlier(open.due_at, draft.dueAt);
    if (dueAt !== open.due_at || (draft.holds && !open.holds)) {
      await tx
        .updateTable('task')
        .set({ due_at: dueAt, holds: open.holds || draft.holds })
        .where('task_id', '=', open.task_id)
        .execute();
    }
    return open.task_id;
  }
  const taskId = TaskId.parse(randomId(idPrefix.task));
  await tx
    .insertInto('task')
    .values({
      task_id: taskId,
      case_id: draft.caseId,
      kind: draft.kind,
      subject: draft.subject,
      state: 'open',
      created_at: draft.at,
      due_at: draft.dueAt,
      holds: draft.holds,
      done_at: null,
      done_by: null,
      done_name: null,
      record: null,
    })
    .execute();
  return taskId;
}

/** Instants are ISO text of one length, so they sort as text. */
function earlier(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null) return other;
  if (other === null) return one;
  return one <= other ? one : other;
}

/** Tasks of a case, oldest first. */
export async function listTasks(db: Db, caseId: CaseId): Promise<TaskRecord[]> {
  return db.selectFrom('task').selectAll().where('case_id', '=', caseId).orderBy('created_at').orderBy('task_id').execute();
}

/** Open tasks that keep a case from closing. */
export async function tasksHolding(db: Db, caseId: CaseId): Promise<TaskRecord[]> {
  return db
    .selectFrom('task')
    .selectAll()
    .where('case_id', '=', caseId)
    .where('state', '=', 'open')
    .where('holds', '=', true)
    .orderBy('created_at')
    .execute();
}

/** One task of a case, locked. */
export async function lockTask(tx: Tx, caseId: CaseId, taskId: TaskId): Promise<TaskRecord | null> {
  const row = await tx
    .selectFrom('task')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('case_id', '=', caseId)
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

export type Settlement = {
  readonly state: 'done' | 'not-possible';
  readonly record: string;
  readonly at: Instant;
  /** Null when the program saw that it was done. */
  readonly who: PersonRef | null;
};

/** Settles a task; false when it was settled already. */
export async function settleTaskIn(tx: Tx, taskId: TaskId, settled: Settlement): Promise<boolean> {
  const row = await tx
    .updateTable('task')
    .set({
      state: settled.state,
      done_at: settled.at,
      done_by: settled.who?.personId ?? null,
      done_name: settled.who?.name ?? null,
      record: settled.record,
    })
    .where('task_id', '=', taskId)
    .where('state', '=', 'open')
    .returning('task_id')
    .executeTakeFirst();
  return row !== undefined;
}
