/** The decisions of a case, with their orders and receipts as they arrive; a second person confirms here. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { z } from 'zod';
import { getCase, listCases } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import {
  confirmDecision,
  enterAppeal,
  listDecisions,
  tellOwner,
  withdrawDecision,
} from '../../../../contract/routes/desk/decisions.ts';
import type { DeskDecision } from '../../../../contract/routes/desk/decisions.ts';
import { getStatus } from '../../../../contract/routes/house.ts';
import type { ReceiptTally } from '../../../../contract/routes/orders.ts';
import { AppealBy } from '../../../../contract/desk/words.ts';
import type { DeskDecisionState } from '../../../../contract/desk/words.ts';
import { ask, useAct } from '../../api/queries.ts';
import { duration } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { AskReason, ConfirmByTyping, FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Choices, TextArea } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { useCan, useMe } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { decide } from '../../words/en/decide.ts';
import { desk } from '../../words/en/desk.ts';
import { language } from '../../words/index.ts';

const words = decide.list;
const tones: Readonly<Record<DeskDecisionState, Tone>> = {
  proposed: 'waiting',
  alone: 'alarm',
  confirmed: 'good',
  withdrawn: 'off',
  lapsed: 'off',
};

export function Decisions({ held }: { held: Case }) {
  const decisions = useQuery(ask(listDecisions, { params: { caseId: held.caseId } }));
  return (
    <Panel id="decisions" title={caseWords.side.decisions}>
      <Failure error={decisions.error} onRetry={() => void decisions.refetch()} />
      {decisions.isLoading ? <Waiting /> : null}
      {decisions.data?.items.length === 0 ? <p className="hint">{caseWords.side.noDecisions}</p> : null}
      <ul className="items">
        {decisions.data?.items.map((decision) => (
          <DecisionItem key={decision.decisionId} held={held} decision={decision} />
        ))}
      </ul>
    </Panel>
  );
}

function DecisionItem({ held, decision }: { held: Case; decision: DeskDecision }) {
  const met = decision.limbs.filter((limb) => limb.finding === 'met').length;
  const what = decision.step === null ? desk.decisionKind[decision.kind] : desk.step[decision.step];
  return (
    <li id={decision.decisionId}>
      <p className="item-head">
        <strong>
          {decision.number === null ? '' : `${decision.number}: `}
          {what}
        </strong>
      </p>
      <p className="item-line">
        <Badge tone={tones[decision.state]}>{desk.decisionState[decision.state]}</Badge>
        {decision.provisional ? <Badge tone="caution">{words.provisional}</Badge> : null}
        {decision.criteriaAfterCase ? <Badge tone="caution">{words.criteriaAfter}</Badge> : null}
      </p>
      <p className="item-line hint">
        <span>
          {words.proposedBy} {decision.proposer.name}, <When at={decision.proposedAt} focusable />
        </span>
        {decision.confirmer !== null && decision.confirmedAt !== null ? (
          <span>
            {words.confirmedBy} {decision.confirmer.name}, <When at={decision.confirmedAt} focusable />
          </span>
        ) : null}
        {decision.lapsesAt === null ? null : (
          <span>
            {words.lapses} <When at={decision.lapsesAt} focusable />
          </span>
        )}
        {decision.recheckAt === null ? null : (
          <span>
            {words.recheck} <When at={decision.recheckAt} focusable />
          </span>
        )}
      </p>
      {decision.orderId === null ? null : (
        <p className="item-line">
          {decision.receipts === null ? null : <Tally receipts={decision.receipts} />}
          <Link to="/orders/$orderId" params={{ orderId: decision.orderId }}>
            {words.order}
          </Link>
        </p>
      )}
      {decision.caveat === undefined || decision.caveat === null ? null : <p className="hint">{decision.caveat}</p>}
      {decision.ownerNoticeDelayReason === null ? null : (
        <p>
          {words.ownerLater} {decision.ownerNoticeDelayReason}
        </p>
      )}
      {decision.ownerToldAt === undefined || decision.ownerToldAt === null ? null : (
        <p className="hint">
          {words.ownerTold} <When at={decision.ownerToldAt} focusable />
        </p>
      )}
      <details className="grades">
        <summary>
          {words.whole}
          {decision.limbs.length === 0 ? null : ` (${words.limbs(met)})`}
        </summary>
        <p className="report-text">{decision.publicReason}</p>
        <p className="report-text hint">{decision.internalReason}</p>
        <ul className="plain rows">
          {decision.limbs.map((limb) => (
            <li key={limb.limb}>
              <Badge tone={limb.finding === 'met' ? 'good' : 'off'}>{limb.finding === 'met' ? decide.met : decide.notMet}</Badge>{' '}
              {desk.limb[limb.limb]}
              <span className="sub">{limb.reason}</span>
            </li>
          ))}
          {decision.whyNotBelow.map((why) => (
            <li key={why.step}>
              {decide.whyNotStep(desk.step[why.step])}
              <span className="sub">{why.why}</span>
            </li>
          ))}
        </ul>
      </details>
      <Acts held={held} decision={decision} />
    </li>
  );
}

/** How many edges have answered, live. */
export function Tally({ receipts }: { receipts: z.infer<typeof ReceiptTally> }) {
  const { expected, enforced, lifted, failed, tookMs } = receipts;
  if (expected === 0) return null;
  const done = Math.max(enforced, lifted);
  return (
    <span className="tally" aria-live="polite">
      <Badge tone={done < expected ? 'waiting' : 'good'}>
        {done < expected
          ? words.receiptsWait(done, expected)
          : words.receipts(expected, tookMs === null ? null : duration(tookMs, language))}
      </Badge>
      {failed > 0 ? <Badge tone="alarm">{words.failed(failed)}</Badge> : null}
    </span>
  );
}

function Acts({ held, decision }: { held: Case; decision: DeskDecision }) {
  const me = useMe();
  const can = useCan();
  const touches = [listDecisions, getCase, listCases, getStatus];
  const confirm = useAct(confirmDecision, touches);
  const withdraw = useAct(withdrawDecision, touches);
  const tell = useAct(tellOwner, touches);
  const [asking, setAsking] = useState<'confirm' | 'withdraw' | 'appeal' | null>(null);
  const params = { decisionId: decision.decisionId };
  const close = () => setAsking(null);
  const waits = decision.state === 'proposed' || decision.state === 'alone';
  const own = decision.proposer.personId === me.personId;
  const standing = decision.state === 'confirmed' && decision.kind !== 'no-action' && can('decisions:propose');
  const done = (text: string) => ({
    onSuccess: () => {
      close();
      notify(text);
    },
  });
  return (
    <div className="item-acts">
      {waits && !own && can('decisions:confirm') ? (
        <Button kind="primary" onClick={() => setAsking('confirm')}>
          {words.confirm}
        </Button>
      ) : null}
      {waits && own ? <p className="hint">{words.own}</p> : null}
      {decision.state === 'proposed' && can('decisions:propose') ? (
        <Button onClick={() => setAsking('withdraw')}>{words.withdraw}</Button>
      ) : null}
      {standing && decision.provisional ? (
        <ButtonLink to="/desk/cases/$caseId/decide" params={{ caseId: held.caseId }} search={{ of: decision.decisionId }}>
          {decide.confirms}
        </ButtonLink>
      ) : null}
      {standing ? (
        <ButtonLink
          to="/desk/cases/$caseId/decide"
          params={{ caseId: held.caseId }}
          search={{ kind: 'reverse', of: decision.decisionId }}
        >
          {desk.decisionKind.reverse}
        </ButtonLink>
      ) : null}
      {decision.state === 'confirmed' &&
      decision.ownerNoticeDelayReason !== null &&
      !decision.ownerToldAt &&
      can('decisions:propose') ? (
        <Button busy={tell.isPending} onClick={() => tell.mutate({ params }, done(words.ownerTold))}>
          {words.tellOwner}
        </Button>
      ) : null}
      {decision.state === 'confirmed' && can('desk:work') ? (
        <Button kind="quiet" onClick={() => setAsking('appeal')}>
          {words.appeal}
        </Button>
      ) : null}
      <Failure error={tell.error} />
      {asking === 'appeal' ? <EnterAppeal decision={decision} onClose={close} /> : null}
      {asking === 'confirm' ? (
        <ConfirmByTyping
          title={words.confirmTitle}
          name={held.number}
          action={words.confirm}
          busy={confirm.isPending}
          failure={confirm.error}
          onClose={close}
          onConfirm={() => confirm.mutate({ params }, done(words.confirmed))}
        >
          <p>{decision.kind === 'no-action' ? words.confirmNoAction : words.confirmLead}</p>
          <p>
            <strong>{decision.step === null ? desk.decisionKind[decision.kind] : desk.step[decision.step]}</strong>
          </p>
          <p>{decision.publicReason}</p>
        </ConfirmByTyping>
      ) : null}
      {asking === 'withdraw' ? (
        <AskReason
          {...{ title: words.withdrawTitle, label: caseWords.acts.reason, hint: caseWords.acts.reasonHint }}
          {...{ action: words.withdraw, kind: 'primary', least: 3 }}
          busy={withdraw.isPending}
          failure={withdraw.error}
          onClose={close}
          onConfirm={(why) => withdraw.mutate({ params, body: { why } }, done(words.withdrawn))}
        />
      ) : null}
    </div>
  );
}

/** An appeal that came by letter or by telephone, such as the target's. */
function EnterAppeal({ decision, onClose }: { decision: DeskDecision; onClose: () => void }) {
  const enter = useAct(enterAppeal, [listDecisions, getCase]);
  const [by, setBy] = useState<AppealBy>('target');
  const [text, setText] = useState('');
  return (
    <FormDialog
      title={words.appealTitle}
      action={words.appeal}
      busy={enter.isPending}
      failure={enter.error}
      onClose={onClose}
      onSubmit={() =>
        enter.mutate(
          { params: { decisionId: decision.decisionId }, body: { by, text } },
          {
            onSuccess: () => {
              notify(words.appealDone);
              onClose();
            },
          },
        )
      }
    >
      <Choices
        legend={words.appealBy}
        value={by}
        onChoose={setBy}
        choices={AppealBy.options.map((value) => ({ value, label: desk.appealBy[value] }))}
      />
      <TextArea label={words.appealText} path="text" rows={6} value={text} onChange={(event) => setText(event.target.value)} />
    </FormDialog>
  );
}
