/** Hands in a letter, a call, a campaign: kept apart from evidence. Whoever hands in sees nothing of what others did. */
import { useState } from 'react';
import { PressureKind } from '../../../../contract/desk/words.ts';
import { getPressure, logPressure } from '../../../../contract/routes/desk/pressure.ts';
import { useAct } from '../../api/queries.ts';
import { fromLocalInput, toLocalInput } from '../../format/time.ts';
import { FormDialog } from '../../parts/dialog.tsx';
import { SelectField, TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';

const words = deskHouse.pressure.form;

export function LogPressure({ caseId, onClose }: { caseId: string; onClose: () => void }) {
  const log = useAct(logPressure, [getPressure]);
  const [kind, setKind] = useState<PressureKind>('letter');
  const [typed, setTyped] = useState(() => ({ at: toLocalInput(Date.now()), description: '', count: '', source: '' }));
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const submit = () =>
    log.mutate(
      {
        body: {
          caseId,
          kind,
          at: fromLocalInput(typed.at) ?? '',
          description: typed.description,
          ...(typed.count.trim() === '' ? {} : { count: Number(typed.count) }),
          ...(typed.source.trim() === '' ? {} : { source: typed.source }),
        },
      },
      {
        onSuccess: () => {
          notify(words.done);
          onClose();
        },
      },
    );
  return (
    <FormDialog
      title={words.title}
      action={words.submit}
      busy={log.isPending}
      failure={log.error}
      onClose={onClose}
      onSubmit={submit}
    >
      <p className="prose">{words.lead}</p>
      <SelectField
        label={words.kind}
        path="kind"
        value={kind}
        onChange={(event) => setKind(PressureKind.catch(kind).parse(event.target.value))}
      >
        {PressureKind.options.map((value) => (
          <option key={value} value={value}>
            {desk.pressureKind[value]}
          </option>
        ))}
      </SelectField>
      <TextField
        label={words.at}
        path="at"
        type="datetime-local"
        value={typed.at}
        onChange={(event) => put({ at: event.target.value })}
      />
      <TextArea
        label={words.description}
        path="description"
        value={typed.description}
        onChange={(event) => put({ description: event.target.value })}
      />
      <TextField
        label={words.count}
        path="count"
        inputMode="numeric"
        value={typed.count}
        onChange={(event) => put({ count: event.target.value })}
      />
      <TextField
        label={words.source}
        hint={words.sourceHint}
        path="source"
        value={typed.source}
        onChange={(event) => put({ source: event.target.value })}
      />
    </FormDialog>
  );
}
