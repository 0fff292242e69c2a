/** Requests of authorities: what each lacks, the call back, the second person. A sender's domain proves nothing here. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { AuthorityState } from '../../../../contract/desk/words.ts';
import { actOnAuthority, listAuthority } from '../../../../contract/routes/desk/pressure.ts';
import type { AuthorityRequest } from '../../../../contract/routes/desk/pressure.ts';
import { useAct, usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan, useMe } from '../../shell/me.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import { AnswerRequest, CallBack, CompleteRequest, EnterRequest } from './authority-dialogs.tsx';
import { OpenList } from './open-list.tsx';
import { UnsealSender } from './unseal.tsx';
import '../../look/decide.css';
import '../../look/desk.css';

const api = getRouteApi('/in/desk/authority');
const words = deskHouse.authority;
const tones: Readonly<Record<AuthorityState, Tone>> = {
  incomplete: 'caution',
  'call-back-due': 'alarm',
  complete: 'waiting',
  answered: 'good',
  refused: 'off',
};

export function AuthorityScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/desk/authority' });
  const can = useCan();
  const [entering, setEntering] = useState(false);
  const pages = usePages(listAuthority, { open: search.show === 'done' ? 'false' : 'true' });
  const set = useMemo(
    () => (value: string) => void navigate({ search: (old) => withWord(old, 'show', value), replace: true }),
    [navigate],
  );
  const enter = can('authority:write') ? (
    <Button kind="primary" data-new onClick={() => setEntering(true)}>
      {words.enter}
    </Button>
  ) : undefined;
  return (
    <OpenList
      room="authority"
      words={words}
      over={{ value: 'done', label: words.done }}
      show={search.show}
      onShow={set}
      pages={pages}
      acts={enter}
      row={(request) => <RequestItem key={request.authorityId} request={request} />}
    >
      {entering ? <EnterRequest onClose={() => setEntering(false)} /> : null}
    </OpenList>
  );
}

function RequestItem({ request }: { request: AuthorityRequest }) {
  const me = useMe();
  const can = useCan();
  const act = useAct(actOnAuthority, [listAuthority]);
  const [asking, setAsking] = useState<'complete' | 'call-back' | 'answer' | 'refuse' | 'unseal' | null>(null);
  const detail = words.detail;
  const over = request.state === 'answered' || request.state === 'refused';
  const close = () => setAsking(null);
  const params = { authorityId: request.authorityId };
  const needsSecond = request.callBack !== null && request.second === null && request.callBack.by.personId !== me.personId;
  return (
    <li id={request.authorityId} className="stack-tight">
      <p className="item-head">
        <strong>{request.agency}</strong> · {desk.authorityKind[request.kind]}
      </p>
      <p className="item-line">
        <Badge tone={tones[request.state]}>{desk.authorityState[request.state]}</Badge>
        <span className="hint">
          {detail.came} {detail.channel[request.channel]}, <When at={request.receivedAt} focusable />
        </span>
        {request.caseId === null ? null : (
          <Link to="/desk/cases/$caseId" params={{ caseId: request.caseId }}>
            {detail.case}
          </Link>
        )}
      </p>
      {request.missing.length === 0 ? null : (
        <ul className="sentences">
          {request.missing.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <p className="report-text" dir="auto">
        {request.text}
      </p>
      <Facts
        facts={[
          request.law === null ? null : [detail.law, request.law],
          request.reference === null ? null : [detail.reference, request.reference],
          request.urls.length === 0
            ? null
            : [
                detail.urls,
                <ul className="plain mono">
                  {request.urls.map((url) => (
                    <li key={url}>{url}</li>
                  ))}
                </ul>,
              ],
          request.kind === 'emergency-request' || request.callBack !== null
            ? [
                detail.callBack,
                request.callBack === null ? (
                  <span className="hint">{detail.callBackNone}</span>
                ) : (
                  <>
                    {detail.calledBy(request.callBack.by.name, request.callBack.numberSource)},{' '}
                    <When at={request.callBack.at} focusable />
                    <span className="sub report-text">{request.callBack.record}</span>
                  </>
                ),
              ]
            : null,
          request.second === null ? null : [detail.second, request.second.name],
          request.preserveUntil === null ? null : [detail.preserve, <Exactly at={request.preserveUntil} />],
          request.answer === null ? null : [detail.answer, <span className="report-text">{request.answer}</span>],
        ]}
      />
      <Failure error={asking === null ? act.error : null} />
      {over || !can('authority:write') ? null : (
        <div className="item-acts">
          {request.kind === 'order' && request.state === 'incomplete' ? (
            <Button onClick={() => setAsking('complete')}>{words.acts.complete}</Button>
          ) : null}
          {request.kind === 'emergency-request' && request.callBack === null ? (
            <Button onClick={() => setAsking('call-back')}>{words.acts.callBack}</Button>
          ) : null}
          {needsSecond ? (
            <Button
              busy={act.isPending}
              onClick={() => act.mutate({ params, body: { act: 'second' } }, { onSuccess: () => notify(words.acts.secondDone) })}
            >
              {words.acts.second}
            </Button>
          ) : null}
          {request.preserveUntil === null ? (
            <Button
              kind="quiet"
              busy={act.isPending}
              onClick={() =>
                act.mutate({ params, body: { act: 'preserve', days: 90 } }, { onSuccess: () => notify(words.acts.done) })
              }
            >
              {words.acts.preserve}
            </Button>
          ) : null}
          {request.state === 'complete' ? (
            <Button kind="quiet" onClick={() => setAsking('answer')}>
              {words.acts.answer}
            </Button>
          ) : null}
          {can('desk:unseal') ? (
            <Button kind="quiet" onClick={() => setAsking('unseal')}>
              {words.acts.unseal}
            </Button>
          ) : null}
          <Button kind="quiet" onClick={() => setAsking('refuse')}>
            {words.acts.refuse}
          </Button>
        </div>
      )}
      {asking === 'unseal' ? <UnsealSender request={request} onClose={close} /> : null}
      {asking === 'complete' ? <CompleteRequest request={request} onClose={close} /> : null}
      {asking === 'call-back' ? <CallBack request={request} onClose={close} /> : null}
      {asking === 'answer' || asking === 'refuse' ? <AnswerRequest request={request} act={asking} onClose={close} /> : null}
    </li>
  );
}
