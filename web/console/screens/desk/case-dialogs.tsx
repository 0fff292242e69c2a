/** The windows behind a case's less frequent acts: lane, title, another case, law enforcement, export, shredding. */
import { useState } from 'react';
import { CaseNumber } from '../../../../contract/ids.ts';
import { Lane } from '../../../../contract/desk/words.ts';
import { listCases } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { exportPath, shredCase } from '../../../../contract/routes/desk/evidence.ts';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import { ApiError, call, download } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { AskReason, ConfirmByTyping, FormDialog } from '../../parts/dialog.tsx';
import { SelectField, TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import { useCaseAct } from './case-acts.tsx';

const words = caseWords.acts;

type Props = { held: Case; onClose: () => void };

export function ChangeLane({ held, onClose }: Props) {
  const act = useCaseAct(held);
  const [lane, setLane] = useState<Lane>(held.lane);
  const [why, setWhy] = useState('');
  return (
    <FormDialog
      title={words.laneTitle}
      action={words.lane}
      busy={act.busy}
      failure={act.error}
      onClose={onClose}
      onSubmit={() => act.run({ act: 'lane', lane, why }, words.done, onClose)}
    >
      <SelectField
        label={desk.queue.filter.lane}
        path="lane"
        value={lane}
        onChange={(event) => setLane(Lane.catch(held.lane).parse(event.target.value))}
      >
        {Lane.options.map((value) => (
          <option key={value} value={value}>
            {desk.lane[value]}
          </option>
        ))}
      </SelectField>
      <TextField
        label={words.reason}
        hint={words.reasonHint}
        path="why"
        value={why}
        onChange={(event) => setWhy(event.target.value)}
      />
    </FormDialog>
  );
}

export function ChangeTitle({ held, onClose }: Props) {
  const act = useCaseAct(held);
  const [title, setTitle] = useState(held.title);
  return (
    <FormDialog
      title={words.title}
      action={words.title}
      busy={act.busy}
      failure={act.error}
      onClose={onClose}
      onSubmit={() => act.run({ act: 'title', title }, words.done, onClose)}
    >
      <TextField
        label={desk.queue.form.name}
        hint={words.titleHint}
        path="title"
        value={title}
        onChange={(event) => setTitle(event.target.value)}
      />
    </FormDialog>
  );
}

/** Looks a case up by its number; null when there is none. Throws an ApiError when it cannot look. */
export async function caseNumbered(typed: string): Promise<Case['caseId'] | null> {
  const number = CaseNumber.safeParse(typed.trim().toUpperCase());
  if (!number.success) return null;
  const found = await call(listCases, { query: { search: number.data, limit: 20 } });
  return found.items.find((row) => row.number === number.data)?.caseId ?? null;
}

/** Links another case, or merges this one into it. */
export function OtherCase({ held, kind, onClose }: Props & { kind: 'link' | 'merge-into' }) {
  const act = useCaseAct(held);
  const [number, setNumber] = useState('');
  const [why, setWhy] = useState('');
  const [typed, setTyped] = useState('');
  const [failure, setFailure] = useState<ApiError | null>(null);
  const merges = kind === 'merge-into';
  const submit = async () => {
    try {
      const caseId = await caseNumbered(number);
      const mistake = [{ path: 'caseId', message: words.otherNone }];
      if (caseId === null || caseId === held.caseId) setFailure(new ApiError('bad-request', '', null, mistake));
      else act.run({ act: kind, caseId, why }, words.done, onClose);
    } catch (error) {
      if (error instanceof ApiError) setFailure(error);
    }
  };
  return (
    <FormDialog
      title={merges ? words.mergeTitle(held.number) : words.linkTitle}
      action={merges ? words.merge : words.link}
      kind={merges ? 'danger' : 'primary'}
      busy={act.busy}
      failure={act.error ?? failure}
      disabled={merges && typed.trim() !== held.number}
      onClose={onClose}
      onSubmit={() => void submit()}
    >
      {merges ? <p className="prose">{words.mergeHelp}</p> : null}
      <TextField
        label={words.other}
        hint={words.otherHint}
        path="caseId"
        spellCheck={false}
        value={number}
        onChange={(event) => setNumber(event.target.value)}
      />
      <TextField
        label={words.reason}
        hint={words.reasonHint}
        path="why"
        value={why}
        onChange={(event) => setWhy(event.target.value)}
      />
      {merges ? (
        <TextField
          label={words.typeNumber(held.number)}
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      ) : null}
    </FormDialog>
  );
}

export function PoliceTold({ held, onClose }: Props) {
  const act = useCaseAct(held);
  const [agency, setAgency] = useState('');
  const [record, setRecord] = useState('');
  return (
    <FormDialog
      title={words.police}
      action={words.police}
      busy={act.busy}
      failure={act.error}
      onClose={onClose}
      onSubmit={() => act.run({ act: 'law-enforcement-contacted', agency, record }, words.done, onClose)}
    >
      <TextField label={words.agency} path="agency" value={agency} onChange={(event) => setAgency(event.target.value)} />
      <TextArea label={words.record} path="record" value={record} onChange={(event) => setRecord(event.target.value)} />
    </FormDialog>
  );
}

/** The export is a file, not an answer: it goes to the downloads of the browser. */
export function ExportEvidence({ held, onClose }: Props) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const run = async (reason: string) => {
    setBusy(true);
    try {
      await download(exportPath.replace('{caseId}', held.caseId), { reason }, `${held.number}-evidence.zip`);
      notify(words.exported);
      onClose();
    } catch (error) {
      if (error instanceof ApiError) setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <AskReason
      {...{ title: words.exportTitle, label: words.reason, hint: words.reasonHint, action: words.exportAct }}
      {...{ kind: 'primary', least: 10 }}
      busy={busy}
      failure={failure}
      onClose={onClose}
      onConfirm={(reason) => void run(reason)}
    >
      <p>{words.exportHelp}</p>
    </AskReason>
  );
}

export function ShredCase({ held, onClose }: Props) {
  const shred = useAct(shredCase, [getCase]);
  const [reason, setReason] = useState<string | null>(null);
  if (reason === null) {
    return (
      <AskReason
        {...{ title: words.shredTitle(held.number), label: words.reason, hint: words.reasonHint, action: words.shred }}
        {...{ kind: 'danger', least: 10 }}
        busy={false}
        failure={null}
        onClose={onClose}
        onConfirm={setReason}
      >
        <p>{words.shredHelp}</p>
      </AskReason>
    );
  }
  return (
    <ConfirmByTyping
      title={words.shredTitle(held.number)}
      name={held.number}
      action={words.shred}
      busy={shred.isPending}
      failure={shred.error}
      onClose={onClose}
      onConfirm={() =>
        shred.mutate(
          { params: { caseId: held.caseId }, body: { number: held.number, reason } },
          {
            onSuccess: ({ shredded }) => {
              notify(words.shredded(shredded));
              onClose();
            },
          },
        )
      }
    >
      <p>{words.shredHelp}</p>
    </ConfirmByTyping>
  );
}
