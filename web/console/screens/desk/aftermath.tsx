/** What came after a measure: reviews at 7, 30 and 90 days, and the strikes of the account. Shown only where there was a measure. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import { addReview, listReviews, listStrikes } from '../../../../contract/routes/desk/aftermath.ts';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Choices, TextArea } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';

const words = caseWords.review;
const measured = ['provisional', 'confirmed', 'enforced', 'appealed', 'ended', 'reviewed'];
const answers = ['unknown', 'yes', 'no'] as const;
type Answer = (typeof answers)[number];

export default function Aftermath({ held }: { held: Case }) {
  if (!measured.includes(held.state)) return null;
  return (
    <>
      <Reviews held={held} />
      {held.accountId === null ? null : <Strikes accountId={held.accountId} />}
    </>
  );
}

function Reviews({ held }: { held: Case }) {
  const can = useCan();
  const reviews = useQuery(ask(listReviews, { params: { caseId: held.caseId } }));
  const [adding, setAdding] = useState(false);
  return (
    <Panel
      title={caseWords.side.reviews}
      acts={can('desk:work') ? <Button onClick={() => setAdding(true)}>{caseWords.side.addReview}</Button> : null}
    >
      <Failure error={reviews.error} onRetry={() => void reviews.refetch()} />
      {reviews.data?.items.length === 0 ? <p className="hint">{words.none}</p> : null}
      <ul className="plain rows">
        {reviews.data?.items.map((review) => (
          <li key={review.reviewId}>
            <p>
              <strong>{words.days(review.afterDays)}</strong> <span className="hint">{review.by.name}</span>{' '}
              <When at={review.at} focusable />
            </p>
            <p className="hint">
              {words.harmFell} {words.answer[review.harmFell]}. {words.displaced} {words.answer[review.displaced]}.{' '}
              {words.copycats} {words.answer[review.copycats]}.
            </p>
            <p className="report-text">{review.text}</p>
          </li>
        ))}
      </ul>
      {adding ? <AddReview held={held} onClose={() => setAdding(false)} /> : null}
    </Panel>
  );
}

function AddReview({ held, onClose }: { held: Case; onClose: () => void }) {
  const add = useAct(addReview, [listReviews, getCase]);
  const [afterDays, setAfterDays] = useState<'7' | '30' | '90'>('7');
  const [found, setFound] = useState<{ harmFell: Answer; displaced: Answer; copycats: Answer }>({
    harmFell: 'unknown',
    displaced: 'unknown',
    copycats: 'unknown',
  });
  const [text, setText] = useState('');
  const days = afterDays === '7' ? 7 : afterDays === '30' ? 30 : 90;
  return (
    <FormDialog
      title={words.title}
      action={words.submit}
      busy={add.isPending}
      failure={add.error}
      onClose={onClose}
      onSubmit={() =>
        add.mutate(
          { params: { caseId: held.caseId }, body: { afterDays: days, ...found, text } },
          {
            onSuccess: () => {
              notify(words.done);
              onClose();
            },
          },
        )
      }
    >
      <Choices
        legend={words.after}
        value={afterDays}
        onChoose={setAfterDays}
        choices={(['7', '30', '90'] as const).map((value) => ({ value, label: words.days(Number(value)) }))}
      />
      {(['harmFell', 'displaced', 'copycats'] as const).map((question) => (
        <Choices
          key={question}
          legend={words[question]}
          value={found[question]}
          onChoose={(value) => setFound((before) => ({ ...before, [question]: value }))}
          choices={answers.map((value) => ({ value, label: words.answer[value] }))}
        />
      ))}
      <TextArea label={words.text} path="text" value={text} onChange={(event) => setText(event.target.value)} />
    </FormDialog>
  );
}

function Strikes({ accountId }: { accountId: string }) {
  const words = caseWords.side;
  const strikes = useQuery(ask(listStrikes, { params: { accountId } }));
  return (
    <Panel title={words.strikes}>
      <Failure error={strikes.error} onRetry={() => void strikes.refetch()} />
      {strikes.data?.items.length === 0 ? <p className="hint">{words.noStrikes}</p> : null}
      <ul className="plain rows">
        {strikes.data?.items.map((strike) => (
          <li key={strike.strikeId}>
            <p>{strike.reason}</p>
            <p className="item-line hint">
              <When at={strike.at} focusable />
              {strike.cancelledAt === null ? (
                <span>
                  {words.strikeUntil} <Exactly at={strike.expiresAt} />
                </span>
              ) : (
                <Badge tone="off">{words.cancelled}</Badge>
              )}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
