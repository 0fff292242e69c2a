/** The days on which visitors gave up, and what people found about them: whether it was people who were asked too much. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CaptchaKeyId } from '../../../../contract/ids.ts';
import {
  getCaptchaKey,
  listCaptchaKeys,
  listCaptchaReviews,
  reviewCaptchaDay,
  ReviewVerdict,
} from '../../../../contract/routes/captcha-keys.ts';
import type { ReviewDay } from '../../../../contract/routes/captcha-keys.ts';
import { ask, useAct } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { CheckField, SelectField, TextField } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { captcha } from '../../words/en/captcha.ts';
import { language } from '../../words/index.ts';

const words = captcha.review;
const columns = [
  { key: 'day', head: words.columns.day },
  { key: 'asked', head: words.columns.asked, align: 'end' },
  { key: 'gaveUp', head: words.columns.gaveUp, align: 'end' },
  { key: 'calm', head: words.columns.calm, align: 'end' },
  { key: 'p95', head: words.columns.p95, align: 'end' },
  { key: 'review', head: words.columns.review },
] as const;
const count = (value: number) => whole(value, language);

export function ReviewTab({ keyId, may }: { keyId: CaptchaKeyId; may: boolean }) {
  const found = useQuery(ask(listCaptchaReviews, { params: { keyId } }));
  const [saying, setSaying] = useState<ReviewDay | null>(null);
  const days = found.data?.days;
  return (
    <Panel title={words.title}>
      <p className="hint">{words.lead}</p>
      <Failure error={found.error} onRetry={() => void found.refetch()} />
      {days === undefined ? found.error === null ? <Waiting /> : null : null}
      {days?.length === 0 ? <p>{words.none}</p> : null}
      {days === undefined || days.length === 0 ? null : (
        <Table caption={words.title} columns={columns}>
          {days.map((one) => (
            <tr key={one.day}>
              <th scope="row">{one.day}</th>
              <td data-align="end">{count(one.asked)}</td>
              <td data-align="end">{count(one.gaveUp)}</td>
              <td data-align="end">{words.calm(count(one.calmGaveUp), count(one.calmAsked))}</td>
              <td data-align="end">{one.p95Ms === null ? captcha.figures.unknown : duration(one.p95Ms, language)}</td>
              <td>
                {one.review === null && one.worthALook ? <Badge tone="caution">{words.look}</Badge> : null}
                {one.review === null ? null : (
                  <>
                    {words.said(words.verdicts[one.review.verdict], one.review.by.name)}
                    {one.review.note === '' ? null : <span className="sub">{one.review.note}</span>}
                  </>
                )}{' '}
                {may ? (
                  <Button onClick={() => setSaying(one)} aria-label={words.actOn(one.day)}>
                    {words.act}
                  </Button>
                ) : null}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {saying === null ? null : <Say keyId={keyId} day={saying} onClose={() => setSaying(null)} />}
    </Panel>
  );
}

function Say({ keyId, day, onClose }: { keyId: CaptchaKeyId; day: ReviewDay; onClose: () => void }) {
  const act = useAct(reviewCaptchaDay, [listCaptchaReviews, getCaptchaKey, listCaptchaKeys]);
  const [verdict, setVerdict] = useState<ReviewVerdict>(day.review?.verdict ?? 'people');
  const [note, setNote] = useState(day.review?.note ?? '');
  const [soften, setSoften] = useState(false);
  const body = { day: day.day, verdict, note, soften: soften && verdict === 'people' };
  return (
    <FormDialog
      title={words.actOn(day.day)}
      action={words.act}
      busy={act.isPending}
      failure={act.error}
      onSubmit={() => act.mutate({ params: { keyId }, body }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <SelectField label={words.verdict} value={verdict} onChange={({ target }) => setVerdict(ReviewVerdict.parse(target.value))}>
        {ReviewVerdict.options.map((one) => (
          <option key={one} value={one}>
            {words.verdicts[one]}
          </option>
        ))}
      </SelectField>
      <TextField label={words.note} path="note" value={note} onChange={({ target }) => setNote(target.value)} />
      {verdict === 'people' ? (
        <CheckField label={words.soften} checked={soften} onChange={({ target }) => setSoften(target.checked)} />
      ) : null}
    </FormDialog>
  );
}
