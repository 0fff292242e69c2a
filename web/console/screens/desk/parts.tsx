/** What the desk's screens share: lanes, grades, states, what is due, its row of rooms, and picking evidence. */
import { useId } from 'react';
import type { ReactNode } from 'react';
import type { EvidenceId } from '../../../../contract/ids.ts';
import type { CaseState, EvidenceLevel, Grade, Lane } from '../../../../contract/desk/words.ts';
import type { Evidence } from '../../../../contract/desk/shapes.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Tab, Tabs } from '../../parts/tabs.tsx';
import { useNow, When } from '../../parts/when.tsx';
import { openRooms } from '../../shell/keyboard.tsx';
import { useMe } from '../../shell/me.ts';
import type { Room } from '../../shell/rooms.ts';
import { desk } from '../../words/en/desk.ts';

const laneTones: Readonly<Record<Lane, Tone>> = { 'life-threat': 'alarm', serious: 'caution', routine: 'off' };
const stateTones: Readonly<Record<CaseState, Tone>> = {
  open: 'waiting',
  assessing: 'waiting',
  'no-action': 'off',
  'measure-proposed': 'caution',
  provisional: 'alarm',
  confirmed: 'alarm',
  enforced: 'alarm',
  appealed: 'caution',
  ended: 'off',
  reviewed: 'off',
};

export function LaneBadge({ lane }: { lane: Lane }) {
  return <Badge tone={laneTones[lane]}>{desk.lane[lane]}</Badge>;
}

export function CaseStateBadge({ state }: { state: CaseState }) {
  return <Badge tone={stateTones[state]}>{desk.state[state]}</Badge>;
}

/** A grade as its letter and number, with what it means; `brief` leaves the meaning to hover and screen readers. */
export function GradeMark({ grade, brief = false }: { grade: Grade | null; brief?: boolean }) {
  if (grade === null) return <span className="hint">{brief ? '–' : desk.noGrade}</span>;
  return (
    <span className="grade" data-grade={grade} title={desk.gradeHelp[grade]}>
      <strong>{grade}</strong>
      <span className={brief ? 'unseen' : ''}> {desk.gradeHelp[grade]}</span>
    </span>
  );
}

export function LevelMark({ level }: { level: EvidenceLevel }) {
  return (
    <abbr className="level" title={desk.levelHelp[level]}>
      {level}
    </abbr>
  );
}

const dueWords = new Map<string, string>(Object.entries({ ...desk.task, ...desk.clock }));

/** What is due next, and when; what is overdue has a shape and a word of its own. `named` says first what it is, for one line. */
export function Due({ due, named = false }: { due: { at: string; what: string } | null; named?: boolean }) {
  const nowMs = useNow(due === null ? 0 : Date.parse(due.at));
  if (due === null) return <span className="hint">{desk.queue.nothingDue}</span>;
  const over = Date.parse(due.at) <= nowMs;
  const what = dueWords.get(due.what) ?? due.what;
  return (
    <span className="due">
      {named ? `${what}: ` : null}
      {over ? <Badge tone="alarm">{desk.queue.overdue}</Badge> : null} <When at={due.at} />
      {named ? null : <span className="sub">{what}</span>}
    </span>
  );
}

type DeskRoom = Extract<Room, { place: 'desk' }>;

/** The rooms of the desk as a row of tabs; the queue is the first. */
export function DeskTabs({ current }: { current: 'queue' | DeskRoom['room'] }) {
  const me = useMe();
  const open = openRooms(me.scopes).filter((room): room is DeskRoom => room.place === 'desk');
  return (
    <Tabs label={desk.title}>
      <Tab to="/desk" search={{}} current={current === 'queue'}>
        {desk.rooms.queue}
      </Tab>
      {open.map((room) => (
        <Tab key={room.room} to={room.to} search={{}} current={current === room.room}>
          {desk.rooms[room.room]}
        </Tab>
      ))}
    </Tabs>
  );
}

/** Ticks for the items of evidence of a case. */
export function EvidencePicker({
  legend,
  evidence,
  picked,
  mistake = null,
  onPick,
}: {
  legend: string;
  evidence: readonly Evidence[];
  picked: readonly string[];
  mistake?: string | null;
  onPick: (picked: readonly EvidenceId[]) => void;
}) {
  const id = useId();
  const pick = (item: EvidenceId, on: boolean) =>
    onPick(
      evidence
        .map((candidate) => candidate.evidenceId)
        .filter((candidate) => (candidate === item ? on : picked.includes(candidate))),
    );
  return (
    <fieldset className="choices" aria-describedby={mistake === null ? undefined : `${id}-mistake`}>
      <legend>{legend}</legend>
      <ul className="picks">
        {evidence.map((item) => (
          <li key={item.evidenceId} className="check">
            <input
              id={`${id}-${item.evidenceId}`}
              type="checkbox"
              checked={picked.includes(item.evidenceId)}
              onChange={(event) => pick(item.evidenceId, event.target.checked)}
            />
            <label htmlFor={`${id}-${item.evidenceId}`}>
              <LevelMark level={item.level} /> {item.title}
            </label>
          </li>
        ))}
      </ul>
      {mistake === null ? null : (
        <p className="mistake" id={`${id}-mistake`}>
          {mistake}
        </p>
      )}
    </fieldset>
  );
}

/** Names of evidence that something rests on. */
export function EvidenceNames({ ids, evidence }: { ids: readonly string[]; evidence: readonly Evidence[] }): ReactNode {
  if (ids.length === 0) return <span className="hint">–</span>;
  return ids.map((id, index) => {
    const item = evidence.find((candidate) => candidate.evidenceId === id);
    return (
      <span key={id}>
        {index > 0 ? ', ' : null}
        <a href={`#${id}`} className="evidence-link">
          {item === undefined ? id : `${item.level} ${item.title}`}
        </a>
      </span>
    );
  });
}
