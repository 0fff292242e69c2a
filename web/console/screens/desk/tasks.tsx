/** What is still to be done for a case. `Done` needs how it was acknowledged; `not possible` is a lead's word. */
import { useState } from 'react';
import { TaskKind } from '../../../../contract/desk/words.ts';
import { addTask, getCase, listCases, settleTask } from '../../../../contract/routes/desk/cases.ts';
import type { Case, Task } from '../../../../contract/routes/desk/cases.ts';
import { useAct } from '../../api/queries.ts';
import { fromLocalInput } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { AskReason, FormDialog } from '../../parts/dialog.tsx';
import { SelectField, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { useNow, When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';

const words = caseWords.side;

export function Tasks({ held }: { held: Case }) {
  const can = useCan();
  const [adding, setAdding] = useState(false);
  const open = held.tasks.filter((task) => task.state === 'open');
  const settled = held.tasks.filter((task) => task.state !== 'open');
  return (
    <Panel
      id="tasks"
      title={words.tasks}
      acts={can('desk:work') && held.closedAt === null ? <Button onClick={() => setAdding(true)}>{words.addTask}</Button> : null}
    >
      {held.tasks.length === 0 ? <p className="hint">{words.noTasks}</p> : null}
      <ul className="plain rows">
        {[...open, ...settled].map((task) => (
          <TaskItem key={task.taskId} held={held} task={task} />
        ))}
      </ul>
      {adding ? <AddTask held={held} onClose={() => setAdding(false)} /> : null}
    </Panel>
  );
}

function TaskItem({ held, task }: { held: Case; task: Task }) {
  const can = useCan();
  const settle = useAct(settleTask, [getCase, listCases]);
  const [asking, setAsking] = useState<'done' | 'not-possible' | null>(null);
  const nowMs = useNow(task.dueAt === null ? 0 : Date.parse(task.dueAt));
  const name = `${desk.task[task.kind]}${task.subject === null ? '' : ` (${task.subject})`}`;
  const over = task.state === 'open' && task.dueAt !== null && Date.parse(task.dueAt) <= nowMs;
  return (
    <li>
      <p>
        <strong>{name}</strong>
      </p>
      <p className="item-line">
        {task.state === 'open' ? (
          <Badge tone={over ? 'alarm' : 'waiting'}>{over ? words.overdue : desk.taskState.open}</Badge>
        ) : (
          <Badge tone={task.state === 'done' ? 'good' : 'off'}>{desk.taskState[task.state]}</Badge>
        )}
        {task.state === 'open' && task.dueAt !== null ? <When at={task.dueAt} focusable /> : null}
        {task.doneAt === null ? null : (
          <span className="hint">
            {task.doneBy?.name} <When at={task.doneAt} focusable />
          </span>
        )}
        {task.state === 'open' && task.holds ? <span className="hint">{words.holds}</span> : null}
      </p>
      {task.record === null ? null : <p className="report-text">{task.record}</p>}
      {task.state === 'open' && can('desk:work') ? (
        <div className="item-acts">
          <Button kind="quiet" aria-label={words.settleTitle(name)} onClick={() => setAsking('done')}>
            {words.done}
          </Button>
          {can('desk:lead') ? (
            <Button kind="quiet" aria-label={words.notPossibleTitle(name)} onClick={() => setAsking('not-possible')}>
              {words.notPossible}
            </Button>
          ) : null}
        </div>
      ) : null}
      {asking === null ? null : (
        <AskReason
          title={asking === 'done' ? words.settleTitle(name) : words.notPossibleTitle(name)}
          label={asking === 'done' ? words.record : caseWords.acts.reason}
          hint={asking === 'done' ? words.recordHint : words.notPossibleHint}
          action={asking === 'done' ? words.done : words.notPossible}
          kind="primary"
          least={10}
          busy={settle.isPending}
          failure={settle.error}
          onClose={() => setAsking(null)}
          onConfirm={(record) =>
            settle.mutate(
              { params: { caseId: held.caseId, taskId: task.taskId }, body: { state: asking, record } },
              {
                onSuccess: () => {
                  setAsking(null);
                  notify(words.settled);
                },
              },
            )
          }
        />
      )}
    </li>
  );
}

function AddTask({ held, onClose }: { held: Case; onClose: () => void }) {
  const add = useAct(addTask, [getCase, listCases]);
  const [kind, setKind] = useState<TaskKind>('warn-target');
  const [subject, setSubject] = useState('');
  const [due, setDue] = useState('');
  const dueAt = fromLocalInput(due);
  return (
    <FormDialog
      title={words.addTask}
      action={words.addTask}
      busy={add.isPending}
      failure={add.error}
      onClose={onClose}
      onSubmit={() =>
        add.mutate(
          {
            params: { caseId: held.caseId },
            body: { kind, ...(subject.trim() === '' ? {} : { subject }), ...(dueAt === null ? {} : { dueAt }) },
          },
          { onSuccess: onClose },
        )
      }
    >
      <SelectField
        label={words.task}
        path="kind"
        value={kind}
        onChange={(event) => setKind(TaskKind.catch(kind).parse(event.target.value))}
      >
        {TaskKind.options.map((value) => (
          <option key={value} value={value}>
            {desk.task[value]}
          </option>
        ))}
      </SelectField>
      <TextField
        label={words.subject}
        hint={words.subjectHint}
        path="subject"
        value={subject}
        onChange={(event) => setSubject(event.target.value)}
      />
      <TextField
        label={words.due}
        path="dueAt"
        type="datetime-local"
        value={due}
        onChange={(event) => setDue(event.target.value)}
      />
    </FormDialog>
  );
}
