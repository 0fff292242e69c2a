/** The published criteria, newest first, each with the hash of its text. Publishing is confirmed by typing, because it cannot be taken back. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { listCriteria, publishCriteria } from '../../../../contract/routes/desk/decisions.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { ConfirmByTyping, FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Empty, Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Exactly } from '../../parts/when.tsx';
import { mistakesIn } from '../../api/client.ts';
import type { FieldMistake } from '../../api/client.ts';
import { useCan } from '../../shell/me.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { DeskTabs } from './parts.tsx';
import '../../look/decide.css';
import '../../look/desk.css';

const words = deskHouse.criteria;

export function CriteriaScreen() {
  const can = useCan();
  const criteria = useQuery(ask(listCriteria));
  const [publishing, setPublishing] = useState(false);
  const publish = can('criteria:publish') ? (
    <Button kind="primary" data-new onClick={() => setPublishing(true)}>
      {words.publish}
    </Button>
  ) : undefined;
  return (
    <Screen title={words.title} lead={words.lead} acts={publish}>
      <DeskTabs current="criteria" />
      <Failure error={criteria.error} onRetry={() => void criteria.refetch()} />
      {criteria.data === undefined ? (
        criteria.error === null ? (
          <Waiting />
        ) : null
      ) : criteria.data.items.length === 0 ? (
        <Empty title={words.empty.title} act={publish}>
          <p>{words.empty.text}</p>
        </Empty>
      ) : (
        criteria.data.items.map((version, index) => (
          <Panel
            key={version.policyVersionId}
            title={version.title}
            acts={index === 0 ? <Badge tone="good">{words.newest}</Badge> : null}
          >
            <div className="stack">
              <p className="hint">
                {words.published} <Exactly at={version.publishedAt} /> {words.by} {version.publishedBy?.name ?? words.house}
              </p>
              <p className="criteria-text">{version.text}</p>
              <CopyText text={version.sha256} label={words.sha} />
            </div>
          </Panel>
        ))
      )}
      {publishing ? <Publish onClose={() => setPublishing(false)} /> : null}
    </Screen>
  );
}

function Publish({ onClose }: { onClose: () => void }) {
  const form = words.form;
  const publish = useAct(publishCriteria, [listCriteria]);
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const [sure, setSure] = useState(false);
  if (sure) {
    return (
      <ConfirmByTyping
        title={form.confirmTitle}
        name={form.confirm}
        action={form.submit}
        busy={publish.isPending}
        failure={publish.error}
        onClose={onClose}
        onConfirm={() =>
          publish.mutate(
            { body: { title, text } },
            {
              onSuccess: () => {
                notify(form.done);
                onClose();
              },
            },
          )
        }
      >
        <p>
          <strong>{title}</strong>
        </p>
        <p>{form.confirmHelp}</p>
      </ConfirmByTyping>
    );
  }
  return (
    <FormDialog
      title={form.title}
      action={form.submit}
      busy={false}
      failure={null}
      mistakes={own}
      onClose={onClose}
      onSubmit={() => {
        const mistakes = mistakesIn(publishCriteria.body, { title, text });
        setOwn(mistakes);
        setSure(mistakes.length === 0);
      }}
    >
      <TextField label={form.name} path="title" value={title} onChange={(event) => setTitle(event.target.value)} />
      <TextArea
        label={form.text}
        hint={form.textHint}
        path="text"
        rows={12}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </FormDialog>
  );
}
