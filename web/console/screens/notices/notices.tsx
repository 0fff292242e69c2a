/** An owner's notices: what was decided about their sites and why, what they can do and until when; answers and appeals. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { answerNotice, getAccountContact, listOwnerNotices, setAccountContact } from '../../../../contract/routes/desk/owners.ts';
import type { OwnerNotice } from '../../../../contract/routes/desk/owners.ts';
import { ask, useAct, usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { More } from '../../parts/more.tsx';
import { notify } from '../../parts/notices.tsx';
import { Empty, Panel, Screen, Waiting } from '../../parts/screen.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import '../../look/decide.css';
import '../../look/desk.css';

const words = deskHouse.notices;

export function NoticesScreen() {
  const pages = usePages(listOwnerNotices, {});
  return (
    <Screen title={words.title} lead={words.lead}>
      <Failure error={pages.error} onRetry={pages.reload} />
      {pages.items === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : pages.items.length === 0 ? (
        <Empty title={words.empty.title}>
          <p>{words.empty.text}</p>
        </Empty>
      ) : (
        pages.items.map((notice) => <Notice key={notice.noticeId} notice={notice} />)
      )}
      <ByMail />
      <More pages={pages} />
    </Screen>
  );
}

function Notice({ notice }: { notice: OwnerNotice }) {
  const can = useCan();
  const [asking, setAsking] = useState<'reply' | 'appeal' | null>(null);
  const answers = can('notices:answer');
  return (
    <Panel
      id={notice.noticeId}
      title={notice.subject}
      acts={notice.readAt === null ? <Badge tone="caution">{words.unread}</Badge> : null}
    >
      <div className="stack-tight">
        <p className="item-line hint">
          <span>{notice.siteName}</span>
          <span>{words.kind[notice.kind]}</span>
          <When at={notice.at} focusable />
        </p>
        <p className="criteria-text" dir="auto">
          {notice.text}
        </p>
        <Facts
          facts={[
            notice.decision === null ? null : [words.decision, <a href={`/decisions/${notice.decision}`}>{notice.decision}</a>],
            notice.deadline === null ? null : [words.deadline, <Exactly at={notice.deadline} />],
            notice.namedUrls.length === 0
              ? null
              : [
                  words.named,
                  <ul className="plain mono item-url">
                    {notice.namedUrls.map((url) => (
                      <li key={url}>{url}</li>
                    ))}
                  </ul>,
                ],
          ]}
        />
        {notice.replies.length === 0 ? null : (
          <>
            <h3>{words.answers}</h3>
            <ul className="messages">
              {notice.replies.map((reply) => (
                <li key={reply.at} data-sender="desk">
                  <p className="hint">
                    <When at={reply.at} focusable />
                  </p>
                  <p className="report-text" dir="auto">
                    {reply.text}
                  </p>
                </li>
              ))}
            </ul>
          </>
        )}
        {notice.appeals.length === 0 ? null : (
          <>
            <h3>{words.appeals}</h3>
            <ul className="plain rows">
              {notice.appeals.map((appeal) => (
                <li key={appeal.appealId}>
                  <p className="item-line">
                    <Badge tone={appeal.state === 'open' || appeal.state === 'taken' ? 'waiting' : 'good'}>
                      {desk.appealState[appeal.state]}
                    </Badge>
                    <When at={appeal.openedAt} focusable />
                    {appeal.state === 'open' || appeal.state === 'taken' ? (
                      <span className="hint">
                        {words.appealDue} <Exactly at={appeal.dueAt} />
                      </span>
                    ) : null}
                  </p>
                  {appeal.reasons === null ? null : <p className="report-text">{appeal.reasons}</p>}
                </li>
              ))}
            </ul>
          </>
        )}
        {answers ? (
          <div className="item-acts">
            <Button onClick={() => setAsking('reply')}>{words.reply}</Button>
            {notice.mayAppeal ? <Button onClick={() => setAsking('appeal')}>{words.appeal}</Button> : null}
          </div>
        ) : null}
      </div>
      {asking === null ? null : <Answer notice={notice} act={asking} onClose={() => setAsking(null)} />}
    </Panel>
  );
}

/** Where a link to each notice goes by mail; only a hint of it is ever shown. */
function ByMail() {
  const contact = words.contact;
  const can = useCan();
  const held = useQuery(ask(getAccountContact));
  const save = useAct(setAccountContact, [getAccountContact]);
  const [mail, setMail] = useState('');
  if (held.data === undefined) return <Failure error={held.error} onRetry={() => void held.refetch()} />;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const body = { mail: mail.trim() === '' ? null : mail.trim() };
    save.mutate({ body }, { onSuccess: () => notify(contact.done) });
  };
  return (
    <Panel title={contact.title}>
      <form className="stack-tight" onSubmit={submit} noValidate>
        <p>{held.data.hint === null ? contact.none : contact.now(held.data.hint)}</p>
        {can('notices:answer') ? (
          <WithMistakes fields={save.error?.fields ?? []}>
            <TextField
              label={contact.mail}
              hint={contact.mailHint}
              path="mail"
              type="email"
              value={mail}
              onChange={(event) => setMail(event.target.value)}
            />
            <Failure error={save.error} />
            <Button type="submit" busy={save.isPending}>
              {contact.submit}
            </Button>
          </WithMistakes>
        ) : null}
      </form>
    </Panel>
  );
}

function Answer({ notice, act, onClose }: { notice: OwnerNotice; act: 'reply' | 'appeal'; onClose: () => void }) {
  const answer = useAct(answerNotice, [listOwnerNotices]);
  const [text, setText] = useState('');
  const appeals = act === 'appeal';
  return (
    <FormDialog
      title={appeals ? words.appealTitle : words.replyTitle}
      action={appeals ? words.appeal : words.send}
      busy={answer.isPending}
      failure={answer.error}
      onClose={onClose}
      onSubmit={() =>
        answer.mutate(
          { params: { noticeId: notice.noticeId }, body: { act, text } },
          {
            onSuccess: () => {
              notify(appeals ? words.appealed : words.replied);
              onClose();
            },
          },
        )
      }
    >
      {appeals ? <p className="prose">{words.appealLead}</p> : null}
      <TextArea
        label={appeals ? words.appealText : words.replyText}
        path="text"
        rows={6}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </FormDialog>
  );
}
