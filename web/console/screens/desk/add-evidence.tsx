/** Adds evidence to a case: an address (captured at once), a text, a call note, a small file. */
import { useState } from 'react';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { addEvidence } from '../../../../contract/routes/desk/evidence.ts';
import type { FieldMistake } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { fromLocalInput } from '../../format/time.ts';
import { FormDialog } from '../../parts/dialog.tsx';
import { Choices, TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { caseWords } from '../../words/en/case.ts';

const words = caseWords.addEvidence;
const mostBytes = 5_000_000;

export function AddEvidence({ held, onClose }: { held: Case; onClose: () => void }) {
  const add = useAct(addEvidence, [getCase]);
  const kinds = held.class === 'child-abuse' ? (['text', 'call'] as const) : (['url', 'text', 'call', 'file'] as const);
  const [kind, setKind] = useState<'url' | 'text' | 'call' | 'file'>(kinds[0]);
  const [typed, setTyped] = useState({ url: '', title: '', text: '', note: '', event: '' });
  const [file, setFile] = useState<File | null>(null);
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const submit = async () => {
    const eventAt = fromLocalInput(typed.event);
    const when = eventAt === null ? {} : { eventAt };
    const { url, title, text } = typed;
    const params = { caseId: held.caseId };
    const done = {
      onSuccess: () => {
        notify(words.done);
        onClose();
      },
    };
    setOwn([]);
    if (kind === 'url') {
      const note = typed.note.trim() === '' ? {} : { note: typed.note };
      add.mutate({ params, body: { kind, url, ...note, ...when } }, done);
    } else if (kind === 'file') {
      if (file === null || file.size > mostBytes) {
        setOwn([{ path: 'content', message: words.fileMissing }]);
        return;
      }
      const content = base64(new Uint8Array(await file.arrayBuffer()));
      const mediaType = file.type === '' ? 'application/octet-stream' : file.type;
      add.mutate({ params, body: { kind, title, mediaType, content, ...when } }, done);
    } else {
      add.mutate({ params, body: { kind, title, text, ...when } }, done);
    }
  };
  return (
    <FormDialog
      title={words.title}
      action={words.submit}
      busy={add.isPending}
      failure={add.error}
      mistakes={own}
      onClose={onClose}
      onSubmit={() => void submit()}
    >
      <Choices
        legend={words.kind}
        value={kind}
        onChoose={setKind}
        choices={kinds.map((value) => ({ value, ...words.kinds[value] }))}
      />
      {kind === 'url' ? (
        <>
          <TextField
            label={words.url}
            path="url"
            className="mono"
            spellCheck={false}
            value={typed.url}
            onChange={(event) => put({ url: event.target.value })}
          />
          <TextField label={words.note} path="note" value={typed.note} onChange={(event) => put({ note: event.target.value })} />
        </>
      ) : (
        <TextField
          label={words.name}
          hint={words.nameHint}
          path="title"
          value={typed.title}
          onChange={(event) => put({ title: event.target.value })}
        />
      )}
      {kind === 'text' || kind === 'call' ? (
        <TextArea
          label={words.text}
          path="text"
          rows={6}
          value={typed.text}
          onChange={(event) => put({ text: event.target.value })}
        />
      ) : null}
      {kind === 'file' ? (
        <TextField label={words.file} path="content" type="file" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
      ) : null}
      <TextField
        label={words.event}
        hint={words.eventHint}
        path="eventAt"
        type="datetime-local"
        value={typed.event}
        onChange={(event) => put({ event: event.target.value })}
      />
    </FormDialog>
  );
}

/** Bytes as base 64, in pieces that a call can take. */
function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
