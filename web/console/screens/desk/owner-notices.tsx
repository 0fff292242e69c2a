/** What the owner was told in a case, and what they answered; a lead can ask them something without deciding anything. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { askOwner, listCaseNotices } from '../../../../contract/routes/desk/owners.ts';
import type { CaseNotice } from '../../../../contract/routes/desk/owners.ts';
import { ask, useAct } from '../../api/queries.ts';
import { fromLocalInput } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextArea, TextField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { linesOf } from '../sites/typed.ts';

const words = caseWords.side;

export function Notices({ held }: { held: Case }) {
  const can = useCan();
  const notices = useQuery({ ...ask(listCaseNotices, { params: { caseId: held.caseId } }), enabled: held.siteId !== null });
  const [asking, setAsking] = useState(false);
  if (held.siteId === null) return null;
  return (
    <Panel
      id="notices"
      title={words.notices}
      acts={can('desk:lead') && held.closedAt === null ? <Button onClick={() => setAsking(true)}>{words.ask}</Button> : null}
    >
      <Failure error={notices.error} onRetry={() => void notices.refetch()} />
      {notices.data?.items.length === 0 ? <p className="hint">{words.noNotices}</p> : null}
      <ul className="plain rows">
        {notices.data?.items.map((notice) => (
          <NoticeItem key={notice.noticeId} notice={notice} />
        ))}
      </ul>
      {asking ? <AskOwner held={held} onClose={() => setAsking(false)} /> : null}
    </Panel>
  );
}

function NoticeItem({ notice }: { notice: CaseNotice }) {
  return (
    <li>
      <p>{notice.subject}</p>
      <p className="item-line hint">
        <span>{deskHouse.notices.kind[notice.kind]}</span>
        <When at={notice.at} focusable />
        <Badge tone={notice.readAt === null ? 'waiting' : 'good'}>{notice.readAt === null ? words.notRead : words.read}</Badge>
        {notice.deadline === null ? null : (
          <span>
            {deskHouse.notices.deadline} <Exactly at={notice.deadline} />
          </span>
        )}
      </p>
      <details className="grades">
        <summary>{words.fullText}</summary>
        <p className="report-text">{notice.text}</p>
        {notice.namedUrls.length === 0 ? null : (
          <ul className="plain mono item-url">
            {notice.namedUrls.map((url) => (
              <li key={url}>{url}</li>
            ))}
          </ul>
        )}
      </details>
      {notice.replies.length === 0 ? null : (
        <ul className="messages" aria-label={words.replies(notice.replies.length)}>
          {notice.replies.map((reply) => (
            <li key={reply.at}>
              <p className="hint">
                {reply.by?.name ?? words.byLink}, <When at={reply.at} focusable />
              </p>
              <p className="report-text" dir="auto">
                {reply.text}
              </p>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function AskOwner({ held, onClose }: { held: Case; onClose: () => void }) {
  const send = useAct(askOwner, [listCaseNotices, getCase]);
  const [typed, setTyped] = useState({ subject: '', text: '', urls: '', deadline: '' });
  const put = (change: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...change }));
  const deadline = fromLocalInput(typed.deadline);
  const { subject, text } = typed;
  const body = { subject, text, namedUrls: linesOf(typed.urls), ...(deadline === null ? {} : { deadline }) };
  return (
    <FormDialog
      title={words.askTitle}
      action={words.ask}
      busy={send.isPending}
      failure={send.error}
      onClose={onClose}
      onSubmit={() =>
        send.mutate(
          { params: { caseId: held.caseId }, body },
          {
            onSuccess: () => {
              notify(words.asked);
              onClose();
            },
          },
        )
      }
    >
      <p className="prose">{words.askHelp}</p>
      <TextField
        label={words.askSubject}
        path="subject"
        value={typed.subject}
        onChange={(event) => put({ subject: event.target.value })}
      />
      <TextArea
        label={words.askText}
        path="text"
        rows={5}
        value={typed.text}
        onChange={(event) => put({ text: event.target.value })}
      />
      <TextArea
        label={words.askUrls}
        hint={deskHouse.authority.form.urlsHint}
        path="namedUrls"
        className="mono"
        spellCheck={false}
        value={typed.urls}
        onChange={(event) => put({ urls: event.target.value })}
      />
      <TextField
        label={words.askDeadline}
        path="deadline"
        type="datetime-local"
        value={typed.deadline}
        onChange={(event) => put({ deadline: event.target.value })}
      />
    </FormDialog>
  );
}
