/** People in danger, as labels. Everything that names them is sealed when it is entered. */
import { useState } from 'react';
import { addTarget, getCase } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { Unseal } from './unseal.tsx';

const words = caseWords.side;

export function Targets({ held }: { held: Case }) {
  const can = useCan();
  const [adding, setAdding] = useState(false);
  const [unsealing, setUnsealing] = useState<Case['targets'][number] | null>(null);
  return (
    <Panel
      id="people"
      title={words.people}
      acts={
        can('desk:work') && held.closedAt === null ? <Button onClick={() => setAdding(true)}>{words.addTarget}</Button> : null
      }
    >
      {held.targets.length === 0 ? <p className="hint">{words.noTargets}</p> : null}
      <ul className="plain rows">
        {held.targets.map((target) => (
          <li key={target.targetId} className="item-line">
            <strong>{target.label}</strong>
            <Badge tone={target.warned ? 'good' : 'caution'}>{target.warned ? words.warned : words.notWarned}</Badge>
            {can('desk:unseal') ? (
              <Button kind="quiet" aria-label={`${words.unseal}: ${target.label}`} onClick={() => setUnsealing(target)}>
                {words.unseal}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {adding ? <AddTarget held={held} onClose={() => setAdding(false)} /> : null}
      {unsealing === null ? null : (
        <Unseal
          caseId={held.caseId}
          what={{ kind: 'target', targetId: unsealing.targetId }}
          label={unsealing.label}
          onClose={() => setUnsealing(null)}
        />
      )}
    </Panel>
  );
}

function AddTarget({ held, onClose }: { held: Case; onClose: () => void }) {
  const target = caseWords.target;
  const add = useAct(addTarget, [getCase]);
  const [typed, setTyped] = useState({ name: '', contact: '', redact: '', safetyNotes: '' });
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const redact = typed.redact
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    <FormDialog
      title={target.title}
      action={target.submit}
      busy={add.isPending}
      failure={add.error}
      onClose={onClose}
      onSubmit={() =>
        add.mutate(
          { params: { caseId: held.caseId }, body: { ...typed, redact } },
          {
            onSuccess: () => {
              notify(target.done);
              onClose();
            },
          },
        )
      }
    >
      <p className="prose">{target.lead}</p>
      <TextField label={target.name} path="name" value={typed.name} onChange={(event) => put({ name: event.target.value })} />
      <TextArea
        label={target.contact}
        hint={target.contactHint}
        path="contact"
        value={typed.contact}
        onChange={(event) => put({ contact: event.target.value })}
      />
      <TextArea
        label={target.redact}
        hint={target.redactHint}
        path="redact"
        value={typed.redact}
        onChange={(event) => put({ redact: event.target.value })}
      />
      <TextArea
        label={target.safety}
        path="safetyNotes"
        value={typed.safetyNotes}
        onChange={(event) => put({ safetyNotes: event.target.value })}
      />
    </FormDialog>
  );
}
