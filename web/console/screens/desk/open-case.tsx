/** Opens a case by hand: what it is about, in which lane, and why. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { Lane, ReportClass } from '../../../../contract/desk/words.ts';
import { listCases, openCase } from '../../../../contract/routes/desk/cases.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SelectField, TextField, WithMistakes } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { desk } from '../../words/en/desk.ts';
import { say } from '../../words/index.ts';

const words = desk.queue.form;

export function OpenCase({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const open = useAct(openCase, [listCases]);
  const [typed, setTyped] = useState({ title: '', class: 'threat-to-life', lane: '', hostname: '', reason: '' });
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const lane = Lane.safeParse(typed.lane);
    open.mutate(
      {
        body: {
          title: typed.title,
          class: ReportClass.parse(typed.class),
          reason: typed.reason,
          ...(lane.success ? { lane: lane.data } : {}),
          ...(typed.hostname.trim() === '' ? {} : { hostname: typed.hostname }),
        },
      },
      {
        onSuccess: (made) => {
          notify(words.done(made.number));
          void navigate({ to: '/desk/cases/$caseId', params: { caseId: made.caseId } });
        },
      },
    );
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <WithMistakes fields={open.error?.fields ?? []}>
          <TextField
            label={words.name}
            hint={words.nameHint}
            path="title"
            value={typed.title}
            onChange={(event) => put({ title: event.target.value })}
          />
          <SelectField
            label={words.class}
            path="class"
            value={typed.class}
            onChange={(event) => put({ class: event.target.value })}
          >
            {ReportClass.options.map((value) => (
              <option key={value} value={value}>
                {desk.class[value]}
              </option>
            ))}
          </SelectField>
          <SelectField label={words.lane} path="lane" value={typed.lane} onChange={(event) => put({ lane: event.target.value })}>
            <option value="">{words.laneOwn}</option>
            {Lane.options.map((value) => (
              <option key={value} value={value}>
                {desk.lane[value]}
              </option>
            ))}
          </SelectField>
          <TextField
            label={words.hostname}
            hint={words.hostnameHint}
            path="hostname"
            spellCheck={false}
            value={typed.hostname}
            onChange={(event) => put({ hostname: event.target.value })}
          />
          <TextField
            label={words.reason}
            hint={words.reasonHint}
            path="reason"
            value={typed.reason}
            onChange={(event) => put({ reason: event.target.value })}
          />
        </WithMistakes>
        <Failure error={open.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={open.isPending}>
            {open.isPending ? say.act.working : words.submit}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
