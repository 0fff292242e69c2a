/** The windows behind authorities' requests: entering one, completing an order, the call back, the answer. */
import { useState } from 'react';
import { AuthorityKind } from '../../../../contract/desk/words.ts';
import { actOnAuthority, enterAuthority, listAuthority } from '../../../../contract/routes/desk/pressure.ts';
import type { AuthorityRequest } from '../../../../contract/routes/desk/pressure.ts';
import { useAct } from '../../api/queries.ts';
import { FormDialog } from '../../parts/dialog.tsx';
import { Choices, TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import { linesOf } from '../sites/typed.ts';

const words = deskHouse.authority;

type Props = { request: AuthorityRequest; onClose: () => void };

export function EnterRequest({ onClose }: { onClose: () => void }) {
  const form = words.form;
  const enter = useAct(enterAuthority, [listAuthority]);
  const [kind, setKind] = useState<AuthorityKind>('order');
  const [typed, setTyped] = useState({ agency: '', law: '', reference: '', urls: '', text: '', contact: '' });
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  return (
    <FormDialog
      title={form.title}
      action={form.submit}
      busy={enter.isPending}
      failure={enter.error}
      onClose={onClose}
      onSubmit={() =>
        enter.mutate(
          {
            body: {
              kind,
              agency: typed.agency,
              text: typed.text,
              contact: typed.contact,
              urls: linesOf(typed.urls),
              ...(typed.law.trim() === '' ? {} : { law: typed.law }),
              ...(typed.reference.trim() === '' ? {} : { reference: typed.reference }),
            },
          },
          {
            onSuccess: () => {
              notify(form.done);
              onClose();
            },
          },
        )
      }
    >
      <p className="prose">{form.lead}</p>
      <Choices
        legend={form.kind}
        value={kind}
        onChoose={setKind}
        choices={AuthorityKind.options.map((value) => ({ value, label: desk.authorityKind[value] }))}
      />
      <TextField
        label={form.agency}
        path="agency"
        value={typed.agency}
        onChange={(event) => put({ agency: event.target.value })}
      />
      <TextField label={form.law} path="law" value={typed.law} onChange={(event) => put({ law: event.target.value })} />
      <TextField
        label={form.reference}
        path="reference"
        value={typed.reference}
        onChange={(event) => put({ reference: event.target.value })}
      />
      <TextArea
        label={form.urls}
        hint={form.urlsHint}
        path="urls"
        className="mono"
        spellCheck={false}
        value={typed.urls}
        onChange={(event) => put({ urls: event.target.value })}
      />
      <TextArea label={form.text} path="text" value={typed.text} onChange={(event) => put({ text: event.target.value })} />
      <TextField
        label={form.contact}
        hint={form.contactHint}
        path="contact"
        value={typed.contact}
        onChange={(event) => put({ contact: event.target.value })}
      />
    </FormDialog>
  );
}

function useRequestAct(request: AuthorityRequest, onClose: () => void) {
  const act = useAct(actOnAuthority, [listAuthority]);
  return {
    act,
    run: (body: Parameters<typeof act.mutate>[0]['body']) =>
      act.mutate(
        { params: { authorityId: request.authorityId }, ...(body === undefined ? {} : { body }) },
        {
          onSuccess: () => {
            notify(words.acts.done);
            onClose();
          },
        },
      ),
  };
}

export function CompleteRequest({ request, onClose }: Props) {
  const { act, run } = useRequestAct(request, onClose);
  const [law, setLaw] = useState(request.law ?? '');
  const [reference, setReference] = useState(request.reference ?? '');
  const [urls, setUrls] = useState(request.urls.join('\n'));
  return (
    <FormDialog
      title={words.acts.complete}
      action={words.acts.complete}
      busy={act.isPending}
      failure={act.error}
      onClose={onClose}
      onSubmit={() => run({ act: 'complete', law, reference, urls: linesOf(urls) })}
    >
      <TextField label={words.form.law} path="law" value={law} onChange={(event) => setLaw(event.target.value)} />
      <TextField
        label={words.form.reference}
        path="reference"
        value={reference}
        onChange={(event) => setReference(event.target.value)}
      />
      <TextArea
        label={words.form.urls}
        hint={words.form.urlsHint}
        path="urls"
        className="mono"
        spellCheck={false}
        value={urls}
        onChange={(event) => setUrls(event.target.value)}
      />
    </FormDialog>
  );
}

export function CallBack({ request, onClose }: Props) {
  const { act, run } = useRequestAct(request, onClose);
  const [numberSource, setNumberSource] = useState('');
  const [record, setRecord] = useState('');
  return (
    <FormDialog
      title={words.acts.callBack}
      action={words.acts.callBack}
      busy={act.isPending}
      failure={act.error}
      onClose={onClose}
      onSubmit={() => run({ act: 'call-back', numberSource, record })}
    >
      <TextField
        label={words.acts.numberSource}
        hint={words.acts.numberSourceHint}
        path="numberSource"
        value={numberSource}
        onChange={(event) => setNumberSource(event.target.value)}
      />
      <TextArea label={words.acts.record} path="record" value={record} onChange={(event) => setRecord(event.target.value)} />
    </FormDialog>
  );
}

export function AnswerRequest({ request, act: kind, onClose }: Props & { act: 'answer' | 'refuse' }) {
  const { act, run } = useRequestAct(request, onClose);
  const [text, setText] = useState('');
  return (
    <FormDialog
      title={`${words.acts[kind]}: ${request.agency}`}
      action={words.acts[kind]}
      kind={kind === 'refuse' ? 'danger' : 'primary'}
      busy={act.isPending}
      failure={act.error}
      onClose={onClose}
      onSubmit={() => run({ act: kind, text })}
    >
      <TextArea label={words.acts.text} path="text" rows={6} value={text} onChange={(event) => setText(event.target.value)} />
    </FormDialog>
  );
}
