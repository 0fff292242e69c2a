/** What may be done with a case as a whole. Merging, closing and shredding are confirmed by typing the case's number, like everything that destroys. */
import { ButtonLink, Button } from '../../parts/button.tsx';
import { useState } from 'react';
import { actOnCase, getCase, listCases } from '../../../../contract/routes/desk/cases.ts';
import type { Case, CaseAct } from '../../../../contract/routes/desk/cases.ts';
import { useAct } from '../../api/queries.ts';
import { AskReason, ConfirmByTyping } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Menu } from '../../parts/menu.tsx';
import { notify } from '../../parts/notices.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { ChangeLane, ChangeTitle, ExportEvidence, OtherCase, PoliceTold, ShredCase } from './case-dialogs.tsx';
import { LogPressure } from './log-pressure.tsx';

const words = caseWords.acts;

type Asking =
  'skip' | 'lane' | 'title' | 'link' | 'merge' | 'close' | 'closing' | 'reopen' | 'police' | 'pressure' | 'export' | 'shred';

/** Acts of a case with the words that follow them. */
export function useCaseAct(held: Case) {
  const act = useAct(actOnCase, [getCase, listCases]);
  return {
    error: act.error,
    busy: act.isPending,
    run: (body: CaseAct, said: string, after?: () => void) =>
      act.mutate(
        { params: { caseId: held.caseId }, body },
        {
          onSuccess: () => {
            notify(said);
            after?.();
          },
        },
      ),
  };
}

export function CaseActs({ held }: { held: Case }) {
  const me = useMe();
  const can = useCan();
  const act = useCaseAct(held);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [why, setWhy] = useState('');
  const close = () => setAsking(null);
  const mine = held.claim?.by.personId === me.personId;
  const works = can('desk:work');
  const leads = can('desk:lead');
  const item = (name: Asking, label: string) => (
    <button type="button" onClick={() => setAsking(name)}>
      {label}
    </button>
  );
  return (
    <>
      {works && held.claim === null && held.closedAt === null ? (
        <Button data-claim busy={act.busy} onClick={() => act.run({ act: 'claim' }, words.claimed)}>
          {words.claim}
        </Button>
      ) : null}
      {works && mine ? (
        <Button busy={act.busy} onClick={() => act.run({ act: 'release', why: '' }, words.released)}>
          {words.release}
        </Button>
      ) : null}
      <ButtonLink kind="quiet" to="/desk/cases/$caseId/pressure" params={{ caseId: held.caseId }}>
        {words.pressure}
      </ButtonLink>
      {can('decisions:propose') ? (
        <ButtonLink kind="primary" to="/desk/cases/$caseId/decide" params={{ caseId: held.caseId }}>
          {words.decide}
        </ButtonLink>
      ) : null}
      {works || can('pressure:write') || can('desk:export') ? (
        <Menu label={words.more} name={words.moreOf(held.number)}>
          {works && mine ? item('skip', words.skip) : null}
          {works && held.lead?.personId !== me.personId ? (
            <button type="button" onClick={() => act.run({ act: 'assign-lead', personId: me.personId }, words.leads)}>
              {words.takeLead}
            </button>
          ) : null}
          {works ? item('title', words.title) : null}
          {works ? item('link', words.link) : null}
          {works ? item('police', words.police) : null}
          {can('pressure:write') ? item('pressure', words.logPressure) : null}
          {can('desk:export') ? item('export', words.export) : null}
          {leads ? item('lane', words.lane) : null}
          {leads ? item('merge', words.merge) : null}
          {leads && held.closedAt === null ? item('close', words.close) : null}
          {leads && held.closedAt !== null ? item('reopen', words.reopen) : null}
          {leads && held.closedAt !== null ? item('shred', words.shred) : null}
        </Menu>
      ) : null}
      {asking === null ? <Failure error={act.error} /> : null}
      {asking === 'skip' ? (
        <AskReason
          {...{
            title: words.skipTitle,
            label: words.reason,
            hint: words.skipHint,
            action: words.skip,
            kind: 'primary',
            least: 3,
          }}
          busy={act.busy}
          failure={act.error}
          onClose={close}
          onConfirm={(reason) => act.run({ act: 'skip', why: reason }, words.done, close)}
        />
      ) : null}
      {asking === 'reopen' ? (
        <AskReason
          {...{ title: words.reopenTitle, label: words.reason, hint: words.reasonHint, action: words.reopen }}
          {...{ kind: 'primary', least: 3 }}
          busy={act.busy}
          failure={act.error}
          onClose={close}
          onConfirm={(reason) => act.run({ act: 'reopen', why: reason }, words.done, close)}
        />
      ) : null}
      {asking === 'close' ? (
        <AskReason
          {...{ title: words.closeTitle(held.number), label: words.reason, hint: words.reasonHint, action: words.close }}
          {...{ kind: 'danger', least: 3 }}
          busy={false}
          failure={null}
          onClose={close}
          onConfirm={(reason) => {
            setWhy(reason);
            setAsking('closing');
          }}
        >
          <p>{words.closeHelp}</p>
        </AskReason>
      ) : null}
      {asking === 'closing' ? (
        <ConfirmByTyping
          title={words.closeTitle(held.number)}
          name={held.number}
          action={words.close}
          busy={act.busy}
          failure={act.error}
          onClose={close}
          onConfirm={() => act.run({ act: 'close', why }, words.done, close)}
        >
          <p>{words.closeHelp}</p>
          <p>{why}</p>
        </ConfirmByTyping>
      ) : null}
      {asking === 'lane' ? <ChangeLane held={held} onClose={close} /> : null}
      {asking === 'title' ? <ChangeTitle held={held} onClose={close} /> : null}
      {asking === 'link' ? <OtherCase held={held} kind="link" onClose={close} /> : null}
      {asking === 'merge' ? <OtherCase held={held} kind="merge-into" onClose={close} /> : null}
      {asking === 'police' ? <PoliceTold held={held} onClose={close} /> : null}
      {asking === 'pressure' ? <LogPressure caseId={held.caseId} onClose={close} /> : null}
      {asking === 'export' ? <ExportEvidence held={held} onClose={close} /> : null}
      {asking === 'shred' ? <ShredCase held={held} onClose={close} /> : null}
    </>
  );
}
