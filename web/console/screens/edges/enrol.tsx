/** Makes an enrolment token, and the one command that uses it. */
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { createEnrolmentToken } from '../../../../contract/routes/edges.ts';
import { GroupName } from '../../../../contract/ids.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { SelectField, TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Exactly } from '../../parts/when.tsx';
import { edges } from '../../words/en/edges.ts';
import { say } from '../../words/index.ts';

const words = edges.enrol;
const validities = ['15', '60', '1440', '10080'] as const;

export function EnrolDialog({ onClose }: { onClose: () => void }) {
  const [group, setGroup] = useState('');
  const [minutes, setMinutes] = useState<string>('60');
  const [mistake, setMistake] = useState<string | null>(null);
  const make = useAct(createEnrolmentToken);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const named = GroupName.safeParse(group.trim());
    if (group.trim() !== '' && !named.success) {
      setMistake(named.error.issues[0]?.message ?? '');
      return;
    }
    setMistake(null);
    make.mutate({ body: { validMinutes: Number(minutes), ...(named.success ? { group: named.data } : {}) } });
  };
  const fields = mistake === null ? (make.error?.fields ?? []) : [{ path: 'group', message: mistake }];

  if (make.data !== undefined) {
    return (
      <Dialog title={words.title} onClose={onClose}>
        <div className="stack">
          <p className="note" data-tone="caution">
            {words.shown}
          </p>
          <div>
            <p>{words.command}:</p>
            <CopyText text={enrolCommand(location.origin, make.data.token)} label={words.command} lines />
          </div>
          <p>
            {words.expires} <Exactly at={make.data.expiresAt} />. {words.waiting}
          </p>
          <Button kind="primary" onClick={onClose}>
            {words.done}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <p>{words.lead}</p>
        <WithMistakes fields={fields}>
          <TextField
            label={words.group}
            hint={words.groupHint}
            path="group"
            placeholder="default"
            value={group}
            onChange={(event) => setGroup(event.target.value)}
          />
          <SelectField
            label={words.valid}
            path="validMinutes"
            value={minutes}
            onChange={(event) => setMinutes(event.target.value)}
          >
            {validities.map((value) => (
              <option key={value} value={value}>
                {words.validOption[value]}
              </option>
            ))}
          </SelectField>
        </WithMistakes>
        <Failure error={make.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={make.isPending}>
            {make.isPending ? say.act.working : words.submit}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What to type on the machine that shall be an edge. */
function enrolCommand(controlUrl: string, token: string): string {
  return `portcullis edge --control ${controlUrl} --token ${token}`;
}
