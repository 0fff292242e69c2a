/**
 * What was reported, redacted: one report for each claim until the grade is locked, and no number of them anywhere.
 * People are labels here; who they are leaves the seal only through `Unseal`.
 */
import { useState } from 'react';
import { answerReport, getCase, listCaseReports, moveReport } from '../../../../contract/routes/desk/cases.ts';
import type { Case, DeskReport } from '../../../../contract/routes/desk/cases.ts';
import { ApiError } from '../../api/client.ts';
import { useAct, usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, Choices, TextArea, TextField } from '../../parts/field.tsx';
import { More } from '../../parts/more.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import { caseNumbered } from './case-dialogs.tsx';
import { Unseal } from './unseal.tsx';

const words = caseWords.reports;

export function Reports({ held }: { held: Case }) {
  const pages = usePages(listCaseReports, { limit: 20 }, { caseId: held.caseId });
  return (
    <Panel id="reports" title={words.title}>
      {held.gradeLockedAt === null ? <p className="hint panel-help">{words.blind}</p> : null}
      <Failure error={pages.error} onRetry={pages.reload} />
      {pages.items === undefined && pages.error === null ? <Waiting /> : null}
      {pages.items?.length === 0 ? <p className="hint">{words.none}</p> : null}
      <ul className="items">
        {pages.items?.map((report) => (
          <ReportItem key={report.reportId} held={held} report={report} />
        ))}
      </ul>
      <More pages={pages} />
    </Panel>
  );
}

function ReportItem({ held, report }: { held: Case; report: DeskReport }) {
  const can = useCan();
  const [asking, setAsking] = useState<'write' | 'move' | 'unseal' | null>(null);
  const close = () => setAsking(null);
  return (
    <li>
      <p className="item-head">
        <strong>{report.reporter}</strong>
        {report.number === null ? null : <> · {words.numbered(String(report.number))}</>}{' '}
        {report.fastLane ? <Badge tone="alarm">{words.fast}</Badge> : null}
      </p>
      <p className="item-line hint">
        <span>{desk.role[report.role]}</span>
        <span>{desk.proof[report.proof]}</span>
        <span>{desk.channel[report.channel]}</span>
        <span>{desk.class[report.class]}</span>
        <span>{desk.reportState[report.state]}</span>
        {report.happenedAt === null ? null : (
          <span>
            {words.happened} <When at={report.happenedAt} focusable />
          </span>
        )}
        <span>
          {words.received} <When at={report.receivedAt} focusable />
        </span>
      </p>
      <p className="report-text" lang={report.lang ?? undefined} dir="auto">
        {report.text}
      </p>
      {report.urls.length === 0 ? null : (
        <ul className="plain mono item-url" aria-label={words.urls}>
          {report.urls.map((url) => (
            <li key={url}>{url}</li>
          ))}
        </ul>
      )}
      <p className="item-line">
        {report.wantsSafetyContact ? <Badge tone="caution">{words.wantsContact}</Badge> : null}
        <span className="hint">{report.forwardConsent ? words.consent : words.noConsent}</span>
      </p>
      {report.messages.length === 0 ? null : (
        <ol className="messages">
          {report.messages.map((message, index) => (
            <li key={index} data-sender={message.sender}>
              <p className="hint">
                {message.by?.name ?? words.from[message.sender]}, <When at={message.at} focusable />
              </p>
              <p className="report-text" dir="auto">
                {message.text}
              </p>
            </li>
          ))}
        </ol>
      )}
      {report.outcome === null ? null : (
        <p>
          {words.outcome}: {report.outcome}
        </p>
      )}
      <div className="item-acts">
        {can('desk:work') ? (
          <Button kind="quiet" aria-label={words.writeTo(report.reporter)} onClick={() => setAsking('write')}>
            {words.write}
          </Button>
        ) : null}
        {can('desk:work') ? (
          <Button kind="quiet" onClick={() => setAsking('move')}>
            {words.move}
          </Button>
        ) : null}
        {can('desk:unseal') ? (
          <Button kind="quiet" onClick={() => setAsking('unseal')}>
            {words.unseal}
          </Button>
        ) : null}
      </div>
      {asking === 'write' ? <Write report={report} onClose={close} /> : null}
      {asking === 'move' ? <Move report={report} onClose={close} /> : null}
      {asking === 'unseal' ? (
        <Unseal
          caseId={held.caseId}
          what={{ kind: 'reporter', reportId: report.reportId }}
          label={report.reporter}
          onClose={close}
        />
      ) : null}
    </li>
  );
}

function Write({ report, onClose }: { report: DeskReport; onClose: () => void }) {
  const write = useAct(answerReport, [listCaseReports, getCase]);
  const [kind, setKind] = useState<'question' | 'answer' | 'outcome'>('answer');
  const [text, setText] = useState('');
  const [all, setAll] = useState(false);
  const message = caseWords.message;
  return (
    <FormDialog
      title={message.title}
      action={message.submit}
      busy={write.isPending}
      failure={write.error}
      onClose={onClose}
      onSubmit={() =>
        write.mutate(
          { params: { reportId: report.reportId }, body: { kind, text, toCluster: all } },
          {
            onSuccess: () => {
              notify(message.done);
              onClose();
            },
          },
        )
      }
    >
      <p className="prose">{message.lead}</p>
      <Choices
        legend={message.kind}
        value={kind}
        onChoose={setKind}
        choices={(['question', 'answer', 'outcome'] as const).map((value) => ({ value, ...message.kinds[value] }))}
      />
      <TextArea label={message.text} path="text" rows={6} value={text} onChange={(event) => setText(event.target.value)} />
      <CheckField label={message.all} checked={all} onChange={(event) => setAll(event.target.checked)} />
    </FormDialog>
  );
}

function Move({ report, onClose }: { report: DeskReport; onClose: () => void }) {
  const move = useAct(moveReport, [listCaseReports, getCase]);
  const [number, setNumber] = useState('');
  const [why, setWhy] = useState('');
  const [failure, setFailure] = useState<ApiError | null>(null);
  const submit = async () => {
    try {
      const caseId = number.trim() === '' ? null : await caseNumbered(number);
      if (caseId === null && number.trim() !== '') {
        setFailure(new ApiError('bad-request', '', null, [{ path: 'caseId', message: caseWords.acts.otherNone }]));
        return;
      }
      move.mutate(
        { params: { reportId: report.reportId }, body: { caseId, why } },
        {
          onSuccess: () => {
            notify(words.moved);
            onClose();
          },
        },
      );
    } catch (error) {
      if (error instanceof ApiError) setFailure(error);
    }
  };
  return (
    <FormDialog
      title={words.moveTitle}
      action={words.move}
      busy={move.isPending}
      failure={move.error ?? failure}
      onClose={onClose}
      onSubmit={() => void submit()}
    >
      <TextField
        label={caseWords.acts.other}
        hint={words.moveNew}
        path="caseId"
        spellCheck={false}
        value={number}
        onChange={(event) => setNumber(event.target.value)}
      />
      <TextField
        label={caseWords.acts.reason}
        hint={caseWords.acts.reasonHint}
        path="why"
        value={why}
        onChange={(event) => setWhy(event.target.value)}
      />
    </FormDialog>
  );
}
