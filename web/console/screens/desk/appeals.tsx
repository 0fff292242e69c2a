/** Appeals, the next due first. Whoever graded, proposed or confirmed is told that somebody else decides. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { decideAppeal, listAppeals, listAppealWords, takeAppeal } from '../../../../contract/routes/desk/decisions.ts';
import type { Appeal } from '../../../../contract/routes/desk/decisions.ts';
import type { AppealState } from '../../../../contract/desk/words.ts';
import { useAct, usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Dialog, FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Choices, TextArea } from '../../parts/field.tsx';
import { More } from '../../parts/more.tsx';
import { notify } from '../../parts/notices.tsx';
import { Waiting } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan, useMe } from '../../shell/me.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import { OpenList } from './open-list.tsx';
import { Due } from './parts.tsx';
import '../../look/desk.css';

const api = getRouteApi('/in/desk/appeals');
const words = deskHouse.appeals;
const tones: Readonly<Record<AppealState, Tone>> = {
  open: 'caution',
  taken: 'waiting',
  upheld: 'off',
  modified: 'good',
  reversed: 'good',
  withdrawn: 'off',
};

export function AppealsScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/desk/appeals' });
  const pages = usePages(listAppeals, { open: search.show === 'decided' ? 'false' : 'true' });
  const set = useMemo(
    () => (value: string) => void navigate({ search: (old) => withWord(old, 'show', value), replace: true }),
    [navigate],
  );
  return (
    <OpenList
      room="appeals"
      words={words}
      over={{ value: 'decided', label: words.decided }}
      show={search.show}
      onShow={set}
      pages={pages}
      row={(appeal) => <AppealItem key={appeal.appealId} appeal={appeal} />}
    />
  );
}

function AppealItem({ appeal }: { appeal: Appeal }) {
  const me = useMe();
  const can = useCan();
  const take = useAct(takeAppeal, [listAppeals]);
  const [deciding, setDeciding] = useState(false);
  const [reading, setReading] = useState(false);
  const [wordsRead, setWordsRead] = useState<number | undefined>(undefined);
  const open = appeal.state === 'open' || appeal.state === 'taken';
  const mine = appeal.takenBy?.personId === me.personId;
  return (
    <li id={appeal.appealId} className="stack-tight">
      <p className="item-head">
        <Link to="/desk/cases/$caseId" params={{ caseId: appeal.caseId }} className="row-link" data-row>
          {appeal.decision ?? words.case}
        </Link>
      </p>
      <p className="item-line">
        <Badge tone={tones[appeal.state]}>{desk.appealState[appeal.state]}</Badge>
        <span>
          {words.by}: {desk.appealBy[appeal.by]}
        </span>
        {appeal.joined === null ? null : <span className="hint">{words.joined(appeal.joined)}</span>}
        <span className="hint">
          <When at={appeal.openedAt} focusable />
        </span>
        {open ? <Due due={{ at: appeal.dueAt, what: 'appeal' }} /> : null}
        {appeal.takenBy === null ? null : <span className="hint">{appeal.takenBy.name}</span>}
      </p>
      <p className="report-text" dir="auto">
        {appeal.text}
      </p>
      {appeal.reasons === null ? null : (
        <p className="report-text hint">
          {appeal.decider?.name}: {appeal.reasons}
        </p>
      )}
      {appeal.by === 'reporter' ? (
        <div className="item-acts">
          <Button kind="quiet" onClick={() => setReading(true)}>
            {words.words}
          </Button>
        </div>
      ) : null}
      <Failure error={take.error} />
      {open && can('appeals:decide') ? (
        <div className="item-acts">
          {!appeal.mayDecide ? (
            <p className="hint">{words.mayNot}</p>
          ) : (
            <>
              {appeal.state === 'open' ? (
                <Button
                  busy={take.isPending}
                  onClick={() => take.mutate({ params: { appealId: appeal.appealId } }, { onSuccess: () => notify(words.taken) })}
                >
                  {words.take}
                </Button>
              ) : null}
              {mine ? (
                <Button kind="primary" onClick={() => setDeciding(true)}>
                  {words.decide}
                </Button>
              ) : null}
            </>
          )}
        </div>
      ) : null}
      {reading ? <ReporterWords appeal={appeal} onRead={setWordsRead} onClose={() => setReading(false)} /> : null}
      {deciding ? <DecideAppeal appeal={appeal} wordsRead={wordsRead} onClose={() => setDeciding(false)} /> : null}
    </li>
  );
}

/** What the reporters of an appeal say, each once. `onRead` hears the last that was shown, so that nothing else is decided unread. */
function ReporterWords({ appeal, onRead, onClose }: { appeal: Appeal; onRead: (n: number) => void; onClose: () => void }) {
  const pages = usePages(listAppealWords, {}, { appealId: appeal.appealId });
  const last = pages.items?.at(-1)?.n;
  useEffect(() => {
    if (last !== undefined) onRead(last);
  }, [last, onRead]);
  return (
    <Dialog title={words.words} onClose={onClose}>
      <p className="hint">{words.wordsLead}</p>
      <Failure error={pages.error} onRetry={pages.reload} />
      {pages.items === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : (
        <ul className="items">
          {pages.items.map((item) => (
            <li key={item.n} className="stack-tight">
              <p className="item-line hint">
                <When at={item.at} focusable />
                {item.times === null ? null : <span>{words.wordsTimes(item.times)}</span>}
              </p>
              <p className="report-text" dir="auto">
                {item.text}
              </p>
            </li>
          ))}
        </ul>
      )}
      <More pages={pages} label={words.wordsMore} />
    </Dialog>
  );
}

function DecideAppeal({ appeal, wordsRead, onClose }: { appeal: Appeal; wordsRead: number | undefined; onClose: () => void }) {
  const decide = useAct(decideAppeal, [listAppeals]);
  const [outcome, setOutcome] = useState<'upheld' | 'modified' | 'reversed'>('upheld');
  const [reasons, setReasons] = useState('');
  return (
    <FormDialog
      title={words.decideTitle}
      action={words.submit}
      busy={decide.isPending}
      failure={decide.error}
      onClose={onClose}
      onSubmit={() =>
        decide.mutate(
          {
            params: { appealId: appeal.appealId },
            body: { outcome, reasons, ...(wordsRead === undefined ? {} : { wordsRead }) },
          },
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
        legend={words.outcome}
        value={outcome}
        onChoose={setOutcome}
        choices={(['upheld', 'modified', 'reversed'] as const).map((value) => ({ value, ...words.outcomes[value] }))}
      />
      <TextArea
        label={words.reasons}
        hint={words.reasonsHint}
        path="reasons"
        rows={6}
        value={reasons}
        onChange={(event) => setReasons(event.target.value)}
      />
    </FormDialog>
  );
}
