/** The small panels beside a case: clocks, volume since the lock, notes, linked cases. */
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import type { Case, Clock } from '../../../../contract/routes/desk/cases.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextArea } from '../../parts/field.tsx';
import { Panel } from '../../parts/screen.tsx';
import { useNow, When } from '../../parts/when.tsx';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { deskHouse } from '../../words/en/desk-house.ts';
import { desk } from '../../words/en/desk.ts';
import { language } from '../../words/index.ts';
import { useCaseAct } from './case-acts.tsx';

const words = caseWords.side;

export function Clocks({ held }: { held: Case }) {
  const sorted = held.clocks.toSorted(
    (one, other) => Number(one.metAt !== null) - Number(other.metAt !== null) || Date.parse(one.dueAt) - Date.parse(other.dueAt),
  );
  return (
    <Panel id="clocks" title={words.clocks}>
      {sorted.length === 0 ? <p className="hint">{words.noClocks}</p> : null}
      <ul className="plain rows">
        {sorted.map((clock, index) => (
          <ClockItem key={`${clock.what}${index}`} clock={clock} />
        ))}
      </ul>
    </Panel>
  );
}

function ClockItem({ clock }: { clock: Clock }) {
  const nowMs = useNow(Date.parse(clock.dueAt));
  const late = Date.parse(clock.metAt ?? new Date(nowMs).toISOString()) > Date.parse(clock.dueAt);
  return (
    <li className="clock">
      <span>
        {desk.clock[clock.what]}
        {clock.about === undefined ? null : ` (${clock.about})`}
      </span>
      <span className="item-line">
        {clock.metAt === null ? (
          <Badge tone={late ? 'alarm' : 'waiting'}>{late ? words.overdue : words.runs}</Badge>
        ) : (
          <Badge tone={late ? 'caution' : 'good'}>{late ? words.missed : words.met}</Badge>
        )}
        <When at={clock.metAt ?? clock.dueAt} focusable />
      </span>
    </li>
  );
}

/** N, M, K and W, once the grade is locked. */
export function VolumePanel({ held }: { held: Case }) {
  if (held.volume === null) return null;
  const { volume } = held;
  return (
    <Panel
      title={words.volume}
      acts={
        <Link to="/desk/cases/$caseId/pressure" params={{ caseId: held.caseId }}>
          {deskHouse.pressure.clusters}
        </Link>
      }
    >
      <dl className="numbers">
        {(['n', 'm', 'k', 'w'] as const).map((name) => (
          <div key={name}>
            <dt>{deskHouse.pressure.volume[name]}</dt>
            <dd>{whole(volume[name], language)}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">{words.volumeHelp}</p>
    </Panel>
  );
}

export function Notes({ held }: { held: Case }) {
  const can = useCan();
  const act = useCaseAct(held);
  const [text, setText] = useState('');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (text.trim() !== '') act.run({ act: 'note', text }, words.noteAdded, () => setText(''));
  };
  return (
    <Panel id="notes" title={words.notes}>
      {can('desk:work') ? (
        <form onSubmit={submit} className="stack-tight">
          <TextArea label={words.note} rows={2} value={text} onChange={(event) => setText(event.target.value)} />
          <Failure error={act.error} />
          <Button type="submit" busy={act.busy} disabled={text.trim() === '' || act.busy}>
            {words.addNote}
          </Button>
        </form>
      ) : null}
      {held.notes.length === 0 ? <p className="hint">{words.noNotes}</p> : null}
      <ul className="plain rows">
        {held.notes.map((note) => (
          <li key={note.messageId}>
            <p className="hint">
              {note.by?.name ?? words.program}, <When at={note.at} focusable />
            </p>
            <p className="report-text" dir="auto">
              {note.text}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Links({ held }: { held: Case }) {
  if (held.links.length === 0) return null;
  return (
    <Panel title={words.links}>
      <ul className="plain rows">
        {held.links.map((link) => (
          <li key={link.caseId}>
            <Link to="/desk/cases/$caseId" params={{ caseId: link.caseId }}>
              {link.number}
            </Link>{' '}
            <span className="hint">{link.why}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
